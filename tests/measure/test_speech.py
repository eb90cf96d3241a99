"""Syllables, pitch and vocal tract, on sounds whose truth is known."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from tests.judgement.voices import ENGLISH, resampled, speech
from ttsgate.measure.pcm import to_float
from ttsgate.measure.speech import analyse, nuclei_of, pitch_track
from ttsgate.measure.text import expect


def syllables(count: int, rate: float, *, pitch: float = 120.0, sr: int = 24000) -> npt.NDArray[np.int16]:
    """A buzz of `pitch` that swells `count` times, `rate` a second."""
    t = np.arange(round(sr * count / rate)) / sr
    buzz = sum(np.sin(2 * np.pi * pitch * k * t) / k for k in range(1, 30))
    made: npt.NDArray[np.int16] = (6000 * buzz * np.clip(np.sin(np.pi * rate * t) ** 2, 0.02, 1)).astype(np.int16)
    return made


@pytest.mark.parametrize("rate", [3.0, 5.0, 7.5])
@pytest.mark.parametrize("sr", [8000, 16000, 24000, 48000])
def test_nuclei_are_counted(rate: float, sr: int) -> None:
    """As many as were made, at every speed and sample rate."""
    places, _ = nuclei_of(to_float(syllables(12, rate, sr=sr)), sr)

    assert 12 == len(places)


def test_pauses_do_not_count_as_speech() -> None:
    """A second of silence in the middle is taken out, a short closure is not."""
    part = syllables(4, 4.0)
    _, short = nuclei_of(to_float(np.concatenate([part, np.zeros(2400, dtype=np.int16), part])), 24000)
    _, long = nuclei_of(to_float(np.concatenate([part, np.zeros(24000, dtype=np.int16), part])), 24000)

    assert pytest.approx(2.0, abs=0.2) == long
    assert pytest.approx(2.1, abs=0.2) == short


@pytest.mark.parametrize("hz", [75.0, 120.0, 220.0, 380.0])
def test_pitch(hz: float) -> None:
    """Within a semitone from deep men to children, no octave errors."""
    pitch, _ = pitch_track(to_float(syllables(8, 3.0, pitch=hz)), 24000)

    assert pytest.approx(hz, rel=0.06) == float(np.median(pitch[pitch > 0]))


def test_real_speech() -> None:
    """An English sentence has about its syllables, a human pitch and a human vocal tract."""
    found = analyse(speech(), 24000)

    assert 0.75 < found.nuclei / expect(ENGLISH).syllables < 1.4
    assert found.pitch_hz is not None
    assert 60 < found.pitch_hz < 400
    assert found.tract is not None
    assert 0.8 < found.tract < 1.6


def test_a_wrong_rate_moves_everything_by_one_factor() -> None:
    """Samples of 16 kHz read as 24 kHz: 1.5 times the pitch and the syllables a second, the same syllables."""
    true, wrong = analyse(speech(), 24000), analyse(resampled(speech(), 24000, 16000), 24000)

    assert pytest.approx(1.5, rel=0.08) == (wrong.pitch_hz or 0) / (true.pitch_hz or 1)
    assert pytest.approx(1 / 1.5, rel=0.08) == wrong.active_s / true.active_s
    assert abs(wrong.nuclei - true.nuclei) <= 3


@pytest.mark.parametrize("samples", [np.zeros(0), np.zeros(24000), np.ones(100), np.full(24000, 7)])
def test_nothing_to_measure(samples: npt.NDArray[np.float64]) -> None:
    """Silence, constants and scraps give empty numbers, no exceptions."""
    assert analyse(samples.astype(np.int16), 24000).pitch_hz is None
