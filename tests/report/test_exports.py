from __future__ import annotations

import json

from tests.report.samples import SAMPLES, build, failing, key_refused
from ttsgate.report.exports import badge_json, ctrf_json
from ttsgate.result.record import Result

TEST_FIELDS = {"name", "status", "duration", "suite", "message", "rawStatus", "labels"}


class TestCtrf:
    def test_has_what_the_format_requires(self, result: Result) -> None:
        """Required fields, integer times, no field that the format's closed objects do not know."""
        report = json.loads(ctrf_json(result))

        assert ("CTRF", "0.0.0") == (report["reportFormat"], report["specVersion"])
        summary = report["results"]["summary"]
        assert {"tests", "passed", "failed", "skipped", "pending", "other", "start", "stop"} == set(summary)
        assert all(isinstance(v, int) for v in summary.values())
        assert summary["start"] <= summary["stop"]
        for test in report["results"]["tests"]:
            assert {"name", "status", "duration"} <= set(test) <= TEST_FIELDS
            assert test["name"]
            assert isinstance(test["duration"], int)

    def test_times_are_of_the_run(self) -> None:
        """Start and stop are the run's, in milliseconds since 1970."""
        summary = json.loads(ctrf_json(build()))["results"]["summary"]

        assert (1_795_312_800_000, 17_300) == (summary["start"], summary["stop"] - summary["start"])

    def test_a_run_that_did_not_end_stops_with_its_last_session(self) -> None:
        """An interrupted run has a stop, too."""
        summary = json.loads(ctrf_json(SAMPLES["interrupted"]()))["results"]["summary"]

        assert summary["stop"] > summary["start"]


class TestBadge:
    def test_an_emulated_pass_is_neither_called_live_nor_fully_green(self) -> None:
        """The label names the target's kind, and the full green is kept for the real service."""
        emulated = json.loads(badge_json(build()))
        live = json.loads(badge_json(build(kind="live", claim="live, cn-beijing")))

        assert ("ttsgate (emulator)", "pass", "yellowgreen") == (
            emulated["label"],
            emulated["message"],
            emulated["color"],
        )
        assert ("ttsgate (live, cn-beijing)", "pass", "brightgreen") == (live["label"], live["message"], live["color"])

    def test_anything_but_a_pass_is_an_error(self) -> None:
        """Shields shows errors as such."""
        for result in (failing(), key_refused(), SAMPLES["running"](), SAMPLES["nothing"]()):
            badge = json.loads(badge_json(result))
            assert badge["isError"] is True
            assert badge["color"] not in ("brightgreen", "yellowgreen")
            assert badge["message"]
