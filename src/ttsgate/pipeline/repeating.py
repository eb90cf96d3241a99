"""A session that failed is repeated by two fresh ones: 3 of 3 are broken, 1 or 2 of 3 come and go."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace

from ttsgate.collect.budget import Budget
from ttsgate.collect.plan import Plan, PlannedSession
from ttsgate.judgement.causes import CAUSES
from ttsgate.pipeline.ledger import Ledger
from ttsgate.verdict.stability import BROKEN

__all__ = ["REPEATS_S", "repeats"]

REPEATS_S = 30.0
"""No repeat begins later than this after the first: a run that finds a service half dead ends in good time, too."""
_SETTLED = ("lifecycle.retired", "lifecycle.unknown", "service.content", "client.request", "sdk.missing")
"""Causes that asking again cannot change, besides those of key, quota, script and of our own."""
_NOT_THEIRS = ("key", "script", "harness")


def repeats(plan: Plan, ledger: Ledger, budget: Budget, ran: Mapping[str, object]) -> tuple[list[PlannedSession], int]:
    """Fresh sessions beside each that failed, until there are three of a kind; and how many the caps left no room for.

    Args:
        plan: Its sessions.
        ledger: Outcomes of their checks.
        budget: What each takes is set aside there.
        ran: Sessions that ran, by id.
    """
    causes = _failures(ledger)
    kinds: dict[tuple[str, str], list[PlannedSession]] = defaultdict(list)
    last: dict[str, int] = defaultdict(int)
    for session in plan.sessions:
        kinds[session.cell.id, session.text].append(session)
        last[session.cell.id] = max(last[session.cell.id], session.attempt)
    fresh: list[PlannedSession] = []
    refused = 0
    for (cell, _), alike in kinds.items():
        failed = [s for s in alike if s.id in causes]
        if cell in ledger.blocked or not failed or not all(s.id in ran for s in alike):
            continue
        if any(_settled(cause) for s in failed for cause in causes[s.id]):
            continue
        for _ in range(BROKEN - len(alike)):
            attempt = last[cell] + 1
            again = replace(failed[0], id=f"{cell}-{attempt}", attempt=attempt)
            if not budget.take(again):
                refused += 1
                continue
            last[cell] = attempt
            fresh.append(again)
    return fresh, refused


def _failures(ledger: Ledger) -> dict[str, list[str]]:
    """Causes of the deciding checks that failed, by subject."""
    found: dict[str, list[str]] = defaultdict(list)
    for record in ledger.records.values():
        if record.outcome == "fail" and record.severity == "fail":
            found[record.subject].append(record.cause or "")
    return found


def _settled(cause: str) -> bool:
    return cause in _SETTLED or (cause in CAUSES and CAUSES[cause].party in _NOT_THEIRS)
