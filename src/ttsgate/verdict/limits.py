"""Limits: expressions over named metrics, compared with the bound of an interval.

    first_audio_ms.p50 < 900      a quantile: every pNN, min, max
    failures == 0                 a count of a group
    success.rate >= 0.99          a rate of a group

A limit holds when the bound of the interval does, is broken when the opposite bound is beyond it, and is
undecided in between.  Counts, ``min`` and ``max`` speak of the samples themselves and have no interval.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Literal

from ttsgate.catalog import nearest
from ttsgate.errors import UsageError
from ttsgate.verdict.metrics import COUNTS, NAMES, RATES, TIMES, Observed, is_latency
from ttsgate.verdict.statistics import Interval, quantile_interval, rate_interval, samples_for_quantile

__all__ = ["Judged", "Limit", "State", "judge_limit", "needed_samples", "parse_limit"]

State = Literal["holds", "broken", "undecided", "not-applicable", "unknown"]
"""``unknown``: the metric occurred nowhere, which is an error and never passes."""

_TEXT = re.compile(
    r"\s*(?P<metric>[A-Za-z_][A-Za-z0-9_]*)(?:\.(?P<stat>[A-Za-z0-9]+))?\s*"
    r"(?P<op><=|>=|==|!=|<|>)\s*(?P<bound>\d+(?:\.\d+)?)\s*\Z"
)
_OPS: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    "==": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    ">=": operator.ge,
}
_EXAMPLE = "e.g. 'first_audio_ms.p50 < 900', 'failures == 0' or 'success.rate >= 0.99'"


@dataclass(frozen=True, slots=True)
class Limit:
    """One parsed expression."""

    metric: str
    stat: str | None
    """``p50``, ``min``, ``max``, ``rate``; None for counts."""
    op: str
    bound: float

    def __str__(self) -> str:
        return f"{self.metric}{'.' + self.stat if self.stat else ''} {self.op} {self.bound:g}"

    @property
    def quantile(self) -> float | None:
        """0.95 for ``p95``; None for what is no quantile."""
        return int(self.stat[1:]) / 10 ** len(self.stat[1:]) if self.stat and self.stat[0] == "p" else None

    @property
    def upper(self) -> bool:
        """Whether it bounds from above."""
        return self.op in ("<", "<=")

    def holds(self, value: float) -> bool:
        """Whether a number satisfies it."""
        return _OPS[self.op](value, self.bound)


def parse_limit(text: str) -> Limit:
    """Read an expression.

    ``p50`` is the median, ``p999`` the quantile 0.999.

    Raises:
        UsageError: not an expression, an unknown metric (with the nearest name), or a statistic that the metric
            does not have.
    """
    match = _TEXT.match(text)
    if match is None:
        raise UsageError(f"{text!r} is not a limit: write METRIC.STATISTIC OPERATOR NUMBER, {_EXAMPLE}")
    metric, stat, op, bound = match["metric"], match["stat"], match["op"], float(match["bound"])
    if metric not in NAMES:
        raise UsageError(f"{text!r}: unknown metric {metric!r}{nearest(metric, NAMES)}")
    if metric in COUNTS and stat is not None:
        raise UsageError(f"{text!r}: {metric} is a count of the whole group: leave .{stat} out")
    if metric in RATES and stat != "rate":
        raise UsageError(f"{text!r}: {metric} is a rate: write {metric}.rate")
    if metric in TIMES and not re.fullmatch(r"p\d{2,4}|min|max", stat or ""):
        raise UsageError(f"{text!r}: {metric} needs a statistic: .p50 (any pNN), .min or .max; no mean, which one bad "
                         "session decides")  # fmt: skip
    if stat and stat[0] == "p" and not 0 < int(stat[1:]):
        raise UsageError(f"{text!r}: there is no {stat}; the smallest value is .min")
    if op in ("==", "!=") and metric not in COUNTS:
        raise UsageError(f"{text!r}: {op} makes sense for counts only; use <, <=, > or >=")
    if metric in RATES and bound > 1:
        raise UsageError(f"{text!r}: a rate lies between 0 and 1")
    return Limit(metric, stat, op, bound)


def needed_samples(limit: Limit, confidence: float) -> int | None:
    """Fewest samples a group with which the limit can hold at all; None if it never can.

    59 for a p95 from above at 95 %, 299 for a p99 or a success rate of 0.99; 1 for counts.
    """
    if limit.quantile is not None:
        return samples_for_quantile(limit.quantile, confidence, above=limit.upper)
    if limit.stat != "rate":
        return 1
    if limit.upper == (limit.metric == "success") or limit.bound in (0.0, 1.0):
        # "success.rate < 0.9" and "failure.rate > 0.1" demand a bad service; 0 and 1 are never certain.
        return None
    return samples_for_quantile(limit.bound if limit.metric == "success" else 1 - limit.bound, confidence, above=True)


@dataclass(frozen=True, slots=True)
class Judged:
    """What became of a limit in one group."""

    limit: Limit
    where: str
    """The group in words."""
    state: State
    why: str
    """One line, with the interval where there is one."""
    interval: Interval | None = None
    follows: bool = False
    """Whether it only follows from failures, for which there are findings."""


def judge_limit(limit: Limit, groups: Iterable[Observed], *, confidence: float) -> list[Judged]:
    """Compare a limit with every group in its scope; a metric that no group has gives one ``unknown``."""
    chosen = list(groups)
    if limit.metric in TIMES or limit.metric == "underruns":
        chosen = [g for g in chosen if g.group.speech]
        key = limit.metric
        good = [s for g in chosen for s in g.samples if s.good]
        if good and not any(key in s.numbers for g in chosen for s in g.samples):
            return [Judged(limit, "", "unknown", f"{key} occurred in no session")]
    return [_judge(limit, group, confidence) for group in chosen]


def _judge(limit: Limit, observed: Observed, confidence: float) -> Judged:
    where = str(observed.group)
    if observed.group.loopback and is_latency(limit.metric):
        return Judged(limit, where, "not-applicable", "on loopback it would measure this machine")
    if limit.metric in COUNTS:
        judged = _exact(limit, where, _count(limit.metric, observed), len(observed.samples))
        return replace(judged, follows=limit.metric == "failures")
    if limit.metric in RATES:
        n = len(observed.samples)
        hits = observed.failures if limit.metric == "failure" else n - observed.failures
        return replace(_bounded(limit, where, rate_interval(hits, n, confidence), confidence, unit=""), follows=True)
    if observed.failures == len(observed.samples):
        return Judged(limit, where, "undecided", f"every one of {_sessions(observed.failures)} failed", follows=True)
    values = observed.values(limit.metric)
    if not values:
        return Judged(limit, where, "not-applicable", f"{observed.group.client} does not see {limit.metric}")
    if limit.quantile is None:
        return _exact(limit, where, min(values) if limit.stat == "min" else max(values), len(values))
    return _bounded(limit, where, quantile_interval(values, limit.quantile, confidence), confidence, unit=" ms")


def _count(metric: str, observed: Observed) -> float:
    if metric == "underruns":
        return sum(s.numbers.get(metric, 0.0) for s in observed.samples)
    return float(observed.failures if metric == "failures" else len(observed.samples))


def _exact(limit: Limit, where: str, value: float, n: int) -> Judged:
    state: State = "holds" if limit.holds(value) else "broken"
    return Judged(limit, where, state, f"{_number(value)} in {_sessions(n)}", Interval(value, value, value, n))


def _bounded(limit: Limit, where: str, interval: Interval, confidence: float, *, unit: str) -> Judged:
    against, beyond = (interval.high, interval.low) if limit.upper else (interval.low, interval.high)
    state: State = "holds" if limit.holds(against) else "broken" if not limit.holds(beyond) else "undecided"
    words = (
        f"{_number(interval.point)}{unit}, {_number(interval.low)} to {_number(interval.high)}{unit} "
        f"({confidence:.0%} each way) in {_sessions(interval.samples)}"
    )
    return Judged(limit, where, state, words, interval)


def _sessions(n: int) -> str:
    return f"{n} session{'' if n == 1 else 's'}"


def _number(value: float) -> str:
    if math.isinf(value):
        return "no bound" if value > 0 else "0"
    return f"{value:.0f}" if value >= 100 or value == int(value) else f"{value:.3g}"
