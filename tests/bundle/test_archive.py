"""One portable file: the same bytes for the same bundle, and nothing hidden in it."""

from __future__ import annotations

import io
import random
import zipfile
from pathlib import Path

import pytest

from tests.bundle.runs import bundle_of, key, real_files, signed
from ttsgate.bundle.archive import pack, unpack
from ttsgate.bundle.integrity import integrity
from ttsgate.bundle.reading import Bundle, MemoryFiles, open_bundle
from ttsgate.errors import EvidenceError, UsageError

SMALL = {"a.txt": b"one", "b/c.txt": b"two" * 50}


def stored(members: dict[str, bytes], *, method: int = zipfile.ZIP_STORED) -> bytes:
    """A ZIP of any names, as anybody could make it."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return out.getvalue()


def read(data: bytes, folder: Path) -> tuple[dict[str, bytes], list[str]]:
    """Read an archive of these bytes."""
    path = folder / "x.zip"
    path.write_bytes(data)
    return unpack(path)


class TestRoundTrip:
    def test_gives_back_every_file(self, tmp_path: Path) -> None:
        """What was packed is read, and the same bundle always gives the same bytes."""
        files = signed(real_files(), key())
        data = pack(files, top="run")

        assert (files, []) == read(data, tmp_path)
        assert data == pack(dict(reversed(files.items())), top="run")

    def test_verifies_without_unpacking(self, tmp_path: Path) -> None:
        """A bundle opened from its archive is as whole as its folder."""
        path = tmp_path / "run.zip"
        path.write_bytes(pack(real_files(), top="run"))

        assert [] == integrity(open_bundle(str(path), lambda: tmp_path))
        assert [path] == list(tmp_path.iterdir())


class TestChanged:
    def test_every_byte_counts(self, tmp_path: Path) -> None:
        """One bit turned over anywhere, in content or headers: refused, or named as changed."""
        data = pack(SMALL, top="run")
        unnoticed = []
        for at in range(len(data)):
            for bit in (1, 128):
                changed = data[:at] + bytes([data[at] ^ bit]) + data[at + 1 :]
                try:
                    files, problems = read(changed, tmp_path)
                except EvidenceError:
                    continue
                if not problems and files == SMALL:
                    unnoticed.append(at)

        assert [] == unnoticed

    def test_a_real_one_is_refused(self, tmp_path: Path) -> None:
        """The same for a sample of the bytes of a real bundle, by what `verify` looks at."""
        data = pack(real_files(), top="run")
        held = []
        for at in random.Random(7).sample(range(len(data)), 60):
            try:
                files, problems = read(data[:at] + bytes([data[at] ^ 4]) + data[at + 1 :], tmp_path)
            except EvidenceError:
                continue
            if not integrity(Bundle(MemoryFiles(files, problems), label="x")):
                held.append(at)

        assert [] == held

    @pytest.mark.parametrize("left", [0, 1, 100, -1, -30])
    def test_truncated(self, left: int, tmp_path: Path) -> None:
        """An archive that lost its end is refused with its name."""
        with pytest.raises(EvidenceError, match=r"x\.zip: "):
            read(pack(SMALL, top="run")[:left], tmp_path)

    @pytest.mark.parametrize("place", ["before", "after"])
    def test_hidden_bytes(self, place: str, tmp_path: Path) -> None:
        """Bytes before or after the archive, which ZIP readers skip, are found."""
        data = pack(SMALL, top="run")
        _, problems = read(b"#!/bin/sh\n" + data if place == "before" else data + b"\n", tmp_path)

        assert ["x.zip: its ZIP headers were changed, first at byte"] == [p.rpartition(" ")[0] for p in problems]


class TestHostile:
    @pytest.mark.parametrize(
        "name", ["../x", "run/../../x", "/etc/x", "run/a\\..\\x", "run//x", "run/", "x", "run/\u202egpj.x", "run/.."]
    )
    def test_names_that_leave_the_bundle(self, name: str, tmp_path: Path) -> None:
        """A member of such a name is refused; nothing is ever written by reading."""
        with pytest.raises(EvidenceError, match="no bundle may hold"):
            read(stored({name: b"x"}), tmp_path)
        assert ["x.zip"] == [p.name for p in tmp_path.iterdir()]

    def test_bombs(self, tmp_path: Path) -> None:
        """A compressed member is refused before a byte of it is expanded."""
        bomb = stored({"run/a": b"\0" * 30_000_000}, method=zipfile.ZIP_DEFLATED)

        assert len(bomb) < 50_000
        with pytest.raises(EvidenceError, match="is compressed"):
            read(bomb, tmp_path)

    def test_overlapping_members(self, tmp_path: Path) -> None:
        """Many names for one place, the other kind of bomb, are refused."""
        data = stored({f"run/{i}": b"x" * 100 for i in range(20)})
        first = data.index(b"PK\x01\x02")
        directory = bytearray(data[first:])
        at = 0
        while directory[at : at + 4] == b"PK\x01\x02":
            directory[at + 42 : at + 46] = b"\0\0\0\0"
            at += 46 + int.from_bytes(directory[at + 28 : at + 30], "little")

        with pytest.raises(EvidenceError):
            read(data[:first] + bytes(directory), tmp_path)

    def test_a_name_twice(self, tmp_path: Path) -> None:
        """Two members of one name are refused: two readers would see two contents."""
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as archive:
            archive.writestr("run/a", b"1")
            with pytest.warns(UserWarning, match="Duplicate"):
                archive.writestr("run/a", b"2")

        with pytest.raises(EvidenceError, match="twice"):
            read(out.getvalue(), tmp_path)

    def test_links(self, tmp_path: Path) -> None:
        """A member that says that it is a symbolic link is found by its header."""
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as archive:
            member = zipfile.ZipInfo("run/a")
            member.external_attr = 0o120777 << 16
            archive.writestr(member, b"/etc/passwd")
        _, problems = read(out.getvalue(), tmp_path)

        assert problems

    def test_several_tops(self, tmp_path: Path) -> None:
        """An archive holds one bundle."""
        with pytest.raises(EvidenceError, match="2 folders at its top"):
            read(stored({"a/x": b"", "b/y": b""}), tmp_path)


class TestNamed:
    def test_what_is_no_bundle(self, tmp_path: Path) -> None:
        """A path that is nothing, a folder of something else, and `latest` without a run say what to give."""
        with pytest.raises(UsageError, match="there is no bundle"):
            open_bundle(str(tmp_path / "nothing"), lambda: tmp_path)
        with pytest.raises(UsageError, match="is no bundle"):
            open_bundle(str(tmp_path), lambda: tmp_path)
        with pytest.raises(UsageError, match="there is no run below"):
            open_bundle("latest", lambda: tmp_path)

    def test_reads_nothing_beyond_its_files(self) -> None:
        """A name that is not among the files is missing, wherever it points."""
        with pytest.raises(EvidenceError, match="missing"):
            bundle_of(real_files()).read("../../../etc/passwd")
