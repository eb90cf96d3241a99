"""Running the planned sessions: order, budget, and what a target that hangs costs."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from tests.e2e.strange_service import strange_service
from ttsgate import catalog
from ttsgate.collect import sessions
from ttsgate.collect.pacing import Pace
from ttsgate.collect.plan import PlannedSession
from ttsgate.collect.sessions import Collected, Collector, deadline_for
from ttsgate.emulator.process import EmulatorProcess
from ttsgate.probes.connectivity import STEP_TIMEOUT_S, STEPS
from ttsgate.result.record import Cell
from ttsgate.result.transcript import Utterance


def planned(model: str, attempt: int = 1) -> PlannedSession:
    """A wire session."""
    cell = Cell(
        id=f"wire.{model}", model=model, client="wire", runtime=None, mode="server_commit", format="pcm", voice="Cherry"
    )
    return PlannedSession(id=f"{cell.id}-{attempt}", cell=cell, attempt=attempt, text="Hi.")


class Seen:
    """A collector, and what it reported."""

    def __init__(self, url: str, key: str = "sk-emulator", *, until: float | None = None) -> None:
        self.kept: list[Collected] = []
        self.judged: list[str] = []
        self.skipped: list[tuple[str, str]] = []
        self.collector = Collector(
            ws_url=url,
            http_url="http://127.0.0.1:9/api/v1",
            key=key,
            models={name: catalog.find(name) for name in catalog.FIVE},
            runtimes={},
            script=Path("none"),
            work=Path("none"),
            side_by_side=False,
            pace=Pace(1000),
            utterance=lambda s: Utterance(text=s.text, voice="Cherry"),
            keep=self.kept.append,
            done=lambda s: self.judged.append(s.id),
            skip=lambda s, code, why: self.skipped.append((s.id, code)),
            fallback=lambda s: False,
            until=until,
        )

    def run(self, *plan: PlannedSession) -> None:
        """Run them."""
        asyncio.run(self.collector.run(plan))

    @property
    def ids(self) -> list[str]:
        """Sessions that ran."""
        return [c.planned.id for c in self.kept]


def test_a_target_that_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two cells that end at their deadline, each asked once, block the rest of the door."""
    monkeypatch.setattr(sessions, "BASE_DEADLINE_S", 0.3)
    with strange_service("mute-after-created") as url:
        seen = Seen(f"{url}/api-ws/v1/realtime")
        seen.run(*(planned(m, n) for m in catalog.FIVE for n in (1, 2)))

    assert [f"wire.{catalog.FIVE[0]}-1", f"wire.{catalog.FIVE[1]}-1"] == seen.ids == seen.judged
    assert {"target-hangs"} == {code for _, code in seen.skipped}
    assert 8 == len(seen.skipped)
    assert all(any(c.transcript.notes("deadline")) for c in seen.kept)


def test_one_model_that_hangs_does_not_block_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where sessions get through, only the cell that hangs twice in a row is given up."""
    flash, instruct = catalog.FIVE[:2]
    monkeypatch.setattr(sessions, "BASE_DEADLINE_S", 1.5)
    with EmulatorProcess(faults=[f"session.hang-at-start@{instruct}"], pace=50, extra=["--unlimited"]) as emulator:
        assert emulator.endpoints is not None
        seen = Seen(emulator.endpoints.ws_url)
        seen.run(planned(flash), *(planned(instruct, n) for n in (1, 2, 3)), planned(flash, 2))

    assert [f"wire.{flash}-1", f"wire.{instruct}-1", f"wire.{instruct}-2", f"wire.{flash}-2"] == seen.ids
    assert [(f"wire.{instruct}-3", "target-hangs")] == seen.skipped


def test_what_is_compared_with_a_cell_that_hangs_is_no_second_cell(monkeypatch: pytest.MonkeyPatch) -> None:
    """A model that hangs in both of its voices does not close the door to the others."""
    monkeypatch.setattr(sessions, "BASE_DEADLINE_S", 1.5)
    flash, instruct = catalog.FIVE[:2]
    other = planned(flash)
    other.cell.id, other.cell.variant = f"{other.cell.id}.voice", "voice"
    with EmulatorProcess(faults=[f"session.hang-at-start@{flash}"], pace=50, extra=["--unlimited"]) as emulator:
        assert emulator.endpoints is not None
        seen = Seen(emulator.endpoints.ws_url)
        seen.run(planned(instruct), planned(flash), other, planned(flash, 2), planned(instruct, 2))

    assert 4 == len(seen.ids)
    assert [(f"wire.{flash}-2", "target-hangs")] == seen.skipped


def test_the_service_that_bills_too_much_is_left() -> None:
    """Once more was billed than the cap allows, nothing further begins, and the reason is the budget."""
    seen = Seen("ws://127.0.0.1:9/x")
    seen.collector.overrun = lambda: "20001 characters billed"
    seen.run(planned(catalog.FIVE[0]))

    assert ([], [(f"wire.{catalog.FIVE[0]}-1", "budget")]) == (seen.ids, seen.skipped)


def test_nothing_begins_after_the_budget() -> None:
    """Sessions that the time is over for are skipped with that reason, not run late."""
    seen = Seen("ws://127.0.0.1:9/x", until=time.monotonic() - 1)
    seen.run(planned(catalog.FIVE[0]))

    assert ([], [(f"wire.{catalog.FIVE[0]}-1", "budget")]) == (seen.ids, seen.skipped)


def test_a_deadline_grows_with_the_text() -> None:
    """A short text has the base; a long one half a second more for each character."""
    assert deadline_for("Hi.") == sessions.BASE_DEADLINE_S
    assert deadline_for("x" * 100) == sessions.BASE_DEADLINE_S + 30


def test_a_target_that_hangs_everywhere_costs_less_than_90_s() -> None:
    """Every timed step of the way, or three deadlines at two doors, leave time for the rest of a run."""
    steps = sum(name in ("models", "voices-design", "voices-clone", "session") for name in STEPS)
    if_all_steps_hang = steps * (STEP_TIMEOUT_S + 1)
    if_only_sessions_hang = (2 * sessions.HANGS_BEFORE_GIVING_UP - 1) * sessions.BASE_DEADLINE_S

    assert max(if_all_steps_hang, if_only_sessions_hang) < 40
