"""Two runs side by side, with real runs changed where they should differ."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from tests.bundle.runs import bundle_of, forged, real_files, result_of
from ttsgate.bundle.diff import BehaviourChange, Diff, diff
from ttsgate.report.differences import markdown, text
from ttsgate.result.record import Diagnosis, Finding, Outcome, Result, Runtime


def compared(after: Callable[[Result], None], before: Callable[[Result], None] = lambda r: None) -> Diff:
    """The difference of the real run, changed in two ways."""
    return diff(bundle_of(forged(real_files(), before)), bundle_of(forged(real_files(), after)))


def outcome(check: str, value: Outcome) -> Callable[[Result], None]:
    """Give one check another outcome."""

    def change(result: Result) -> None:
        for record in result.checks:
            if record.check == check:
                record.outcome, record.message = value, "seen"

    return change


def far_away(factor: float, sessions: int = 12) -> Callable[[Result], None]:
    """A live run of many sessions with latencies around 300 ms, times a factor."""

    def change(result: Result) -> None:
        result.target.kind, result.target.region = "live", "cn-beijing"
        result.target.ws_url = "wss://dashscope.aliyuncs.com/api-ws/v1/realtime"
        (one,) = result.sessions
        result.sessions = [
            msgspec.structs.replace(one, id=f"{one.id}{n}", timing={"first_audio_ms": factor * (300 + 3 * (n % 7))})
            for n in range(sessions)
        ]

    return change


class TestChecks:
    def test_a_run_and_itself(self) -> None:
        """Nothing changed, and that is said."""
        found = compared(lambda r: None)

        assert found.empty
        assert "  none" in text(msgspec.to_builtins(found))

    def test_newly_failing_and_fixed(self) -> None:
        """What fails now is newly failing, with what was seen; the other way round it is fixed."""
        broke, repaired = compared(outcome("P-usage", "fail")), compared(lambda r: None, outcome("P-usage", "fail"))

        assert [("P-usage", "pass", "fail", "seen")] == [
            (c.check, c.before, c.after, c.message) for c in broke.newly_failing
        ]
        assert ([], []) == (broke.fixed, broke.newly_skipped)
        assert [("P-usage", "fail", "pass", "seen")] == [
            (c.check, c.before, c.after, c.message) for c in repaired.fixed
        ]

    def test_no_longer_judged(self) -> None:
        """Skipped, blocked, undecided and absent: none of it is a pass, all of it is told."""
        for value in ("skipped", "blocked", "inconclusive"):
            found = compared(outcome("P-usage", value))
            assert [("P-usage", value)] == [(c.check, c.after) for c in found.newly_skipped]

        def absent(result: Result) -> None:
            result.checks = [c for c in result.checks if c.check != "P-usage"]

        assert [("P-usage", "not judged")] == [(c.check, c.after) for c in compared(absent).newly_skipped]

    def test_findings(self) -> None:
        """A finding that came, went, or blocks now is told with its party."""

        def found(*, blocking: bool) -> Callable[[Result], None]:
            about = Diagnosis(party="service", cause="service.timing", summary="slow", next_step="wait")

            def change(result: Result) -> None:
                result.findings.append(Finding(diagnosis=about, message="late", blocking=blocking))

            return change

        assert ["new"] == [f.change for f in compared(found(blocking=True)).findings]
        assert ["gone"] == [f.change for f in compared(lambda r: None, found(blocking=True)).findings]
        assert ["blocking: False before, True now"] == [
            f.change for f in compared(found(blocking=True), found(blocking=False)).findings
        ]


class TestLatency:
    def test_beyond_noise(self) -> None:
        """A move of a third over twelve sessions is told with both medians, in both directions."""
        (slower,) = compared(far_away(1.33), far_away(1.0)).latency
        (faster,) = compared(far_away(1.0), far_away(1.33)).latency

        assert ("first_audio_ms", (12, 12)) == (slower.metric, slower.samples)
        assert slower.before_ms < slower.after_ms
        assert faster.before_ms > faster.after_ms

    def test_within_noise(self) -> None:
        """A move of two per cent is none."""
        assert [] == compared(far_away(1.02), far_away(1.0)).latency

    def test_too_few(self) -> None:
        """With four sessions nothing is called moved, and that is said."""
        found = compared(far_away(3.0, sessions=4), far_away(1.0, sessions=4))

        assert [] == found.latency
        assert any("fewer than 5 sessions" in n for n in found.notes)

    def test_loopback_and_other_places(self) -> None:
        """On loopback, and between targets, latency is not compared; the difference of targets is told."""
        assert any("on loopback" in n for n in compared(lambda r: None).notes)
        found = compared(far_away(2.0))
        assert any(n.startswith("the targets differ: kind emulator before, live now") for n in found.notes)
        assert [] == found.latency


class TestBehaviour:
    def test_service(self) -> None:
        """A field that the service no longer sends, and another close code, are told though no check minds."""
        files = real_files()
        (name,) = (n for n in files if n.startswith("transcripts/"))
        files[name] = files[name].replace(b'"language_type"', b'"tongue"')

        def closed(result: Result) -> None:
            result.sessions[0].close_code = 1011

        found = diff(bundle_of(real_files()), bundle_of(forged(files, closed)))
        told = {(b.of, b.what): (b.before, b.after) for b in found.behaviour}

        assert ([1000], [1011]) == told["service", "close_code"]
        assert ("sent", None) == told["service", "session.updated session.language_type"]
        assert (None, "sent") == told["service", "session.updated session.tongue"]

    def test_sdk(self) -> None:
        """Another release of the SDK, and of what it speaks with, is told."""

        def with_sdk(release: str, client: str) -> Callable[[Result], None]:
            runtime = Runtime(
                id=f"py3.11-dashscope{release}",
                python="3.11.7",
                executable="python",
                dashscope=release,
                packages={"websocket-client": client},
            )
            return lambda result: setattr(result, "runtimes", [runtime])

        found = compared(with_sdk("2.0.2", "1.9.0"), with_sdk("1.25.0", "1.8.0")).behaviour

        assert [
            BehaviourChange(of="sdk", where="py3.11-dashscope2.0.2", what="dashscope", before="1.25.0", after="2.0.2"),
            BehaviourChange(
                of="sdk", where="py3.11-dashscope2.0.2", what="websocket-client", before="1.8.0", after="1.9.0"
            ),
        ] == found

    def test_other_rules(self) -> None:
        """Runs judged by different rules say so: the change may be ours."""
        assert any("the rules differ" in n for n in compared(lambda r: r.engine.update(rules="0")).notes)


class TestRendered:
    def test_hostile_words_stay_inert(self) -> None:
        """Escapes, markup and line breaks of a service do nothing in text or Markdown."""

        def hostile(result: Result) -> None:
            outcome("P-usage", "fail")(result)
            for check in result.checks:
                check.message = "\x1b[2J<script>alert(1)</script>\n# heading\n| a | b |"

        found = msgspec.to_builtins(compared(hostile))
        shown = "\n".join(text(found))

        assert "\x1b" not in shown
        assert "\n# heading" not in shown
        assert "<script>" not in markdown(found)
        assert "\n# heading" not in markdown(found)

    def test_json_has_everything(self) -> None:
        """The plain data name both runs and keep every list, empty ones too."""
        found = msgspec.to_builtins(compared(outcome("P-usage", "fail")))

        assert result_of(real_files()).run == found["before"]["run"]
        assert {
            "before",
            "after",
            "newly_failing",
            "fixed",
            "newly_skipped",
            "findings",
            "latency",
            "behaviour",
            "notes",
        } == set(found)
