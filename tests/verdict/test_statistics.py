"""Intervals cover what they promise to cover; the rank test is wrong as rarely as it says."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ttsgate.verdict.statistics import (
    at_most,
    drifted,
    level,
    quantile_interval,
    rate_interval,
    samples_for_quantile,
    samples_for_rate,
    slower,
)


class TestSamples:
    @pytest.mark.parametrize(
        ("quantile", "above", "needed"), [(0.95, True, 59), (0.99, True, 299), (0.5, True, 5), (0.95, False, 1)]
    )
    def test_fewest_samples(self, quantile: float, above: bool, needed: int) -> None:
        """A p95 needs 59 samples, a p99 299, a median 5; one is enough to bound a p95 from below."""
        assert needed == samples_for_quantile(quantile, 0.95, above=above)

    def test_fewest_trials(self) -> None:
        """A success rate of 0.99 needs 299 trials."""
        assert 299 == samples_for_rate(0.99, 0.95)

    @given(st.sampled_from([0.5, 0.8, 0.9, 0.95]), st.sampled_from([0.9, 0.95, 0.99]))
    def test_one_less_bounds_nothing(self, quantile: float, confidence: float) -> None:
        """With the fewest samples the upper bound is finite, with one less it is not."""
        needed = samples_for_quantile(quantile, confidence, above=True)

        assert math.isfinite(quantile_interval(range(needed), quantile, confidence).high)
        assert math.inf == quantile_interval(range(needed - 1), quantile, confidence).high


class TestBinomial:
    @given(st.integers(1, 60), st.floats(0.01, 0.99))
    def test_sums_to_one(self, n: int, p: float) -> None:
        """All outcomes together are certain, and more successes are never less likely to be enough."""
        chances = [at_most(k, n, p) for k in range(-1, n + 1)]

        assert chances == sorted(chances)
        assert 0 == chances[0]
        assert 1 == chances[-1]

    def test_known_value(self) -> None:
        """Five coins: at most two heads in half of all cases."""
        assert 0.5 == pytest.approx(at_most(2, 5, 0.5))

    def test_thousands(self) -> None:
        """Large numbers neither overflow nor lose the tail."""
        assert 0.5 == pytest.approx(at_most(5_000, 10_001, 0.5), abs=1e-6)


class TestQuantile:
    @pytest.mark.parametrize("quantile", [0.5, 0.95])
    @pytest.mark.parametrize("n", [9, 60, 137])
    def test_covers(self, quantile: float, n: int) -> None:
        """Each bound holds in at least 95 of 100 simulations, whatever the distribution."""
        rng = random.Random(n)
        true = math.exp(0.4 * {0.5: 0.0, 0.95: 1.6448536}[quantile])
        runs = 600
        intervals = [
            quantile_interval([rng.lognormvariate(0, 0.4) for _ in range(n)], quantile, 0.95) for _ in range(runs)
        ]

        for held in (sum(i.low <= true for i in intervals), sum(true <= i.high for i in intervals)):
            assert held / runs >= 0.95 - 3 * math.sqrt(0.95 * 0.05 / runs)

    @given(st.lists(st.floats(0, 1e6), min_size=1, max_size=80), st.sampled_from([0.5, 0.9, 0.95]))
    def test_bounds_enclose_the_point(self, values: list[float], quantile: float) -> None:
        """low <= point <= high, and finite bounds are samples."""
        found = quantile_interval(values, quantile, 0.95)

        assert found.low <= found.point <= found.high
        assert {found.point, found.low, found.high} <= {*values, math.inf, -math.inf}

    def test_nothing_has_no_quantile(self) -> None:
        """Empty is never valid."""
        with pytest.raises(ValueError, match="needs values"):
            quantile_interval([], 0.5, 0.95)


class TestRate:
    @given(st.integers(1, 400), st.data())
    def test_encloses(self, trials: int, data: st.DataObject) -> None:
        """low <= point <= high, within 0 and 1."""
        hits = data.draw(st.integers(0, trials))
        found = rate_interval(hits, trials, 0.95)

        assert 0 <= found.low <= found.point <= found.high <= 1

    def test_rule_of_three(self) -> None:
        """No failure in 95 sessions: at most 3.1 % fail; never "none"."""
        assert 0.0310 == pytest.approx(rate_interval(0, 95, 0.95).high, abs=5e-4)

    def test_covers(self) -> None:
        """The upper bound of a 2 % rate holds in at least 95 of 100 nights."""
        rng = random.Random(2)
        table = {hits: rate_interval(hits, 95, 0.95).high for hits in range(96)}
        nights = [table[sum(rng.random() < 0.02 for _ in range(95))] for _ in range(2000)]

        assert sum(0.02 <= high for high in nights) / 2000 >= 0.94

    def test_no_trials(self) -> None:
        """Empty is never valid."""
        with pytest.raises(ValueError, match="needs trials"):
            rate_interval(0, 0, 0.95)


class TestSlower:
    def test_is_rarely_wrong(self) -> None:
        """Without any change p is below 1 % in about 1 % of the nights."""
        rng = random.Random(5)
        ps = [
            slower(
                [([rng.gauss(100, 9) for _ in range(9)], [rng.gauss(100, 9) for _ in range(40)]) for _ in range(3)]
            ).p
            for _ in range(1500)
        ]

        assert 0.003 <= sum(p < 0.01 for p in ps) / 1500 <= 0.018

    def test_sees_a_shift(self) -> None:
        """A fifth more is seen, and estimated."""
        rng = random.Random(6)
        found = slower([([rng.gauss(120, 9) for _ in range(20)], [rng.gauss(100, 9) for _ in range(40)])])

        assert found.p < 1e-6
        assert 1.2 == pytest.approx(found.ratio, abs=0.05)

    def test_tolerates(self) -> None:
        """A shift within the tolerance is none."""
        rng = random.Random(7)
        strata = [([rng.gauss(104, 5) for _ in range(60)], [rng.gauss(100, 5) for _ in range(60)])]

        assert slower(strata).p < 0.01
        assert slower(strata, tolerance=0.05).p > 0.5

    def test_strata_are_not_mixed(self) -> None:
        """A client that is slow on both sides is no shift, however unequal the numbers of its samples."""
        fast, slow = [100.0 + i for i in range(10)], [500.0 + i for i in range(10)]

        assert slower([(slow, slow), (fast[:5], fast)]).p > 0.1
        assert 1 == pytest.approx(slower([(slow, slow), (fast, fast)]).ratio)

    def test_sessions_without_a_value_are_slowest(self) -> None:
        """Infinity ranks above everything; a service that stops answering is slower, not absent."""
        assert slower([([math.inf] * 8, [100.0 + i for i in range(8)])]).p < 0.001

    def test_too_few(self) -> None:
        """Below five samples on a side nothing is claimed."""
        found = slower([([900.0] * 4, [1.0] * 100)])

        assert (1.0, 0, 0) == (found.p, found.new, found.old)

    @given(st.lists(st.floats(1, 1e4), min_size=5, max_size=20))
    def test_all_equal(self, values: list[float]) -> None:
        """A side compared with itself is never slower."""
        assert slower([(values, values)]).p >= 0.49


class TestDrifted:
    @pytest.mark.parametrize(("t", "freedom", "p"), [(1.0, 1, 0.25), (2.262157, 9, 0.025), (4.220832, 13, 0.0005)])
    def test_known_values(self, t: float, freedom: int, p: float) -> None:
        """The tail of Student's t is that of the tables."""
        old = [0.0, 2.0] * ((freedom + 1) // 2) if freedom % 2 else [0.0, 2.0] * (freedom // 2) + [1.0]
        n = len(old)
        spread = math.sqrt(sum((v - 1) ** 2 for v in old) / freedom)

        assert p == pytest.approx(drifted([1 + t * spread * math.sqrt(1 + 1 / n)], old), rel=1e-4)

    def test_is_rarely_wrong(self) -> None:
        """Nights that only drift are called drifted as rarely as p says, however few the nights of the baseline."""
        rng = random.Random(9)

        def nights(n: int) -> list[float]:
            return [rng.gauss(6, 0.05) for _ in range(n)]

        ps = [drifted(nights(3), nights(14)) for _ in range(2000)]

        assert 0.005 <= sum(p < 0.01 for p in ps) / 2000 <= 0.017

    @pytest.mark.parametrize(
        ("new", "old", "p"),
        [([1.0], [2.0], 1.0), ([], [1.0, 2.0], 1.0), ([math.inf], [1.0, 2.0], 0.0), ([2.0], [1.0, 1.0], 0.0)],
    )
    def test_edges(self, new: list[float], old: list[float], p: float) -> None:
        """One night knows no drift; nights without any answer are beyond every drift."""
        assert p == drifted(new, old)

    def test_level_bears_outliers(self) -> None:
        """One session in nine that never answers does not move a night to infinity, nine of nine do."""
        assert math.log(500) == pytest.approx(level([500.0] * 8 + [math.inf]))
        assert math.inf == level([math.inf] * 9)
