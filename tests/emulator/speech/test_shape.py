"""Colour, band, level."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ttsgate.emulator.speech.shape import colour, fill, level, limit
from ttsgate.emulator.speech.timbre import Timbre


def tone(hz: float, seconds: float = 0.5, amplitude: float = 0.1) -> np.ndarray:
    return (amplitude * np.sin(2 * np.pi * hz * np.arange(round(seconds * 24000)) / 24000)).astype(np.float32)


def rms_db(samples: np.ndarray) -> float:
    return float(10 * np.log10(np.mean(samples.astype(float) ** 2)))


@given(st.integers(0, 5000), st.floats(0.01, 30.0), st.integers(0, 2**32 - 1))
def test_limit_never_exceeds_and_never_grows(count: int, loudness: float, seed: int) -> None:
    """Whatever comes, nothing above -3 dBFS leaves, no sample grows or changes sign."""
    samples = (np.random.default_rng(seed).standard_normal(count) * loudness).astype(np.float32)
    out = limit(samples)
    assert len(out) == count
    assert np.abs(out).max(initial=0) <= 10 ** (-3 / 20)
    assert (np.abs(out) <= np.abs(samples) + 1e-7).all()
    assert (out * samples >= 0).all()


def test_level_is_that_of_the_active_part() -> None:
    """Silence around speech does not make it louder."""
    sound, silence = tone(300), np.zeros(24000, np.float32)
    assert rms_db(level(np.concatenate((silence, sound, silence)))[24000:36000]) == pytest.approx(-20, abs=0.2)
    assert not level(silence).any()


def test_colour_tilts() -> None:
    """A bright timbre lifts the treble against the bass by twice its tilt; the constant part goes."""
    bright = Timbre("x", 100.0, tilt_db=6.0)
    low, high = (rms_db(colour(tone(hz), bright)[2400:-2400]) - rms_db(tone(hz)) for hz in (100.0, 8000.0))
    assert high - low == pytest.approx(12, abs=0.5)
    assert abs(colour(np.full(24000, 0.5, np.float32), bright)[6000:18000].mean()) < 0.01


def test_fill_follows_the_voice() -> None:
    """Noise comes above 10 kHz while there is sound, and none in the pauses; below nothing changes."""
    sound = np.concatenate((tone(1000), np.zeros(12000, np.float32), tone(1000)))
    noise = fill(sound, 1) - sound
    assert rms_db(noise[2000:10000]) > rms_db(noise[14000:22000] + 1e-9) + 40
    power = np.abs(np.fft.rfft(noise)) ** 2
    hz = np.fft.rfftfreq(len(noise), 1 / 24000)
    assert power[hz < 9500].sum() < power.sum() * 1e-3
    assert np.array_equal(fill(sound, 1), fill(sound, 1))
    assert not np.array_equal(fill(sound, 1), fill(sound, 2))


@pytest.mark.parametrize("count", [0, 1, 100, 479])
def test_very_short_sounds(count: int) -> None:
    """Sounds shorter than a frame pass through every stage."""
    samples = np.full(count, 0.1, np.float32)
    out = limit(level(fill(colour(samples, Timbre("x", 100.0)), 3)))
    assert len(out) == count
    assert np.isfinite(out).all()
