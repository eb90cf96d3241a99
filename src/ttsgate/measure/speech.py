"""Rhythm, pitch and vocal tract of speech, without knowing the words.

All of it is measured on the time and frequency axis of the *claimed* sample rate, so that a
wrong claim shows: samples of 16 kHz called 24 kHz have 1.5 times the syllables a second, the
pitch and the formants.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import soxr

from ttsgate.measure.levels import runs
from ttsgate.measure.pcm import Floats, Samples, to_float

__all__ = ["Speech", "analyse", "nuclei_of", "pitch_track", "tract_scale"]

Array: TypeAlias = npt.NDArray[np.float64]

HOP_S = 0.005
"""Step of the loudness contour, seconds: a tenth of the shortest syllable."""
DIP_DB = 2.5
"""A syllable nucleus is a peak of loudness with a dip of this depth to its neighbours.

de Jong & Wempe 2009 (https://doi.org/10.3758/BRM.41.2.385) take 2 dB for clean recordings; half a
decibel more makes up for the finer step used here.
"""
PAUSE_S = 0.2
"""A silence longer than this is a pause; shorter ones are the closures of plosives, up to 150 ms."""


@dataclass(frozen=True, slots=True)
class Speech:
    """What was measured of a stretch of speech at the claimed rate."""

    nuclei: int
    """Syllable nuclei."""
    nuclei_s: tuple[float, ...]
    """Where they are, seconds."""
    active_s: float
    """Seconds of sound, pauses taken out."""
    pitch_hz: float | None
    """Median fundamental frequency of the voiced frames, None when there are fewer than ten."""
    voiced: float
    """Voiced part of the active frames, 0..1."""
    tract: float | None
    """Scale of the third formant against a 17.5 cm vocal tract (2500 Hz = 1.0); None when it was not found."""


def analyse(samples: Samples, rate: int, *, tempo: float = 1.0) -> Speech:
    """Measure speech; deterministic, about 12 ms of CPU a second of audio.

    `tempo` is the speed asked for: syllables at double speed are half as long, and are smoothed half as much.
    """
    x = to_float(samples)
    if len(x):
        x = x - x.mean(dtype=np.float64).astype(np.float32)
    if len(x) < rate // 10 or np.abs(x).max() < 1e-4:
        return Speech(0, (), 0.0, None, 0.0, None)
    places, active_s = nuclei_of(x, rate, tempo=tempo)
    pitch, loud = pitch_track(x, rate)
    voiced = pitch[(pitch > 0) & loud]
    return Speech(
        nuclei=len(places),
        nuclei_s=tuple(round(float(p), 4) for p in places),
        active_s=active_s,
        pitch_hz=float(np.median(voiced)) if len(voiced) >= 10 else None,
        voiced=len(voiced) / max(1, int(np.count_nonzero(loud))),
        tract=tract_scale(x, rate, pitch),
    )


def nuclei_of(x: Floats, rate: int, *, tempo: float = 1.0) -> tuple[Array, float]:
    """Times of the syllable nuclei (seconds), and the seconds of sound with pauses taken out.

    Loudness between 400 and 2000 Hz, where vowels are and neither pitch harmonics nor hiss,
    smoothed over 60 ms; a nucleus is a maximum within 25 dB of the loudest with a dip of
    `DIP_DB` on either side.
    """
    n = 1 << max(5, int(np.log2(rate * 0.025)))
    hop = max(1, round(rate * HOP_S))
    if len(x) < n:
        return np.zeros(0), 0.0
    window = np.hanning(n).astype(np.float32)
    power = np.abs(np.fft.rfft(np.lib.stride_tricks.sliding_window_view(x, n)[::hop] * window, axis=1)) ** 2
    f = np.fft.rfftfreq(n, 1 / rate)
    band = power[:, (f >= 400) & (f <= 2000)].sum(axis=1)
    width = max(3, round(0.06 / HOP_S / max(1.0, tempo))) + 2
    kernel = np.hanning(width)[1:-1]
    level = 10 * np.log10(np.convolve(band, kernel / kernel.sum(), "same") + 1e-12)
    peaks = np.flatnonzero((level[1:-1] >= level[:-2]) & (level[1:-1] > level[2:])) + 1
    peaks = peaks[level[peaks] > np.percentile(level, 98) - 25]
    kept: list[int] = []
    for i in peaks.tolist():
        if not kept:
            kept.append(i)
            continue
        j = kept[-1]
        if min(level[i], level[j]) - level[j : i + 1].min() >= DIP_DB:
            kept.append(i)
        elif level[i] > level[j]:
            kept[-1] = i
    whole = 10 * np.log10(power.sum(axis=1) + 1e-12)
    sound = whole > np.percentile(whole, 98) - 35
    silent = runs(~sound)
    for start, end in silent.tolist():
        if 0 < start and end < len(sound) and (end - start) * HOP_S < PAUSE_S:
            sound[start:end] = True
    return np.array(kept, dtype=np.float64) * (hop / rate), float(np.count_nonzero(sound) * hop / rate)


@lru_cache(maxsize=4)
def _window_correlation(n: int) -> Array:
    correlation: Array = np.fft.irfft(np.abs(np.fft.rfft(np.hanning(n), 2 * n)) ** 2)[:n]
    correlation /= correlation[0]
    return correlation


def pitch_track(x: Floats, rate: int) -> tuple[Array, npt.NDArray[np.bool_]]:
    """Fundamental frequency every 20 ms (0 where unvoiced), and which frames are loud enough to count.

    Window-corrected autocorrelation at 8 kHz, 55 to 500 Hz, after Boersma 1993
    (https://www.fon.hum.uva.nl/paul/papers/Proceedings_1993.pdf): the shortest lag that comes within
    15 % of the best.
    """
    y = np.asarray(soxr.resample(x, rate, 8000), dtype=np.float64) if rate != 8000 else x.astype(np.float64)
    n, hop = 512, 160
    if len(y) < n:
        return np.zeros(0), np.zeros(0, dtype=np.bool_)
    frames = np.lib.stride_tricks.sliding_window_view(y, n)[::hop] * np.hanning(n)
    energy = (frames**2).sum(axis=1)
    correlation = np.fft.irfft(np.abs(np.fft.rfft(frames, 2 * n, axis=1)) ** 2, axis=1)[:, :n]
    correlation /= (correlation[:, :1] + 1e-9) * _window_correlation(n)
    low, high = 8000 // 500, 8000 // 55
    span = correlation[:, low:high]
    best = span.max(axis=1)
    peak = np.zeros(span.shape, dtype=np.bool_)
    peak[:, 1:-1] = (span[:, 1:-1] >= span[:, :-2]) & (span[:, 1:-1] >= span[:, 2:])
    peak &= span > 0.85 * best[:, None]
    lag = np.where(peak.any(axis=1), peak.argmax(axis=1), span.argmax(axis=1)) + low
    loud = energy > np.percentile(energy, 98) * 1e-3
    return np.where((best > 0.6) & loud, 8000.0 / lag, 0.0), loud


def tract_scale(x: Floats, rate: int, pitch: Array, *, frames: int = 60) -> float | None:
    """Third formant of the voiced frames against 2500 Hz, which a 17.5 cm vocal tract has.

    Linear prediction of order 11 below 5500 Hz (the usual setting for unknown adults); the median over at
    most `frames` frames spread evenly.  None below 8 kHz or when too few frames are voiced.
    """
    top, order = min(5500, rate // 2), 11 if rate >= 11000 else 9
    y = np.asarray(soxr.resample(x, rate, 2 * top), dtype=np.float64)
    y = np.append(y[:1], y[1:] - 0.95 * y[:-1])
    n, hop = int(2 * top * 0.03), int(2 * top * 0.02)
    if len(y) < n:
        return None
    cut = np.lib.stride_tricks.sliding_window_view(y, n)[::hop] * np.hamming(n)
    usable = min(len(cut), len(pitch))
    energy = (cut[:usable] ** 2).sum(axis=1)
    if not usable or energy.max() <= 0:
        return None
    places = np.flatnonzero((pitch[:usable] > 0) & (energy > np.percentile(energy, 95) * 0.05))
    if len(places) < 10:
        return None
    places = places[np.linspace(0, len(places) - 1, min(frames, len(places))).astype(int)]
    lags = np.subtract.outer(np.arange(order), np.arange(order))
    third: list[float] = []
    spectrum = np.abs(np.fft.rfft(cut[places], 1024, axis=1)) ** 2
    correlation = np.fft.irfft(spectrum, axis=1)[:, : order + 1]
    correlation[:, 0] *= 1.001
    for r in correlation:
        a = np.linalg.solve(r[np.abs(lags)], r[1:])
        roots = np.roots(np.append(1.0, -a))
        roots = roots[roots.imag > 1e-3]
        f = np.angle(roots) * top / np.pi
        width = -np.log(np.abs(roots)) * 2 * top / np.pi
        f = np.sort(f[(width < 600) & (f > 150) & (f < top - 200)])
        if len(f) >= 3:
            third.append(float(f[2]))
    return float(np.median(third) / 2500.0) if len(third) >= 8 else None
