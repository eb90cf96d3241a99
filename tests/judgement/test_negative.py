"""What is said of the service's reaction to a wrong request."""

from __future__ import annotations

from typing import Any

import pytest

from ttsgate import judgement
from ttsgate.judgement.diagnosis import diagnose
from ttsgate.judgement.engine import judge_observation
from ttsgate.judgement.negative import told
from ttsgate.result.record import Before, Observation, Result, Target

judgement.load_all()


def observed(probe: str, outcome: str, **more: Any) -> Observation:
    """A reaction."""
    return Observation(**{"probe": probe, "model": "m", "sent": "what was sent", "outcome": outcome, **more})


def failing(seen: Observation) -> list[str]:
    """Checks that do not hold."""
    return [c.check for c in judge_observation(seen) if c.outcome == "fail"]


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        (observed("bad-key", "refused", http_status=401), []),
        (observed("bad-key", "refused", http_status=403), []),
        (observed("bad-key", "refused", http_status=404), ["O-bad-key"]),
        (observed("bad-key", "accepted"), ["O-bad-key"]),
        (observed("empty-commit", "error"), []),
        (observed("empty-commit", "ignored"), ["O-empty-commit"]),
        (observed("empty-commit", "accepted"), ["O-empty-commit"]),
        (observed("empty-commit", "silent"), []),
        (observed("late-update", "accepted"), []),
        (observed("late-update", "error", code="invalid_value", message="Session update error: started"), []),
        (observed("late-update", "error", code="other", message="no"), ["O-late-update"]),
        (observed("late-update", "ignored"), ["O-update-answered"]),
        (observed("late-update", "accepted", characters=3), ["O-unspoken"]),
        (observed("unknown-voice", "accepted"), ["O-assumed"]),
        (observed("bad-rate", "closed", close_code=1000), ["O-update-answered", "O-assumed"]),
        (observed("unknown-model", "closed"), []),
        (observed("unknown-model", "refused", http_status=404), ["O-assumed"]),
        (observed("bad-json", "closed", close_code=1007), ["O-assumed"]),
        (observed("binary-frame", "ignored"), ["O-assumed"]),
    ],
    ids=lambda v: f"{v.probe} {v.outcome}" if isinstance(v, Observation) else None,
)
def test_what_does_not_hold(seen: Observation, expected: list[str]) -> None:
    """What is documented fails its own check; what is our assumption is noted in one."""
    assert expected == failing(seen)


@pytest.mark.parametrize(
    "change",
    [
        {"outcome": "ignored"},
        {"after": "closed"},
        {"code": "other"},
        {"message": "other"},
        {"close_code": 1007},
        {"http_status": 400},
    ],
)
def test_a_change_is_said_with_both_answers(change: dict[str, Any]) -> None:
    """Every part of the behaviour counts; the run that it is compared with is named."""
    same: dict[str, Any] = {"outcome": "error", "after": "open", "code": "invalid_value", "message": "no"}
    before = Before(run="20261101T000000Z-0001", **same)
    assert [] == failing(observed("bad-json", **same, before=before, ms=1.0))

    (record,) = [
        c
        for c in judge_observation(observed("bad-json", **{**same, **change}, before=before))
        if c.check == "O-changed"
    ]
    assert ("fail", "warn", "service.changed") == (record.outcome, record.severity, record.cause)
    assert "20261101T000000Z-0001" in record.message
    assert told(before) in record.message


def test_nothing_observed_nothing_said() -> None:
    """A request that could not be made leaves no outcome, whatever was seen before."""
    before = Before(run="r", outcome="error")

    assert [] == judge_observation(observed("bad-json", "not-observed", before=before))
    unseen = Before(run="r", outcome="not-observed")
    assert "O-changed" not in {c.check for c in judge_observation(observed("bad-json", "error", before=unseen))}


def test_findings_do_not_block() -> None:
    """A change is a warning against the service; on our own emulator it is our own bug; assumptions are no findings."""
    records = [c for p in ("empty-commit", "bad-json") for c in judge_observation(observed(p, "ignored"))]
    live = Target(kind="live", claim="live", ws_url="wss://x", http_url="https://x")
    ours = Target(kind="emulator", claim="emulated", ws_url="ws://x", http_url="http://x")

    def found(target: Target) -> list[tuple[str, str, bool]]:
        findings = diagnose(Result(run="r", started="2026-11-24T00:00:00Z", target=target, checks=records))
        return [(f.diagnosis.party, f.diagnosis.cause, f.blocking) for f in findings]

    assert [("service", "service.lax", False)] == found(live)
    assert [("harness", "harness.emulator", False)] == found(ours)
