"""A bundle is sealed last, whole, and without a secret in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bundle.runs import real_files, written
from ttsgate.bundle import open_folder
from ttsgate.bundle.integrity import integrity
from ttsgate.bundle.manifest import MANIFEST, SUMS
from ttsgate.bundle.sealing import files_of, seal
from ttsgate.errors import HarnessError
from ttsgate.result.redact import Redactor

SECRET = "sk-0123456789abcdef0123456789abcdef"


@pytest.fixture
def unsealed(tmp_path: Path) -> Path:
    """The real run before its seal."""
    return written({n: d for n, d in real_files().items() if n not in (MANIFEST, SUMS)}, tmp_path / "run")


class TestSeal:
    def test_gives_the_same_seal(self, unsealed: Path) -> None:
        """The same files are sealed with the same bytes."""
        run = open_folder(unsealed).result.run
        seal(unsealed, run=run, redactor=Redactor([]))

        assert (real_files()[MANIFEST], real_files()[SUMS]) == (
            (unsealed / MANIFEST).read_bytes(),
            (unsealed / SUMS).read_bytes(),
        )
        assert [] == integrity(open_folder(unsealed))

    @pytest.mark.parametrize("name", ["logs/x.err", "audio/wire.wav", "report.html"])
    def test_refuses_a_secret(self, unsealed: Path, name: str) -> None:
        """A secret anywhere, in a binary file too: the file is named and removed, nothing is sealed."""
        (unsealed / name).parent.mkdir(exist_ok=True)
        (unsealed / name).write_bytes(b"\x00\x01 " + SECRET.encode() + b"\xff")

        with pytest.raises(HarnessError, match=f"a secret stood in {name}") as caught:
            seal(unsealed, run="r", redactor=Redactor([SECRET]))
        assert SECRET not in str(caught.value)
        assert not (unsealed / MANIFEST).exists()
        assert not (unsealed / name).exists()

    def test_refuses_an_unsafe_name(self, unsealed: Path) -> None:
        """A file that no other system could hold under its name is not sealed."""
        (unsealed / "über.txt").write_text("x")

        with pytest.raises(HarnessError, match="no name for a file of a bundle"):
            seal(unsealed, run="r", redactor=Redactor([]))

    def test_temporaries_are_left_out(self, unsealed: Path) -> None:
        """What a killed writer left is not sealed; `verify` names it then as extra."""
        (unsealed / ".x.0f.tmp").write_text("half")

        assert ".x.0f.tmp" not in files_of(unsealed)
