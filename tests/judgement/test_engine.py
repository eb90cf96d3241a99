"""Outcomes: pass, fail, blocked, inconclusive, error; and what is not recorded at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from tests.judgement.written import view_of
from ttsgate.judgement.engine import judge_cell, judge_run, judge_script, judge_session, judge_step
from ttsgate.judgement.registry import Blocked, Check, Inconclusive, Missing, NotApplicable, Problem
from ttsgate.judgement.views import CellView, RunView
from ttsgate.result.record import Cell, CompileRecord, ConnectivityStep, Evidence


def rule(id: str, run: Callable[[Any], Iterator[Problem]], **more: Any) -> Check:
    return Check(id=id, sentence="", why="", stage="conformance", subject="session", run=run, **more)


def good(view: Any) -> Iterator[Problem]:
    yield from ()


def bad(view: Any) -> Iterator[Problem]:
    yield Problem("one", (Evidence(frame=1),), cause="service.protocol")
    yield Problem("two", (Evidence(frame=2),))


def raising(exc: Exception) -> Callable[[Any], Iterator[Problem]]:
    def run(view: Any) -> Iterator[Problem]:
        raise exc
        yield

    return run


VIEW = view_of({"like": "clean-commit", "edit": []})


def test_pass_and_fail() -> None:
    """The first problem is told, the others are counted; all of the evidence is kept."""
    first, second = judge_session(VIEW, [rule("A-good", good), rule("A-bad", bad)])

    assert "pass" == first.outcome
    assert ("fail", "one (and 1 more)", "service.protocol") == (second.outcome, second.message, second.cause)
    assert [1, 2] == [e.frame for e in second.evidence]
    assert ("qwen3-tts-flash-realtime", "wire") == (second.model, second.client)


def test_needs_block_in_turn() -> None:
    """What needs a failed check is blocked, and so is what needs that."""
    checks = [rule("A-bad", bad), rule("A-b", good, needs=("A-bad",)), rule("A-c", good, needs=("A-b",))]

    assert ["fail", "blocked", "blocked"] == [r.outcome for r in judge_session(VIEW, checks)]


def test_an_unselected_need_does_not_block() -> None:
    """A check that cannot be read at this level is no obstacle."""
    checks = [rule("A-http", bad, levels=frozenset({"http"})), rule("A-b", good, needs=("A-http",))]

    assert [("A-b", "pass")] == [(r.check, r.outcome) for r in judge_session(VIEW, checks)]


def test_a_broken_rule_is_an_error_of_ours() -> None:
    """An exception in a check never looks like a failure of the target."""
    (record,) = judge_session(VIEW, [rule("A-x", raising(KeyError("delta")))])

    assert ("error", "check-raised", "harness.check") == (record.outcome, record.reason, record.cause)


def test_not_applicable_leaves_no_record() -> None:
    """A check without anything to say is not recorded as passed."""
    assert [] == judge_session(VIEW, [rule("A-x", raising(NotApplicable()))])


def test_a_package_that_is_not_there_is_a_skip() -> None:
    """A check that was asked for and lacks its optional package says which, and is neither passed nor failed."""
    (record,) = judge_session(VIEW, [rule("A-x", raising(Missing("pip install 'ttsgate[asr]'")))])

    assert ("skipped", "extra") == (record.outcome, record.reason)
    assert "asr" in record.message


def test_inconclusive_and_blocked_by_hand() -> None:
    """Both are told with their reason."""
    records = judge_session(
        VIEW, [rule("A-x", raising(Inconclusive("too short"))), rule("A-y", raising(Blocked("A-z")))]
    )

    assert [("inconclusive", "undecided"), ("blocked", "needs:A-z")] == [(r.outcome, r.reason) for r in records]


def test_a_session_that_should_be_refused() -> None:
    """Only the compatibility checks are read where a refusal is expected."""
    view = view_of({"like": "clean-commit", "edit": [], "level": "sdk-events"})
    view.cell = Cell(
        id="c", model="m", client="sdk-http", runtime=None, mode="commit", format="pcm", expectation="refusal"
    )

    assert {"compatibility"} >= {r.stage for r in judge_session(view)}


def test_steps_and_scripts() -> None:
    """Each step is read by its own check; what was not reached is blocked, never absent."""
    failed = ConnectivityStep(
        name="tcp", url="ws://x", outcome="fail", detail="refused", facts={"error_class": "ConnectionRefusedError"}
    )
    blocked = ConnectivityStep(name="session", url="ws://x", outcome="blocked", detail="needs step tcp")
    script = CompileRecord(script="a.py", python="3.8", how="interpreter", ok=False, error="SyntaxError: x", line=3)

    assert [("N-tcp", "fail", "network.refused")] == [(r.check, r.outcome, r.cause) for r in judge_step(failed)]
    assert [("N-session", "blocked", "needs:N-tcp")] == [(r.check, r.outcome, r.reason) for r in judge_step(blocked)]
    (record,) = judge_script(script)
    assert ("S-compile", "fail", "script.syntax") == (record.check, record.outcome, record.cause)
    assert "a.py, line 3" in record.message


def test_a_script_that_cannot_be_decided() -> None:
    """Newer syntax than ours is inconclusive."""
    script = CompileRecord(script="a.py", python="3.99", how="approximate (ast)", ok=None, error="newer")

    assert ["inconclusive"] == [r.outcome for r in judge_script(script)]


def test_repetitions_that_differ() -> None:
    """One failure among repetitions is named by the cell."""
    cell = Cell(id="c", model="m", client="wire", runtime=None, mode="commit", format="pcm")
    lost = view_of({"like": "clean-commit", "edit": [{"type": "session.finished", "drop": True}]})
    view = CellView(cell, VIEW.model, [VIEW, lost])

    assert [("X-intermittent", "fail")] == [(r.check, r.outcome) for r in judge_cell(view)]
    assert [] == judge_run(RunView([view]))
