"""The upper end of the spectrum."""

from __future__ import annotations

import numpy as np
import pytest

from tests.judgement.voices import resampled
from ttsgate.measure.pcm import to_float
from ttsgate.measure.spectrum import band_of

NOISE = np.random.default_rng(3).normal(0, 3000, 48000).astype(np.int16)


@pytest.mark.parametrize(("limit", "edge"), [(8000, 4000), (16000, 8000)])
def test_a_stretched_recording_ends_with_a_cliff(limit: int, edge: int) -> None:
    """The band of the rate that it was made for, and a steep fall."""
    band = band_of(to_float(resampled(resampled(NOISE, 24000, limit), limit, 24000)), 24000)

    assert band is not None
    assert pytest.approx(edge, abs=400) == band.hz
    assert band.drop_db > 30


def test_a_full_band() -> None:
    """Noise of the full band has no edge."""
    band = band_of(to_float(NOISE), 24000)

    assert band is not None
    assert band.hz > 11500


def test_too_little() -> None:
    """Silence and scraps have no band."""
    assert band_of(np.zeros(24000, dtype=np.float32), 24000) is None
    assert band_of(np.ones(100, dtype=np.float32), 24000) is None
