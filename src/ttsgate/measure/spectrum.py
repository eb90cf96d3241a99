"""How far up the spectrum of a recording really reaches."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ttsgate.measure.pcm import Floats

__all__ = ["Band", "band_of"]


@dataclass(frozen=True, slots=True)
class Band:
    """The upper end of the spectrum."""

    hz: float
    """Highest frequency with signal."""
    drop_db: float
    """Fall of the spectrum across that edge; 0 when the signal reaches the Nyquist frequency."""


def band_of(x: Floats, rate: int, *, size: int = 1024) -> Band | None:
    """The upper end of the spectrum, from the 95th percentile over frames; None for less than 0.2 s.

    A band limit left by resampling is a cliff of 40 to 70 dB; speech itself falls gently.
    """
    if len(x) < max(size, rate // 5):
        return None
    hop = max(size // 2, len(x) // 400)
    frames = np.lib.stride_tricks.sliding_window_view(x, size)[::hop] * np.hanning(size).astype(np.float32)
    power = np.abs(np.fft.rfft(frames, axis=1)) ** 2
    energy = power.sum(axis=1)
    if energy.max() <= 0:
        return None
    level = 10 * np.log10(np.percentile(power[energy > energy.max() * 1e-4], 95, axis=0) + 1e-14)
    width = max(1, int(250 / (rate / size)))
    level = np.convolve(np.pad(level, width // 2, mode="edge"), np.ones(width) / width, "valid")[: size // 2 + 1]
    f = np.arange(len(level)) * rate / size
    top = float(level[f > 0.96 * rate / 2].mean())
    highest = float(level.max())
    limit = max(highest - 80, top + 12) if top < highest - 55 else highest - 80
    edge = float(f[np.flatnonzero(level > limit)[-1]])
    below, above = level[(f > edge - 700) & (f <= edge - 100)], level[(f >= edge + 200) & (f < edge + 900)]
    return Band(edge, float(below.mean() - above.mean()) if len(below) and len(above) else 0.0)
