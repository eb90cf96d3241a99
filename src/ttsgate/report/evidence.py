"""What a run has to say about one model: data of ``evidence/<model>.json`` and ``.md``."""

from __future__ import annotations

from typing import Any

import msgspec

from ttsgate.report.index import Index
from ttsgate.report.safe import PRE_CAP, clean
from ttsgate.result.record import Cell, CheckRecord, Finding, SessionRecord

__all__ = ["EVIDENCE_VERSION", "build"]

EVIDENCE_VERSION = 1
_MOST_CHECKS = 200
"""Checks listed one by one in a cell; the counts cover all of them, and result.json has them all."""


def build(index: Index, model: str) -> dict[str, Any]:
    """Everything about `model`, as plain and inert data; unknown models give no cells."""
    result = index.result
    cells = [c for c in result.cells if c.model == model]
    sessions = [s for c in cells for s in index.sessions_of.get(c.id, [])]
    voices = {c.voice for c in cells} | {s.utterance.voice for s in sessions}
    facts = next((m for m in index.models if m.name == model), None)
    data = {
        "evidence_version": EVIDENCE_VERSION,
        "model": model,
        "claim": result.target.claim,
        "run": result.run,
        "verdict": {
            "headline": index.headline.name,
            "exit_code": index.exit_code,
            "cause": index.cause,
            "summary": index.summary,
            "about": "the whole run, not this model alone",
        },
        "target": result.target,
        "required": facts.required if facts else False,
        "assumed_like": facts.like if facts else None,
        "sibling": facts.sibling if facts else None,
        "time_range": {
            "from": min((s.started for s in sessions), default=None),
            "to": max((s.ended for s in sessions), default=None),
        },
        "checks": index.tally_of([k for c in cells for k in index.checks_of.get(c.id, [])]),
        "cells": [_cell(index, c) for c in cells],
        "resources": [m for m in result.mutations if m.resource is not None and m.resource in voices],
        "findings": [_finding(f) for f in index.findings if model in f.models or not f.models],
        "contested_life_cycle": index.lifecycle_lines(model),
        "notes": result.notes,
    }
    plain = _inert(msgspec.to_builtins(data))
    assert isinstance(plain, dict)
    return plain


def _cell(index: Index, cell: Cell) -> dict[str, Any]:
    checks = index.checks_of.get(cell.id, [])
    telling = [c for c in checks if c.outcome != "pass"]
    runtime = next((r for r in index.result.runtimes if r.id == cell.runtime), None)
    return {
        "cell": cell.id,
        "state": cell.state or "planned",
        "reason": cell.reason,
        "client": cell.client,
        "runtime": cell.runtime,
        "python": runtime.python if runtime else None,
        "dashscope": runtime.dashscope if runtime else None,
        "mode": cell.mode,
        "format": cell.format,
        "voice": cell.voice,
        "expectation": cell.expectation,
        "sessions": [_session(index, s) for s in index.sessions_of.get(cell.id, [])],
        "checks": index.tally_of(checks),
        "checks_not_passed": [_check(c) for c in telling[:_MOST_CHECKS]],
        "checks_not_listed": max(0, len(telling) - _MOST_CHECKS),
    }


def _session(index: Index, session: SessionRecord) -> dict[str, Any]:
    utterance = msgspec.to_builtins(session.utterance)
    return {
        "session": session.id,
        "attempt": session.attempt,
        "observed": session.level,
        "started": session.started,
        "ended": session.ended,
        "request": {**utterance, "instruction_ignored": session.instruction_ignored},
        "response": {
            "finish_reason": session.finish_reason,
            "sample_rate": session.sample_rate,
            "chunks": session.chunks,
            "usage": session.usage,
            "http_status": session.http_status,
            "close_code": session.close_code,
            "code": session.code,
            "message": session.message,
            "error_class": session.error_class,
            "error": session.error,
        },
        "service_ids": session.service_ids,
        "timing": session.timing,
        "sdk_own_first_audio_ms": index.own_first_audio_ms(session),
        "audio": {
            "file": session.audio,
            "bytes": session.audio_bytes,
            "ms": session.audio_ms,
            "sha256": session.audio_sha256,
        },
        "transcript": {"file": session.transcript, "sha256": session.transcript_sha256},
    }


def _check(check: CheckRecord) -> dict[str, Any]:
    return {
        "check": check.check,
        "stage": check.stage,
        "subject": check.subject,
        "outcome": check.outcome,
        "severity": check.severity,
        "decides": check.decides,
        "message": check.message,
        "reason": check.reason,
        "evidence": check.evidence[:5],
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        **msgspec.to_builtins(finding.diagnosis),
        "blocking": finding.blocking,
        "message": finding.message,
        "checks": finding.checks[:_MOST_CHECKS],
        "evidence": finding.evidence[:5],
    }


def _inert(value: Any) -> Any:
    """Make every string of nested data inert; the originals stand in result.json and the transcripts."""
    if isinstance(value, str):
        return clean(value, cap=PRE_CAP, lines=True)
    if isinstance(value, dict):
        return {clean(k): _inert(v) for k, v in value.items()}
    return [_inert(v) for v in value] if isinstance(value, list) else value
