"""From the outcomes of checks to everything that follows from them, in a run and when a bundle is judged again."""

from __future__ import annotations

from collections.abc import Iterable

from ttsgate.judgement.diagnosis import diagnose
from ttsgate.result.record import Outcome, Result
from ttsgate.verdict.decide import decide
from ttsgate.verdict.ruling import under_policy
from ttsgate.verdict.stability import tell_stability

__all__ = ["conclude"]

_RANK: tuple[Outcome, ...] = ("error", "fail", "xpass", "inconclusive", "blocked", "skipped", "xfail", "pass")


def conclude(result: Result, *, stopped: str | None) -> None:
    """Set the state of each cell, the findings, and the verdict from `result.checks`.

    Args:
        result: Changed in place; an interrupted run gets no verdict.
        stopped: Why the run ended early (``budget``), if it did.
    """
    result.findings = diagnose(result)
    tell_stability(result)
    if result.status != "complete":
        result.verdict = None
    else:
        # The policy may turn a listed failure into ``xfail``, which the states of the cells then show.
        result.verdict = (under_policy if result.policy else decide)(result, stopped=stopped)
    for cell in result.cells:
        deciding = (c for c in result.checks if c.cell == cell.id and (c.outcome != "fail" or c.severity == "fail"))
        cell.state = _worst(c.outcome for c in deciding) or cell.state


def _worst(outcomes: Iterable[Outcome]) -> Outcome | None:
    present = set(outcomes)
    return next((o for o in _RANK if o in present), None)
