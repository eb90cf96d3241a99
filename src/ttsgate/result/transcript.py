"""What was seen of one session, in order, with times.

A transcript is the ground truth of a run: every check reads it, and reads it again from disk.
On disk it is JSON lines (a header, then one entry a line) beside a file that holds the audio
once; in memory the deltas are whole.  The stand-alone probe writes the same entry lines with
``--events``.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Iterator
from typing import Any, Literal

import msgspec

from ttsgate.errors import UsageError

__all__ = [
    "AUDIO_DELTA",
    "TRANSCRIPT_VERSION",
    "Entry",
    "Level",
    "Transcript",
    "Utterance",
    "dump_transcript",
    "entry_from_line",
    "load_transcript",
]

TRANSCRIPT_VERSION = 1
AUDIO_DELTA = "response.audio.delta"

Level = Literal["frames", "sdk-events", "http"]
"""Observation level: both directions of the wire, an SDK's callback, or HTTP exchanges."""


class Utterance(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What a session was asked to say, and how."""

    text: str
    """Text sent, as one or several appends."""
    voice: str
    """Voice name or custom voice id, exactly as sent."""
    instruction: str | None = None
    """Sent as ``instructions``; only to models that take it."""
    sample_rate: int | None = None
    """Hz asked for; None leaves the service's default of 24000."""
    mode: str = "server_commit"
    """``server_commit`` or ``commit``."""
    format: str = "pcm"
    """``pcm``, ``wav``, ``mp3`` or ``opus``."""
    language_type: str | None = None
    """``Chinese``, ``English``, ... or None to leave it to the service."""
    speech_rate: float | None = None
    """0.5 to 2.0; None leaves 1.0."""
    pitch_rate: float | None = None
    """0.5 to 2.0; None leaves 1.0."""
    volume: int | None = None
    """0 to 100; None leaves 50."""
    bit_rate: int | None = None
    """kbps, 6 to 510, for compressed formats."""

    @property
    def rate(self) -> int:
        """The sample rate in force, in Hz (protocol default 24000)."""
        return self.sample_rate or 24_000


class Entry(msgspec.Struct, omit_defaults=True):
    """One thing seen at one moment.

    Exactly one of `event`, `raw`, `binary` (a frame) or `name` (a note) is set.  Notes in use:

    ==============  ==========================================================================
    ``dial``        ``url``: we begin; zero of the clock
    ``resolved``    ``addresses``: name resolution ended
    ``tcp``         ``peer``: the TCP connection stands
    ``tls``         ``version``, ``cipher``, ``issuer``, ``sha256`` of the peer's certificate
    ``upgraded``    ``status``, ``headers``: the websocket handshake was accepted
    ``refused``     ``status``, ``headers``, ``body``: the handshake was answered with an HTTP error
    ``connected``   an SDK says that it is connected
    ``closed``      ``code``, ``reason``, ``by`` (``service``, ``client``, ``network``)
    ``error``       ``class``, ``message``, ``where``: an exception, by class name
    ``deadline``    ``after_s``, ``waiting_for``: we gave up waiting
    ``request``     ``method``, ``url``, ``body``: an HTTP request left
    ``response``    ``status``, ``headers``, ``body``: an HTTP answer came
    ==============  ==========================================================================
    """

    t: float
    """Seconds since the zero of this session's clock (monotonic), taken when bytes arrived or left."""
    dir: Literal["out", "in", "note"]
    """``out`` client to service, ``in`` service to client, ``note`` our own observation."""
    event: dict[str, Any] | None = None
    """A text frame that holds a JSON object."""
    raw: str | None = None
    """A text frame that does not hold a JSON object, verbatim."""
    binary: str | None = None
    """A binary frame, Base64."""
    name: str | None = None
    """Name of a note."""
    data: dict[str, Any] | None = None
    """Facts of a note."""

    @property
    def type(self) -> str | None:
        """The event's ``type`` if it has one that is a string."""
        kind = self.event.get("type") if self.event is not None else None
        return kind if isinstance(kind, str) else None


class Transcript(msgspec.Struct, kw_only=True):
    """A session as seen at one observation level."""

    session: str
    """Our id of the session; names its files."""
    level: Level
    """What could be observed; checks that need more are not selected."""
    model: str
    """Exact model string asked for."""
    client: str
    """``wire``, ``sdk-realtime``, ``sdk-client`` or ``sdk-http``."""
    utterance: Utterance
    """What was asked."""
    started: str
    """UTC time of the clock's zero, RFC 3339."""
    entries: list[Entry]
    """What was seen, in order of `Entry.t`."""
    version: int = TRANSCRIPT_VERSION
    """Version of the file format."""

    def received(self, *types: str) -> Iterator[Entry]:
        """Events that came from the service, all or only of `types`."""
        return (e for e in self.entries if e.dir == "in" and e.event is not None and (not types or e.type in types))

    def sent(self, *types: str) -> Iterator[Entry]:
        """Events that went to the service, all or only of `types`."""
        return (e for e in self.entries if e.dir == "out" and e.event is not None and (not types or e.type in types))

    def notes(self, *names: str) -> Iterator[Entry]:
        """Notes, all or only of `names`."""
        return (e for e in self.entries if e.dir == "note" and (not names or e.name in names))

    def audio(self) -> bytes:
        """Every decodable delta, decoded and joined, in order of arrival."""
        return b"".join(_decode(e.event.get("delta")) or b"" for e in self.received(AUDIO_DELTA) if e.event)


def _decode(delta: object) -> bytes | None:
    """Decode a canonical Base64 string; None when it is anything else."""
    if not isinstance(delta, str):
        return None
    try:
        data = base64.b64decode(delta, validate=True)
    except (binascii.Error, ValueError):
        return None
    return data if base64.b64encode(data).decode() == delta else None


_encoder = msgspec.json.Encoder()
_entry_decoder = msgspec.json.Decoder(Entry)


def entry_from_line(line: str | bytes) -> Entry:
    """Parse one entry line, as the probe's ``--events`` file has them.

    Raises:
        UsageError: the line is not an entry.
    """
    try:
        return _entry_decoder.decode(line)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as exc:
        raise UsageError(f"not a transcript entry: {exc}") from exc


def dump_transcript(transcript: Transcript) -> tuple[bytes, bytes]:
    """Return the transcript as JSON lines, and the audio that it refers to.

    A delta is replaced by ``{"sha256", "at", "bytes"}`` only when it is canonical Base64, so
    that loading gives back the very string that was received; any other string stays verbatim, and
    an object, which a service could send to look like a place, stands as ``{"verbatim": …}``.
    """
    header = {
        name: getattr(transcript, name)
        for name in ("version", "session", "level", "model", "client", "utterance", "started")
    }
    lines = [_encoder.encode(header)]
    audio = bytearray()
    for entry in transcript.entries:
        event = entry.event
        if entry.dir == "in" and event is not None and entry.type == AUDIO_DELTA:
            data = _decode(event.get("delta"))
            if isinstance(event.get("delta"), dict):
                entry = msgspec.structs.replace(entry, event={**event, "delta": {"verbatim": event["delta"]}})
            elif data is not None:
                place = {"sha256": hashlib.sha256(data).hexdigest(), "at": len(audio), "bytes": len(data)}
                audio += data
                entry = msgspec.structs.replace(entry, event={**event, "delta": place})
        lines.append(_encoder.encode(entry))
    return b"\n".join(lines) + b"\n", bytes(audio)


def load_transcript(lines: bytes, audio: bytes) -> Transcript:
    """Rebuild a transcript from its two files, checking every digest.

    Raises:
        UsageError: a newer format, a broken line, or audio that does not match its digest.
    """
    header, *rest = lines.splitlines() or [b""]
    try:
        head = msgspec.json.decode(header)
        if head.get("version") != TRANSCRIPT_VERSION:
            raise UsageError(
                f"transcript version {head.get('version')!r} is not readable by this ttsgate, "
                f"which reads version {TRANSCRIPT_VERSION}: use the ttsgate that wrote it"
            )
        transcript = msgspec.convert({**head, "entries": []}, Transcript)
    except (msgspec.MsgspecError, UnicodeDecodeError, AttributeError, TypeError, RecursionError) as exc:
        raise UsageError(f"broken transcript header: {exc}") from exc
    for number, line in enumerate(rest, start=2):
        entry = entry_from_line(line)
        if entry.type == AUDIO_DELTA and entry.event is not None and isinstance(entry.event.get("delta"), dict):
            entry.event["delta"] = _restored(entry.event["delta"], audio, number)
        transcript.entries.append(entry)
    return transcript


def _restored(place: dict[str, Any], audio: bytes, number: int) -> Any:
    """The delta that stood at a place, checked."""
    if "verbatim" in place:
        return place["verbatim"]
    at, size = place.get("at"), place.get("bytes")
    if not isinstance(at, int) or not isinstance(size, int) or at < 0 or size < 0:
        raise UsageError(f"line {number}: its delta names no place in the audio file")
    data = audio[at : at + size]
    if hashlib.sha256(data).hexdigest() != place.get("sha256"):
        raise UsageError(f"line {number}: the audio file does not hold the bytes of this delta")
    return base64.b64encode(data).decode()
