"""Small exports for other people's tools: CTRF and a badge."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from ttsgate.report.index import Index
from ttsgate.report.safe import clean
from ttsgate.result.record import CheckRecord, Outcome, Result

__all__ = ["badge_json", "ctrf_json"]

_CTRF_VERSION = "0.0.0"
"""The only version that the format has so far, see https://ctrf.io (schema of 2026)."""

_STATUS: dict[Outcome, str] = {
    "pass": "passed",
    "fail": "failed",
    "error": "other",
    "blocked": "skipped",
    "skipped": "skipped",
    "xfail": "skipped",
    "xpass": "other",
    "inconclusive": "other",
}
_COLORS = {"good": "brightgreen", "bad": "red", "warn": "orange", "ours": "purple", "calm": "lightgrey"}


def ctrf_json(result: Result) -> bytes:
    """Return the checks as CTRF: a test per check record, and one named ``verdict``.

    A check that failed without bearing on the verdict is ``other``, with ``rawStatus`` fail.
    """
    index = Index(result)
    tests = [_test(index, check) for check in result.checks]
    passed = index.headline.name == "PASS"
    tests.append({
        "name": "verdict",
        "status": "passed" if passed else "failed",
        "duration": round((index.took_s or 0) * 1000),
        "suite": [result.target.kind, "verdict"],
        "message": clean(f"{index.headline.name} exit={index.exit_code}: {index.summary} [{result.target.claim}]"),
        "rawStatus": index.headline.name,
    })  # fmt: skip
    start = _epoch_ms(result.started)
    stop = _epoch_ms(result.finished or max((s.ended for s in result.sessions), default=result.started))
    states = [test["status"] for test in tests]
    report = {
        "reportFormat": "CTRF",
        "specVersion": _CTRF_VERSION,
        "generatedBy": "ttsgate",
        "results": {
            "tool": {"name": "ttsgate", "version": clean(result.engine.get("version", "unknown"))},
            "summary": {
                "tests": len(tests),
                **{name: states.count(name) for name in ("passed", "failed", "skipped", "pending", "other")},
                "start": start,
                "stop": max(start, stop),
            },
            "tests": tests,
            "environment": {
                "testEnvironment": result.target.kind,
                "extra": {
                    "claim": clean(result.target.claim),
                    "region": clean(result.target.region or "none"),
                    "vantage": clean(result.target.vantage or "none"),
                    "run": clean(result.run),
                    "exit_code": index.exit_code,
                    "cause": clean(index.cause),
                },
            },
        },
    }
    return (json.dumps(report, ensure_ascii=False, separators=(",", ":")) + "\n").encode()


def badge_json(result: Result) -> bytes:
    """Return a badge for the shields.io endpoint; the target's kind is part of its label, never left out.

    Schema: https://shields.io/badges/endpoint-badge
    """
    index = Index(result)
    target = result.target
    place = f"{target.kind}, {target.region}" if target.region else target.kind
    color = _COLORS[index.headline.tone]
    if target.kind != "live" and index.headline.name == "PASS":
        color = "yellowgreen"  # the full green is for the real service
    badge = {
        "schemaVersion": 1,
        "label": clean(f"ttsgate ({place})"),
        "message": index.headline.name.lower(),
        "color": color,
        "isError": index.headline.name != "PASS",
    }
    return (json.dumps(badge, ensure_ascii=False) + "\n").encode()


def _test(index: Index, check: CheckRecord) -> dict[str, Any]:
    status = _STATUS[check.outcome]
    if check.outcome == "fail" and not index.decides(check):
        status = "other"
    test: dict[str, Any] = {
        "name": clean(f"{check.check} [{check.subject}]"),
        "status": status,
        "duration": 0,
        "suite": [index.result.target.kind, clean(check.stage)],
        "rawStatus": check.outcome,
    }
    said = clean(check.message or check.reason)
    if said:
        test["message"] = f"{said} [{clean(index.result.target.claim)}]"
    labels = {"model": check.model, "client": check.client, "reason": check.reason}
    test["labels"] = {name: clean(value) for name, value in labels.items() if value}
    return test


def _epoch_ms(moment: str) -> int:
    try:
        parsed = datetime.fromisoformat(moment)
    except ValueError:
        return 0
    return round((parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).timestamp() * 1000)
