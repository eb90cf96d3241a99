"""Two runs side by side: what broke, what was repaired, what is no longer looked at, and what behaves otherwise."""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Iterable, Iterator
from statistics import median
from typing import Any

import msgspec

from ttsgate.bundle.reading import Bundle
from ttsgate.errors import EvidenceError
from ttsgate.result.record import SEEN, CheckRecord, Outcome, Result, SessionRecord
from ttsgate.result.transcript import AUDIO_DELTA
from ttsgate.verdict.metrics import is_loopback
from ttsgate.verdict.statistics import LEAST_OF_A_STRATUM, slower

__all__ = ["ERROR_RATE", "TOLERANCE", "BehaviourChange", "CheckChange", "Diff", "FindingChange", "Moved", "diff"]

TOLERANCE = 0.05
"""Latency that moved by less than 5 % has not moved for anybody who listens."""
ERROR_RATE = 0.01
"""Chance that any latency at all is called moved when none has; shared by all comparisons (Bonferroni)."""

_BAD: frozenset[Outcome] = frozenset(("fail", "error", "xpass"))
_GOOD: frozenset[Outcome] = frozenset(("pass", "xfail"))
_RANK: tuple[Outcome, ...] = ("error", "fail", "xpass", "inconclusive", "blocked", "skipped", "xfail", "pass")
_METRICS = ("first_audio_ms", "session_ms", "connect_ms", "gap_max_ms", "response_ms", "total_ms")
_DEEPEST = 4


class CheckChange(msgspec.Struct, kw_only=True, frozen=True):
    """One check on one cell, step or script."""

    check: str
    """Id of the check."""
    where: str
    """Cell, step or script."""
    before: str
    """Worst outcome, ``not judged`` when there was none."""
    after: str
    """The same, of the second run."""
    message: str = ""
    """What was seen, of the side that failed."""


class FindingChange(msgspec.Struct, kw_only=True, frozen=True):
    """One finding."""

    cause: str
    """Id of the cause."""
    party: str
    """Whose fault."""
    change: str
    """``new``, ``gone`` or what changed about it."""
    message: str
    """First line of the finding."""


class Moved(msgspec.Struct, kw_only=True, frozen=True):
    """A latency that moved by more than `TOLERANCE`, beyond noise."""

    cell: str
    """Cell in both runs."""
    metric: str
    """Name of the metric."""
    before_ms: float
    """Median of the first run, milliseconds."""
    after_ms: float
    """Median of the second run, milliseconds."""
    samples: tuple[int, int]
    """Sessions on each side."""
    p: float
    """Chance of this without any move beyond the tolerance, one comparison by itself."""


class BehaviourChange(msgspec.Struct, kw_only=True, frozen=True):
    """Something that the SDK or the service does otherwise, whether or not a check minds."""

    of: str
    """``sdk`` or ``service``."""
    where: str
    """Cell or runtime."""
    what: str
    """Field, event or value."""
    before: Any
    """What it was; None for nothing."""
    after: Any
    """What it is; None for nothing."""


class Diff(msgspec.Struct, kw_only=True):
    """What changed from one run to another."""

    before: dict[str, Any]
    """Run, verdict, target, time of the first run."""
    after: dict[str, Any]
    """The same of the second."""
    newly_failing: list[CheckChange] = []
    """Bad now, not bad before."""
    fixed: list[CheckChange] = []
    """Bad before, good now."""
    newly_skipped: list[CheckChange] = []
    """Judged before, not judged now: skipped, blocked, undecided or no longer asked for."""
    findings: list[FindingChange] = []
    """Findings that came, went or changed."""
    latency: list[Moved] = []
    """Latency that moved beyond noise."""
    behaviour: list[BehaviourChange] = []
    """What the SDK or the service does otherwise."""
    notes: list[str] = []
    """What limits the comparison."""

    @property
    def empty(self) -> bool:
        """Whether nothing changed."""
        return not (
            self.newly_failing
            or self.fixed
            or self.newly_skipped
            or self.findings
            or self.latency
            or self.behaviour
            or self.before["verdict"] != self.after["verdict"]
        )


def diff(before: Bundle, after: Bundle) -> Diff:
    """Compare two runs, the earlier one first.

    Raises:
        EvidenceError: a result cannot be read.
    """
    old, new = before.result, after.result
    found = Diff(before=_about(old), after=_about(new), notes=list(_notes(old, new)))
    _checks(old, new, found)
    found.findings = list(_findings(old, new))
    found.latency = _latency(old, new, found.notes)
    found.behaviour = [
        *_runtimes(old, new),
        *_sessions(old, new),
        *_wrong_requests(old, new),
        *_shapes(before, after),
    ]
    return found


def _about(result: Result) -> dict[str, Any]:
    return {
        "run": result.run,
        "verdict": result.verdict.name if result.verdict else result.status,
        "cause": result.verdict.cause if result.verdict else None,
        "target": result.target.kind,
        "claim": result.target.claim,
        "region": result.target.region,
        "vantage": result.target.vantage,
        "finished": result.finished,
        "ttsgate": result.engine.get("ttsgate"),
    }


def _notes(old: Result, new: Result) -> Iterator[str]:
    for name in ("kind", "region", "vantage"):
        before, after = getattr(old.target, name), getattr(new.target, name)
        if before != after:
            yield f"the targets differ: {name} {before or 'none'} before, {after or 'none'} now"
    if old.engine.get("rules") != new.engine.get("rules"):
        yield "the rules differ: what changed may be ttsgate itself; --rejudge judges both runs by the present rules"
    if old.target.faults != new.target.faults:
        had, has = (", ".join(r.target.faults) or "none" for r in (old, new))
        yield f"injected faults differ: {had} before, {has} now"


def _by_place(result: Result) -> dict[tuple[str, str], CheckRecord]:
    """The worst record of each check on each cell, step or script: sessions of a cell stand for each other."""
    found: dict[tuple[str, str], CheckRecord] = {}
    for record in result.checks:
        key = record.check, record.cell or record.subject
        if key not in found or _RANK.index(record.outcome) < _RANK.index(found[key].outcome):
            found[key] = record
    return found


def _checks(old: Result, new: Result, found: Diff) -> None:
    before, after = _by_place(old), _by_place(new)
    for key in dict.fromkeys((*before, *after)):
        was, now = before.get(key), after.get(key)
        had, has = (was.outcome if was else "not judged"), (now.outcome if now else "not judged")
        if has == had:
            continue
        change = CheckChange(check=key[0], where=key[1], before=had, after=has, message=now.message if now else "")
        if has in _BAD and had not in _BAD:
            found.newly_failing.append(change)
        elif had in _BAD and has in _GOOD:
            found.fixed.append(msgspec.structs.replace(change, message=was.message if was else ""))
        elif (had in _BAD or had in _GOOD) and has not in _GOOD and has not in _BAD:
            found.newly_skipped.append(change)


def _findings(old: Result, new: Result) -> Iterator[FindingChange]:
    before = {f.diagnosis.cause: f for f in old.findings}
    after = {f.diagnosis.cause: f for f in new.findings}
    for cause in dict.fromkeys((*before, *after)):
        was, now = before.get(cause), after.get(cause)
        shown = now or was
        assert shown is not None
        changes = []
        if was is None or now is None:
            changes.append("new" if now else "gone")
        else:
            for name in ("blocking", "models", "clients"):
                a, b = getattr(was, name), getattr(now, name)
                if a != b:
                    changes.append(f"{name}: {_shown(a)} before, {_shown(b)} now")
        for change in changes:
            yield FindingChange(
                cause=cause,
                party=shown.diagnosis.party,
                change=change,
                message=shown.message or shown.diagnosis.summary,
            )


def _latency(old: Result, new: Result, notes: list[str]) -> list[Moved]:
    if is_loopback(old.target) or is_loopback(new.target):
        notes.append("latency is not compared: on loopback it measures this machine, not the service")
        return []
    if (old.target.kind, old.target.region, old.target.vantage) != (
        new.target.kind,
        new.target.region,
        new.target.vantage,
    ):
        notes.append("latency is not compared: it was measured at different places")
        return []
    pairs = []
    few = 0
    for cell in (c.id for c in new.cells):
        for metric in _METRICS:
            a, b = _values(old, cell, metric), _values(new, cell, metric)
            if a and b and min(len(a), len(b)) < LEAST_OF_A_STRATUM:
                few += 1
            elif a and b:
                pairs.append((cell, metric, a, b))
    if few:
        notes.append(
            f"{few} latencies are not compared: fewer than {LEAST_OF_A_STRATUM} sessions on a side cannot tell a move "
            "from noise (--repeat)"
        )
    moved = []
    for cell, metric, a, b in pairs:
        p = min(slower([(b, a)], tolerance=TOLERANCE).p, slower([(a, b)], tolerance=TOLERANCE).p)
        if p < ERROR_RATE / (2 * len(pairs)):
            moved.append(
                Moved(
                    cell=cell,
                    metric=metric,
                    before_ms=round(median(a), 3),
                    after_ms=round(median(b), 3),
                    samples=(len(a), len(b)),
                    p=p,
                )
            )
    return moved


def _values(result: Result, cell: str, metric: str) -> list[float]:
    values = [s.timing[metric] for s in result.sessions if s.cell == cell and metric in s.timing]
    return [v for v in values if v > 0 and math.isfinite(v)]


def _runtimes(old: Result, new: Result) -> Iterator[BehaviourChange]:
    """SDK releases by their place in the plan: a runtime's id names its release, so it changes with it."""
    before, after = [r for r in old.runtimes if r.dashscope], [r for r in new.runtimes if r.dashscope]
    for a, b in zip(before, after, strict=False):
        for what in ("dashscope", "python"):
            if getattr(a, what) != getattr(b, what):
                yield BehaviourChange(of="sdk", where=b.id, what=what, before=getattr(a, what), after=getattr(b, what))
        for name in dict.fromkeys((*a.packages, *b.packages)):
            if a.packages.get(name) != b.packages.get(name):
                yield BehaviourChange(
                    of="sdk", where=b.id, what=name, before=a.packages.get(name), after=b.packages.get(name)
                )


_SEEN = ("finish_reason", "sample_rate", "error_class", "code", "http_status", "close_code", "instruction_ignored")


def _sessions(old: Result, new: Result) -> Iterator[BehaviourChange]:
    before, after = _grouped(old), _grouped(new)
    for cell in (c for c in before if c in after):
        of = "service" if cell.startswith("wire.") else "sdk"
        for what in _SEEN:
            a, b = _distinct(before[cell], what), _distinct(after[cell], what)
            if a != b:
                yield BehaviourChange(of=of, where=cell, what=what, before=a, after=b)


def _wrong_requests(old: Result, new: Result) -> Iterator[BehaviourChange]:
    """What the service did with the same wrong request to the same model."""
    before = {(o.probe, o.model, o.sent): o for o in old.observations if o.outcome != "not-observed"}
    for now in new.observations:
        was = before.get((now.probe, now.model, now.sent))
        for what in SEEN if was is not None and now.outcome != "not-observed" else ():
            a, b = getattr(was, what), getattr(now, what)
            if a != b:
                yield BehaviourChange(of="service", where=f"{now.model} {now.probe}", what=what, before=a, after=b)


def _grouped(result: Result) -> dict[str, list[SessionRecord]]:
    groups: dict[str, list[SessionRecord]] = defaultdict(list)
    for session in result.sessions:
        groups[session.cell].append(session)
    return groups


def _distinct(sessions: Iterable[SessionRecord], what: str) -> list[Any]:
    return sorted({getattr(s, what) for s in sessions}, key=str)


def _shapes(before: Bundle, after: Bundle) -> Iterator[BehaviourChange]:
    """Events and fields that came from the service: those of one run only."""
    old, new = _paths(before), _paths(after)
    for cell in (c for c in old if c in new):
        of = "service" if cell.startswith("wire.") else "sdk"
        for path in sorted(old[cell] ^ new[cell]):
            # A field of an event that is gone as a whole is no news.
            event = path.partition(" ")[0]
            if path != event and (event in old[cell]) != (event in new[cell]):
                continue
            was, now = path in old[cell], path in new[cell]
            yield BehaviourChange(
                of=of, where=cell, what=path, before="sent" if was else None, after="sent" if now else None
            )


def _paths(bundle: Bundle) -> dict[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for session in bundle.result.sessions:
        if session.transcript is None:
            continue
        try:
            lines = bundle.read(session.transcript).splitlines()[1:]
            entries = [json.loads(line) for line in lines]
        except (EvidenceError, ValueError, RecursionError):
            continue
        deltas = False
        for entry in entries:
            event = entry.get("event") if isinstance(entry, dict) and entry.get("dir") == "in" else None
            if not isinstance(event, dict) or not isinstance(event.get("type"), str):
                continue
            if event["type"] == AUDIO_DELTA:
                if deltas:
                    continue
                deltas = True
                event = {**event, "delta": ""}
            found[session.cell].add(event["type"])
            found[session.cell].update(f"{event['type']} {path}" for path in _fields(event, "", _DEEPEST))
    return found


def _fields(value: Any, prefix: str, depth: int) -> Iterator[str]:
    if depth and isinstance(value, dict):
        for name, inner in value.items():
            yield f"{prefix}{name}"
            yield from _fields(inner, f"{prefix}{name}.", depth - 1)


def _shown(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
