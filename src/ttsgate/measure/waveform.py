"""The outline of a recording, for drawing."""

from __future__ import annotations

import numpy as np

from ttsgate.measure.pcm import Samples

__all__ = ["waveform"]

COLUMNS = 240
"""Enough for a page's width; a result keeps one for each session."""


def waveform(samples: Samples) -> list[list[float]]:
    """``[low, high]`` for each of at most 240 columns, -1..1, rounded to three digits."""
    width = max(1, -(-len(samples) // COLUMNS))
    columns = [samples[i : i + width] for i in range(0, len(samples), width)]
    return [[round(float(np.min(c)) / 32768, 3), round(float(np.max(c)) / 32768, 3)] for c in columns]
