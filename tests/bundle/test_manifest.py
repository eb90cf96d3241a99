"""The manifest has one form only, and names stay inside the bundle."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.bundle.runs import real_files, written
from ttsgate.bundle.manifest import MANIFEST, SUMS, FileEntry, Manifest, canonical, digest, is_safe, read_manifest, sums
from ttsgate.errors import EvidenceError

EMPTY = digest(b"")


def manifest(*names: str, **more: Any) -> dict[str, Any]:
    """Plain data of a manifest of empty files."""
    return {"version": 1, "run": "r", "files": [{"name": n, "bytes": 0, "sha256": EMPTY} for n in names], **more}


class TestNames:
    @pytest.mark.parametrize(
        "name",
        [
            "x" * 201,
            "/".join("abcdefghi"),
            "a\nb",
            "\u202ex",
            "",
            ".",
            "..",
            "../x",
            "a/../b",
            "/etc/passwd",
            "a//b",
            "a/",
            "a\\b",
            "C:x",
            "a b",
            "é",
            "a\0b",
            "…",
            "a/./b",
        ],
    )
    def test_unsafe(self, name: str) -> None:
        """A name that leaves the bundle, or means something else on another system, is unsafe; nobody may list it."""
        assert not is_safe(name)
        with pytest.raises(EvidenceError, match="no bundle may hold"):
            read_manifest(canonical(manifest(name)))

    @pytest.mark.parametrize("name", ["result.json", "audio/a.b-1_c.wav", ".hidden", "a/b/c", "...a"])
    def test_safe(self, name: str) -> None:
        """Names of letters, digits, dot, underscore and hyphen are safe."""
        assert is_safe(name)
        assert [name] == [f.name for f in read_manifest(canonical(manifest(name))).files]

    @pytest.mark.parametrize("name", [MANIFEST, SUMS, "attestation.dsse.json"])
    def test_what_seals_is_not_listed(self, name: str) -> None:
        """The manifest cannot list itself, what repeats it, or its signature."""
        with pytest.raises(EvidenceError, match="no bundle may hold"):
            read_manifest(canonical(manifest(name)))


class TestForm:
    @pytest.mark.parametrize(
        ("data", "says"),
        [
            (b"", "not a manifest"),
            (b"[]", "not a manifest"),
            (b"{}", "not a manifest"),
            (b"\xff", "not a manifest"),
            (b"[" * 100_000, "not a manifest"),
            (json.dumps(manifest("a"), indent=1).encode(), "not in canonical form"),
            (canonical(manifest("a")) + b"\n", "not in canonical form"),
            (canonical(manifest("a", more=1)), "unknown field"),
            (canonical(manifest("b", "a")), "not in order"),
            (canonical(manifest("a", "a")), "listed twice"),
            (canonical(manifest("a", version=2)), "version 2 is newer"),
            (canonical(manifest("a", version=0)), "no version 0"),
            (canonical(manifest("a", version="1")), "not a manifest"),
        ],
    )
    def test_refused(self, data: bytes, says: str) -> None:
        """Anything but the canonical bytes of a known version is refused with the reason."""
        with pytest.raises(EvidenceError, match=says):
            read_manifest(data)

    @given(st.binary(max_size=200))
    def test_bytes_of_any_kind(self, data: bytes) -> None:
        """No bytes break the reader in another way than by refusing them."""
        with pytest.raises(EvidenceError):
            read_manifest(data)

    def test_round_trip(self) -> None:
        """What was written is read back equal, and its bytes are those of RFC 8785: sorted keys, no white space."""
        written_ = Manifest(run="r", files=[FileEntry(name="a", bytes=0, sha256=EMPTY)])

        assert written_ == read_manifest(written_.encode())
        assert (
            json.dumps(msgspec.to_builtins(written_), sort_keys=True, separators=(",", ":")).encode()
            == written_.encode()
        )


class TestSums:
    def test_sha256sum_agrees(self, tmp_path: Path) -> None:
        """`sha256sum -c SHA256SUMS` accepts the bundle, for people without ttsgate, the manifest included."""
        folder = written(real_files(), tmp_path / "run")
        done = subprocess.run(["sha256sum", "--strict", "-c", SUMS], cwd=folder, capture_output=True, text=True)

        assert 0 == done.returncode, done.stdout + done.stderr
        assert f"{MANIFEST}: OK" in done.stdout

    def test_repeats_the_manifest(self) -> None:
        """It holds every file of the manifest and the manifest, in order."""
        one = Manifest(run="r", files=[FileEntry(name="a", bytes=0, sha256=EMPTY)])

        assert f"{EMPTY}  a\n{digest(one.encode())}  manifest.json\n" == sums(one).decode()
