"""Known failures: excused while they last, red when they are stale, expired or worse."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from tests.verdict.judged import FLASH, INSTRUCT, judged
from ttsgate import judgement
from ttsgate.errors import UsageError
from ttsgate.result.record import Outcome
from ttsgate.verdict.expectations import Expectation, apply_expectations, load_expectations

TODAY = date(2026, 11, 24)
ENTRY = {
    "check": "C-finished",
    "reason": "the service hangs up",
    "owner": "speech",
    "ticket": "T-1",
    "first_seen": date(2026, 11, 1),
    "expires": date(2026, 12, 1),
}


@pytest.fixture(scope="module", autouse=True)
def _checks() -> None:
    judgement.load_all()


def load(**changes: Any) -> Expectation:
    """The entry with changes; None leaves a key out."""
    table = {k: v for k, v in {**ENTRY, **changes}.items() if v is not None}
    return load_expectations([table], source="gate.toml")[0]


class TestLoading:
    @pytest.mark.parametrize(
        ("changes", "says"),
        [
            ({"reason": None}, "missing required field `reason`"),
            ({"owner": ""}, "length >= 1"),
            ({"ticket": None}, "missing required field `ticket`"),
            ({"check": "C-finishd"}, "unknown check 'C-finishd'; did you mean 'C-finished'"),
            ({"check": "T-stall"}, "latency is never excused"),
            ({"modell": FLASH}, "unknown key 'modell' in expectation 1 of gate.toml; did you mean 'model'"),
            ({"model": "qwen3-tts-flash-realtim"}, "did you mean"),
            ({"region": "beijing"}, "did you mean 'cn-beijing'"),
            ({"sdk": "2.0"}, "not a range of versions"),
            ({"expires": date(2026, 10, 1)}, "before it was first seen"),
            ({"expires": "soon"}, "`$.expires`"),
            ({"pass_rate": 1.0}, "< 1.0"),
        ],
    )
    def test_refuses(self, changes: dict[str, Any], says: str) -> None:
        """An entry without its reasons, or with names that are none, is refused."""
        with pytest.raises(UsageError) as caught:
            load(**changes)

        assert says in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "outcomes", "state", "holds"),
    [
        ({}, ["fail", "fail"], "fails as listed", True),
        ({}, ["pass"], "stale", False),
        ({}, ["fail", "pass"], "stale", False),
        ({"expires": date(2026, 11, 23)}, ["fail"], "expired", False),
        ({"expires": date(2026, 11, 23)}, ["pass"], "expired", False),
        ({"expires": TODAY}, ["fail"], "fails as listed", True),
        ({"first_seen": date(2026, 11, 25)}, ["fail"], "expired", False),
        ({"model": INSTRUCT}, ["fail"], "not seen", True),
        ({"client": "sdk-http"}, ["fail"], "not seen", True),
        ({"region": "ap-southeast-1"}, ["fail"], "not seen", True),
        ({"target": "emulator"}, ["fail"], "not seen", True),
        ({"vantage": "moon"}, ["fail"], "not seen", True),
        ({"sdk": ">=2.0,<2.0.3"}, ["fail"], "fails as listed", True),
        ({"sdk": ">=2.0.3"}, ["fail"], "not seen", True),
        ({"python": "<3.9"}, ["fail"], "not seen", True),
        ({"python": ">=3.11,<3.12"}, ["fail"], "fails as listed", True),
        ({"pass_rate": 0.9}, ["pass"] * 8 + ["fail"], "intermittent as listed", True),
        ({"pass_rate": 0.9}, ["pass"] * 9, "intermittent as listed", True),
        ({"pass_rate": 0.9}, ["pass"] * 30, "stale", False),
        ({"pass_rate": 0.9}, ["fail"] * 6 + ["pass"] * 3, "worse than listed", False),
        ({"policies": ["release"]}, ["fail"], None, None),
    ],
)
def test_state(changes: dict[str, Any], outcomes: list[Outcome], state: str | None, holds: bool | None) -> None:
    """Each entry is named for what it is; conditions, dates and rates count."""
    result = judged({(FLASH, "sdk-realtime"): outcomes})

    found = apply_expectations([result], [load(**changes)], policy="ci", today=TODAY)

    assert [] == found if state is None else (state, holds) == (found[0].state, found[0].holds)


def test_listed_failures_become_xfail() -> None:
    """What is listed does not count, what is not does."""
    result = judged({(FLASH, "wire"): ["fail"], (INSTRUCT, "wire"): ["fail"]})

    apply_expectations([result], [load(model=FLASH)], policy="ci", today=TODAY)

    assert ["xfail", "fail"] == [c.outcome for c in result.checks]


def test_stale_entries_excuse_nothing() -> None:
    """An entry that is not true any more leaves its failures failures, and marks what passes."""
    result = judged({(FLASH, "wire"): ["fail", "pass"]})

    apply_expectations([result], [load()], policy="ci", today=TODAY)

    assert ["fail", "xpass"] == [c.outcome for c in result.checks]


def test_what_was_excused_before_is_judged_anew() -> None:
    """A failure that an earlier decision had excused is a failure again without the entry."""
    result = judged({(FLASH, "wire"): ["fail"]})
    apply_expectations([result], [load()], policy="ci", today=TODAY)

    apply_expectations([result], [], policy="ci", today=TODAY)

    assert ["fail"] == [c.outcome for c in result.checks]
