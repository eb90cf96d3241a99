"""Samples after the engine: colour, band, level. Pure functions of arrays at `MASTER_RATE`.

Level: the active parts (20 ms frames within 30 dB of the loudest) are brought to -21 dBFS RMS, which is about
-20 LUFS; peaks stay at or below -3.1 dBFS by a look-ahead limiter, so nothing ever clips. Nothing below 30 Hz
remains, so there is no DC.
"""

from __future__ import annotations

import functools

import numpy as np

from ttsgate.emulator.speech.synth import MASTER_RATE, Samples
from ttsgate.emulator.speech.timbre import Colour

__all__ = ["colour", "level", "limit"]

_TARGET_RMS = 10 ** (-21 / 20)
_CEILING = 10 ** (-3.1 / 20)


def _fft_length(n: int) -> int:
    """The next length >= n that is 2**k or 3 * 2**k or 5 * 2**k: fast to transform."""
    power = 1 << max(0, (n - 1).bit_length() - 3)
    return next(power * factor for factor in (4, 5, 6, 8, 10) if power * factor >= n)


@functools.lru_cache(maxsize=64)
def _gains(tone: Colour, length: int) -> Samples:
    hz = np.fft.rfftfreq(length, 1 / MASTER_RATE)
    points = np.array(tone.curve)
    decibels = np.interp(np.log(np.maximum(hz, 1.0)), np.log(points[:, 0]), points[:, 1])
    return np.asarray(10 ** (decibels / 20) * np.clip((hz - 30) / 20, 0, 1), np.float32)


def colour(samples: Samples, tone: Colour) -> Samples:
    """Apply the timbre's equaliser (zero phase) and remove DC; the length stays."""
    if not len(samples):
        return samples
    length = _fft_length(len(samples) + 1024)
    spectrum = np.fft.rfft(samples, length)
    return np.asarray(np.fft.irfft(spectrum * _gains(tone, length), length)[: len(samples)], np.float32)


def level(samples: Samples) -> Samples:
    """Bring the active parts to the target level."""
    frame = MASTER_RATE // 50
    count = len(samples) // frame
    if not count:
        return samples
    power = np.mean(samples[: count * frame].reshape(count, frame) ** 2, axis=1)
    if power.max() <= 0:
        return samples
    rms = float(np.sqrt(power[power > power.max() / 1000].mean()))
    return samples * np.float32(_TARGET_RMS / rms)


def limit(samples: Samples) -> Samples:
    """Hold peaks at the ceiling: the gain over each 5 ms block is what its loudest neighbour needs, ramped between."""
    block = MASTER_RATE // 200
    if not len(samples) or float(np.abs(samples).max()) <= _CEILING:
        return samples
    count = -(-len(samples) // block)
    padded = np.zeros(count * block, np.float32)
    padded[: len(samples)] = np.abs(samples)
    need = _CEILING / np.maximum(padded.reshape(count, block).max(axis=1), _CEILING)
    edges = np.concatenate(([need[0]], need, [need[-1]]))
    least = np.minimum(np.minimum(edges[:-2], edges[1:-1]), edges[2:])
    centres = (np.arange(count) + 0.5) * block
    return np.asarray(samples * np.interp(np.arange(len(samples)), centres, least), np.float32)
