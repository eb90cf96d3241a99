"""Has it become slower: new bundles against a baseline that somebody named."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence

from ttsgate.result.record import Result
from ttsgate.verdict.metrics import Group, Observed, observe
from ttsgate.verdict.policy import Regression
from ttsgate.verdict.rows import Row
from ttsgate.verdict.statistics import RankTest, slower

__all__ = ["TEST", "compare"]

TEST = "van Elteren's stratified rank test, one-sided, error rate divided by the number of comparisons (Bonferroni)"
"""The stated test."""

_Key = tuple[str, str, str, str, str, str | None, str | None]
_ALL = "all models"


def compare(
    rules: Regression, results: Sequence[Result], *, history: Sequence[Result], baseline: Sequence[Result]
) -> list[Row]:
    """Rows for each metric and model, and for all models together: these results alone, and with the window before.

    Args:
        rules: Metrics, tolerance, error rate, window.
        results: What is decided.
        history: Earlier bundles, oldest first; the last ``window - 1`` are used.
        baseline: What is compared with; never chosen by us, or a slow service would become its own excuse.

    Sessions are compared within strata of one client, mode, format, region and vantage.  Loopback is not compared.
    """
    old = _by_key(baseline)
    before = list(history)[len(history) - (rules.window - 1) :] if rules.window > 1 else []
    looks = {"": list(results)}
    if before:
        looks[f", with {len(before)} bundles before"] = [*before, *results]
    tests: list[tuple[str, str, str, RankTest]] = []
    for look, runs in looks.items():
        new = _by_key(runs)
        for metric in rules.metrics:
            strata: dict[str, list[tuple[list[float], list[float]]]] = defaultdict(list)
            for key in new.keys() & old.keys():
                pair = (_values(new[key], metric), _values(old[key], metric))
                strata[key[0]].append(pair)
                strata[_ALL].append(pair)
            if len(strata) == 2:
                # One model is all models.
                del strata[_ALL]
            for model in sorted(strata):
                tests.append((metric, model, look, slower(strata[model], tolerance=rules.tolerance)))
    tests = [t for t in tests if t[3].new]
    if not tests:
        return []
    level = rules.error_rate / len(tests)
    return [_row(metric, model, look, test, rules=rules, level=level) for metric, model, look, test in tests]


def _row(metric: str, model: str, look: str, test: RankTest, *, rules: Regression, level: float) -> Row:
    times = "cannot be told" if math.isnan(test.ratio) else f"{test.ratio:.2f} times the baseline"
    return Row(
        kind="comparison",
        what=f"{metric} no more than {rules.tolerance:.0%} slower",
        where=model + look,
        state="fail" if test.p < level else "ok",
        why=f"median {times}, p = {test.p:.2g} (red below {level:.1g}), {test.new} against {test.old} sessions",
    )


def _by_key(results: Sequence[Result]) -> Mapping[_Key, list[Observed]]:
    found: dict[_Key, list[Observed]] = defaultdict(list)
    for group, observed in observe(results).items():
        if group.speech and not group.loopback:
            found[_key(group)].append(observed)
    return found


def _key(group: Group) -> _Key:
    # Not the runtime: a new SDK release is compared with the old one.
    return (group.model, group.client, group.mode, group.format, group.target, group.region, group.vantage)


def _values(groups: Sequence[Observed], metric: str) -> list[float]:
    return [v for g in groups for v in g.values(metric)]
