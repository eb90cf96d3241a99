"""Statistics that refuse to say more than the samples do: sessions are of no assumed distribution.

Sources: order-statistic intervals, David & Nagaraja, *Order Statistics*, 3rd ed., section 7.1; the binomial
interval, Clopper & Pearson, Biometrika 26 (1934); the stratified rank test, van Elteren, Bull. Int. Stat.
Inst. 37 (1960), with the tie correction of Lehmann, *Nonparametrics* (1975), section 1.4; Student's t by the
continued fraction of the incomplete beta function, Abramowitz & Stegun 26.5.8.

One place assumes something: `drifted` takes the levels of whole nights for normal, of which there are too few for
ranks to say anything.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

__all__ = [
    "LEAST_OF_A_STRATUM",
    "Interval",
    "RankTest",
    "at_most",
    "drifted",
    "level",
    "quantile_interval",
    "rate_interval",
    "samples_for_quantile",
    "samples_for_rate",
    "slower",
]

LEAST_OF_A_STRATUM = 5
"""Fewest samples on either side of a stratum: below, its ranks say next to nothing."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A number with bounds; each bound holds by itself with the confidence asked for (one-sided)."""

    low: float
    """The true value is at least this; ``-inf`` (a rate: 0) where the samples bound nothing."""
    point: float
    """The sample's own value."""
    high: float
    """The true value is at most this; ``inf`` (a rate: 1) where the samples bound nothing."""
    samples: int
    """How many samples this rests on."""


def at_most(k: int, n: int, p: float) -> float:
    """Probability of at most `k` successes in `n` trials of chance `p`."""
    if k < 0:
        return 0.0
    if k >= n or p <= 0.0:
        return 1.0
    if p >= 1.0:
        return 0.0
    log_p, log_q = math.log(p), math.log1p(-p)
    whole = math.lgamma(n + 1)
    total = math.fsum(
        math.exp(whole - math.lgamma(i + 1) - math.lgamma(n - i + 1) + i * log_p + (n - i) * log_q)
        for i in range(k + 1)
    )
    return min(1.0, total)


def quantile_interval(values: Sequence[float], quantile: float, confidence: float) -> Interval:
    """Bounds of a quantile by order statistics.

    The upper bound is the smallest order statistic that lies above the true quantile with `confidence`, the
    lower one its mirror image; both are right for every distribution.

    Raises:
        ValueError: no values, or a quantile or confidence outside (0, 1).
    """
    if not values or not 0 < quantile < 1 or not 0 < confidence < 1:
        raise ValueError("a quantile needs values, and shares between 0 and 1")
    ordered, n = sorted(values), len(values)
    lower, upper = _bounding_ranks(n, quantile, confidence)
    low = ordered[lower - 1] if lower else -math.inf
    high = ordered[upper - 1] if upper else math.inf
    return Interval(low, ordered[max(1, math.ceil(quantile * n)) - 1], high, n)


@lru_cache(maxsize=1024)
def _bounding_ranks(n: int, quantile: float, confidence: float) -> tuple[int | None, int | None]:
    """Ranks from 1 of the order statistics that bound the quantile from below and above, None where none does."""
    lower = None
    for k in range(1, n + 1):
        # Chance that fewer than k samples lie at or under the quantile, i.e. that the k-th lies above it.
        above = at_most(k - 1, n, quantile)
        if 1 - above >= confidence:
            lower = k
        if above >= confidence:
            return lower, k
    return lower, None


def rate_interval(hits: int, trials: int, confidence: float) -> Interval:
    """Clopper-Pearson bounds of a rate.

    Raises:
        ValueError: no trials, or more hits than trials.
    """
    if trials < 1 or not 0 <= hits <= trials:
        raise ValueError("a rate needs trials, and no more hits than those")
    miss = 1 - confidence
    low = 0.0 if hits == 0 else _solve(lambda p: 1 - at_most(hits - 1, trials, p), miss, rising=True)
    high = 1.0 if hits == trials else _solve(lambda p: at_most(hits, trials, p), miss, rising=False)
    return Interval(low, hits / trials, high, trials)


def _solve(function: Callable[[float], float], target: float, *, rising: bool) -> float:
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        if (function(middle) < target) is rising:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def samples_for_quantile(quantile: float, confidence: float, *, above: bool) -> int:
    """Fewest samples that can bound a quantile from above (else from below).

    59 for a p95 at 95 %, 299 for a p99: all of them below the quantile has the chance ``quantile ** n``.
    """
    share = quantile if above else 1 - quantile
    # Nudged, so that an exact power does not ask for one sample more.
    return max(1, math.ceil(math.log(1 - confidence) / math.log(share) - 1e-9))


def samples_for_rate(rate: float, confidence: float) -> int:
    """Fewest trials that can show a success rate of at least `rate`, all of them succeeding; 299 for 0.99 at 95 %."""
    return samples_for_quantile(rate, confidence, above=True)


@dataclass(frozen=True, slots=True)
class RankTest:
    """What a stratified rank test says."""

    p: float
    """Chance of ranks at least this high if nothing had become slower than the tolerance; 1 without samples."""
    ratio: float
    """Geometric mean over the strata of new median / old median; NaN without samples."""
    new: int
    """Samples of the new side that were compared."""
    old: int
    """Samples of the old side that were compared."""


def slower(strata: Sequence[tuple[Sequence[float], Sequence[float]]], *, tolerance: float = 0.0) -> RankTest:
    """Test whether the new values are more than `tolerance` above the old ones, within strata.

    Args:
        strata: ``(new, old)`` of what may be compared with each other; values are positive, ``inf`` for a session
            that never gave one.  A stratum with fewer than `LEAST_OF_A_STRATUM` on either side is left out.
        tolerance: Relative slowdown that does not count, e.g. 0.05.

    The null hypothesis is that new values divided by ``1 + tolerance`` are not stochastically larger.  One-sided,
    normal approximation, ties counted.
    """
    statistic = variance = 0.0
    ratios: list[float] = []
    news = olds = 0
    for new, old in strata:
        if min(len(new), len(old)) < LEAST_OF_A_STRATUM:
            continue
        a, b = [v / (1 + tolerance) for v in new], list(old)
        n, m = len(a), len(b)
        total = n + m
        ranks, ties = _ranks(a + b)
        weight = 1 / (total + 1)
        statistic += weight * (math.fsum(ranks[:n]) - n * (total + 1) / 2)
        variance += weight**2 * n * m / 12 * ((total + 1) - ties / (total * (total - 1)))
        news, olds = news + n, olds + m
        top, bottom = _median(new), _median(old)
        if math.isfinite(top) and math.isfinite(bottom) and top > 0 and bottom > 0:
            ratios.append(math.log(top / bottom))
    ratio = math.exp(math.fsum(ratios) / len(ratios)) if ratios else math.nan
    if variance <= 0:
        return RankTest(1.0, ratio, news, olds)
    return RankTest(0.5 * math.erfc(statistic / math.sqrt(variance) / math.sqrt(2)), ratio, news, olds)


def _ranks(values: Sequence[float]) -> tuple[list[float], float]:
    """Ranks from 1, ties sharing their mean, and the sum of ``t**3 - t`` over the ties."""
    shares: dict[float, float] = {}
    at, ties = 0, 0.0
    counts = Counter(values)
    for value in sorted(counts):
        size = counts[value]
        shares[value] = at + (size + 1) / 2
        at += size
        ties += size**3 - size
    return [shares[v] for v in values], ties


def _median(values: Sequence[float]) -> float:
    ordered, n = sorted(values), len(values)
    return ordered[n // 2] if n % 2 else (ordered[n // 2 - 1] + ordered[n // 2]) / 2


def level(values: Sequence[float]) -> float:
    """Where the values lie: mean of their logarithms without the lowest and highest fifth.

    ``inf`` when too many are infinite for that.  Values are positive.
    """
    ordered, cut = sorted(values), len(values) // 5
    kept = ordered[cut : len(ordered) - cut]
    return math.fsum(math.log(v) for v in kept) / len(kept) if math.isfinite(kept[-1]) else math.inf


def drifted(new: Sequence[float], old: Sequence[float], *, others: Sequence[Sequence[float]] = ()) -> float:
    """Chance of new levels this much above the old ones if whole nights merely drift as the old ones did.

    Args:
        new: Levels of the nights in question.
        old: Levels of the baseline's nights, at least two; their spread is the drift.
        others: Levels of the baseline's nights of comparable series, e.g. of other models.  A dozen nights tell
            little of their own spread; those of all series together count as much again.

    Student's t, one-sided, with the spread of the old nights alone: a shift must not hide in its own variance.  With
    `others` it is the moderated t of Smyth, Stat. Appl. Genet. Mol. Biol. 3 (2004), with as many degrees of freedom of
    the common spread as of the own.
    """
    old = [v for v in old if math.isfinite(v)]
    if len(old) < 2 or not new:
        return 1.0
    if any(math.isinf(v) for v in new):
        return 0.0
    centre, squares = _squares(old)
    freedom = len(old) - 1
    variance = squares / freedom
    sisters = [[v for v in series if math.isfinite(v)] for series in others]
    sisters = [series for series in sisters if len(series) > 1]
    if sisters:
        common = math.fsum([squares, *(_squares(series)[1] for series in sisters)])
        variance = (variance + common / (freedom + sum(len(series) - 1 for series in sisters))) / 2
        freedom *= 2
    rise = math.fsum(new) / len(new) - centre
    error = math.sqrt(variance * (1 / len(new) + 1 / len(old)))
    if error == 0:
        return 0.0 if rise > 0 else 1.0
    return _above(rise / error, freedom)


def _squares(values: Sequence[float]) -> tuple[float, float]:
    """Mean, and the sum of squared deviations from it."""
    centre = math.fsum(values) / len(values)
    return centre, math.fsum((v - centre) ** 2 for v in values)


def _above(t: float, freedom: int) -> float:
    """Chance of a Student's t above `t`."""
    tail = 0.5 * _incomplete_beta(freedom / 2, 0.5, freedom / (freedom + t * t))
    return tail if t > 0 else 1 - tail


def _incomplete_beta(a: float, b: float, x: float) -> float:
    """Regularised incomplete beta function, by Lentz's evaluation of its continued fraction."""
    if x <= 0 or x >= 1:
        return min(max(x, 0.0), 1.0)
    if x > (a + 1) / (a + b + 2):
        return 1 - _incomplete_beta(b, a, 1 - x)
    front = math.exp(math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x))
    c, d = 1.0, 1 / (1 - (a + b) * x / (a + 1))
    fraction = d
    for m in range(1, 300):
        for term in (
            m * (b - m) * x / ((a - 1 + 2 * m) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 1 + 2 * m)),
        ):
            d, c = 1 / (1 + term * d), 1 + term / c
            fraction *= c * d
        if abs(c * d - 1) < 1e-12:
            break
    return front * fraction / a
