"""The speech detector."""

from __future__ import annotations

import numpy as np
import pytest

from tests.judgement.voices import resampled, speech
from ttsgate.measure.activity import likeness, speech_probabilities
from ttsgate.measure.pcm import to_float


@pytest.mark.parametrize("rate", [8000, 16000, 24000, 48000])
def test_speech_is_heard_at_every_rate(rate: int) -> None:
    """Most of the sound of a sentence is speech."""
    samples = resampled(speech(), 24000, rate)
    activity = speech_probabilities(to_float(samples), rate)

    assert activity.speech_s > 0.6 * activity.sounding_s
    assert (likeness(activity) or 0) > 4


def test_noise_and_tones_are_none() -> None:
    """Neither is speech, nor is silence."""
    noise = np.random.default_rng(4).normal(0, 0.1, 48000).astype(np.float32)
    tone = (np.sin(np.arange(48000) / 9) / 2).astype(np.float32)

    for sound in (noise, tone, np.zeros(48000, dtype=np.float32)):
        assert speech_probabilities(sound, 24000).speech_s < 0.2
    assert likeness(speech_probabilities(noise, 24000)) is None


def test_the_same_twice() -> None:
    """The detector's memory does not reach from one recording to the next."""
    x = to_float(speech())

    assert (
        speech_probabilities(x, 24000).probabilities.tolist() == speech_probabilities(x, 24000).probabilities.tolist()
    )


def test_a_limit() -> None:
    """Only so many seconds are listened to."""
    assert speech_probabilities(to_float(speech()), 24000, most_s=1.0).sounding_s <= 1.03
