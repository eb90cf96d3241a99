"""Samples after the engine: colour, band, level. Pure functions of arrays at `MASTER_RATE`.

Level: the active parts (20 ms frames within 30 dB of the loudest) are brought to -20 dBFS RMS, which comes to about
-21 LUFS; peaks stay at or below -3.1 dBFS by a look-ahead limiter, so nothing ever clips. Nothing below 30 Hz
remains, so there is no DC.

Band: eSpeak NG makes 22.05 kHz sound that ends near 10.7 kHz, and a band that ends below what the sample rate allows
is the mark of upsampled audio. `fill` puts noise above that follows the voice's own loudness there, up to 12 kHz. The
real models are native at 24 kHz as well, so nothing lies above 12 kHz at 48 kHz either.
"""

from __future__ import annotations

import functools

import numpy as np

from ttsgate.emulator.speech.synth import MASTER_RATE, Samples
from ttsgate.emulator.speech.timbre import Timbre

__all__ = ["colour", "fill", "level", "limit"]

_TARGET_RMS = 10 ** (-20 / 20)
_CEILING = 10 ** (-3.1 / 20)
_MEL_RANGE_HZ = (100.0, 8000.0)

_FILL_FROM_HZ = 9900.0  # cross-fade starts where soxr's and eSpeak's own roll-off begin
_FILL_FULL_HZ = 10700.0
_FILL_LIKE_HZ = (7000.0, 9900.0)
_FILL_END_DB = -6.0  # at 12 kHz, against the band that it continues
_FILL_FLOOR_DB = -38.0  # against the whole voice at that moment: a dark voice still reaches 12 kHz
_FILL_WINDOW_S = 0.008


def _fft_length(n: int) -> int:
    """The next length >= n that is 4, 5, 6 or 8 times a power of two: fast to transform."""
    power = 1 << max(0, (n - 1).bit_length() - 3)
    return next(power * factor for factor in (4, 5, 6, 8) if power * factor >= n)


def _mel(hz: Samples | float) -> Samples:
    return np.asarray(2595 * np.log10(1 + np.asarray(hz) / 700), np.float32)


@functools.lru_cache(maxsize=64)
def _gains(tilt_db: float, middle_db: float, length: int) -> Samples:
    hz = np.fft.rfftfreq(length, 1 / MASTER_RATE)
    low, high = (float(_mel(edge)) for edge in _MEL_RANGE_HZ)
    place = np.clip((_mel(hz) - low) / (high - low), 0, 1)
    decibels = tilt_db * (2 * place - 1) + middle_db * np.cos(2 * np.pi * place)
    return np.asarray(10 ** (decibels / 20) * np.clip((hz - 30) / 20, 0, 1), np.float32)


def colour(samples: Samples, timbre: Timbre) -> Samples:
    """Apply the timbre's equaliser (zero phase) and remove DC; the length stays."""
    if not len(samples):
        return samples
    length = _fft_length(len(samples) + 1024)
    spectrum = np.fft.rfft(samples, length) * _gains(timbre.tilt_db, timbre.middle_db, length)
    return np.asarray(np.fft.irfft(spectrum, length)[: len(samples)], np.float32)


def _envelope(samples: Samples) -> Samples:
    """RMS over a sliding window."""
    width = round(_FILL_WINDOW_S * MASTER_RATE)
    power = np.concatenate((np.zeros(width), np.cumsum(samples.astype(np.float64) ** 2), np.zeros(width)))
    power[-width:] = power[-width - 1]
    half = width // 2
    mean = (power[width + half :] - power[half:-width])[: len(samples)] / width
    return np.asarray(np.sqrt(np.maximum(mean, 0)), np.float32)


@functools.lru_cache(maxsize=8)
def _fill_masks(length: int) -> tuple[Samples, Samples]:
    hz = np.fft.rfftfreq(length, 1 / MASTER_RATE)
    like = np.asarray((hz >= _FILL_LIKE_HZ[0]) & (hz < _FILL_LIKE_HZ[1]), np.float32)
    rise = np.clip((hz - _FILL_FROM_HZ) / (_FILL_FULL_HZ - _FILL_FROM_HZ), 0, 1)
    slope = _FILL_END_DB * np.clip((hz - _FILL_FROM_HZ) / (MASTER_RATE / 2 - _FILL_FROM_HZ), 0, 1)
    return like, np.asarray(rise * 10 ** (slope / 20), np.float32)


def fill(samples: Samples, seed: int) -> Samples:
    """Continue the voice from 10 kHz to 12 kHz with noise; same samples and seed, same result."""
    if not len(samples):
        return samples
    length = _fft_length(len(samples) + 1024)
    like, above = _fill_masks(length)
    near = np.fft.irfft(np.fft.rfft(samples, length) * like, length)[: len(samples)]
    # Per hertz the noise should be as strong as the band it continues: scale by the root of the widths' ratio.
    density = np.sqrt((MASTER_RATE / 2) / (_FILL_LIKE_HZ[1] - _FILL_LIKE_HZ[0]))
    strength = np.maximum(
        _envelope(np.asarray(near, np.float32)) * density, _envelope(samples) * 10 ** (_FILL_FLOOR_DB / 20)
    )
    white = np.random.default_rng(seed).standard_normal(length, np.float32)
    noise = np.fft.irfft(np.fft.rfft(white) * above, length)[: len(samples)]
    return np.asarray(samples + noise * strength, np.float32)


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
