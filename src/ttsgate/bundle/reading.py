"""Reading a bundle: a folder, an exported archive, or the latest run."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Protocol

from ttsgate.bundle.archive import unpack
from ttsgate.bundle.manifest import MANIFEST, Manifest, digest, is_safe, read_manifest
from ttsgate.errors import EvidenceError, UsageError
from ttsgate.report.writing import LATEST
from ttsgate.result.reading import read_result
from ttsgate.result.record import Result, SessionRecord
from ttsgate.result.transcript import Transcript, load_transcript

__all__ = ["Bundle", "Files", "FolderFiles", "MemoryFiles", "open_bundle", "run_folders"]

WAV_HEADER = 44
"""Bytes before the samples of a WAV file that we wrote."""


class Files(Protocol):
    """The files of a bundle, wherever they are."""

    problems: list[str]
    """What is wrong with the container itself, each beginning with a name."""

    def names(self) -> list[str]:
        """Every file, in order; also those that no bundle should hold."""

    def read(self, name: str) -> bytes:
        """The content of one of `names`; KeyError for any other."""


class MemoryFiles:
    """Files in memory: those of an archive."""

    def __init__(self, files: dict[str, bytes], problems: list[str] | None = None) -> None:
        self._files = files
        self.problems = problems or []

    def names(self) -> list[str]:
        """Every file, in order."""
        return sorted(self._files)

    def read(self, name: str) -> bytes:
        """The content of one of `names`; KeyError for any other."""
        return self._files[name]


class FolderFiles:
    """Files below a folder; links are not followed and are no files of a bundle."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.problems: list[str] = []
        self._names: list[str] = []
        self._walk(folder, "")
        self._known = frozenset(self._names)

    def _walk(self, folder: Path, prefix: str) -> None:
        with os.scandir(folder) as found:
            entries = sorted(found, key=lambda e: e.name)
        if not entries and prefix:
            self.problems.append(f"{prefix}: an empty folder, which no bundle holds")
        for entry in entries:
            name = prefix + entry.name
            mode = entry.stat(follow_symlinks=False).st_mode
            if stat.S_ISDIR(mode):
                self._walk(folder / entry.name, name + "/")
            elif stat.S_ISREG(mode):
                self._names.append(name)
            else:
                kind = "a symbolic link" if stat.S_ISLNK(mode) else "neither file nor folder"
                self.problems.append(f"{name}: {kind}, which no bundle holds")

    def names(self) -> list[str]:
        """Every regular file, in order."""
        return sorted(self._names)

    def read(self, name: str) -> bytes:
        """The content of one of `names`; KeyError for any other."""
        if name not in self._known:
            raise KeyError(name)
        handle = os.open(self.folder / name, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
        with open(handle, "rb") as file:
            return file.read()


class Bundle:
    """One bundle.

    Args:
        files: Where its files are.
        label: What to call it: the path that was given.
        folder: The folder, None for an archive.
    """

    def __init__(self, files: Files, *, label: str, folder: Path | None = None) -> None:
        self.files = files
        self.label = label
        self.folder = folder

    @cached_property
    def result(self) -> Result:
        """The data of the run.

        Raises:
            EvidenceError: ``result.json`` is missing, broken, or newer than this ttsgate.
        """
        return read_result(self.read("result.json"))

    @cached_property
    def manifest(self) -> Manifest:
        """What was sealed.

        Raises:
            EvidenceError: the bundle was never sealed, or its manifest is broken.
        """
        if MANIFEST not in self.files.names():
            raise EvidenceError(f"{MANIFEST}: missing: this run was never sealed")
        return read_manifest(self.files.read(MANIFEST))

    @property
    def digest(self) -> str:
        """Digest of the manifest, and by it of everything: what a signature names."""
        return digest(self.manifest.encode())

    def read(self, name: str) -> bytes:
        """The content of a file.

        Raises:
            EvidenceError: there is no such file.
        """
        try:
            return self.files.read(name)
        except KeyError:
            raise EvidenceError(f"{name}: missing") from None
        except OSError as exc:
            raise EvidenceError(f"{name}: cannot be read: {exc.strerror or exc}") from exc

    def session(self, record: SessionRecord) -> tuple[Transcript, bytes | None]:
        """What was seen of a session, and the WAV of its fallback if it left one.

        Raises:
            EvidenceError: a file is missing or not the one that the result names.
        """
        if record.transcript is None or not is_safe(record.transcript):
            raise EvidenceError(f"result.json: session {record.id} names no transcript")
        lines = self.read(record.transcript)
        if digest(lines) != record.transcript_sha256:
            raise EvidenceError(f"{record.transcript}: not the transcript that result.json names")
        audio = self.read(record.audio) if record.audio else b""
        payload = audio[WAV_HEADER:] if audio and record.utterance.format == "pcm" else audio
        kept = audio if record.level == "http" else payload
        if record.audio and digest(kept) != record.audio_sha256:
            raise EvidenceError(f"{record.audio}: not the audio that result.json names")
        try:
            transcript = load_transcript(lines, b"" if record.level == "http" else payload)
        except UsageError as exc:
            raise EvidenceError(f"{record.transcript}: {exc}") from exc
        return transcript, audio if record.level == "http" and audio else None


def open_bundle(name: str, base: Callable[[], Path]) -> Bundle:
    """Find a bundle by what was typed.

    Args:
        name: A folder, an archive made by ``ttsgate bundle export``, or ``latest``.
        base: Gives the base of all output, for ``latest``.

    Raises:
        UsageError: there is no such bundle.
        EvidenceError: it is an archive that cannot be read.
    """
    if name == "latest":
        runs = run_folders(base())
        if not runs:
            raise UsageError(f"there is no run below {base()}: run `ttsgate validate`, or name a bundle")
        return Bundle(FolderFiles(runs[-1]), label=str(runs[-1]), folder=runs[-1])
    path = Path(name)
    try:
        if path.is_dir():
            if not (path / "result.json").exists() and not (path / MANIFEST).exists():
                raise UsageError(f"{name} is no bundle: it holds neither result.json nor {MANIFEST}")
            return Bundle(FolderFiles(path), label=name, folder=path)
        if not path.is_file():
            raise UsageError(f"there is no bundle {name!r}: give a folder, an exported archive, or `latest`")
        return Bundle(MemoryFiles(*unpack(path)), label=name)
    except OSError as exc:
        raise UsageError(f"cannot read {name}: {exc.strerror or exc}") from exc


def run_folders(base: Path) -> list[Path]:
    """The folders of all runs below a base, oldest first (their names begin with their time)."""
    runs = base / LATEST / "runs"
    if not runs.is_dir():
        return []
    return sorted(p for p in runs.iterdir() if p.is_dir() and not p.is_symlink() and (p / "result.json").is_file())
