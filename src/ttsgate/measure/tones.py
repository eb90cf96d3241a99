"""Steady pure tones: beeps, dial tones, test signals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ttsgate.measure.levels import runs
from ttsgate.measure.pcm import Floats

__all__ = ["Tone", "longest_tone"]

FRAME_S, HOP_S = 0.04, 0.02
"""Frames of 40 ms tell 25 Hz apart."""
PURE = 0.95
"""Share of a frame's power within two bins of its peak.  Vowels have harmonics and hum has breath; a voice falsetto on
[u] comes near, and does not hold still."""
STEADY = 0.01
"""Most change of frequency from one frame to the next, as a logarithm: pitch of people jitters and glides by more, a
monotone robot has harmonics."""
LEVEL_DB = 1.0
"""Most change of level from one frame to the next: speech moves by several."""
LOUD_DB = -45.0
"""Mean level of a frame that counts; hum of mains under a recording lies lower."""


@dataclass(frozen=True, slots=True)
class Tone:
    """A steady pure tone."""

    start_s: float
    """Where it begins, seconds."""
    seconds: float
    """How long it lasts."""
    hz: float
    """Its frequency."""


def longest_tone(x: Floats, rate: int) -> Tone | None:
    """The longest stretch of one steady pure tone; None where no two frames hold one."""
    size, hop = round(FRAME_S * rate), round(HOP_S * rate)
    if len(x) < size + hop:
        return None
    frames = np.lib.stride_tricks.sliding_window_view(x, size)[::hop] * np.hanning(size).astype(np.float32)
    power = np.abs(np.fft.rfft(frames, axis=1)) ** 2
    power[:, 0] = 0.0
    total = power.sum(axis=1) + 1e-20
    rows = np.arange(len(power))
    peak = np.clip(power.argmax(axis=1), 2, power.shape[1] - 3)
    near = power[rows[:, None], peak[:, None] + np.arange(-2, 3)]
    # Log power of a Hann window is nearly a parabola at its peak.
    low, mid, high = np.log(near[:, 1:4] + 1e-20).T
    bend = np.minimum(low - 2 * mid + high, -1e-9)
    hz = (peak + np.clip(0.5 * (low - high) / bend, -0.5, 0.5)) * rate / size
    level = 10 * np.log10(total / (0.375 * size * size / 2))
    pure = (near.sum(axis=1) > PURE * total) & (level > LOUD_DB)
    held = pure[1:] & pure[:-1] & (np.abs(np.diff(np.log(hz))) < STEADY) & (np.abs(np.diff(level)) < LEVEL_DB)
    found = runs(held)
    if not len(found):
        return None
    start, end = max(found, key=lambda pair: int(pair[1] - pair[0]))
    return Tone(float(start * HOP_S), float((end - start) * HOP_S + FRAME_S), float(np.median(hz[start : end + 1])))
