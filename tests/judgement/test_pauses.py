"""Pauses between words: readers make them, dead lines make longer ones."""

from __future__ import annotations

import numpy as np
import pytest

from tests.judgement.voices import session, speech
from ttsgate import catalog
from ttsgate.judgement.engine import judge_session
from ttsgate.judgement.registry import CHECKS

INSTRUCT = catalog.find("qwen3-tts-instruct-flash-realtime")


def outcome(seconds: float, **asked: object) -> str | None:
    """Of A-pause, with so much silence between two halves; None when it has nothing to say."""
    sound = speech()
    middle = len(sound) // 2
    quiet = np.zeros(round(seconds * 24_000), np.int16)
    view = session(np.concatenate((sound[:middle], quiet, sound[middle:])), **asked)  # type: ignore[arg-type]
    if "instruction" in asked:
        view.model = INSTRUCT
    needed = [CHECKS[name] for name in ("A-present", "A-container", "A-silence", "A-pause")]
    return next((r.outcome for r in judge_session(view, needed) if r.check == "A-pause"), None)


@pytest.mark.parametrize(
    ("seconds", "asked", "found"),
    [
        (0.0, {}, "pass"),
        (1.2, {}, "pass"),
        (3.0, {}, "fail"),
        (3.0, {"speech_rate": 0.5}, "pass"),
        (5.0, {"speech_rate": 0.5}, "fail"),
        (3.0, {"instruction": "Pause for a long time."}, None),
    ],
)
def test_pause(seconds: float, asked: dict[str, object], found: str | None) -> None:
    """A pause is too long above two seconds, twice that at half the speed; who orders pauses gets them."""
    assert found == outcome(seconds, **asked)


def test_silence_at_the_ends_is_not_a_pause() -> None:
    """What comes before the first word and after the last has checks of its own."""
    quiet = np.zeros(3 * 24_000, np.int16)
    view = session(np.concatenate((quiet, speech(), quiet)))

    failed = {r.check for r in judge_session(view) if r.outcome == "fail"}
    assert {"A-lead-in", "A-trailing-silence"} <= failed
    assert "A-pause" not in failed
