"""The folder of a recording: written whole, read with every digest checked."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

from ttsgate.errors import UsageError
from ttsgate.result.recording import Recorded, Recording, dump_session, load_session, read_recording, write_recording
from ttsgate.result.transcript import Transcript
from ttsgate.store.atomic import write_atomic

__all__ = ["HEADER", "find_recordings", "header_of", "orphans", "read_session", "write_header", "write_session"]

HEADER = "recording.json"
_NAME = re.compile(r"(?:sessions|audio)/[A-Za-z0-9_-][A-Za-z0-9._-]*\Z")
_SUFFIX = {"pcm": "pcm", "wav": "wav", "mp3": "mp3", "opus": "opus"}


def header_of(folder: Path) -> Recording:
    """What a recording says of itself.

    Raises:
        UsageError: no recording, or one that this ttsgate cannot read; names the folder.
    """
    try:
        data = (folder / HEADER).read_bytes()
    except OSError as exc:
        why = "it holds no recording.json" if isinstance(exc, FileNotFoundError) else exc.strerror
        raise UsageError(f"{folder} is no recording ({why}): make one with `ttsgate record`") from exc
    try:
        recording = read_recording(data)
    except UsageError as exc:
        raise UsageError(f"{folder}: {exc}") from exc
    for session in recording.sessions:
        for name in (session.file, session.audio):
            if name is not None and not _NAME.match(name):
                raise UsageError(f"{folder}: {HEADER} names {name!r}, which is no file of a recording")
    return recording


def read_session(folder: Path, session: Recorded) -> Transcript:
    """One session of a recording.

    Raises:
        UsageError: a file is missing or not the one that ``recording.json`` names.
    """
    lines = _checked(folder, session.file, session.sha256)
    audio = b""
    if session.audio is not None:
        audio = _checked(folder, session.audio, Path(session.audio).stem)
    try:
        return load_session(lines, audio)
    except UsageError as exc:
        raise UsageError(f"{folder / session.file}: {exc}") from exc


def _checked(folder: Path, name: str, sha256: str) -> bytes:
    try:
        data = (folder / name).read_bytes()
    except OSError as exc:
        raise UsageError(f"{folder / name}: {exc.strerror or exc}") from exc
    if hashlib.sha256(data).hexdigest() != sha256:
        raise UsageError(f"{folder / name} was changed since it was recorded: its SHA-256 is another")
    return data


def write_session(folder: Path, transcript: Transcript) -> tuple[str, str, str | None]:
    """Write one session; returns its file, that file's digest, and the file of its audio if it has any."""
    lines, audio = dump_session(transcript)
    file, audio_file = f"sessions/{transcript.session}.jsonl", None
    if audio:
        suffix = _SUFFIX.get(transcript.utterance.format, "bin") if transcript.level == "frames" else "bin"
        audio_file = f"audio/{hashlib.sha256(audio).hexdigest()}.{suffix}"
        if not (folder / audio_file).exists():
            write_atomic(folder / audio_file, audio)
    write_atomic(folder / file, lines)
    return file, hashlib.sha256(lines).hexdigest(), audio_file


def write_header(folder: Path, recording: Recording) -> None:
    """Write ``recording.json``: last, so that a folder with one is whole."""
    write_atomic(folder / HEADER, write_recording(recording))


def find_recordings(base: Path) -> list[Path]:
    """Every recording at or below `base`, in order of name."""
    return sorted(path.parent for path in base.rglob(HEADER) if path.is_file())


def orphans(folder: Path, recording: Recording) -> Iterator[str]:
    """Files in a recording's folder that nothing in it refers to."""
    known = {HEADER} | {name for s in recording.sessions for name in (s.file, s.audio) if name}
    for path in sorted(p for p in folder.rglob("*") if not p.is_dir()):
        name = path.relative_to(folder).as_posix()
        if name not in known:
            yield name
