"""Checks of steps: what each read of the way to the service, and each change in the account, comes to."""

from __future__ import annotations

from typing import Any

import pytest

from ttsgate.judgement import load_all
from ttsgate.judgement.engine import judge_step
from ttsgate.judgement.registry import CHECKS
from ttsgate.judgement.stages import STEP_CHECKS
from ttsgate.probes.connectivity import STEPS
from ttsgate.result.record import ConnectivityStep

load_all()


def judged(name: str, outcome: Any = "pass", **more: Any) -> dict[str, tuple[str, str | None]]:
    """Check -> outcome and cause, for one step."""
    step = ConnectivityStep(name=name, url="http://x", outcome=outcome, **more)
    return {r.check: (r.outcome, r.cause) for r in judge_step(step)}


def test_every_step_is_read() -> None:
    """Each step that is taken has a check, and each check on steps has one."""
    assert set(STEPS) <= set(STEP_CHECKS)
    assert {c.id for c in CHECKS.values() if c.subject == "step"} == {i for ids in STEP_CHECKS.values() for i in ids}


def test_a_list_without_our_models() -> None:
    """A key that sees no speech model is told apart from a list that fails."""
    none = judged("models", facts={"models": []}, detail="3 models visible")
    some = judged("models", facts={"models": ["qwen3-tts-flash-realtime"]}, detail="3 models visible")
    broken = judged("models", "fail", detail="TimeoutError: nothing", facts={"error_class": "TimeoutError"})

    assert ("fail", "lifecycle.unavailable") == none["N-models-listed"]
    assert "pass" == none["N-models"][0]
    assert "pass" == some["N-models-listed"][0]
    assert ("fail", "service.hang") == broken["N-models"]
    assert "blocked" == broken["N-models-listed"][0]


@pytest.mark.parametrize(
    ("name", "check", "more", "cause"),
    [
        ("voice-create:m", "N-voice-create", {"status": 500, "code": "InternalError", "message": "x"}, "service.error"),
        ("voice-create:m", "N-voice-create", {"status": 200, "cause": "service.setting"}, "service.setting"),
        (
            "voice-create:m",
            "N-voice-create",
            {"status": 400, "code": "Throttling.AllocationQuota", "message": "x"},
            "quota.allocated",
        ),
        ("voice-list:v", "N-voice-listed", {"status": 200, "cause": "service.voice"}, "service.voice"),
        ("voice-delete:v", "N-voice-delete", {"status": 500, "code": "InternalError"}, "service.error"),
    ],
)
def test_voices(name: str, check: str, more: dict[str, Any], cause: str) -> None:
    """What making, listing and deleting a voice came to is read by its own check, whatever voice it was."""
    assert {check: ("fail", cause)} == judged(name, "fail", detail="x", **more)
    assert {check: ("pass", None)} == judged(name, detail="x")
