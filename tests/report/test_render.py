from __future__ import annotations

import json

from tests.report.samples import FIVE, SAMPLES, build, failing, hostile, session
from ttsgate.report import render
from ttsgate.result.record import Skip


class TestValidateTxt:
    def test_of_a_pass(self) -> None:
        """The whole file, line by line."""
        assert [
            "py_compile_ok",
            "verdict=PASS",
            "exit_code=0",
            "cause=none",
            "summary=every deciding check held",
            "target=emulator",
            "claim=emulated, not live",
            "region=none",
            "vantage=none",
            "py_compile=ok 2/2",
            "counts=skipped:1 pass:71",
            f"models={','.join(FIVE)}",
            "started=2026-11-22T02:00:00.000Z",
            "finished=2026-11-22T02:00:17.300Z",
            "bundle=runs/20261122T020000Z-3f9a",
        ] == render.validate_txt(build()).splitlines()

    def test_line_one(self) -> None:
        """Each way that a run can end has its word."""
        words = {
            "pass": "py_compile_ok",
            "fail": "FAIL",
            "key": "FAIL",
            "harness": "ERROR",
            "inconclusive": "INCONCLUSIVE",
            "interrupted": "INTERRUPTED",
            "running": "RUNNING",
            "script": "FAIL",
            "nothing": "FAIL",
        }
        for name, word in words.items():
            assert word == render.validate_txt(SAMPLES[name]()).splitlines()[0]

    def test_a_pass_with_doubtful_scripts_is_none(self) -> None:
        """No script, an undecided one or a broken one: the word that says they compile is not written."""
        empty, undecided, broken = build(), build(), build()
        empty.scripts = []
        undecided.scripts[0].ok = None
        broken.scripts[0].ok = False

        lines = [render.validate_txt(r).splitlines()[0] for r in (empty, undecided, broken)]
        assert ["INCONCLUSIVE", "INCONCLUSIVE", "FAIL"] == lines

    def test_no_string_can_add_a_line(self) -> None:
        """A value with a line break cannot pose as another key."""
        result = failing()
        assert result.verdict is not None
        result.verdict.summary = "broken\nverdict=PASS\rexit_code=0"

        text = render.validate_txt(result)
        assert 1 == sum(line.startswith("verdict=") for line in text.splitlines())
        assert len(text.splitlines()) == 15


class TestSummary:
    def test_shows_matrix_findings_and_runtimes(self) -> None:
        """One screen: verdict and claim, findings with next step, the table with each runtime."""
        text = render.summary_md(SAMPLES["two-runtimes"]())
        failed = render.summary_md(failing())

        assert "Python 3.10.13, dashscope 1.25.11" in text
        assert "refused, as expected<br>`400 InvalidParameter`" in text
        assert "✗ decides | service | Responses end without response.done" in failed

    def test_tables_are_whole(self) -> None:
        """Every row of a table has as many cells as its head, hostile strings or not."""
        for name in ("pass", "fail", "twenty", "two-runtimes", "hostile"):
            widths: list[int] = []
            for line in render.summary_md(SAMPLES[name]()).splitlines():
                if not line.startswith("|"):
                    widths = []
                    continue
                widths.append(line.replace("\\|", "").count("|"))
                assert widths[0] == widths[-1], line

    def test_gives_up_sections_to_stay_below_the_limit(self) -> None:
        """Detail goes first, the verdict never, and what is missing is said."""
        result = failing()
        cell = result.cells[0]
        result.sessions = [session(cell, id=f"{cell.id}-{n}") for n in range(12_000)]
        text = render.summary_md(result)

        assert len(text.encode()) < render.SUMMARY_LIMIT
        assert "Left out to stay below the size limit: timing." in text
        assert "### Findings" in text

        result.skips = [Skip(subject="x" * 500, code="needs-voice", why="y" * 500) for _ in range(2_000)]
        text = render.summary_md(result)
        assert len(text.encode()) < render.SUMMARY_LIMIT
        assert "timing, skips." in text


class TestEvidence:
    def test_holds_what_the_design_promises(self) -> None:
        """Region, vantage, endpoint, workspace, resource ids, voice, time range, parameters, summaries, findings."""
        data = json.loads(render.evidence_json(failing(), FIVE[3]))

        assert {"kind", "claim", "ws_url", "http_url", "region", "vantage", "workspace"} <= set(data["target"])
        assert ["v-design-3f9a"] == [m["resource"] for m in data["resources"]]
        assert {"from": "2026-11-22T02:00:11.104Z", "to": "2026-11-22T02:00:23.611Z"} == data["time_range"]
        assert 2 == len(data["contested_life_cycle"])
        assert ["service", "sdk"] == [f["party"] for f in data["findings"]]
        wire, _sdk, http = data["cells"]
        assert ("v-design-3f9a", "frames") == (wire["voice"], wire["sessions"][0]["observed"])
        assert {"text", "voice", "instruction_ignored"} <= set(wire["sessions"][0]["request"])
        assert ("stop", 25) == (lambda r: (r["finish_reason"], r["chunks"]))(wire["sessions"][0]["response"])
        assert "P-response-done" == wire["checks_not_passed"][0]["check"]
        assert ("InvalidParameter", 400) == (lambda r: (r["code"], r["http_status"]))(http["sessions"][0]["response"])
        assert "2.0.2" == http["dashscope"]

    def test_of_another_model_leaves_this_one_out(self) -> None:
        """Findings and cells of other models do not stand in a model's evidence."""
        result = failing()
        result.findings[1].models = [FIVE[0]]
        data = json.loads(render.evidence_json(result, FIVE[1]))

        assert {FIVE[1]} == {c["cell"].split(".")[0] for c in data["cells"]}
        assert ["sdk"] == [f["party"] for f in data["findings"]]

    def test_of_an_unknown_model_is_empty(self) -> None:
        """Asking for what did not take part gives evidence without cells, not an error."""
        data = json.loads(render.evidence_json(build(), "qwen9"))

        assert ([], {"from": None, "to": None}) == (data["cells"], data["time_range"])
        assert "None was planned for this model." in render.evidence_md(build(), "qwen9")

    def test_markdown_shows_the_same(self) -> None:
        """The text for people has ids, timing, digests and the contested life cycle."""
        text = render.evidence_md(failing(), FIVE[3])

        for part in ("`sess_0010`", "`first_audio_ms`", "sha256", "third-party transcription", "`v-design-3f9a`"):
            assert part in text
        assert "Contested life cycle" not in render.evidence_md(failing(), FIVE[0])

    def test_hostile_strings_are_inert(self) -> None:
        """JSON and Markdown carry no escape, override or live markup, and stay small."""
        result = hostile()
        data, text = render.evidence_json(result, FIVE[1]), render.evidence_md(result, FIVE[1])

        for bad in ("\u202e", "\x1b", "\x00"):
            assert bad not in text
        for bad in ("\u202e", "\\u001b", "\\u0000"):
            assert bad not in data.decode()
        assert len(data) < 200_000
