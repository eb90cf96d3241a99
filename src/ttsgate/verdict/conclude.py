"""From the outcomes of checks to everything that follows from them, in a run and when a bundle is judged again."""

from __future__ import annotations

from collections.abc import Iterable

from ttsgate.judgement.diagnosis import diagnose
from ttsgate.result.record import Outcome, Result
from ttsgate.verdict.decide import decide

__all__ = ["conclude"]

_RANK: tuple[Outcome, ...] = ("error", "fail", "xpass", "inconclusive", "blocked", "skipped", "xfail", "pass")


def conclude(result: Result, *, stopped: str | None) -> None:
    """Set the state of each cell, the findings, and the verdict from `result.checks`.

    Args:
        result: Changed in place; an interrupted run gets no verdict.
        stopped: Why the run ended early (``budget``), if it did.
    """
    for cell in result.cells:
        deciding = (c for c in result.checks if c.cell == cell.id and (c.outcome != "fail" or c.severity == "fail"))
        cell.state = _worst(c.outcome for c in deciding) or cell.state
    result.findings = diagnose(result)
    result.verdict = decide(result, stopped=stopped) if result.status == "complete" else None


def _worst(outcomes: Iterable[Outcome]) -> Outcome | None:
    present = set(outcomes)
    return next((o for o in _RANK if o in present), None)
