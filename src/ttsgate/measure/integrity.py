"""Holes, repetitions and seams in a stretch of samples."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from ttsgate.measure.levels import runs
from ttsgate.measure.pcm import Samples, to_float

__all__ = ["Repeat", "breaks", "clicks", "dropouts", "repeats", "seams"]

Array: TypeAlias = npt.NDArray[np.float64]

FULL_SWING = 0.7
"""Part of its height, in value and slope together, that sound has where it was cut: a sine wave has 1 everywhere."""
SWING_RATE = 16_000
"""Least sample rate at which a cut can be told from a beginning, which takes two samples at 8 kHz."""


@dataclass(frozen=True, slots=True)
class Repeat:
    """A stretch that is sample for sample equal to an earlier one."""

    at: int
    """Where the copy begins, in samples."""
    of: int
    """Where the original begins, in samples."""
    length: int
    """Samples."""


def dropouts(samples: Samples, rate: int, *, least_s: float = 0.01, abrupt: float = 0.01) -> list[tuple[int, int]]:
    """Runs of exact zeros (start, end) that are cut into sound: loud within 2 ms on either side.

    A synthesiser's own pauses and plosive closures may be digital zero too, and may even begin within
    2 ms; but whatever passed a resampler or a vocoder goes to zero through small samples.  A hole was cut
    when the last sample before it or the first after it is still a good part of the sound beside it; a
    long one is believed from one end alone, since sound may have been about to end, or to begin.
    """
    edge = max(2, round(rate * 0.002))
    level = abrupt * 32768
    found: list[tuple[int, int]] = []
    for start, end in runs(samples == 0).tolist():
        if end - start < least_s * rate or start < edge:
            continue
        before = np.abs(samples[start - edge : start].astype(np.int32))
        after = np.abs(samples[end : end + edge].astype(np.int32))
        torn = before[-1] > 0.3 * before.max() and before.max() > 2 * level
        if rate >= SWING_RATE and len(after) == edge and after.max() > 2 * level:
            torn |= _in_full_swing(samples[end : end + edge])
        torn &= end - start > 0.04 * rate
        both = before.max() > level and len(after) == edge and after.max() > level
        if torn or (both and (before[-1] > 0.15 * before.max() or after[0] > 0.15 * after.max())):
            found.append((start, end))
    return found


def _in_full_swing(sound: Samples) -> bool:
    """Whether sound is at its height from its first sample: by its value or, near zero, by its slope.

    Sound that begins by itself has neither.
    """
    x = sound.astype(np.float64)
    slope = np.abs(np.diff(x))
    return bool(np.hypot(x[0] / np.abs(x).max(), slope[0] / max(slope.max(), 1.0)) > FULL_SWING)


def repeats(samples: Samples, rate: int, *, least_s: float = 0.03, window: int = 48) -> list[Repeat]:
    """Stretches of sound of at least `least_s` that occur twice, sample for sample.

    Breath and flutter make two equal stretches of 16-bit speech impossible, and even a periodic
    synthesiser moves its pitch; a copy is a copied buffer.  Windows of `window` samples are hashed and equal hashes
    of consecutive windows at one distance are joined; distances under 30 ms are periodicity.
    """
    if len(samples) < 4 * window:
        return []
    x = samples.astype(np.int64).view(np.uint64)
    weights = [pow(6364136223846793005, i, 1 << 64) for i in range(window)]
    hashes = np.zeros(len(x) - window + 1, dtype=np.uint64)
    for i in range(window):
        hashes += x[i : i + len(hashes)] * np.uint64(weights[i])
    loud = np.abs(samples[: len(hashes)].astype(np.int32)) > 0
    loud &= np.convolve(np.abs(samples.astype(np.float32)), np.ones(window) / window, "valid") > 100
    places = np.flatnonzero(loud)
    order = places[np.argsort(hashes[places], kind="stable")]
    same = hashes[order[1:]] == hashes[order[:-1]]
    later, earlier = order[1:][same], order[:-1][same]
    far = later - earlier >= round(0.03 * rate)
    later, earlier = later[far], earlier[far]
    sort = np.argsort(later)
    later, earlier = later[sort], earlier[sort]
    found: list[Repeat] = []
    if not len(later):
        return found
    breaks = np.flatnonzero((np.diff(later) > window) | (np.diff(later - earlier) != 0)) + 1
    for group in np.split(np.arange(len(later)), breaks):
        first, last = int(later[group[0]]), int(later[group[-1]])
        length = last - first + window
        if length >= least_s * rate:
            found.append(Repeat(first, int(earlier[group[0]]), length))
    return found


def seams(samples: Samples, borders: Array | list[int], rate: int, *, order: int = 12) -> Array:
    """How badly each border fits: the prediction error across it against that of its neighbourhood.

    One value a border.  The samples across the border are predicted linearly from those before them, with
    coefficients of the 30 ms around it; the largest error is divided by the 97th percentile of the errors
    nearby.  Undisturbed sound gives about 1, a join of waveforms that do not belong together many times that.
    """
    x = to_float(samples).astype(np.float64)
    half = round(0.015 * rate)
    values = np.zeros(len(borders))
    for n, border in enumerate(borders):
        b = int(border)
        if b < half + order or b + half > len(x):
            continue
        part = x[b - half : b + half]
        if np.sqrt(np.mean(part**2)) < 0.005:
            continue
        error = np.abs(_residual(part, order))
        across = error[half - order : half - order + order + 2]
        rest = np.concatenate([error[: half - order - 2], error[half + 4 :]])
        values[n] = across.max() / (np.percentile(rest, 97) + 1e-4)
    return values


def breaks(samples: Samples, rate: int, *, times: float, order: int = 12) -> list[int]:
    """Places anywhere at which the sound does not go on as it was: the prediction error is `times` the usual.

    As `seams`, but everywhere: windows of 30 ms, 10 ms apart, of which the middle third is looked at.  The
    96th percentile of the window's errors stands for what is usual there: glottal pulses and bursts
    make up more than a twenty-fifth of it.
    """
    x = to_float(samples).astype(np.float64)
    width, hop = 3 * round(0.01 * rate), round(0.01 * rate)
    if len(x) < width:
        return []
    frames = np.lib.stride_tricks.sliding_window_view(x, width)[::hop]
    places = np.flatnonzero(np.sqrt((frames**2).mean(axis=1)) >= 0.005)
    frames = frames[places]
    if not len(frames):
        return []
    coefficients = _coefficients(frames * np.hamming(width), order)
    error = np.abs(
        np.einsum("nkd,nd->nk", np.lib.stride_tricks.sliding_window_view(frames, order + 1, axis=1), coefficients)
    )
    rank = int(0.96 * error.shape[1])
    usual = np.partition(error, rank, axis=1)[:, rank] + 1e-4
    middle = error[:, hop - order : 2 * hop - order]
    hit = np.flatnonzero(middle.max(axis=1) > times * usual)
    return [int(places[i] * hop + hop + middle[i].argmax()) for i in hit]


def clicks(samples: Samples, rate: int, *, times: float = 12.0, least: int = 3000) -> list[int]:
    """Positions of isolated spikes: second differences `times` above what is usual in the 12 ms around them.

    Plosive bursts and glottal pulses last a millisecond and more and raise their whole neighbourhood; a
    spike of one or a few samples does not.  `least` is the smallest second difference that is heard at all.
    """
    jump = np.abs(np.diff(samples.astype(np.int64), 2))
    block = max(8, round(0.004 * rate))
    count = len(jump) // block
    if count < 3:
        return []
    blocks = jump[: count * block].reshape(count, block)
    ordered = np.sort(blocks, axis=1)
    usual = ordered[:, -max(2, block // 4)]
    around = np.maximum(usual, np.maximum(np.roll(usual, 1), np.roll(usual, -1)))
    hit = np.flatnonzero((ordered[:, -1] > times * around) & (ordered[:, -1] > least))
    return [int(i * block + blocks[i].argmax() + 1) for i in hit]


def _coefficients(windowed: Array, order: int) -> Array:
    """Of the error filter of linear prediction for each row, the newest sample's last."""
    size = 1 << (2 * windowed.shape[1] - 1).bit_length()
    r = np.fft.irfft(np.abs(np.fft.rfft(windowed, size, axis=1)) ** 2, axis=1)[:, : order + 1]
    r[:, 0] = r[:, 0] * 1.0001 + 1e-9
    lags = np.abs(np.subtract.outer(np.arange(order), np.arange(order)))
    a = np.linalg.solve(r[:, lags], r[:, 1:, None])[..., 0]
    filters: Array = np.concatenate([np.ones((len(a), 1)), -a], axis=1)[:, ::-1]
    return filters


def _residual(part: Array, order: int) -> Array:
    """Prediction error of each sample from `order` on."""
    windowed = part * np.hamming(len(part))
    size = 1 << (2 * len(part) - 1).bit_length()
    r = np.fft.irfft(np.abs(np.fft.rfft(windowed, size)) ** 2)[: order + 1]
    r[0] = r[0] * 1.0001 + 1e-9
    lags = np.abs(np.subtract.outer(np.arange(order), np.arange(order)))
    a = np.linalg.solve(r[lags], r[1:])
    error: Array = np.convolve(part, np.concatenate(([1.0], -a)), "valid")
    return error
