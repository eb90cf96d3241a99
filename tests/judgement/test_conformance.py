"""Every rule on the hand-written corpus: broken rules are named, odd but legal sessions are not."""

from __future__ import annotations

from typing import Any

import pytest

from tests.judgement.written import CORPUS, cases, clean, result_of, view_of
from ttsgate.judgement.diagnosis import diagnose
from ttsgate.judgement.engine import judge_session
from ttsgate.judgement.registry import CHECKS
from ttsgate.result.record import CheckRecord

SOUND = {c.id for c in CHECKS.values() if c.stage == "audio"} - {"A-present", "A-container"}
"""What the corpus's triangle waves cannot pass: they are no speech."""


def judged(case: dict[str, Any]) -> list[CheckRecord]:
    return judge_session(view_of(case), [c for c in CHECKS.values() if c.id not in SOUND])


def failed_in(records: list[CheckRecord], case: dict[str, Any]) -> list[str]:
    """Ids of the checks that did not hold; drift is listed, so only where the case is about it."""
    return [
        r.check
        for r in records
        if r.outcome not in ("pass", "blocked") and (r.severity != "note" or r.check in case["fails"])
    ]


@pytest.mark.parametrize("name", ["clean-commit", "clean-server-commit"])
def test_clean(name: str) -> None:
    """A session by the book passes every check that can be read on it."""
    records = judged({"like": name, "edit": []})

    assert {"pass"} == {r.outcome for r in records}
    assert len(records) > 35


@pytest.mark.parametrize("case", cases("violations"), ids=lambda c: c["case"])
def test_violation(case: dict[str, Any]) -> None:
    """A broken rule makes exactly its check fail; all others pass or are blocked."""
    records = judged(case)

    assert case["fails"] == failed_in(records, case)
    failed = next(r for r in records if r.outcome == "fail")
    assert failed.message
    assert all(e.file for e in failed.evidence)
    findings = diagnose(result_of(checks=records))
    assert case["cause"] == (findings[0].diagnosis.cause if findings else None)
    assert len(findings) <= 1


@pytest.mark.parametrize("case", cases("unusual"), ids=lambda c: c["case"])
def test_unusual(case: dict[str, Any]) -> None:
    """What the documentation leaves open is no failure."""
    records = judged(case)

    assert case["fails"] == failed_in(records, case)


def test_every_rule_has_a_case() -> None:
    """Each session check of synthesis, conformance and timing is broken by some case of the corpus."""
    broken = {check for case in cases("violations") for check in case["fails"]}
    rules = {
        c.id
        for c in CHECKS.values()
        if c.subject == "session" and c.stage in ("synthesis", "conformance", "timing") and "frames" in c.levels
    }

    assert set() == rules - broken


def test_corpus_is_whole() -> None:
    """The clean transcripts are whole and the corpus says how to read it."""
    for name in ("clean-commit", "clean-server-commit"):
        header, entries = clean(name)
        assert [] == header["fails"]
        assert "closed" == entries[-1]["name"]
    assert (CORPUS / "README.md").is_file()
