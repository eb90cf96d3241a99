"""Level, clipping, offset and silence."""

from __future__ import annotations

import numpy as np
import pytest

from ttsgate.measure.levels import levels_of, runs


def tone(level: float, seconds: float = 1.0) -> np.ndarray[tuple[int], np.dtype[np.int16]]:
    return (level * 32767 * np.sin(np.arange(round(24000 * seconds)) * 2 * np.pi * 440 / 24000)).astype(np.int16)


def test_a_tone() -> None:
    """Half of full scale: peak -6 dB, mean -9 dB, nothing clipped, no offset."""
    levels = levels_of(tone(0.5), 24000)

    assert pytest.approx(-6.0, abs=0.1) == levels.peak_db
    assert pytest.approx(-9.0, abs=0.1) == levels.rms_db
    assert 0 == levels.clipped
    assert pytest.approx(0.0, abs=1e-3) == levels.dc


def test_where_sound_begins_and_ends() -> None:
    """To ten milliseconds."""
    still = np.zeros(12000, dtype=np.int16)
    levels = levels_of(np.concatenate([still, tone(0.3), still]), 24000)

    assert pytest.approx(0.5, abs=0.011) == levels.first_s
    assert pytest.approx(1.5, abs=0.011) == levels.last_s
    assert -120 == levels.floor_db


def test_clipping_counts_runs() -> None:
    """Every half wave of an overdriven tone is one run."""
    loud = np.clip(tone(0.5).astype(np.int32) * 4, -32768, 32767).astype(np.int16)

    assert 870 <= levels_of(loud, 24000).clipped <= 890


def test_nothing() -> None:
    """No samples, no exception."""
    assert levels_of(np.zeros(0, dtype=np.int16), 24000).first_s is None


def test_runs() -> None:
    """Start and end of each run of True."""
    assert [[0, 1], [3, 5]] == runs(np.array([True, False, False, True, True])).tolist()
