"""From what the relay kept to the files of a recording: read, redacted, swept, written."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec

from ttsgate import __version__
from ttsgate.errors import HarnessError, UsageError
from ttsgate.recorder.conversation import Conversation, Exchange
from ttsgate.result.recording import Recorded, Recording, Source
from ttsgate.result.redact import Redactor
from ttsgate.result.transcript import AUDIO_DELTA, Entry, Transcript, Utterance
from ttsgate.store.recordings import HEADER, write_header, write_session

__all__ = ["Capture", "asked", "expiry", "new_recording", "record_of"]

_BEARER = re.compile(r"(?i)\s*bearer\s+(\S+)")
_DAYS = re.compile(r"(\d{1,4})d\Z")


def expiry(text: str, today: date) -> str | None:
    """The last day of a recording, from ``30d``, a date or ``never``.

    Raises:
        UsageError: none of these, or a day that is over.
    """
    if text == "never":
        return None
    if match := _DAYS.match(text):
        return (today + timedelta(days=int(match[1]))).isoformat()
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise UsageError(f"--expires is {text!r}, expected a number of days such as 30d, a date or never") from None
    if day < today:
        raise UsageError(f"--expires is {text}, which is over already")
    return text


def new_recording(source: Source, *, how: str, expires: str | None, created: datetime | None = None) -> Recording:
    """A recording without sessions yet."""
    now = created or datetime.now(UTC)
    return msgspec.convert(
        {
            "id": f"{now.strftime('%Y%m%dT%H%M%SZ')}-{secrets.token_hex(2)}",
            "created": _utc(now),
            "expires": expires,
            "how": how,
            "engine": __version__,
            "source": source,
        },
        Recording,
        from_attributes=True,
    )


class Capture:
    """Writes a recording, session by session; `close` makes it whole.

    Args:
        folder: Where; must not hold a recording yet.
        recording: What it is.
        redactor: Makes a redactor that knows the secrets given to it.
    """

    def __init__(
        self, folder: Path, recording: Recording, *, redactor: Callable[[Iterable[str]], Redactor] = Redactor
    ) -> None:
        if (folder / HEADER).exists():
            raise UsageError(f"{folder} holds a recording already: name another folder, or delete it")
        if folder.is_dir() and any(folder.iterdir()):
            raise UsageError(f"{folder} is not empty: name another folder")
        self.folder = folder
        self.recording = recording
        self._new = redactor
        self._secrets: set[str] = set()
        self._redactor = redactor(())

    def add(self, told: Conversation, *, started: float) -> list[Recorded]:
        """Keep what a connection carried; `started` is when it began, seconds since 1970."""
        return [self._exchange(x, started + x.zero - told.exchanges[0].zero) for x in told.exchanges]

    def _exchange(self, exchange: Exchange, started: float) -> Recorded:
        # A key that a client sends is a secret from then on, wherever it turns up.
        if new := _keys(exchange.headers) - self._secrets:
            self._secrets |= new
            self._redactor = self._new(self._secrets)
        number = f"{len(self.recording.sessions) + 1:04}"
        return self.keep(_transcript(exchange, number, datetime.fromtimestamp(started, UTC)))

    def keep(self, transcript: Transcript) -> Recorded:
        """Keep one session, redacted."""
        transcript.entries = [_redacted(e, self._redactor) for e in transcript.entries]
        transcript.utterance = self._redactor.data(transcript.utterance)
        file, sha256, audio = write_session(self.folder, transcript)
        record = record_of(transcript, file=file, sha256=sha256, audio=audio)
        self.recording.sessions.append(self._redactor.data(record))
        return record

    def close(self) -> Recording:
        """Sweep every file for every secret that was seen, and write ``recording.json``.

        Raises:
            UsageError: nothing was recorded.
            HarnessError: a secret is left in a file; that file is deleted.
        """
        if not self.recording.sessions:
            raise UsageError("nothing was recorded: no client connected; point it at the URLs that were given to it")
        for path in sorted(p for p in self.folder.rglob("*") if p.is_file()):
            if self._redactor.leaks(path.read_bytes()):
                path.unlink()
                raise HarnessError(f"{path.name} still held a secret and was deleted; the recording is incomplete")
        self.recording.command = self._redactor.data(self.recording.command)
        write_header(self.folder, self.recording)
        return self.recording


def record_of(transcript: Transcript, *, file: str, sha256: str, audio: str | None) -> Recorded:
    """What ``recording.json`` says of a session."""
    request = next((n.data or {} for n in transcript.notes("request")), {})
    headers = request.get("headers") or {}
    return Recorded(
        id=transcript.session,
        file=file,
        sha256=sha256,
        level=transcript.level,
        method=str(request.get("method", "GET")),
        target=str(request.get("target", "")),
        model=transcript.model,
        agent=str(headers.get("user-agent", "")),
        utterance=transcript.utterance if transcript.level == "frames" else None,
        started=transcript.started,
        seconds=transcript.entries[-1].t if transcript.entries else 0.0,
        audio=audio,
        ended=_ended(transcript),
    )


def _ended(transcript: Transcript) -> str:
    for note in transcript.notes("refused", "response"):
        return f"HTTP {(note.data or {}).get('status')}"
    for note in transcript.notes("closed"):
        data = note.data or {}
        code = f" with {data['code']}" if data.get("code") is not None else ""
        return f"closed by {data.get('by')}{code}"
    return "unfinished"


def _transcript(exchange: Exchange, number: str, started: datetime) -> Transcript:
    return Transcript(
        session=number,
        level="frames" if exchange.websocket else "http",
        model=_model(exchange),
        client="recorded",
        utterance=asked(exchange.entries),
        started=_utc(started),
        entries=exchange.entries,
    )


def _model(exchange: Exchange) -> str:
    query = parse_qs(urlsplit(exchange.target).query)
    if query.get("model"):
        return query["model"][0]
    for entry in exchange.entries:
        if entry.dir == "out" and entry.event is not None and isinstance(entry.event.get("model"), str):
            return str(entry.event["model"])
    return ""


def asked(entries: Iterable[Entry]) -> Utterance:
    """What a session's client asked for, from what it sent; wrong types stay at their defaults."""
    text, settings = "", dict[str, Any]()
    for entry in entries:
        event = entry.event if entry.dir == "out" else None
        if event is None:
            continue
        if event.get("type") == "session.update" and isinstance(event.get("session"), dict):
            settings |= event["session"]
        elif event.get("type") == "input_text_buffer.append" and isinstance(event.get("text"), str):
            text += event["text"]
    names = {"response_format": "format", "instructions": "instruction"}
    fields = {f.name: f.type for f in msgspec.structs.fields(Utterance)}
    told: dict[str, Any] = {"text": text, "voice": ""}
    for name, value in settings.items():
        name = names.get(name, name)
        if name in fields and name != "text" and value is not None:
            try:
                told[name] = msgspec.convert(value, fields[name])
            except msgspec.ValidationError:
                continue
    return Utterance(**told)


def _keys(headers: dict[str, str]) -> set[str]:
    match = _BEARER.match(headers.get("authorization", ""))
    return {match[1]} if match else set()


def _redacted(entry: Entry, redactor: Redactor) -> Entry:
    event = entry.event
    if entry.type == AUDIO_DELTA and entry.dir == "in" and event is not None and isinstance(event.get("delta"), str):
        rest = redactor.data({k: v for k, v in event.items() if k != "delta"})
        # Base64 of audio holds every short string sooner or later; the order of keys is part of what was received.
        return msgspec.structs.replace(entry, event={k: event[k] if k == "delta" else rest[k] for k in event})
    return msgspec.structs.replace(
        entry, event=redactor.data(event), raw=redactor.data(entry.raw), data=redactor.data(entry.data)
    )


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
