"""Which sessions are repeated, and how often."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ttsgate import catalog
from ttsgate.collect.plan import Plan, PlannedSession, budget_of, make_plan
from ttsgate.config import resolve, resolve_target
from ttsgate.pipeline.ledger import Ledger
from ttsgate.pipeline.repeating import repeats
from ttsgate.result.record import CheckRecord, Outcome, Result, Severity
from ttsgate.result.redact import Redactor

FLASH = catalog.FIVE[0]
CELL = f"wire.{FLASH}.server_commit.pcm"


class Ran:
    """A plan of one model over our own client of which every session ran."""

    def __init__(self, tmp_path: Path, **given: Any) -> None:
        options = {"model": (FLASH,), "client": ("wire",), "compare": ("none",), "skip_probes": True, **given}
        config = resolve(options, {}, tmp_path)
        target = resolve_target(config)
        self.plan: Plan = make_plan(config, target, [])
        result = Result(run="r", started="2026-11-24T00:00:00Z", target=target, cells=self.plan.cells)
        self.ledger = Ledger(config, result, Redactor([]))
        self.budget = budget_of(self.plan, config, target)

    def fail(
        self, session: str, *, cause: str | None = None, outcome: Outcome = "fail", severity: Severity = "fail"
    ) -> None:
        """One check of a session does not hold."""
        record = CheckRecord(
            check="A-x", stage="audio", subject=session, outcome=outcome, severity=severity, cause=cause, model=FLASH
        )
        self.ledger.keep(record)

    def again(self) -> tuple[list[PlannedSession], int]:
        """What is to be repeated."""
        return repeats(self.plan, self.ledger, self.budget, {s.id: s for s in self.plan.sessions})


def test_two_fresh_sessions_for_one_that_failed(tmp_path: Path) -> None:
    """Same cell, same text, new ids; nothing for sessions that passed, warned or broke a check of ours."""
    ran = Ran(tmp_path, model=catalog.FIVE[:3])
    one, two, three = (s.id for s in ran.plan.sessions)
    ran.fail(one, cause="service.silence")
    ran.fail(two, severity="warn")
    ran.fail(three, outcome="error")

    fresh, refused = ran.again()
    assert ([f"{CELL}-2", f"{CELL}-3"], 0) == ([s.id for s in fresh], refused)
    assert [2, 3] == [s.attempt for s in fresh]
    assert {ran.plan.sessions[0].text} == {s.text for s in fresh}


@pytest.mark.parametrize(("repeat", "fresh"), [("1", 2), ("2", 1), ("3", 0), ("9", 0)])
def test_three_of_a_kind_are_enough(tmp_path: Path, repeat: str, fresh: int) -> None:
    """With --repeat there are sessions of the same kind already."""
    ran = Ran(tmp_path, repeat=repeat)
    ran.fail(f"{CELL}-1")

    assert fresh == len(ran.again()[0])


def test_each_text_is_a_kind(tmp_path: Path) -> None:
    """The text that failed is said again, the other is not; ids go on where the plan ended."""
    ran = Ran(tmp_path, text=("One.", "Two."))
    ran.fail(f"{CELL}-2")

    assert [(f"{CELL}-3", "Two."), (f"{CELL}-4", "Two.")] == [(s.id, s.text) for s in ran.again()[0]]


@pytest.mark.parametrize(
    ("cause", "repeated"),
    [
        ("key.invalid", False),
        ("quota.rate", False),
        ("arrears", False),
        ("permission.model", False),
        ("lifecycle.retired", False),
        ("script.failed", False),
        ("sdk.missing", False),
        ("lifecycle.unavailable", True),
        ("service.overloaded", True),
        ("network.dropped", True),
        (None, True),
    ],
)
def test_what_asking_again_cannot_change(tmp_path: Path, cause: str | None, repeated: bool) -> None:
    """A refused key, a used-up quota and a retired model stay what they are."""
    ran = Ran(tmp_path)
    ran.fail(f"{CELL}-1", cause=cause)

    assert repeated == bool(ran.again()[0])


def test_blocked_cells_and_caps(tmp_path: Path) -> None:
    """A cell that was given up is left alone; where the caps leave no room, it is said how many were left out."""
    ran = Ran(tmp_path)
    ran.fail(f"{CELL}-1")
    ran.ledger.block(CELL, "blocked", "target-hangs", "x")
    assert ([], 0) == ran.again()

    tight = Ran(tmp_path, max_sessions="2")
    tight.fail(f"{CELL}-1")
    fresh, refused = tight.again()
    assert (1, 1) == (len(fresh), refused)
