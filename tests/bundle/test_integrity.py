"""Whatever happens to a sealed bundle, its name is called."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bundle.runs import bundle_of, key, real_files, resealed, signed, written
from ttsgate.bundle.integrity import integrity
from ttsgate.bundle.manifest import ATTESTATION, MANIFEST, SUMS
from ttsgate.bundle.reading import Bundle, FolderFiles
from ttsgate.bundle.signing import open_envelope
from ttsgate.errors import EvidenceError

WHOLE_UP_TO = 2048
"""Files up to this size are flipped byte by byte, larger ones in `SAMPLED` places."""
SAMPLED = 24


def places(data: bytes) -> Iterator[int]:
    """Where to flip: everywhere in small files; ends and random places of large ones."""
    if len(data) <= WHOLE_UP_TO:
        return iter(range(len(data)))
    middle = random.Random(len(data)).sample(range(1, len(data) - 1), SAMPLED)
    return iter((0, *middle, len(data) - 1))


def flipped(data: bytes, at: int) -> bytes:
    """The data with one bit of one byte turned over."""
    return data[:at] + bytes([data[at] ^ (1 << at % 8)]) + data[at + 1 :]


class TestWhole:
    def test_a_real_run_is_whole(self) -> None:
        """Nothing is found in a bundle as it was sealed, signed or not."""
        files = real_files()

        assert [] == integrity(bundle_of(files))
        assert [] == integrity(bundle_of(signed(files, key())))


class TestOneByte:
    def test_every_file_is_called_by_name(self) -> None:
        """One byte turned over in any sealed file: that file is named, and no other."""
        files = real_files()
        missed = []
        for name, data in files.items():
            for at in places(data):
                found = integrity(bundle_of({**files, name: flipped(data, at)}))
                if not found or any(not line.startswith(f"{name}:") for line in found):
                    missed.append((name, at, found))

        assert [] == missed

    def test_no_byte_of_a_signature_can_change(self) -> None:
        """One byte turned over anywhere in the signature: it does not hold."""
        data = signed(real_files(), key())[ATTESTATION]
        held: list[int] = []
        said: set[str] = set()
        for at in range(len(data)):
            try:
                open_envelope(flipped(data, at))
            except EvidenceError as exc:
                said.add(str(exc).split(":")[0])
            else:
                held.append(at)

        assert [] == held
        assert {ATTESTATION} == said


class TestFiles:
    @pytest.mark.parametrize("name", ["result.json", "report.html", "junit.xml", MANIFEST, SUMS])
    def test_dropped(self, name: str) -> None:
        """A file that is gone is named."""
        files = real_files()
        del files[name]

        assert any(line.startswith(f"{name}: missing") for line in integrity(bundle_of(files)))

    @pytest.mark.parametrize("name", ["extra.txt", "audio/more.wav", ".result.json.0f.tmp", "Result.json"])
    def test_added(self, name: str) -> None:
        """A file that was not sealed is named, hidden or not."""
        assert [f"{name}: extra: it was not sealed"] == integrity(bundle_of({**real_files(), name: b"x"}))

    def test_renamed(self) -> None:
        """A renamed file is named twice: missing under its old name, extra under the new."""
        files = real_files()
        files["other.html"] = files.pop("report.html")

        assert {"report.html: missing", "other.html: extra: it was not sealed"} == set(integrity(bundle_of(files)))

    def test_swapped(self) -> None:
        """Two files that changed places are both named."""
        files = real_files()
        files["junit.xml"], files["summary.md"] = files["summary.md"], files["junit.xml"]

        assert {"junit.xml", "summary.md"} == {line.split(":")[0] for line in integrity(bundle_of(files))}

    @pytest.mark.parametrize("left", [0, 1, -1])
    def test_truncated(self, left: int) -> None:
        """Each file that lost its end is named."""
        files = real_files()
        for name, data in files.items():
            found = integrity(bundle_of({**files, name: data[:left]}))

            assert found
            assert all(line.startswith(f"{name}:") for line in found), (name, found)

    def test_transcript_of_another_session(self) -> None:
        """With all digests repaired, the result still names its transcript by digest."""
        files = real_files()
        (name,) = (n for n in files if n.startswith("transcripts/"))
        files[name] = files[name].replace(b'"dir":"note"', b'"dir" :"note"', 1)

        assert [f"{name}: not the transcript that result.json names"] == integrity(bundle_of(resealed(files)))

    def test_a_key_that_stands_twice(self) -> None:
        """A result that says two things about one key is refused: two readers would see two verdicts."""
        files = real_files()
        files["result.json"] = files["result.json"].replace(b"{", b'{"status": "interrupted",', 1)

        assert ["result.json: a key stands twice"] == integrity(bundle_of(resealed(files)))


class TestFolder:
    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        """A copy of the real run."""
        return written(real_files(), tmp_path / "run")

    def problems(self, folder: Path) -> list[str]:
        """What is found in a folder."""
        return integrity(Bundle(FolderFiles(folder), label="x", folder=folder))

    def test_links_are_not_followed(self, folder: Path, tmp_path: Path) -> None:
        """A file replaced by a link to the very same bytes is refused."""
        (folder / "summary.md").rename(tmp_path / "elsewhere.md")
        (folder / "summary.md").symlink_to(tmp_path / "elsewhere.md")

        assert ["summary.md: a symbolic link, which no bundle holds"] == self.problems(folder)

    def test_linked_folders_are_not_followed(self, folder: Path, tmp_path: Path) -> None:
        """A folder replaced by a link is refused, and what it held is missing."""
        (folder / "audio").rename(tmp_path / "audio")
        (folder / "audio").symlink_to(tmp_path / "audio", target_is_directory=True)
        found = self.problems(folder)

        assert "audio: a symbolic link, which no bundle holds" in found
        assert any(line.startswith("audio/") and line.endswith(": missing") for line in found)

    def test_pipes_are_not_read(self, folder: Path) -> None:
        """A named pipe, which would hang a reader, is refused unread."""
        os.mkfifo(folder / "pipe")

        assert ["pipe: neither file nor folder, which no bundle holds"] == self.problems(folder)

    def test_empty_folders(self, folder: Path) -> None:
        """An empty folder is nothing that a run leaves."""
        (folder / "more").mkdir()

        assert ["more/: an empty folder, which no bundle holds"] == self.problems(folder)
