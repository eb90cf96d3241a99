"""The end of a model: retiring, retired, contested, refused, moved."""

from __future__ import annotations

from datetime import date

import pytest

from tests.verdict.judged import FLASH, judged
from ttsgate.catalog.lifecycle import claims_for
from ttsgate.result.record import CheckRecord, ModelFacts, Result
from ttsgate.verdict.lifecycle import fates, replacement
from ttsgate.verdict.policy import Lifecycle

OFFICIAL = {"says": "ends on 2026-12-10 00:00 UTC+8", "source": "notice", "date": "2026-06-05", "basis": "official"}
HEARSAY = {**OFFICIAL, "basis": "third party"}
LISTED = {"says": f"{FLASH} is listed with quota", "source": "console", "date": "2026-10-03", "basis": "third party"}


def run(*claims: dict[str, str], kind: str = "live", required: bool = True) -> Result:
    """A run of one model of which that is said."""
    result = judged(kind=kind)  # type: ignore[arg-type]
    result.models = [ModelFacts(name=FLASH, required=required, lifecycle=list(claims))]
    return result


@pytest.mark.parametrize(
    ("claims", "today", "state"),
    [
        ((OFFICIAL,), date(2026, 11, 9), None),
        ((OFFICIAL,), date(2026, 11, 10), "retiring"),
        ((OFFICIAL,), date(2026, 12, 9), "retiring"),
        ((OFFICIAL,), date(2026, 12, 10), "retired"),
        ((HEARSAY,), date(2026, 12, 10), "contested"),
        ((OFFICIAL, LISTED), date(2026, 12, 10), "contested"),
        ((LISTED,), date(2026, 12, 10), None),
        (({**OFFICIAL, "says": "other-model ends on 2026-12-10"},), date(2026, 12, 10), None),
    ],
)
def test_state(claims: tuple[dict[str, str], ...], today: date, state: str | None) -> None:
    """What is said, by whom, and how far away the day is, make the state."""
    found = fates(run(*claims), Lifecycle(), today=today)

    assert ([state] if state else []) == [f.state for f in found]


def test_effects() -> None:
    """Each state has the effect that the policy gives it."""
    rules = Lifecycle(retired="pass", retiring="fail")

    assert ["pass"] == [f.effect for f in fates(run(OFFICIAL), rules, today=date(2027, 1, 1))]
    assert ["fail"] == [f.effect for f in fates(run(OFFICIAL), rules, today=date(2026, 12, 1))]


@pytest.mark.parametrize("result", [run(OFFICIAL, kind="emulator"), run(OFFICIAL, required=False)])
def test_whom_it_does_not_concern(result: Result) -> None:
    """The emulator serves what it is told to, and a surveyed model decides nothing."""
    assert [] == fates(result, Lifecycle(), today=date(2027, 1, 1))


def test_alias_moved() -> None:
    """An alias that no longer speaks like its dated model has moved."""
    result = run()
    result.checks.append(
        CheckRecord(check="X-alias", stage="across", subject="run", outcome="fail", severity="warn", message="differ")
    )

    assert [("moved", "differ")] == [(f.state, f.why) for f in fates(result, Lifecycle(), today=date(2026, 11, 24))]


def test_the_catalogue_speaks_this_language() -> None:
    """The catalogue's own claims about a contested model are read as contested."""
    name = "qwen3-tts-vd-realtime-2026-01-15"
    result = run()
    result.models = [ModelFacts(name=name, required=True, lifecycle=[c.as_dict() for c in claims_for(name)])]

    assert ["contested"] == [f.state for f in fates(result, Lifecycle(), today=date(2026, 11, 24))]


def test_replacement() -> None:
    """A dated model is replaced by its undated name, if there is one; what a notice names speaks otherwise."""
    assert (
        "; replacement: qwen3-tts-instruct-flash-realtime; the notice names cosyvoice-v3.5-plus or "
        "qwen3.5-omni-plus-realtime, of another protocol"
    ) == replacement("qwen3-tts-instruct-flash-realtime-2026-01-22")
    assert "; the notice names cosyvoice-v3-flash or cosyvoice-v3.5-flash, of another protocol" == replacement(
        "qwen-tts-realtime"
    )
    assert "" == replacement(FLASH)
