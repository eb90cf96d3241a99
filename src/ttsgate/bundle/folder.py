"""Writing into a bundle: every file whole, every text redacted, audio once."""

from __future__ import annotations

import contextlib
import hashlib
import io
import re
import secrets
import wave
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from ttsgate.errors import HarnessError
from ttsgate.result.record import Result, SessionRecord
from ttsgate.result.redact import Redactor
from ttsgate.result.transcript import AUDIO_DELTA, Entry, Transcript, dump_transcript
from ttsgate.result.writing import encoded
from ttsgate.store.atomic import append_line, write_atomic

__all__ = ["SESSIONS", "BundleFolder", "new_run_id", "redacted", "wav"]

SESSIONS = "sessions.jsonl"
"""What has ended in a run under way, a record a line; gone when the run is sealed, for ``result.json`` has it all."""
_NAME = re.compile(r"[A-Za-z0-9._-]+\Z")
_SUFFIX = {"pcm": "wav", "wav": "wav", "mp3": "mp3", "opus": "opus"}


def new_run_id(now: datetime | None = None) -> str:
    """A run id like ``20261122T020000Z-3f9a``: sorts by time, tells two runs of one second apart."""
    return f"{(now or datetime.now(UTC)).strftime('%Y%m%dT%H%M%SZ')}-{secrets.token_hex(2)}"


class BundleFolder:
    """The folder ``runs/<id>/`` of one run.

    Args:
        path: The folder; made when the first file is written.
        redactor: Applied to everything that is text.
    """

    def __init__(self, path: Path, redactor: Redactor) -> None:
        self.path = path
        self.redactor = redactor

    def write_text(self, name: str, text: str) -> None:
        """Write a text file, redacted."""
        write_atomic(self.path / name, self.redactor.text(text).encode())

    def write_result(self, result: Result) -> None:
        """Write ``result.json``, redacted; readers see the run as far as it has come."""
        write_atomic(self.path / "result.json", encoded(self.redactor.data(result)))

    def log_command(self, argv: list[str], *, exit: int | None, started: str, seconds: float) -> None:
        """Append to ``commands.jsonl`` what was run; key material never stands in an argv of ours."""
        record: dict[str, Any] = {"argv": argv, "exit": exit, "started": started, "seconds": round(seconds, 3)}
        append_line(self.path / "commands.jsonl", msgspec.json.encode(self.redactor.data(record)))

    def note_session(self, record: SessionRecord) -> None:
        """Say that a session ended and that its files are there; what goes on with a run that died reads it."""
        append_line(self.path / SESSIONS, msgspec.json.encode(self.redactor.data(record)))

    def remove(self, name: str) -> None:
        """Delete a file, if it is there, and its folder if that is empty then: a bundle holds no empty one."""
        path = self.path / name
        with contextlib.suppress(OSError):
            path.unlink()
            path.parent.rmdir()

    def write_session(self, transcript: Transcript, *, rate: int) -> dict[str, str | None]:
        """Write a transcript and its audio.

        Returns:
            ``transcript``, ``transcript_sha256``, ``audio``, ``audio_sha256`` (of the payload); the last two None
            when there was no audio.
        """
        if not _NAME.match(transcript.session):
            raise HarnessError(f"session id {transcript.session!r} cannot name a file")
        lines, audio = dump_transcript(transcript)
        name = f"transcripts/{transcript.session}.jsonl"
        write_atomic(self.path / name, lines)
        written: dict[str, str | None] = {
            "transcript": name,
            "transcript_sha256": hashlib.sha256(lines).hexdigest(),
            "audio": None,
            "audio_sha256": hashlib.sha256(audio).hexdigest() if audio else None,
        }
        if audio:
            fmt = transcript.utterance.format
            written["audio"] = f"audio/{transcript.session}.{_SUFFIX.get(fmt, 'bin')}"
            write_atomic(self.path / str(written["audio"]), wav(audio, rate) if fmt == "pcm" else audio)
        return written

    def write_bytes(self, name: str, data: bytes) -> None:
        """Write a binary file as it is."""
        write_atomic(self.path / name, data)


def redacted(transcript: Transcript, redactor: Redactor) -> Transcript:
    """The transcript with everything but its audio redacted, so that what is judged is what is kept."""
    transcript.entries = [_redacted_entry(entry, redactor) for entry in transcript.entries]
    return transcript


def _redacted_entry(entry: Entry, redactor: Redactor) -> Entry:
    if entry.type == AUDIO_DELTA and entry.event is not None and isinstance(entry.event.get("delta"), str):
        kept = entry.event["delta"]
        rest = redactor.data({k: v for k, v in entry.event.items() if k != "delta"})
        # The order of the keys is part of what was received.
        event = {k: kept if k == "delta" else rest[k] for k in entry.event}
        return msgspec.structs.replace(entry, event=event)
    return msgspec.structs.replace(
        entry,
        event=redactor.data(entry.event),
        raw=redactor.data(entry.raw),
        data=redactor.data(entry.data),
    )


def wav(pcm: bytes, rate: int) -> bytes:
    """16-bit mono PCM with a 44-byte header; an odd last byte is kept behind the header as it came."""
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(pcm)
    return out.getvalue()
