"""What was recorded against what is found now, each number at its own precision."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from ttsgate.result.record import SEEN, CheckRecord, Evidence, Observation, Result, SessionRecord

if TYPE_CHECKING:
    from ttsgate.bundle.rejudge import Rejudged

__all__ = ["MESSAGE_TOLERANCE", "TIMING_PRECISION_MS", "WAVEFORM_PRECISION", "Difference", "compare"]

TIMING_PRECISION_MS = 0.001
"""Times are differences of numbers in the transcript, rounded to the microsecond: no library can change them."""
WAVEFORM_PRECISION = 0.01
"""Columns for drawing, of full scale."""
MESSAGE_TOLERANCE = 0.02
"""Numbers inside messages come from filters and transforms whose last digits depend on the processor: 2 %, or one unit
of the last digit shown."""

Kind = Literal["verdict", "outcome", "number", "text"]

_NUMBER = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?")
_SAMPLES = 240
"""Positions in audio may move by 10 ms at 24 kHz."""


class Difference(msgspec.Struct, kw_only=True, frozen=True):
    """One thing that is not as recorded."""

    where: str
    """``verdict``, ``P-voice-echo@SESSION``, ``SESSION timing.first_audio_ms``, ..."""
    recorded: Any
    """What the result says."""
    now: Any
    """What is found."""
    kind: Kind
    """``verdict`` and ``outcome`` decide; ``number`` and ``text`` describe."""

    def __str__(self) -> str:
        return f"{self.where}: recorded {_short(self.recorded)}, found {_short(self.now)}"


def compare(recorded: Result, new: Result, again: Rejudged) -> None:
    """Add every difference between a result and its re-judgement to `again`."""
    found = again.differences
    by_key = {(c.check, c.subject): c for c in new.checks}
    for old in recorded.checks:
        now = by_key.get((old.check, old.subject))
        if now is not None and now is not old:
            found += _check(old, now)
            again.numbers += len(old.numbers)
    for one, other in zip(recorded.sessions, new.sessions, strict=True):
        if other is not one:
            found += _session(one, other)
            again.numbers += len(one.timing) + (one.audio_ms is not None)
    for cell, anew in zip(recorded.cells, new.cells, strict=True):
        if cell.state != anew.state:
            found.append(Difference(where=f"cell {cell.id}", recorded=cell.state, now=anew.state, kind="outcome"))
    for seen, once in zip(recorded.observations, new.observations, strict=True):
        found += _observation(seen, once)
    found += _ledgers(recorded, new)
    for check in dict.fromkeys((*recorded.requirements, *new.requirements)):
        before, after = recorded.requirements.get(check), new.requirements.get(check)
        if before != after:
            found.append(Difference(where=f"requirements.{check}", recorded=before, now=after, kind="text"))
    found += _findings(recorded, new)
    found += _verdict(recorded, new)


def _check(old: CheckRecord, now: CheckRecord) -> Iterator[Difference]:
    where = f"{old.check}@{old.subject}"
    for name in ("outcome", "severity", "cause", "reason", "decides", "stage", "model", "client", "cell"):
        before, after = getattr(old, name), getattr(now, name)
        if before != after:
            yield Difference(where=f"{where} {name}", recorded=before, now=after, kind="outcome")
    if not _same_text(old.message, now.message):
        yield Difference(where=f"{where} message", recorded=old.message, now=now.message, kind="text")
    yield from _numbers(where, old.numbers, now.numbers)
    if not _same_evidence(old.evidence, now.evidence):
        yield Difference(where=f"{where} evidence", recorded=len(old.evidence), now=len(now.evidence), kind="text")


def _session(old: SessionRecord, now: SessionRecord) -> Iterator[Difference]:
    for name in old.__struct_fields__:
        before, after = getattr(old, name), getattr(now, name)
        where = f"{old.id} {name}"
        if name == "timing":
            yield from _numbers(where, before, after, separator=".")
        elif name == "waveform":
            if not _same_waveform(before, after):
                yield Difference(where=where, recorded=f"{len(before)} columns", now="another shape", kind="number")
        elif isinstance(before, float) and isinstance(after, int | float):
            yield from _numbers(old.id, {name: before}, {name: float(after)})
        elif before != after:
            kind: Kind = "number" if isinstance(before, int) and isinstance(after, int) else "text"
            yield Difference(where=where, recorded=before, now=after, kind=kind)


def _observation(old: Observation, now: Observation) -> Iterator[Difference]:
    for name in (*SEEN, "characters", "detail"):
        before, after = getattr(old, name), getattr(now, name)
        if before != after:
            yield Difference(where=f"{old.probe} {name}", recorded=before, now=after, kind="text")


def _numbers(
    where: str, old: Mapping[str, float], now: Mapping[str, float], *, separator: str = " "
) -> Iterator[Difference]:
    for name in dict.fromkeys((*old, *now)):
        before, after = old.get(name), now.get(name)
        # Half a unit beyond the precision: both were rounded to it.
        if before is None or after is None or abs(before - after) > 1.5 * TIMING_PRECISION_MS:
            yield Difference(where=f"{where}{separator}{name}", recorded=before, now=after, kind="number")


def _ledgers(recorded: Result, new: Result) -> Iterator[Difference]:
    counted = {
        "sessions": len(new.sessions),
        "characters": sum(int(s.usage.get("characters", 0) or 0) for s in new.sessions)
        + sum(o.characters for o in new.observations),
    }
    for name, now in counted.items():
        if recorded.status == "complete" and recorded.cost.get(name) != now:
            yield Difference(where=f"cost.{name}", recorded=recorded.cost.get(name), now=now, kind="number")
    ids = {s.id for s in recorded.sessions}
    for cell in recorded.cells:
        for session in cell.sessions:
            if session not in ids:
                yield Difference(where=f"cell {cell.id}", recorded=session, now="no such session", kind="outcome")
        if not cell.sessions and cell.state not in ("blocked", "skipped") and recorded.status == "complete":
            yield Difference(where=f"cell {cell.id}", recorded=cell.state, now="no session ran", kind="outcome")


def _findings(recorded: Result, new: Result) -> Iterator[Difference]:
    old = {f.diagnosis.cause: f for f in recorded.findings}
    now = {f.diagnosis.cause: f for f in new.findings}
    for cause in dict.fromkeys((*old, *now)):
        before, after = old.get(cause), now.get(cause)
        if before is None or after is None:
            yield Difference(
                where=f"finding {cause}",
                recorded="found" if before else "not found",
                now="found" if after else "not found",
                kind="outcome",
            )
            continue
        for name in ("blocking", "checks", "models", "clients"):
            if getattr(before, name) != getattr(after, name):
                yield Difference(
                    where=f"finding {cause} {name}",
                    recorded=getattr(before, name),
                    now=getattr(after, name),
                    kind="outcome" if name == "blocking" else "text",
                )
        if before.diagnosis != after.diagnosis or not _same_text(before.message, after.message):
            yield Difference(where=f"finding {cause}", recorded=before.message, now=after.message, kind="text")


def _verdict(recorded: Result, new: Result) -> Iterator[Difference]:
    old, now = recorded.verdict, new.verdict
    if old is None or now is None:
        if old is not now:
            yield Difference(
                where="verdict", recorded=old and old.name, now=now.name if now else "none", kind="verdict"
            )
        return
    for name in ("name", "exit_code", "cause", "warnings"):
        if getattr(old, name) != getattr(now, name):
            where = "verdict" if name == "name" else f"verdict {name}"
            yield Difference(where=where, recorded=getattr(old, name), now=getattr(now, name), kind="verdict")
    if not _same_text(old.summary, now.summary):
        yield Difference(where="verdict summary", recorded=old.summary, now=now.summary, kind="text")


def _same_text(old: str, now: str) -> bool:
    if old == now:
        return True
    before, after = _NUMBER.findall(old), _NUMBER.findall(now)
    if _NUMBER.sub("#", old) != _NUMBER.sub("#", now) or len(before) != len(after):
        return False
    return all(_near(a, b) for a, b in zip(before, after, strict=True))


def _near(old: str, now: str) -> bool:
    unit = 10.0 ** -len(old.partition(".")[2])
    before, after = float(old), float(now)
    return abs(before - after) <= max(1.01 * unit, MESSAGE_TOLERANCE * abs(before))


def _same_evidence(old: Sequence[Evidence], now: Sequence[Evidence]) -> bool:
    return len(old) == len(now) and all(
        a.file == b.file
        and a.frame == b.frame
        and _same_text(a.quote or "", b.quote or "")
        and (a.sample == b.sample or (a.sample is not None and b.sample is not None and _close(a.sample, b.sample)))
        for a, b in zip(old, now, strict=True)
    )


def _close(old: int, now: int) -> bool:
    return abs(old - now) <= _SAMPLES


def _same_waveform(old: Sequence[Sequence[float]], now: Sequence[Sequence[float]]) -> bool:
    return len(old) == len(now) and all(
        len(a) == len(b) and all(abs(x - y) <= WAVEFORM_PRECISION for x, y in zip(a, b, strict=True))
        for a, b in zip(old, now, strict=True)
    )


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else "nothing" if value is None else str(value)
    return text if len(text) <= 120 else text[:117] + "..."
