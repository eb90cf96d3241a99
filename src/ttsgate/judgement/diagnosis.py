"""From failed checks to causes: one finding a cause, with whom to blame and what to do.

The same utterance over several clients tells parties apart: what fails through an SDK alone is
the SDK's doing, what fails on our own wire client too is the service's or the network's.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from ttsgate.judgement.causes import CAUSES, rank
from ttsgate.result.record import CheckRecord, Diagnosis, Finding, Result

__all__ = ["diagnose"]

EVIDENCE = 6
"""Most pointers in a finding."""

_BY_FAMILY = {
    "S": "script.syntax",
    "N": "service.nonsense",
    "C": "service.error",
    "P": "service.protocol",
    "A": "service.audio",
    "T": "service.timing",
    "X": "service.audio",
    "B": "client.protocol",
    "O": "service.changed",
    "U": "service.protocol",
}
"""Cause of a check that named none, by the letter of its id."""

_ON_THE_WAY = ("network.", "key.", "permission.", "arrears", "quota.")
"""Causes that a connectivity step can show and that explain every refused or unanswered session."""

_EXPLAINED = (*_ON_THE_WAY, "service.hang", "service.nonsense", "service.dropped", "sdk.connect", "client.deadline")
"""Causes of a session that did not open, if the way to the service was already known to be blocked."""

_UNSURE = ("sdk.connect", "sdk.behaviour", "client.request", "client.deadline")
"""Causes seen through an SDK that our own client may explain better."""

_AT_THE_DOOR = ("C-open", "N-models", "N-voices", "N-session")
"""Checks that fail in one way or another when the way is blocked."""

_EMULATOR_IS_OURS = frozenset(
    "service." + word
    for word in (
        "protocol setting silence text rate audio timing intermittent usage fallback nonsense hang dropped error lax "
        "changed"
    ).split()
)
"""Causes that are our own bug when the service is our emulator and nobody injected a fault."""


@dataclass
class _Group:
    """Failed checks with one cause."""

    records: list[CheckRecord] = field(default_factory=list)
    candidates: set[str] = field(default_factory=set)


def diagnose(result: Result) -> list[Finding]:
    """Explain every failed check of a run, most basic cause first.

    Checks of severity ``note`` are drift and no findings; ``warn`` gives findings that do not block.
    """
    failed = [c for c in result.checks if c.outcome == "error" or (c.outcome == "fail" and c.severity != "note")]
    blocked_way = _blocked_way(failed)
    groups: dict[str, _Group] = {}
    for record in failed:
        cause, candidates = _cause(record, result, blocked_way)
        if cause in _EMULATOR_IS_OURS and result.target.kind == "emulator" and not result.target.faults:
            cause, candidates = "harness.emulator", set()
        group = groups.setdefault(cause, _Group())
        group.records.append(record)
        group.candidates |= candidates
    return [_finding(cause, groups[cause], result) for cause in sorted(groups, key=rank)]


def _blocked_way(failed: Iterable[CheckRecord]) -> str | None:
    """The cause that a connectivity step showed, when it explains sessions that did not open."""
    causes = [c.cause or "" for c in failed if c.stage == "connectivity"]
    on_the_way = [c for c in causes if c.startswith(_ON_THE_WAY) and c in CAUSES]
    return min(on_the_way, key=rank) if on_the_way else None


def _cause(record: CheckRecord, result: Result, blocked_way: str | None) -> tuple[str, set[str]]:
    if record.outcome == "error":
        return "harness.check", set()
    cause = record.cause if record.cause in CAUSES else _BY_FAMILY.get(record.check[:1], "service.protocol")
    if blocked_way is not None and record.check in _AT_THE_DOOR and cause.startswith(_EXPLAINED):
        return blocked_way, set()
    if record.client in (None, "wire"):
        return cause, set()
    if CAUSES[cause].party in ("script", "key", "sdk", "client") and cause not in _UNSURE:
        return cause, set()
    return _compared_with_wire(record, cause, result)


def _compared_with_wire(record: CheckRecord, cause: str, result: Result) -> tuple[str, set[str]]:
    """What the same check on our own client says about a failure through an SDK."""
    if record.client == "sdk-http":
        return cause, set()
    wire = [c for c in result.checks if c.check == record.check and c.client == "wire" and c.model == record.model]
    broken = [c for c in wire if c.outcome == "fail"]
    if broken:
        return (broken[0].cause if broken[0].cause in CAUSES else cause) or cause, set()
    if any(c.outcome == "pass" for c in wire):
        if cause == "client.request":
            return "sdk.refused", set()
        if record.check == "C-open":
            return "sdk.connect", set()
        return "sdk.behaviour", {cause}
    return cause, {"sdk.connect" if record.check == "C-open" else "sdk.behaviour"}


def _finding(cause: str, group: _Group, result: Result) -> Finding:
    known = CAUSES[cause]
    records = sorted(group.records, key=lambda r: (not r.decides, r.severity != "fail"))
    first = records[0]
    models = list(dict.fromkeys(r.model for r in records if r.model))
    clients = list(dict.fromkeys(r.client for r in records if r.client))
    checks = list(dict.fromkeys(r.check for r in records))
    return Finding(
        diagnosis=Diagnosis(
            party=known.party,
            cause=cause,
            summary=f"{known.summary}{_runtimes(cause, records, result)}.",
            next_step=known.next_step,
            candidates=sorted({*known.candidates, *group.candidates} - {cause}),
        ),
        checks=[f"{r.check}@{r.subject}" for r in records],
        message=f"{_where(models, clients)}{first.check}: {first.message}{_more(checks, records)}",
        evidence=[e for r in records for e in r.evidence][:EVIDENCE],
        blocking=any(r.decides and r.severity == "fail" for r in records),
        models=models,
        clients=clients,
    )


def _runtimes(cause: str, records: list[CheckRecord], result: Result) -> str:
    """Which SDK release, where an SDK is blamed."""
    if not cause.startswith("sdk."):
        return ""
    cells = {c.id: c.runtime for c in result.cells}
    names = {cells.get(r.cell or "") for r in records}
    releases = [
        f"dashscope {r.dashscope or '(not importable)'} on Python {r.python}" for r in result.runtimes if r.id in names
    ]
    return f" ({', '.join(releases)})" if releases else ""


def _where(models: list[str], clients: list[str]) -> str:
    if not models:
        return ""
    named = models[0] if len(models) == 1 else f"{len(models)} models ({models[0]}, ...)"
    return f"{named} over {', '.join(clients)}: " if clients else f"{named}: "


def _more(checks: list[str], records: list[CheckRecord]) -> str:
    words = []
    if len(checks) > 1:
        words.append(f"also {', '.join(checks[1:4])}{', ...' if len(checks) > 4 else ''}")
    sessions = len({r.subject for r in records})
    if sessions > 1:
        words.append(f"seen {sessions} times")
    return f" [{'; '.join(words)}]" if words else ""
