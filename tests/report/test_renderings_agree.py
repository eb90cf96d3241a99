"""Every rendering is parsed again and held against the result that it came from."""

from __future__ import annotations

import json
import re
from collections import Counter
from html.parser import HTMLParser
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from tests.report.samples import SAMPLES
from ttsgate.report import github, render, terminal
from ttsgate.report.index import Index
from ttsgate.report.junit import VERDICT_SUITE
from ttsgate.result.record import Result


class Facts(HTMLParser):
    """Collects the data attributes of a report."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: dict[str, list[str]] = {}
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name.startswith("data-"):
                self.found.setdefault(name, []).append(value or "")


def pairs(text: str) -> dict[str, str]:
    """The key=value lines of ``validate.txt``."""
    return dict(line.split("=", 1) for line in text.splitlines()[1:])


def silence(_name: str) -> bytes | None:
    """No audio at hand."""
    return None


class TestVerdict:
    def test_is_the_same_everywhere(self, result: Result) -> None:
        """Text, HTML, JUnit, CTRF, badge, Markdown, terminal and outputs give one verdict and one exit code."""
        index = Index(result)
        word, code = index.headline.name, str(index.exit_code)
        text = pairs(render.validate_txt(result))
        html = Facts(render.html(result, audio=silence)).found
        closing = terminal.lines(result, color=False)[-1]
        outputs = github.outputs(result)
        ctrf = json.loads(render.ctrf_json(result))["results"]

        assert (word, code) == (text["verdict"], text["exit_code"])
        assert ([word], [code]) == (html["data-verdict"], html["data-exit-code"])
        assert closing.startswith(f"ttsgate: {word} exit={code} cause=")
        assert (word, code) == (outputs["verdict"], outputs["exit-code"])
        assert word.lower() == json.loads(render.badge_json(result))["message"]
        assert word == ctrf["tests"][-1]["rawStatus"]
        assert f"ttsgate: {word}" in render.summary_md(result).splitlines()[0]
        for model in result.models:
            evidence = json.loads(render.evidence_json(result, model.name))
            assert (word, int(code)) == (evidence["verdict"]["headline"], evidence["verdict"]["exit_code"])

    def test_the_target_and_its_claim_are_everywhere(self, result: Result) -> None:
        """No rendering can be shown without what kind of target it came from."""
        kind, claim = result.target.kind, result.target.claim
        html = render.html(result, audio=silence)

        assert (kind, claim) == (lambda t: (t["target"], t["claim"]))(pairs(render.validate_txt(result)))
        assert [kind] == Facts(html).found["data-target"]
        assert html.count("<h2 ") <= html.count(f'class="claim {kind}"')
        assert claim in render.summary_md(result).splitlines()[0]
        assert kind in json.loads(render.badge_json(result))["label"]
        assert kind == json.loads(render.ctrf_json(result))["results"]["environment"]["testEnvironment"]
        assert f"target={kind} " in terminal.lines(result, color=False)[-1]
        for suite in ET.fromstring(render.junit(result)).iter("testsuite"):
            assert (suite.get("name") or "").startswith(f"{kind}: ")
        for model in result.models:
            assert claim == json.loads(render.evidence_json(result, model.name))["claim"]
            assert claim in render.evidence_md(result, model.name).splitlines()[0]

    def test_only_a_pass_opens_with_the_magic_word(self, result: Result) -> None:
        """`py_compile_ok` stands on line 1 of a pass, and nowhere else."""
        text = render.validate_txt(result)

        assert (text.splitlines()[0] == "py_compile_ok") == (Index(result).headline.name == "PASS")
        assert text.count("py_compile_ok") == (text.splitlines()[0] == "py_compile_ok")


class TestCounts:
    def test_of_checks(self, result: Result) -> None:
        """Every rendering that counts checks counts what the result holds."""
        counts = result.counts()
        text = pairs(render.validate_txt(result))["counts"]
        outputs = json.loads(github.outputs(result)["counts"])
        ctrf = json.loads(render.ctrf_json(result))["results"]
        raw = Counter(t["rawStatus"] for t in ctrf["tests"] if t["name"] != "verdict")
        closing = re.search(r"checks=(\S+)", terminal.lines(result, color=False)[-1])
        assert closing is not None

        assert counts == {} if text == "none" else counts == {k: int(v) for k, v in _split(text, " ")}
        assert counts == outputs
        assert counts == dict(raw)
        assert counts == ({} if closing[1] == "none" else {k: int(v) for k, v in _split(closing[1], ",")})
        assert Index(result).tally in render.summary_md(result)

    def test_of_junit(self, result: Result) -> None:
        """JUnit has one case per check and one for the run; its own sums are right."""
        root = ET.fromstring(render.junit(result))
        suites = [s for s in root if not (s.get("name") or "").endswith(f": {VERDICT_SUITE}")]
        cases = [c for s in suites for c in s.iter("testcase")]
        index = Index(result)
        failures = sum(c.outcome == "fail" and index.decides(c) for c in result.checks)
        errors = sum(c.outcome == "error" for c in result.checks)
        passed = sum(c.outcome == "pass" for c in result.checks)

        assert len(result.checks) == len(cases)
        assert failures == sum(c.find("failure") is not None for c in cases)
        assert errors == sum(c.find("error") is not None for c in cases)
        assert passed == sum(len(c) == 0 for c in cases)
        for name, tag in (("tests", "testcase"), ("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            assert int(root.get(name) or -1) == len(list(root.iter(tag)))
            assert int(root.get(name) or -1) == sum(int(s.get(name) or 0) for s in root)

    def test_of_ctrf(self, result: Result) -> None:
        """CTRF's summary is the sum of its tests."""
        report = json.loads(render.ctrf_json(result))["results"]
        states = Counter(t["status"] for t in report["tests"])

        assert len(result.checks) + 1 == report["summary"]["tests"] == len(report["tests"])
        for name in ("passed", "failed", "skipped", "pending", "other"):
            assert states[name] == report["summary"][name]

    def test_of_cells_and_sessions(self, result: Result) -> None:
        """The page and the evidence show every planned cell and every session, run or not."""
        found = Facts(render.html(result, audio=silence)).found
        states = [c.state or "planned" for c in result.cells]
        evidence: list[dict[str, Any]] = [
            cell
            for model in Index(result).models
            for cell in json.loads(render.evidence_json(result, model.name))["cells"]
        ]

        assert Counter(states) == Counter(found.get("data-state", []))
        assert len(result.sessions) == len(found.get("data-session", []))
        assert Counter(states) == Counter(c["state"] for c in evidence)
        assert len(result.sessions) == sum(len(c["sessions"]) for c in evidence)

    def test_of_findings(self, result: Result) -> None:
        """Page and annotations carry every finding, with the party at fault."""
        found = Facts(render.html(result, audio=silence)).found
        parties = Counter(f.diagnosis.party for f in result.findings)

        assert parties == Counter(found.get("data-party", []))
        assert sum(not f.blocking for f in result.findings) == found.get("data-blocking", []).count("no")


class TestDeterminism:
    @pytest.mark.parametrize("name", ["fail", "twenty", "hostile"])
    def test_the_same_result_gives_the_same_bytes(self, name: str, recording: bytes) -> None:
        """Two renderings of two equal results are equal, audio copies included."""
        first, second = (
            (
                render.html(r, audio=lambda _: recording),
                render.junit(r),
                render.ctrf_json(r),
                render.summary_md(r),
                render.evidence_json(r, r.cells[0].model),
                render.evidence_md(r, r.cells[0].model),
                render.validate_txt(r),
            )
            for r in (SAMPLES[name](), SAMPLES[name]())
        )

        assert first == second


def _split(text: str, separator: str) -> list[list[str]]:
    return [part.split(":") for part in text.split(separator)]
