"""Caps while a run goes on, and what it came to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ttsgate import catalog
from ttsgate.collect.budget import Budget, actual_cost
from ttsgate.collect.plan import Plan, budget_of, make_plan
from ttsgate.config import Config, resolve, resolve_target
from ttsgate.errors import UsageError
from ttsgate.result.record import Mutation, Result, SessionRecord
from ttsgate.result.transcript import Utterance

FLASH = catalog.FIVE[0]
VD = catalog.FIVE[3]
LIVE = {"target": "live", "region": "cn-beijing", "skip_probes": True, "compare": ("none",), "client": ("wire",)}


def planned(tmp_path: Path, **given: Any) -> tuple[Plan, Config, Budget]:
    """A plan of the wire client on the live service, its configuration and its budget."""
    config = resolve({**LIVE, "model": (FLASH,), "text": ("Hello.",), **given}, {}, tmp_path)
    target = resolve_target(config)
    plan = make_plan(config, target, [])
    return plan, config, budget_of(plan, config, target)


def spoken(cell: str, characters: int) -> SessionRecord:
    """A session of six characters for which the service says that it billed so many."""
    return SessionRecord(
        id=f"{cell}-1",
        cell=cell,
        attempt=1,
        level="frames",
        utterance=Utterance(text="Hello.", voice="Cherry"),
        started="2026-11-24T00:00:00Z",
        ended="2026-11-24T00:00:01Z",
        usage={"characters": characters},
    )


@pytest.mark.parametrize(
    ("caps", "left"),
    [
        ({"max_sessions": "1"}, 0),
        ({"max_sessions": "3"}, 2),
        ({"max_chars": "6"}, 0),
        ({"max_chars": "17"}, 1),
        ({"max_cost": "0.0012CNY"}, 1),
        ({}, 5),
    ],
)
def test_repeats_take_what_is_left_and_no_more(tmp_path: Path, caps: dict[str, str], left: int) -> None:
    """Each further session is counted against sessions, characters and price; the first that is too much is refused."""
    plan, _, budget = planned(tmp_path, **caps)

    assert left == sum(budget.take(plan.sessions[0]) for _ in range(5))


def test_what_is_billed_beyond_the_text_counts(tmp_path: Path) -> None:
    """A service that bills more than was sent uses up the cap; one that bills less gives nothing back."""
    plan, _, budget = planned(tmp_path, max_chars="20")
    cell = plan.cells[0].id
    budget.bill(spoken(cell, 0))
    assert (None, 6) == (budget.overrun, budget.characters)
    budget.bill(spoken(cell, 20))
    assert (None, 20) == (budget.overrun, budget.characters)
    budget.bill(spoken(cell, 7))

    assert "21 characters billed or set aside, over --max-chars 20" == budget.overrun


def test_temporary_voices_are_in_the_worst_case(tmp_path: Path) -> None:
    """A voice that may be made costs: it is in the price that is shown first, and in the cap."""
    speech, *_ = planned(tmp_path, model=(VD,))
    voice, *_ = planned(tmp_path, model=(VD,), allow_mutating=True)

    assert ("0.0006 CNY", "0.2006 CNY") == (speech.intent.worst_cost, voice.intent.worst_cost)
    with pytest.raises(UsageError, match="--max-cost"):
        planned(tmp_path, model=(VD,), allow_mutating=True, max_cost="0.1CNY")


def test_what_it_came_to(tmp_path: Path) -> None:
    """Characters and voices at list price; a price that is not known makes the sum unknown; the emulator is free."""
    plan, config, _ = planned(tmp_path, model=(FLASH, VD))
    result = Result(run="r", started="2026-11-24T00:00:00Z", target=resolve_target(config), cells=plan.cells)
    result.sessions = [spoken(c.id, 5_000) for c in plan.cells]
    result.mutations = [Mutation(id="1", what="voice-design", name="n", state="deleted")]

    assert "1.2000 CNY" == actual_cost(config, result)
    abroad, elsewhere, _ = planned(tmp_path, model=(FLASH, VD), region="ap-southeast-1")
    result.target, result.cells = resolve_target(elsewhere), abroad.cells
    assert "unknown" == actual_cost(elsewhere, result)
    assert actual_cost(resolve({}, {}, tmp_path), result) is None
