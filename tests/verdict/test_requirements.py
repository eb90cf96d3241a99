"""Requirement sets are frozen and name checks that exist."""

from __future__ import annotations

from datetime import date

import pytest

from ttsgate import judgement
from ttsgate.judgement.registry import CHECKS
from ttsgate.verdict.requirements import RENAMED, REQUIREMENT_SETS, demands


@pytest.mark.parametrize("name", REQUIREMENT_SETS)
def test_checks_exist(name: str) -> None:
    """Each set is named by a date, and each of its ids is a check of today, under its old name or a new one."""
    judgement.load_all()

    assert name == date.fromisoformat(name).isoformat()
    assert REQUIREMENT_SETS[name]
    assert set() == {RENAMED.get(i, i) for i in REQUIREMENT_SETS[name]} - set(CHECKS)


@pytest.mark.parametrize(
    ("check", "day", "answer"),
    [
        ("C-finished", "2026-11-24", True),
        ("A-from-the-future", "2026-11-24", False),
        ("A-from-the-future", None, True),
        ("U-own", "2026-11-24", True),
    ],
)
def test_demands(check: str, day: str | None, answer: bool) -> None:
    """A set demands what it names; no set demands everything; the user's own tests always count."""
    assert answer is demands(day, check)
