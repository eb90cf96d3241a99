"""Has it become slower: new bundles against a baseline that somebody named.

Two tests must agree.  The rank test asks whether the sessions are slower by more than the tolerance; since whole
nights drift together, and hundreds of sessions of one night are one draw of that drift, a second test asks whether
the nights lie above what the baseline's own nights do among themselves.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from ttsgate.result.record import Result
from ttsgate.verdict.metrics import Group, Observed, observe
from ttsgate.verdict.policy import Regression
from ttsgate.verdict.rows import Row
from ttsgate.verdict.statistics import LEAST_OF_A_STRATUM, RankTest, drifted, level, slower

__all__ = ["LEAST_NIGHTS", "TEST", "compare"]

SESSIONS = 0.01
"""Below it the sessions are slower by more than the tolerance; where the drift between nights is known, that of whole
nights bounds the error rate, for all sessions of a night are one draw of it."""
TEST = (
    "two one-sided tests that must agree: Student's t on the levels of whole nights (a model's spread moderated by "
    "that of the others), below the error rate divided by the number of comparisons (Bonferroni), and van Elteren's "
    f"stratified rank test on sessions, below {SESSIONS:g}; the second alone, divided likewise, where the baseline is "
    "too short for the first"
)
"""The stated test."""
LEAST_NIGHTS = 5
"""Fewest bundles of a baseline from which the drift between nights can be told."""

_Key = tuple[str, str, str, str, str, str | None, str | None]
_Night = Mapping[_Key, list[float]]
_ALL = "all models"


def compare(
    rules: Regression, results: Sequence[Result], *, history: Sequence[Result], baseline: Sequence[Result]
) -> list[Row]:
    """Rows for each metric: every model over the window, all models together, and all of them in these results alone.

    Args:
        rules: Metrics, tolerance, error rate, window.
        results: What is decided.
        history: Earlier bundles, oldest first; the last ``window - 1`` are used.
        baseline: What is compared with; never chosen by us, or a slow service would become its own excuse.

    Sessions are compared within strata of one client, mode, format, region and vantage.  Loopback is not compared.
    """
    before = list(history)[len(history) - (rules.window - 1) :] if rules.window > 1 else []
    found: list[tuple[str, str, RankTest, float | None]] = []
    for metric in rules.metrics:
        old = [_night([r], metric) for r in baseline]
        tonight = _night(results, metric)
        window = [*(_night([r], metric) for r in before), tonight]
        models = sorted({key[0] for key in tonight})
        over = f", with {len(before)} before" if before else ""
        asked = [(m, over, window, [m]) for m in models]
        if len(models) > 1:
            asked.append((_ALL, over, window, models))
        if before:
            asked.append((_ALL if len(models) > 1 else "", " tonight", [tonight], models))
        for name, look, nights, chosen in asked:
            rank = slower(_strata(nights, old, chosen), tolerance=rules.tolerance)
            if rank.new:
                others = [m for m in models if m not in chosen]
                found.append((metric, name + look, rank, _drift(nights, old, chosen, others)))
    share = rules.error_rate / len(found) if found else 0.0
    return [
        _row(metric, where.strip(), rank, drift, rules=rules, share=share, nights=len(baseline))
        for metric, where, rank, drift in found
    ]


def _row(
    metric: str, where: str, rank: RankTest, drift: float | None, *, rules: Regression, share: float, nights: int
) -> Row:
    times = "cannot be told" if math.isnan(rank.ratio) else f"{rank.ratio:.2f} times the baseline"
    between = (
        f"p = {drift:.2g} between nights"
        if drift is not None
        else f"drift between nights not known ({nights} in the baseline, {LEAST_NIGHTS} needed)"
    )
    red = rank.p < share if drift is None else rank.p < SESSIONS and drift < share
    return Row(
        kind="comparison",
        what=f"{metric} no more than {rules.tolerance:.0%} slower",
        where=where,
        state="fail" if red else "ok",
        why=f"median {times}; p = {rank.p:.2g} in sessions ({rank.new} against {rank.old}), {between}; red "
        + (f"below {share:.2g}" if drift is None else f"below {SESSIONS:g} and {share:.2g}"),
    )


def _strata(
    new: Iterable[_Night], old: Iterable[_Night], models: Sequence[str]
) -> list[tuple[list[float], list[float]]]:
    fresh, known = _joined(new), _joined(old)
    return [(fresh[k], known[k]) for k in fresh.keys() & known.keys() if k[0] in models]


def _drift(new: Sequence[_Night], old: Sequence[_Night], models: Sequence[str], others: Sequence[str]) -> float | None:
    """Chance of nights like the new ones by drift alone; None where the baseline has too few to know it."""
    centres = _centres(old, models)
    levels = _levels(old, centres)
    if len(levels) < LEAST_NIGHTS:
        return None
    return drifted(_levels(new, centres), levels, others=[_levels(old, _centres(old, [m])) for m in others])


def _centres(old: Sequence[_Night], models: Sequence[str]) -> dict[_Key, float]:
    return {k: level(v) for k, v in _joined(old).items() if len(v) >= LEAST_OF_A_STRATUM and k[0] in models}


def _levels(nights: Sequence[_Night], centres: Mapping[_Key, float]) -> list[float]:
    return [found for night in nights if (found := _level(night, centres)) is not None]


def _level(night: _Night, centres: Mapping[_Key, float]) -> float | None:
    """How far a night lies above the baseline, mean over its strata, as a logarithm."""
    parts = [level(v) - centres[k] for k, v in night.items() if k in centres and len(v) >= LEAST_OF_A_STRATUM]
    return math.fsum(parts) / len(parts) if parts else None


def _joined(nights: Iterable[_Night]) -> dict[_Key, list[float]]:
    found: dict[_Key, list[float]] = defaultdict(list)
    for night in nights:
        for key, values in night.items():
            found[key] += values
    return found


def _night(results: Sequence[Result], metric: str) -> _Night:
    found: dict[_Key, list[float]] = defaultdict(list)
    for group, observed in observe(results).items():
        if group.speech and not group.loopback:
            found[_key(group)] += _positive(observed, metric)
    return found


def _positive(observed: Observed, metric: str) -> list[float]:
    # A time of zero would have no logarithm; nothing that is measured takes less than a microsecond.
    return [max(v, 1e-3) for v in observed.values(metric)]


def _key(group: Group) -> _Key:
    # Not the runtime: a new SDK release is compared with the old one.
    return (group.model, group.client, group.mode, group.format, group.target, group.region, group.vantage)
