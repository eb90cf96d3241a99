"""Skips are accounted for."""

from __future__ import annotations

import pytest

from tests.verdict.judged import FLASH, judged
from ttsgate.result.record import Skip
from ttsgate.verdict.skips import unallowed


@pytest.mark.parametrize(
    ("code", "allowed", "ci", "left"),
    [
        ("needs-voice", ["needs-voice"], False, False),
        ("needs-voice", ["needs-voice"], True, False),
        ("needs-voice", [], False, True),
        ("budget", ["needs-voice"], False, True),
        ("extra", ["extra"], False, False),
        ("extra", ["extra"], True, True),
        ("never-heard-of", [], False, True),
    ],
)
def test_allowance(code: str, allowed: list[str], ci: bool, left: bool) -> None:
    """A skip needs leave; a missing prerequisite gets none under CI."""
    result = judged()
    result.skips = [Skip(subject="wire.x", code=code, why="because")]

    assert left is bool(unallowed(result, allowed, ci=ci))
    assert result.skips[0].allowed is not left


@pytest.mark.parametrize(("outcome", "left"), [("fail", False), ("pass", True)])
def test_what_a_failure_explains(outcome: str, left: bool) -> None:
    """What a failed stage blocks needs no leave of its own, but a finding that explains it."""
    result = judged({(FLASH, "wire"): [outcome]})  # type: ignore[list-item]
    result.skips = [Skip(subject="wire.x", code="connectivity", why="step session failed")]

    assert left is bool(unallowed(result, [], ci=False))
