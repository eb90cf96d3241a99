from __future__ import annotations

import typing

from tests.report.samples import build, decided, failing, harness_error, interrupted, running
from ttsgate.measure import timing
from ttsgate.report import words
from ttsgate.result.record import Outcome, Party


class TestTables:
    def test_every_outcome_has_a_mark_of_its_own(self) -> None:
        """Outcomes differ in sign, word and shape, not in colour alone."""
        assert set(typing.get_args(Outcome)) == set(words.OUTCOMES)
        for what in ("sign", "word", "shape"):
            assert len({getattr(m, what) for m in words.OUTCOMES.values()}) == len(words.OUTCOMES)

    def test_every_party_has_words(self) -> None:
        """No party is shown by its code name only."""
        assert set(typing.get_args(Party)) == set(words.PARTIES)

    def test_every_column_says_its_clock(self) -> None:
        """A timing column without a zero point would be a number without meaning."""
        assert all(m.clock for m in words.METRICS.values())
        assert set(words.METRICS) <= set(timing.METRICS)

    def test_an_unknown_metric_is_shown_by_its_name(self) -> None:
        """A newer result's metrics are shown, without a clock that we would have to invent."""
        assert words.Metric("new_ms", "new", "") == words.metric("new_ms")


class TestHeadline:
    def test_pass_takes_an_end_a_verdict_and_exit_0(self) -> None:
        """Only a complete run that passed and exits 0 is called PASS."""
        assert "PASS" == words.headline(build()).name
        assert "FAIL" == words.headline(failing()).name
        assert "ERROR" == words.headline(harness_error()).name
        assert "INTERRUPTED" == words.headline(interrupted()).name
        assert "RUNNING" == words.headline(running()).name

    def test_a_contradiction_is_an_error(self) -> None:
        """A result that says pass with a code other than 0, or the other way round, is not believed."""
        assert "ERROR" == words.headline(decided(build(), "pass", 8, "service", "")).name
        assert "ERROR" == words.headline(decided(build(), "fail", 0, "none", "")).name

    def test_no_verdict_is_an_error(self) -> None:
        """A run that ended without deciding is our fault."""
        result = build()
        result.verdict = None

        assert "ERROR" == words.headline(result).name

    def test_a_killed_run_is_never_a_pass(self) -> None:
        """Whatever verdict stands in it, a result whose run did not end says so."""
        result = build()
        result.status = "started"

        assert "RUNNING" == words.headline(result).name


class TestUnits:
    def test_milliseconds(self) -> None:
        """Durations carry the unit that fits."""
        assert ["–", "0.4 ms", "10 ms", "231 ms", "2.41 s"] == [
            words.milliseconds(v) for v in (None, 0.4, 9.99, 231.2, 2410.0)
        ]

    def test_size(self) -> None:
        """Sizes carry the unit that fits."""
        assert ["0 B", "116 kB", "2.1 MB"] == [words.size(v) for v in (0, 115_680, 2_100_000)]

    def test_when(self) -> None:
        """Times are shown in UTC; what is no time is shown as it stands."""
        assert "2026-11-22 02:00:17 UTC" == words.when("2026-11-22T03:00:17.300+01:00")
        assert "yesterday" == words.when("yesterday")
        assert "–" == words.when(None)

    def test_duration(self) -> None:
        """A missing or broken time gives no duration rather than a wrong one."""
        assert 17.3 == words.duration_s("2026-11-22T02:00:00Z", "2026-11-22T02:00:17.3Z")
        assert words.duration_s("2026-11-22T02:00:00Z", None) is None
        assert words.duration_s("soon", "2026-11-22T02:00:17.3Z") is None
        assert words.duration_s("2026-11-22T02:00:00", "2026-11-22T02:00:17Z") is None

    def test_worst(self) -> None:
        """A harness error outranks a failure, which outranks a skip."""
        assert "error" == words.worst(["pass", "fail", "error"])
        assert "fail" == words.worst(["pass", "fail", "skipped"])
        assert words.worst([]) is None
