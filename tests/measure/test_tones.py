"""A beep is found wherever it is; speech has none."""

from __future__ import annotations

import numpy as np
import pytest

from tests.judgement.voices import CHINESE, ENGLISH, session, speech
from ttsgate.judgement.engine import judge_session
from ttsgate.judgement.registry import CHECKS
from ttsgate.measure.pcm import Floats, to_float
from ttsgate.measure.tones import longest_tone


def tone(hz: float, rate: int, seconds: float = 0.6, level: float = 0.2) -> Floats:
    return np.asarray(level * np.sin(2 * np.pi * hz * np.arange(int(seconds * rate)) / rate), np.float32)


@pytest.mark.parametrize("rate", [8000, 16000, 24000, 48000])
@pytest.mark.parametrize("hz", [120, 440, 1000, 3000])
def test_tone_between_words(hz: int, rate: int) -> None:
    """With its frequency, beginning and length, at every rate."""
    noise = np.random.default_rng(3).normal(0, 0.1, rate).astype(np.float32)
    found = longest_tone(np.concatenate((noise, tone(hz, rate), noise)), rate)

    assert found is not None
    assert hz == pytest.approx(found.hz, abs=3)
    assert found.start_s == pytest.approx(1.0, abs=0.05)
    assert found.seconds == pytest.approx(0.6, abs=0.08)


@pytest.mark.parametrize("text", [ENGLISH, CHINESE])
def test_speech_holds_none(text: str) -> None:
    """Vowels have harmonics and glide."""
    found = longest_tone(to_float(speech(text)), 24000)
    assert found is None or found.seconds < 0.2


@pytest.mark.parametrize("level", [0.0, 0.003])
def test_silence_and_faint_hum_are_none(level: float) -> None:
    """Mains under a recording is no beep."""
    assert longest_tone(tone(50, 24000, level=level), 24000) is None


@pytest.mark.parametrize("place", [0, 1])
def test_beep_before_and_after_speech_is_named(place: int) -> None:
    """A second of 1 kHz beside good speech fails its own check."""
    parts = [speech(), np.asarray(32767 * tone(1000, 24000, 1.0), np.int16)]
    (found,) = judge_session(session(np.concatenate(parts if place else parts[::-1])), [CHECKS["A-tone"]])

    assert ("fail", "service.audio") == (found.outcome, found.cause)
    assert "1000 Hz" in found.message
