"""Broken, intermittent, or no failure seen: what a number of failing sessions may be called."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ttsgate.result.record import Finding, Result
from ttsgate.verdict.statistics import rate_interval

__all__ = ["BROKEN", "Stability", "stability", "tell_stability"]

BROKEN = 3
"""Fewest sessions of which all must fail before "broken" is said; 3 of 3 is broken, 1 or 2 of 3 intermittent."""


@dataclass(frozen=True, slots=True)
class Stability:
    """What is said of a cell."""

    name: Literal["broken", "intermittent", "failing", "none seen", "nothing ran"]
    """``failing``: all failed, but too few to tell broken from intermittent; ``none seen`` claims no more than that."""
    words: str
    """With the numbers, and the bound that they leave."""


def stability(failed: int, sessions: int, *, confidence: float = 0.95) -> Stability:
    """Name the state of a cell by how many of its sessions failed."""
    if sessions < 1:
        return Stability("nothing ran", "nothing ran")
    rate = rate_interval(failed, sessions, confidence)
    if failed == 0:
        return Stability("none seen", f"no failure in {sessions} (fewer than {rate.high:.1%} fail, {confidence:.0%})")
    if failed < sessions:
        return Stability(
            "intermittent", f"intermittent: {failed} of {sessions} failed ({rate.low:.1%} to {rate.high:.1%})"
        )
    if sessions >= BROKEN:
        return Stability("broken", f"broken: {failed} of {sessions} failed")
    return Stability("failing", f"failing: {failed} of {sessions}, too few to tell broken from intermittent")


def tell_stability(result: Result) -> None:
    """Say of each finding on sessions whether it is there every time or comes and goes, where there are enough of them.

    The sessions of all cells in which it was seen count together, `result.findings` is changed in place.
    """
    for finding in result.findings:
        failed, sessions = _seen(finding, result)
        named = stability(failed, sessions) if sessions >= BROKEN else None
        finding.stability = named.name if named is not None and named.name in ("broken", "intermittent") else ""
        if named is not None and finding.stability:
            finding.diagnosis.summary = f"{finding.diagnosis.summary.rstrip('.')} ({named.words})."


def _seen(finding: Finding, result: Result) -> tuple[int, int]:
    """Sessions that showed a finding, and all sessions of their cells.

    Where it speaks of a whole cell, those of its sessions count that failed in anything.
    """
    told = {key.rpartition("@")[2] for key in finding.checks}
    failed = {c.subject for c in result.checks if c.outcome == "fail" and c.severity == "fail"}
    cells = [c for c in result.cells if c.id in told or told & set(c.sessions)]
    showed = sum(s in (failed if cell.id in told else told) for cell in cells for s in cell.sessions)
    return showed, sum(len(cell.sessions) for cell in cells)
