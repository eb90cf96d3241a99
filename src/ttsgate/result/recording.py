"""A recording: what clients and a service said to each other, kept to be read, replayed and compared.

A folder of text and audio.  ``recording.json`` says what it is (`Recording`); each websocket session or HTTP
exchange is one file of JSON lines, a header (`ttsgate.result.transcript.Transcript`) and then its entries; audio and
other bytes stand beside it in a file that is named by its SHA-256.  ``docs/reference/recording.md`` is for readers.
"""

from __future__ import annotations

import base64
import hashlib
from datetime import date, datetime
from typing import Any, Literal

import msgspec

from ttsgate.errors import UsageError
from ttsgate.result.circumstances import TargetKind
from ttsgate.result.transcript import Entry, Level, Transcript, Utterance, dump_transcript, load_transcript

__all__ = [
    "FORMAT",
    "RECORDING_VERSION",
    "Recorded",
    "Recording",
    "Source",
    "dump_session",
    "expired",
    "load_session",
    "read_recording",
    "write_recording",
]

FORMAT = "ttsgate-recording"
RECORDING_VERSION = 1
PAYLOAD = "payload"
"""Note in the place of bytes that are no text: ``dir``, and ``sha256``, ``at`` and ``bytes`` in the audio file."""


class Source(msgspec.Struct, kw_only=True, omit_defaults=True):
    """What was recorded."""

    kind: TargetKind
    """Kind of the target that answered; a replay of it stays a replay."""
    claim: str
    """What the recorded evidence claimed of itself, e.g. ``emulated, not live``."""
    ws_url: str
    """Websocket URL of the target, without query."""
    http_url: str = ""
    """HTTP base of the target."""
    region: str | None = None
    """Region id, live only."""
    faults: list[str] = []
    """Faults that were injected into the embedded emulator."""
    addresses: list[str] = []
    """``HOST:PORT`` under which clients knew the target while it was recorded; a replay puts its own in their place."""
    run: str | None = None
    """Run that it was taken from, where it came from a bundle."""
    bundle: str | None = None
    """Digest of that bundle, where it was sealed."""


class Recorded(msgspec.Struct, kw_only=True, omit_defaults=True):
    """One websocket session or HTTP exchange of a recording."""

    id: str
    """Unique in the recording; names its file."""
    file: str
    """Its JSON lines, below the recording's folder."""
    sha256: str
    """Digest of that file."""
    level: Level
    """``frames`` for a websocket, ``http`` for an HTTP exchange."""
    target: str
    """Path and query of its request."""
    method: str = "GET"
    """Method of its request."""
    model: str = ""
    """Model that it asked for, where it named one."""
    agent: str = ""
    """``User-Agent`` of the client."""
    utterance: Utterance | None = None
    """What a session asked for; None for HTTP."""
    started: str = ""
    """UTC time of its clock's zero, RFC 3339."""
    seconds: float = 0.0
    """How long it lasted."""
    audio: str | None = None
    """File with its audio and other bytes, named by digest; None when there were none."""
    ended: str = ""
    """How it ended, in a few words."""


class Recording(msgspec.Struct, kw_only=True):
    """What ``recording.json`` says."""

    format: Literal["ttsgate-recording"] = "ttsgate-recording"
    """Tells the file from others."""
    version: int = RECORDING_VERSION
    """Version of the format."""
    id: str
    """Of the recording: begins with its time."""
    created: str
    """UTC time at which recording began, RFC 3339; of a bundle's sessions, when they ran."""
    expires: str | None
    """Last day on which it may be replayed, ``YYYY-MM-DD``; None for ever."""
    how: Literal["proxy", "bundle"]
    """Recorded by the proxy, or taken from a bundle."""
    engine: str
    """Version of ttsgate that wrote it."""
    source: Source
    """What answered."""
    command: list[str] = []
    """Program that was recorded, redacted; empty for ``--listen``."""
    sessions: list[Recorded] = []
    """What is in it, in order of beginning."""


def read_recording(data: bytes) -> Recording:
    """Read ``recording.json``.

    Raises:
        UsageError: not a recording, broken, or of a newer version.
    """
    try:
        told = msgspec.json.decode(data)
        if not isinstance(told, dict) or told.get("format") != FORMAT:
            raise UsageError("not a recording: recording.json does not say that it is one")
        if told.get("version") != RECORDING_VERSION:
            raise UsageError(
                f"recording version {told.get('version')!r} is not readable by this ttsgate, "
                f"which reads version {RECORDING_VERSION}: use the ttsgate that wrote it ({told.get('engine')!r})"
            )
        recording = msgspec.convert(told, Recording)
        if recording.expires is not None:
            date.fromisoformat(recording.expires)
        datetime.fromisoformat(recording.created)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, ValueError) as exc:
        raise UsageError(f"broken recording.json: {exc}") from exc
    return recording


def write_recording(recording: Recording) -> bytes:
    """``recording.json``, one field a line, to be read in a review."""
    return msgspec.json.format(msgspec.json.encode(recording), indent=1) + b"\n"


def expired(recording: Recording, today: date) -> bool:
    """Whether its last day is over."""
    return recording.expires is not None and date.fromisoformat(recording.expires) < today


def dump_session(transcript: Transcript) -> tuple[bytes, bytes]:
    """Return a session as JSON lines, and the bytes that they refer to.

    Deltas stand as places in the bytes as in every transcript; bytes that are no text follow them there, and a note
    ``payload`` stands where they were.
    """
    _, audio = dump_transcript(transcript)
    more = bytearray(audio)
    entries = []
    for entry in transcript.entries:
        if entry.binary is not None:
            data = base64.b64decode(entry.binary)
            place: dict[str, Any] = {"dir": entry.dir, "sha256": hashlib.sha256(data).hexdigest()}
            entry = Entry(t=entry.t, dir="note", name=PAYLOAD, data={**place, "at": len(more), "bytes": len(data)})
            more += data
        entries.append(entry)
    lines, _ = dump_transcript(msgspec.structs.replace(transcript, entries=entries))
    return lines, bytes(more)


def load_session(lines: bytes, audio: bytes) -> Transcript:
    """Rebuild a session from its two files, checking every digest.

    Raises:
        UsageError: a broken line, or bytes that do not match their digest.
    """
    transcript = load_transcript(lines, audio)
    transcript.entries = [_restored(entry, audio) for entry in transcript.entries]
    return transcript


def _restored(entry: Entry, audio: bytes) -> Entry:
    if entry.name != PAYLOAD or entry.dir != "note":
        return entry
    place = entry.data or {}
    at, size, way = place.get("at"), place.get("bytes"), place.get("dir")
    if type(at) is not int or type(size) is not int or at < 0 or size < 0 or way not in ("in", "out"):
        raise UsageError(f"the payload at {entry.t} s names no place in the audio file")
    data = audio[at : at + size]
    if hashlib.sha256(data).hexdigest() != place.get("sha256"):
        raise UsageError(f"the audio file does not hold the bytes of the payload at {entry.t} s")
    return Entry(t=entry.t, dir="out" if way == "out" else "in", binary=base64.b64encode(data).decode())
