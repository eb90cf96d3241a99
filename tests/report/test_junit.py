from __future__ import annotations

from xml.etree import ElementTree as ET

from tests.report.samples import SAMPLES, build, failing, record
from ttsgate.report.junit import junit
from ttsgate.result.record import Result


def case(result: Result, name: str) -> ET.Element:
    return next(c for c in ET.fromstring(junit(result)).iter("testcase") if c.get("name") == name)


class TestCases:
    def test_a_failure_is_the_targets(self) -> None:
        """A check that failed is a failure, typed by its id, saying what was seen and what the evidence is."""
        failure = case(failing(), "P-response-done [qwen3-tts-flash-realtime.wire-1]").find("failure")

        assert failure is not None
        assert "P-response-done" == failure.get("type")
        assert "0 response.done before session.finished [emulated, not live]" in (failure.get("message") or "")
        assert "frame 41" in (failure.text or "")

    def test_an_error_is_ours(self) -> None:
        """A check that broke is an error of the harness."""
        error = case(SAMPLES["harness"](), "A-silence [qwen3-tts-flash-realtime.wire-1]").find("error")

        assert error is not None
        assert "harness" == error.get("type")

    def test_a_skip_gives_its_reason(self) -> None:
        """Reason codes stand in the message, since readers of JUnit drop properties."""
        subject = "qwen3-tts-vc-realtime-2026-01-15.sdk-client.py3.11-dashscope2.0.2"
        skipped = case(SAMPLES["twenty"](), f"K-same-voice [{subject}]").find("skipped")

        assert skipped is not None
        assert "skipped (needs-voice)" in (skipped.get("message") or "")

    def test_what_does_not_decide_is_no_failure(self) -> None:
        """A warning, a surveyed model, and a party that may not block are visible, and leave the file green."""
        result = build()
        result.checks += [
            record("P-warned", "s", "fail", severity="warn", message="a warning"),
            record("P-surveyed", "s", "fail", decides=False, message="a survey"),
            record("P-excused", "s", "fail", message="not allowed to block"),
        ]
        result.findings = failing().findings[:1]
        result.findings[0].checks = ["P-excused@s"]

        for name in ("P-warned", "P-surveyed", "P-excused"):
            skipped = case(result, f"{name} [s]").find("skipped")
            assert skipped is not None
            assert (skipped.get("message") or "").startswith("warning, does not decide")
        assert "0" == ET.fromstring(junit(result)).get("failures")

    def test_a_check_shown_by_a_blocking_finding_too_decides(self) -> None:
        """One finding that may not block does not excuse what another one blocks on."""
        result = failing()
        result.findings[0].checks = list(result.findings[1].checks)

        assert case(result, "P-response-done [qwen3-tts-flash-realtime.wire-1]").find("failure") is not None


class TestVerdictCase:
    def test_nothing_judged_is_not_green(self) -> None:
        """A run without a single check still has one case, and it fails."""
        root = ET.fromstring(junit(SAMPLES["nothing"]()))

        assert ("1", "1") == (root.get("tests"), root.get("failures"))

    def test_an_unfinished_run_is_an_error(self) -> None:
        """Interrupted or killed: neither green nor the target's failure."""
        for name in ("interrupted", "running"):
            assert "1" == ET.fromstring(junit(SAMPLES[name]())).get("errors")

    def test_hostile_text_stays_well_formed(self) -> None:
        """Controls, CDATA ends and ten megabytes do not break a parser."""
        data = junit(SAMPLES["hostile"]())

        assert ET.fromstring(data).tag == "testsuites"
        assert len(data) < 100_000
        assert b"\x1b" not in data
