"""Does the service still say what was recorded?  Two sets of sessions in, the differences out; no I/O.

Compared are, for each model, mode and format: the order of events (a run of deltas counts as one), the fields of each
type of event, values that were the same in every session of a side, the handshake's status and how the session ended.
Left out are ids, audio, what depends on the text where the texts differ, and times, which are only told.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from ttsgate.recorder.capture import asked
from ttsgate.result.transcript import AUDIO_DELTA, Transcript

__all__ = ["Drift", "Report", "compare"]

Key = tuple[str, str, str]
_MADE_UP = ("id", "event_id", "delta", "expires_at")
_OF_THE_TEXT = ("usage",)
_OF_THE_REQUEST = ("voice", "instructions", "language_type", "speech_rate", "pitch_rate", "volume", "bit_rate")


@dataclass(frozen=True, slots=True)
class Drift:
    """One thing that is no longer as recorded."""

    what: str
    """Model, mode and format."""
    where: str
    """``order``, ``handshake``, ``end``, ``audio``, or type and field of an event."""
    recorded: str
    now: str

    def line(self) -> str:
        """For people."""
        return f"{self.what}: {self.where}: recorded {self.recorded}, now {self.now}"


@dataclass
class Report:
    """What was compared, and what differs."""

    drifts: list[Drift] = field(default_factory=list)
    compared: list[str] = field(default_factory=list)
    """Models, modes and formats that both sides have."""
    only_recorded: list[str] = field(default_factory=list)
    only_now: list[str] = field(default_factory=list)
    first_audio: list[str] = field(default_factory=list)
    """Time to first audio on both sides; told, never held against anybody."""


def compare(recorded: Iterable[Transcript], now: Iterable[Transcript]) -> Report:
    """Compare recorded sessions with those of a run, both seen at the level of frames."""
    old, new = _grouped(recorded), _grouped(now)
    report = Report(only_recorded=[_name(k) for k in old if k not in new])
    report.only_now = [_name(k) for k in new if k not in old]
    for key in (k for k in old if k in new):
        report.compared.append(_name(key))
        report.drifts += _drifts(_name(key), old[key], new[key])
        first = [_first_audio(side) for side in (old[key], new[key])]
        if None not in first:
            report.first_audio.append(f"{_name(key)}: first audio {first[0]} ms recorded, {first[1]} ms now")
    return report


def _grouped(transcripts: Iterable[Transcript]) -> dict[Key, list[Transcript]]:
    groups: dict[Key, list[Transcript]] = {}
    for one in transcripts:
        if one.level == "frames" and any(e.dir == "out" for e in one.entries):
            groups.setdefault((one.model, one.utterance.mode, one.utterance.format), []).append(one)
    return groups


def _name(key: Key) -> str:
    return " ".join(key)


def _drifts(what: str, old: Sequence[Transcript], new: Sequence[Transcript]) -> Iterator[Drift]:
    for where, told in (("handshake", _handshake), ("order", _order), ("end", _end)):
        sides = [sorted({told(t) for t in side}) for side in (old, new)]
        if not set(sides[0]) & set(sides[1]):
            yield Drift(what, where, *_shortest_difference(sides[0][0], sides[1][0]))
    left_out = _MADE_UP if _same_request(old, new) else (*_MADE_UP, *_OF_THE_TEXT, *_OF_THE_REQUEST)
    before, after = _Fields(old, left_out), _Fields(new, left_out)
    for kind in (k for k in before.of if k in after.of):
        for path in before.of[kind] - after.of[kind]:
            yield Drift(what, f"{kind} {path}", "present", "gone")
        for path in after.of[kind] - before.of[kind]:
            yield Drift(what, f"{kind} {path}", "not there", f"present ({after.shown(kind, path)})")
        for path in sorted(before.of[kind] & after.of[kind]):
            one, other = before.constant(kind, path), after.constant(kind, path)
            if one is not None and other is not None and one != other:
                yield Drift(what, f"{kind} {path}", one[1], other[1])
    yield from _audio(what, old, new)


class _Fields:
    """Fields of each type of event, with their values over all sessions of a side."""

    def __init__(self, transcripts: Sequence[Transcript], left_out: Sequence[str]) -> None:
        self.of: dict[str, set[str]] = {}
        self._values: dict[tuple[str, str], set[tuple[str, str]]] = {}
        for transcript in transcripts:
            for entry in transcript.entries:
                if entry.dir == "in" and entry.event is not None:
                    kind = entry.type or "an event without type"
                    paths = self.of.setdefault(kind, set())
                    for path, value in _flat(entry.event, ""):
                        paths.add(path)
                        if not _is_one_of(path, left_out):
                            # With its type: True and 1 are equal in Python, but not to a client.
                            self._values.setdefault((kind, path), set()).add((type(value).__name__, repr(value)))

    def constant(self, kind: str, path: str) -> tuple[str, str] | None:
        """Type and value, where it was always the same."""
        values = self._values.get((kind, path), set())
        return next(iter(values)) if len(values) == 1 else None

    def shown(self, kind: str, path: str) -> str:
        """One of its values, or what it is."""
        return next(iter(sorted(v for _, v in self._values.get((kind, path), set()))), "of the session")[:80]


def _flat(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict) and value:
        for name, inner in value.items():
            yield from _flat(inner, f"{path}.{name}" if path else str(name))
    elif isinstance(value, list) and value:
        for inner in value:
            yield from _flat(inner, f"{path}[]")
    else:
        yield path, value


def _is_one_of(path: str, names: Sequence[str]) -> bool:
    parts = path.replace("[]", "").split(".")
    return any(p in names or p.endswith("_id") for p in parts)


def _same_request(old: Sequence[Transcript], new: Sequence[Transcript]) -> bool:
    return {asked(t.entries) for t in old} == {asked(t.entries) for t in new}


def _handshake(transcript: Transcript) -> str:
    return ", ".join(str((n.data or {}).get("status")) for n in transcript.notes("upgraded", "refused")) or "none"


def _end(transcript: Transcript) -> str:
    note = next(transcript.notes("closed", "deadline"), None)
    if note is None or note.name == "deadline":
        return "not before we gave up" if note is not None else "unknown"
    data = note.data or {}
    return f"closed by {data.get('by')}" + (f" with {data['code']}" if data.get("code") is not None else "")


def _order(transcript: Transcript) -> str:
    kinds = (e.type or "?" for e in transcript.entries if e.dir == "in")
    return " ".join(kind for kind, _ in itertools.groupby(kinds))


def _shortest_difference(old: str, new: str) -> tuple[str, str]:
    """Two sequences from where they part, three words at most."""
    a, b = old.split(" "), new.split(" ")
    if len(a) < 4 or len(b) < 4:
        return old, new
    at = next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
    lead = f"after {a[at - 1]}: " if at else ""
    return lead + (" ".join(a[at : at + 3]) or "nothing"), lead + (" ".join(b[at : at + 3]) or "nothing")


def _audio(what: str, old: Sequence[Transcript], new: Sequence[Transcript]) -> Iterator[Drift]:
    """Speech of the same request that is more than a tenth shorter or longer; none where there was some."""
    sizes = [[len(t.audio()) for t in side] for side in (old, new)]
    mean = [sum(side) / len(side) for side in sizes]
    if (mean[0] > 0) is not (mean[1] > 0):
        yield Drift(what, "audio", f"{mean[0]:.0f} bytes", f"{mean[1]:.0f} bytes")
    elif mean[0] and _same_request(old, new) and abs(mean[1] / mean[0] - 1) > 0.1:
        yield Drift(what, "audio", f"{mean[0]:.0f} bytes", f"{mean[1]:.0f} bytes ({mean[1] / mean[0] - 1:+.0%})")


def _first_audio(transcripts: Sequence[Transcript]) -> float | None:
    """Median from the first text that was sent to the first delta, in milliseconds."""
    times = []
    for transcript in transcripts:
        asked = next((e.t for e in transcript.entries if e.dir == "out" and e.type == "input_text_buffer.append"), None)
        heard = next((e.t for e in transcript.received(AUDIO_DELTA)), None)
        if asked is not None and heard is not None:
            times.append((heard - asked) * 1000)
    return round(sorted(times)[len(times) // 2], 1) if times else None
