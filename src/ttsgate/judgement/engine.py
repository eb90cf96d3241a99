"""Runs checks on one subject: levels, needs, outcomes.  One function over the registry."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from ttsgate.judgement.registry import (
    CHECKS,
    Blocked,
    Check,
    Inconclusive,
    Missing,
    NotApplicable,
    Problem,
    Subject,
)
from ttsgate.judgement.trials import TrialView
from ttsgate.judgement.views import CellView, RunView, SessionView
from ttsgate.result.record import CheckRecord, CompileRecord, ConnectivityStep, Observation, Outcome
from ttsgate.result.transcript import Level

__all__ = [
    "judge_cell",
    "judge_observation",
    "judge_run",
    "judge_script",
    "judge_session",
    "judge_step",
    "judge_trial",
    "spoiled",
]

_STOPS: frozenset[Outcome] = frozenset(("fail", "error", "blocked", "inconclusive"))
"""Outcomes of a needed check after which the one that needs it cannot be read."""
EVIDENCE = 8
"""Most pointers kept for one check: enough to find the pattern, not a copy of the transcript."""


def judge_session(view: SessionView, checks: Iterable[Check] | None = None) -> list[CheckRecord]:
    """Every check on sessions that can be read at this session's observation level.

    Checks without anything to say (`NotApplicable`) leave no record.  In a session that the
    service was expected to refuse only the checks of the stage ``compatibility`` are read.
    """
    chosen = _chosen(checks, "session", view.level)
    if view.expectation == "refusal":
        chosen = [c for c in chosen if c.stage == "compatibility"]
    records = _judge(view, view.id, chosen)
    metrics = {c.id: c.metrics for c in chosen}
    for record in records:
        record.model, record.client = view.transcript.model, view.transcript.client
        record.cell = view.cell.id if view.cell else None
        if record.outcome in ("pass", "fail"):
            numbers = ((name, view.number(name)) for name in metrics[record.check])
            record.numbers = {name: value for name, value in numbers if value is not None}
    return records


def judge_cell(view: CellView, checks: Iterable[Check] | None = None) -> list[CheckRecord]:
    """Every check on a cell."""
    records = _judge(view, view.id, _chosen(checks, "cell", None))
    for record in records:
        record.model, record.client, record.cell = view.cell.model, view.cell.client, view.cell.id
    return records


def judge_run(view: RunView, checks: Iterable[Check] | None = None) -> list[CheckRecord]:
    """Every check across the cells of a run."""
    return _judge(view, view.id, _chosen(checks, "run", None))


def judge_trial(view: TrialView, checks: Iterable[Check] | None = None) -> list[CheckRecord]:
    """Every check on a program that ran on the bench."""
    records = _judge(view, view.id, _chosen(checks, "trial", None))
    for record in records:
        record.model, record.client, record.cell = view.record.model, "program", view.id
    return records


def judge_step(step: ConnectivityStep, checks: Iterable[Check] | None = None) -> list[CheckRecord]:
    """Every check on one connectivity step."""
    return _judge(step, step.name, _chosen(checks, "step", None))


def judge_observation(seen: Observation, checks: Iterable[Check] | None = None) -> list[CheckRecord]:
    """Every check on what the service did with a wrong request."""
    records = _judge(seen, seen.probe, _chosen(checks, "observation", None))
    for record in records:
        record.model, record.client = seen.model, "wire"
    return records


def judge_script(script: CompileRecord, checks: Iterable[Check] | None = None) -> list[CheckRecord]:
    """Every check on one script under one Python."""
    return _judge(script, f"{script.script}@{script.python}", _chosen(checks, "script", None))


def spoiled(records: Iterable[CheckRecord]) -> frozenset[str]:
    """Sessions in which a check of the stage audio failed that decides."""
    return frozenset(r.subject for r in records if r.stage == "audio" and r.outcome == r.severity == "fail")


def _chosen(checks: Iterable[Check] | None, subject: Subject, level: Level | None) -> list[Check]:
    every = CHECKS.values() if checks is None else checks
    return [c for c in every if c.subject == subject and (level is None or level in c.levels)]


def _judge(view: Any, subject: str, checks: Sequence[Check]) -> list[CheckRecord]:
    records: list[CheckRecord] = []
    outcomes: dict[str, Outcome] = {}
    for check in checks:
        record = _one(check, view, subject, outcomes)
        if record is not None:
            outcomes[check.id] = record.outcome
            records.append(record)
    return records


def _one(check: Check, view: Any, subject: str, outcomes: dict[str, Outcome]) -> CheckRecord | None:
    record = CheckRecord(check=check.id, stage=check.stage, subject=subject, outcome="pass", severity=check.severity)
    stopped = next((n for n in check.needs if outcomes.get(n) in _STOPS), None)
    if stopped is not None:
        return _blocked(record, stopped)
    try:
        problems: list[Problem] = list(check.run(view))
    except NotApplicable:
        return None
    except Blocked as exc:
        return _blocked(record, str(exc))
    except Missing as exc:
        record.outcome, record.message, record.reason = "skipped", str(exc), "extra"
        return record
    except Inconclusive as exc:
        record.outcome, record.message, record.reason = "inconclusive", str(exc), "undecided"
        return record
    except Exception as exc:  # a rule of ours broke; that must not look like the target's fault
        record.outcome, record.reason, record.cause = "error", "check-raised", "harness.check"
        record.message = f"our check raised {type(exc).__name__}: {exc}"
        return record
    if problems:
        first = problems[0]
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        record.outcome, record.message, record.cause = "fail", first.message + more, first.cause
        record.evidence = [e for p in problems for e in p.evidence][:EVIDENCE]
    return record


def _blocked(record: CheckRecord, by: str) -> CheckRecord:
    record.outcome, record.reason = "blocked", f"needs:{by}"
    record.message = f"could not be read, because {by} did not hold"
    return record
