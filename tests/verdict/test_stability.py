"""What a number of failing sessions may be called."""

from __future__ import annotations

import pytest

from tests.verdict.judged import FLASH, judged
from ttsgate.result.record import Outcome
from ttsgate.verdict.stability import stability, tell_stability


@pytest.mark.parametrize(
    ("failed", "sessions", "name", "words"),
    [
        (0, 0, "nothing ran", "nothing ran"),
        (0, 1, "none seen", "no failure in 1 (fewer than 95.0% fail, 95%)"),
        (0, 95, "none seen", "no failure in 95 (fewer than 3.1% fail, 95%)"),
        (1, 3, "intermittent", "intermittent: 1 of 3 failed (1.7% to 86.5%)"),
        (2, 3, "intermittent", "intermittent: 2 of 3 failed (13.5% to 98.3%)"),
        (3, 3, "broken", "broken: 3 of 3 failed"),
        (2, 2, "failing", "failing: 2 of 2, too few to tell broken from intermittent"),
    ],
)
def test_words(failed: int, sessions: int, name: str, words: str) -> None:
    """3 of 3 is broken, 1 or 2 of 3 intermittent, and none is no more than none seen."""
    found = stability(failed, sessions)

    assert (name, words) == (found.name, found.words)


@pytest.mark.parametrize(
    ("outcomes", "name", "said"),
    [
        (["fail", "fail", "fail"], "broken", "(broken: 3 of 3 failed)."),
        (["fail", "pass", "pass"], "intermittent", "(intermittent: 1 of 3 failed (1.7% to 86.5%))."),
        (["fail", "fail"], "", ""),
        (["fail"], "", ""),
    ],
)
def test_findings_say_how_often(outcomes: list[Outcome], name: str, said: str) -> None:
    """A finding counts the sessions of the cells in which it was seen; fewer than three decide nothing."""
    result = judged({(FLASH, "wire"): outcomes, (FLASH, "sdk-realtime"): ["pass", "pass", "pass"]})
    tell_stability(result)

    (finding,) = result.findings
    assert name == finding.stability
    assert finding.diagnosis.summary.endswith(said or ".")
    assert 1 == finding.diagnosis.summary.count("failed") if said else "failed" not in finding.diagnosis.summary
