from __future__ import annotations

from tests.report.samples import SAMPLES, build, failing, record
from ttsgate.report.index import Index


class TestIndex:
    def test_exit_codes_without_a_verdict(self) -> None:
        """Interrupted is 130; a run that never decided is our error."""
        assert 130 == Index(SAMPLES["interrupted"]()).exit_code
        assert 3 == Index(SAMPLES["running"]()).exit_code

    def test_tally(self) -> None:
        """Counts in words, best first; an empty run says so."""
        assert "66 passed, 1 skipped, 5 failed" == Index(failing()).tally
        assert "no check ran" == Index(SAMPLES["nothing"]()).tally

    def test_stages_are_in_order_of_the_run(self) -> None:
        """Known stages in their order, whatever the order of the checks; unknown ones after them."""
        result = build()
        result.checks = [record("K-a", "s"), record("T-a", "s"), record("C-a", "s")]
        result.checks[0].stage = "zebra"

        assert ["compile", "timing", "zebra"] == list(Index(result).stages)

    def test_what_bears_on_the_verdict(self) -> None:
        """Severity, survey and policy each take a check's weight away; nothing else does."""
        result = failing()
        index = Index(result)
        broken = next(c for c in result.checks if c.outcome == "fail")
        excused = record("K-stdout", "qwen3-tts-flash-realtime.sdk-realtime.py3.11-dashscope2.0.2", "fail")

        assert index.decides(broken)
        assert index.decides(record("P-unexplained", "s", "fail"))
        assert not index.decides(excused)
        assert not index.decides(record("P-x", "s", "fail", severity="warn"))
        assert not index.decides(record("P-x", "s", "fail", decides=False))

    def test_lifecycle_lines(self) -> None:
        """A claim comes with its source and date; a model without claims has none."""
        lines = Index(build()).lifecycle_lines("qwen3-tts-vd-realtime-2026-01-15")

        assert lines[1] == "still listed with quota in the console (console paste, Singapore, 2026-10-03)"
        assert [] == Index(build()).lifecycle_lines("qwen3-tts-flash-realtime")

    def test_the_sdks_own_number(self) -> None:
        """Found in the probe's report where it stands; rubbish is no number."""
        result = build()
        index = Index(result)
        wire, sdk = result.sessions[0], result.sessions[1]

        assert index.own_first_audio_ms(wire) is None
        assert 197.0 == index.own_first_audio_ms(sdk)
        for rubbish in (True, "12", None, float("nan"), {"a": 1}):
            sdk.probe = {"realtime_probe": {"sdk_first_audio_delay_ms": rubbish}}
            assert index.own_first_audio_ms(sdk) is None
        sdk.probe = {"realtime_probe": "broken", "sdk_first_audio_delay_ms": 5}
        assert 5.0 == index.own_first_audio_ms(sdk)
