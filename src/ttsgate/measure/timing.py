"""Times of one session, in milliseconds, each with its own zero point.

Every number is a difference of two entry times of the transcript, taken on one monotonic clock
when bytes arrived or left.  A number whose two ends were not both seen is absent, never zero.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Protocol

from ttsgate.measure.pcm import decode_base64

__all__ = ["METRICS", "Arrival", "Playback", "Seen", "Timed", "arrivals", "play", "session_metrics", "text_sent_at"]

METRICS: dict[str, str] = {
    "name_ms": "name resolution: from the dial to the addresses",
    "tcp_ms": "TCP handshake: from the addresses (else the dial) to the connection",
    "tls_ms": "TLS handshake: from the TCP connection to the end of the handshake",
    "upgrade_ms": "websocket handshake: from the transport standing to the service's 101",
    "connect_ms": "from the dial to the websocket being open (or to the SDK saying so)",
    "session_ms": "from the dial to session.created",
    "updated_ms": "from session.update leaving to session.updated",
    "first_audio_ms": "from the first text leaving to the first delta that holds audio",
    "cold_first_audio_ms": "from the dial to the first delta that holds audio",
    "response_ms": "from the first response.created to the last response.done",
    "gap_max_ms": "longest time between two deltas of one response",
    "gap_p95_ms": "95th percentile of the times between two deltas of one response",
    "deliver_ms": "sum over responses: from its first delta to its last",
    "finish_ms": "from session.finish leaving to session.finished",
    "close_ms": "from session.finished to the connection being closed",
    "total_ms": "from the dial to the last entry",
}
"""Name of each number and what it spans."""

_TEXT = ("input_text_buffer.append",)
AUDIO_DELTA = "response.audio.delta"


class Timed(Protocol):
    """One entry of a transcript, as far as times need it."""

    @property
    def t(self) -> float: ...
    @property
    def dir(self) -> str: ...
    @property
    def event(self) -> dict[str, Any] | None: ...
    @property
    def type(self) -> str | None: ...


class Seen(Protocol):
    """A transcript, as far as times need it; `ttsgate.result.transcript.Transcript` is one."""

    @property
    def entries(self) -> Sequence[Timed]: ...
    def received(self, *types: str) -> Iterator[Timed]: ...
    def sent(self, *types: str) -> Iterator[Timed]: ...
    def notes(self, *names: str) -> Iterator[Timed]: ...


@dataclass(frozen=True, slots=True)
class Arrival:
    """One piece of audio."""

    frame: int
    """Entry number in the transcript, 0-based."""
    t: float
    """Seconds on the session's clock."""
    data: bytes
    """Decoded bytes; empty when the delta was not decodable."""
    response: int
    """0-based number of the response it belongs to, by order of ``response.created``."""


@dataclass(frozen=True, slots=True)
class Playback:
    """What a listener of simulated playback would have noticed."""

    underruns: int
    """How often the player ran dry before the end."""
    starved_s: float
    """Seconds of unwanted silence in all."""
    worst_s: float
    """Longest single unwanted silence, seconds."""
    at_frame: int | None
    """Entry whose late arrival caused the longest one."""


def arrivals(transcript: Seen) -> list[Arrival]:
    """Every audio delta with its time and the response it belongs to."""
    found: list[Arrival] = []
    response = -1
    for index, entry in enumerate(transcript.entries):
        if entry.dir != "in" or entry.event is None:
            continue
        if entry.type == "response.created":
            response += 1
        elif entry.type == AUDIO_DELTA:
            data = decode_base64(entry.event.get("delta")) or b""
            found.append(Arrival(index, entry.t, data, max(response, 0)))
    return found


def play(pieces: Sequence[Arrival], *, bytes_per_second: float, buffer_s: float) -> Playback:
    """Simulate a player that starts `buffer_s` seconds after the first piece and waits when it runs dry.

    `pieces` are of one response.  After running dry, playing goes on with the next piece at
    once, as the common browser and telephony players do.
    """
    heard = [p for p in pieces if p.data]
    if not heard:
        return Playback(0, 0.0, 0.0, None)
    dry_at = heard[0].t + buffer_s
    underruns, starved, worst, at = 0, 0.0, 0.0, None
    for piece in heard:
        late = piece.t - dry_at
        if late > 1e-9:
            underruns += 1
            starved += late
            dry_at = piece.t
            if late > worst:
                worst, at = late, piece.frame
        dry_at += len(piece.data) / bytes_per_second
    return Playback(underruns, starved, worst, at)


def text_sent_at(transcript: Seen) -> float | None:
    """When the first text left, None when that was not seen."""
    return _first(transcript.sent(*_TEXT))


def session_metrics(transcript: Seen) -> dict[str, float]:
    """The numbers of `METRICS` that this transcript can give, in milliseconds."""
    notes = {
        name: _first(transcript.notes(name)) for name in ("dial", "resolved", "tcp", "tls", "upgraded", "connected")
    }
    dial, tcp = notes["dial"], notes["tcp"]
    audio = [a for a in arrivals(transcript) if a.data]
    first_audio = audio[0].t if audio else None
    finished = _first(transcript.received("session.finished"))
    done = [e.t for e in transcript.received("response.done")]
    connected = notes["upgraded"] if notes["upgraded"] is not None else notes["connected"]
    spans: dict[str, tuple[float | None, float | None]] = {
        "name_ms": (dial, notes["resolved"]),
        "tcp_ms": (notes["resolved"] if notes["resolved"] is not None else dial, tcp),
        "tls_ms": (tcp, notes["tls"]),
        "upgrade_ms": (notes["tls"] if notes["tls"] is not None else tcp, notes["upgraded"]),
        "connect_ms": (dial, connected),
        "session_ms": (dial, _first(transcript.received("session.created"))),
        "updated_ms": (_first(transcript.sent("session.update")), _first(transcript.received("session.updated"))),
        "first_audio_ms": (text_sent_at(transcript), first_audio),
        "cold_first_audio_ms": (dial, first_audio),
        "response_ms": (_first(transcript.received("response.created")), done[-1] if done else None),
        "finish_ms": (_first(transcript.sent("session.finish")), finished),
        "close_ms": (finished, _first(transcript.notes("closed"))),
        "total_ms": (dial, transcript.entries[-1].t if transcript.entries else None),
    }
    numbers = {
        name: round((end - start) * 1000, 3)
        for name, (start, end) in spans.items()
        if start is not None and end is not None and end >= start
    }
    gaps = sorted(b.t - a.t for a, b in pairwise(audio) if a.response == b.response)
    if gaps:
        numbers["gap_max_ms"] = round(gaps[-1] * 1000, 3)
        numbers["gap_p95_ms"] = round(gaps[min(len(gaps) - 1, int(0.95 * len(gaps)))] * 1000, 3)
        numbers["deliver_ms"] = round(sum(gaps) * 1000, 3)
    return numbers


def _first(entries: Iterable[Timed]) -> float | None:
    return next((e.t for e in entries), None)
