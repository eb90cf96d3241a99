"""JUnit XML from the result alone: ``failure`` is the target's, ``error`` is ours."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from ttsgate.report.index import Index
from ttsgate.report.safe import PRE_CAP, clean
from ttsgate.report.words import OUTCOMES
from ttsgate.result.record import CheckRecord, Result

__all__ = ["VERDICT_SUITE", "junit"]

VERDICT_SUITE = "verdict"
"""Suite with one case that stands for the run: a run in which nothing was judged must not look green."""


def junit(result: Result) -> bytes:
    """Return the checks of `result` as JUnit XML (family xunit2): a suite per stage, and one for the verdict.

    A check that failed without bearing on the verdict (severity, surveyed model, policy) is
    ``skipped`` with its message, so that a reader of JUnit never contradicts the exit code.
    """
    index = Index(result)
    root = ET.Element("testsuites", name=f"ttsgate ({clean(result.target.claim)})")
    suites = [_suite(index, stage, [_case(index, c) for c in checks]) for stage, checks in index.stages.items()]
    suites.append(_suite(index, VERDICT_SUITE, [_verdict(index)]))
    for name in ("tests", "failures", "errors", "skipped"):
        root.set(name, str(sum(int(s.get(name, "0")) for s in suites)))
    if index.took_s is not None:
        root.set("time", f"{index.took_s:.3f}")
    root.extend(suites)
    ET.indent(root)
    return ('<?xml version="1.0" encoding="utf-8"?>\n' + str(ET.tostring(root, encoding="unicode")) + "\n").encode()


def _suite(index: Index, name: str, cases: list[ET.Element]) -> ET.Element:
    result = index.result
    suite = ET.Element("testsuite", name=f"{result.target.kind}: {clean(name)}")
    suite.set("tests", str(len(cases)))
    for attribute, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(attribute, str(sum(c.find(tag) is not None for c in cases)))
    suite.set("timestamp", clean(result.started))
    properties = ET.SubElement(suite, "properties")
    facts = {
        "target": result.target.kind,
        "claim": result.target.claim,
        "region": result.target.region or "none",
        "vantage": result.target.vantage or "none",
        "run": result.run,
        "bundle": index.bundle,
    }
    for key, value in facts.items():
        ET.SubElement(properties, "property", name=key, value=clean(value))
    suite.extend(cases)
    return suite


def _case(index: Index, check: CheckRecord) -> ET.Element:
    kind = index.result.target.kind
    place = [kind, check.stage, *([check.client] if check.client else [])]
    case = ET.Element("testcase", name=clean(f"{check.check} [{check.subject}]"), classname=clean(".".join(place)))
    case.set("time", "0.000")
    said = clean(check.message or check.reason or OUTCOMES[check.outcome].word)
    label = f"[{clean(index.result.target.claim)}]"
    if check.outcome == "error":
        _child(case, "error", f"{said} {label}", kind="harness", body=_body(check))
    elif check.outcome == "fail" and index.decides(check):
        _child(case, "failure", f"{said} {label}", kind=check.check, body=_body(check))
    elif check.outcome != "pass":
        word = "warning, does not decide" if check.outcome == "fail" else OUTCOMES[check.outcome].word
        reason = f" ({clean(check.reason)})" if check.reason else ""
        _child(case, "skipped", f"{word}{reason}: {said} {label}", kind=check.outcome)
    return case


def _verdict(index: Index) -> ET.Element:
    case = ET.Element("testcase", name="verdict", classname=f"{index.result.target.kind}.verdict", time="0.000")
    word = index.headline.name
    said = f"{word} exit={index.exit_code} cause={clean(index.cause)}: {clean(index.summary)} "
    said += f"[{clean(index.result.target.claim)}]"
    if word in ("ERROR", "RUNNING", "INTERRUPTED"):
        _child(case, "error", said, kind=word.lower())
    elif word != "PASS":
        _child(case, "failure", said, kind=word.lower())
    return case


def _body(check: CheckRecord) -> str:
    lines = [check.message]
    for pointer in check.evidence[:5]:
        place = ", ".join(
            f"{k} {v}" for k, v in (("frame", pointer.frame), ("sample", pointer.sample)) if v is not None
        )
        lines.append(f"{pointer.file or ''} {place} {pointer.quote or ''}")
    return "\n".join(clean(line, cap=PRE_CAP) for line in lines)


def _child(case: ET.Element, tag: str, message: str, *, kind: str, body: str = "") -> None:
    child = ET.SubElement(case, tag, message=message, type=clean(kind))
    child.text = body or None
