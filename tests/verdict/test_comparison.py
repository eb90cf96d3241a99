"""Slower than a baseline: what is compared with what, and when the two tests agree."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import pytest

from tests.verdict.judged import FLASH, INSTRUCT, judged
from ttsgate.result.record import Result
from ttsgate.verdict.comparison import compare
from ttsgate.verdict.policy import Regression
from ttsgate.verdict.rows import Row


def night(
    seed: int, factor: float = 1.0, *, models: Sequence[str] = (FLASH,), drift: float = 0.02, **fields: Any
) -> Result:
    """A night of nine wire sessions a model, with weather of its own."""
    rng = random.Random(seed)
    weather = rng.lognormvariate(0, drift)
    times = [rng.lognormvariate(6.2, 0.1) * factor * weather for _ in range(9)]
    return judged({(m, "wire"): ["pass"] * 9 for m in models}, times=times, run=f"night-{seed}", **fields)


BASELINE = [night(n) for n in range(14)]


def rows(
    *results: Result, history: Sequence[Result] = (), baseline: Sequence[Result] = BASELINE, **rules: Any
) -> list[Row]:
    """Compare under the default rules with changes."""
    return compare(Regression(**rules), results, history=history, baseline=baseline)


@pytest.mark.parametrize(("factor", "state"), [(1.0, "ok"), (1.02, "ok"), (1.5, "fail"), (0.5, "ok")])
def test_states(factor: float, state: str) -> None:
    """Much slower is red; as before, hardly slower, or faster is not."""
    assert [state] == [r.state for r in rows(night(50, factor))]


def test_looks() -> None:
    """With history the window is tested for each model and all, and tonight for all."""
    both = (FLASH, INSTRUCT)
    found = rows(night(50, models=both), history=[night(n, models=both) for n in (48, 49)],
                 baseline=[night(n, models=both) for n in range(14)])  # fmt: skip

    assert [
        f"{FLASH}, with 2 before",
        f"{INSTRUCT}, with 2 before",
        "all models, with 2 before",
        "all models tonight",
    ] == [r.where for r in found]


def test_the_window_is_the_policys() -> None:
    """Only as many earlier nights as the policy says are looked at."""
    (row, _) = rows(night(50), history=[night(n) for n in range(20, 40)], window=3)

    assert "(27 against 126)" in row.why


def test_drift_alone_is_not_red() -> None:
    """Where nights differ by a tenth anyway, a night a seventh slower is weather, though its sessions agree."""
    stormy = [night(n, drift=0.10) for n in range(14)]
    (row,) = rows(night(50, 1.15, drift=0.0), baseline=stormy)

    assert "ok" == row.state
    assert "between nights" in row.why


def test_short_baselines_say_so() -> None:
    """Below five nights the drift is not known, and the row says that it is not."""
    (row,) = rows(night(50, 1.5), baseline=BASELINE[:4])

    assert "fail" == row.state
    assert "drift between nights not known (4 in the baseline, 5 needed)" in row.why


@pytest.mark.parametrize(
    "other", [{"region": "ap-southeast-1"}, {"kind": "emulator"}, {"models": (INSTRUCT,)}], ids=str
)
def test_only_like_with_like(other: dict[str, Any]) -> None:
    """Another region, another kind of target, another model, or loopback is no baseline."""
    assert [] == rows(night(50, 1.5), baseline=[night(n, **other) for n in range(14)])


def test_another_sdk_release_is_compared() -> None:
    """The baseline of an SDK cell may be of another release: that is what one wants to know."""

    def run(seed: int, release: str, factor: float = 1.0) -> Result:
        rng = random.Random(seed)
        times = [rng.lognormvariate(6.2, 0.1) * factor for _ in range(9)]
        return judged({(FLASH, "sdk-realtime"): ["pass"] * 9}, times=times, run=f"n{seed}", dashscope=release)

    (row,) = rows(run(50, "2.1.0", 1.5), baseline=[run(n, "2.0.2") for n in range(14)])

    assert "fail" == row.state


def test_silence_is_slower() -> None:
    """A service that stops giving audio does not become faster by the sessions that are missing."""
    dead = judged({(FLASH, "wire"): ["fail"] * 9}, run="dead")

    assert ["fail"] == [r.state for r in rows(dead)]
