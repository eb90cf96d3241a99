"""The end of models as a matter of policy: what is known, what was seen, and what that does to the verdict."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Literal

from ttsgate.catalog import MODELS, replacements
from ttsgate.result.record import ModelFacts, Result
from ttsgate.verdict.policy import Effect, Lifecycle

__all__ = ["CAUSE_STATE", "Fate", "State", "fates", "replacement"]

State = Literal["retiring", "retired", "refused", "contested", "moved"]

CAUSE_STATE: dict[str, State] = {
    "lifecycle.retired": "retired",
    "lifecycle.unavailable": "refused",
    "lifecycle.unknown": "refused",
}
"""Causes of findings that are about the life of a model."""

_ENDS = re.compile(r"\bends on (\d{4}-\d{2}-\d{2})")
_DATED = re.compile(r"-\d{4}-\d{2}-\d{2}\Z")


@dataclass(frozen=True, slots=True)
class Fate:
    """What is the matter with a model."""

    model: str
    state: State
    effect: Effect
    why: str
    """One line, with sources or what was seen."""


def fates(result: Result, rules: Lifecycle, *, today: date, required: Collection[str] = ()) -> list[Fate]:
    """Models of a live run whose end is near, past or disputed, and aliases that moved.

    Args:
        result: The run.
        rules: What each state does.
        today: Day of the decision.
        required: Models that the policy requires, besides those that the run was asked to decide about.

    Claims speak of the live service only.  What findings say of the life of a model is settled through
    `CAUSE_STATE` where the findings are.
    """
    found: list[Fate] = []
    if result.target.kind == "live":
        deciding = [m for m in result.models if m.required or m.name in required]
        found += [f for m in deciding if (f := _claimed(m, rules, today)) is not None]
    for record in result.checks:
        if record.check == "X-alias" and record.outcome == "fail":
            found.append(Fate(record.model or "alias", "moved", rules.moved, record.message))
    return found


def _claimed(model: ModelFacts, rules: Lifecycle, today: date) -> Fate | None:
    ends = [(date.fromisoformat(m[1]), c) for c in model.lifecycle if (m := _ENDS.search(c.get("says", "")))]
    # A claim about a snapshot is none about this model.
    ends = [(day, c) for day, c in ends if c["says"].startswith(("ends on", f"{model.name} ends on"))]
    if not ends:
        return None
    day, claim = min(ends, key=lambda e: e[0])
    if (day - today).days > rules.warn_days:
        return None
    words = f"end {day} ({claim.get('source', '')}, {claim.get('date', '')}){replacement(model.name)}"
    others = [c for c in model.lifecycle if not _ENDS.search(c.get("says", ""))]
    if others or all(c.get("basis") == "third party" for _, c in ends):
        against = f"; against it: {others[-1]['says']}, {others[-1].get('date', '')}" if others else "; not confirmed"
        return Fate(model.name, "contested", rules.contested, words + against)
    state: State = "retired" if day <= today else "retiring"
    return Fate(model.name, state, rules.retired if state == "retired" else rules.retiring, words)


def replacement(name: str) -> str:
    """``; replacement: NAME``: the undated name of a dated model, and what the notices name; else nothing."""
    alias = _DATED.sub("", name)
    words = f"; replacement: {alias}" if alias != name and alias in MODELS else ""
    named = replacements(name)
    if named is None:
        return words
    return f"{words}; the notice names {' or '.join(named[0])}, of another protocol"
