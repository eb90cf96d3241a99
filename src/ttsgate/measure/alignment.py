"""Does this sound like a reading of that text?  Without recognising a word.

A plain reference reading of the text, made once by any synthesiser, is kept as its outline: the shape of the
spectrum over time, pauses taken out.  The recording is laid over it by dynamic time warping, which
leaves tempo and rhythm free, after pitch was left out (only broad bands are compared), the channel was (each
coefficient is normalised over the recording) and the length of the vocal tract was (the best of six stretchings
of the frequency axis counts).  What is left is which sounds follow each other.

How near is near?  That depends on voice, noise and codec, so the recording is its own yardstick: it is laid over the
same reference cut into pieces of 0.12 to 0.32 s and put together in another order, sixteen times.  The agreement is how
much nearer the right order is than the average of those.  A recording of something else is as far from the right
order as from any other: about 0, whatever voice, noise and codec.

Method: Sakoe & Chiba 1978, https://doi.org/10.1109/TASSP.1978.1163055 (slope between 1/3 and 3);
cepstra: Davis & Mermelstein 1980, https://doi.org/10.1109/TASSP.1980.1163420.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import soxr

from ttsgate.measure.pcm import Floats

__all__ = ["FRAMES_PER_S", "Agreement", "Outline", "agreement", "decoded", "encoded", "key_of", "outline"]

Array: TypeAlias = npt.NDArray[np.float32]
Outline: TypeAlias = npt.NDArray[np.uint8]
"""Loudness in 20 bands, 100 times a second of sound; 255 is the loudest cell, 0 lies `DEPTH` below it."""

RATE, HOP, WINDOW = 8_000, 80, 256
"""Telephone rate: what tells vowels and consonants apart lies below 3.2 kHz, and every sample rate of the protocol
holds it."""
FRAMES_PER_S = RATE // HOP
BANDS, LOW_HZ, HIGH_HZ = 20, 100.0, 3200.0
DEPTH = 9.0
"""Range of an outline in natural logarithms of power: 39 dB, the range of loudness of speech sounds."""
PAUSE = 6.9
"""Sounds this much (30 dB) below the loudest are pauses or closures."""
TRACTS = (0.8, 0.9, 1.0, 1.12, 1.25, 1.4)
"""Stretchings of the frequency axis: from a tall man's to a small child's vocal tract (Fitch & Giedd 1999) against a
reference between man and woman."""
COEFFICIENTS = 12
LOUDNESS_WEIGHT = 2.0
FALLING = 0.25
"""The k-th coefficient counts exp(-k / 4): the broad shape of the spectrum is the sound, the fine one the voice."""
CHANGE_WEIGHT = 0.7
SHUFFLES = 16
PIECE = (6, 16)
"""Length of the pieces, in steps of 20 ms."""
LEFT = (0.5, 0.6, 0.7, 0.8)
"""Parts of the reading that are tried as all that was spoken."""
CUTS = ((0.2, 0.5), (0.35, 0.65), (0.5, 0.8))
"""Stretches in the middle that are tried as missing."""
ENDS = 6
"""Steps that may be missing at either end."""
FAR = np.float32(1e9)


@dataclass(frozen=True, slots=True)
class Agreement:
    """How well a recording fits a reference reading."""

    score: float
    """How much nearer the right order of sounds is than a wrong one: about 0 for other text, at most 1."""
    sound_s: float
    """Seconds of sound that were compared, pauses taken out."""
    start_missing: float
    """How much nearer it is to the reading without its beginning than to all of it, in the unit of `score`; below 0
    when nothing is missing."""
    middle_missing: float
    """The same without a stretch in the middle."""
    end_missing: float
    """The same without its end."""
    swapped: float
    """The same with the halves exchanged."""
    backwards: float
    """The same with the reading backwards."""


def key_of(text: str, language_type: str | None) -> str:
    """Under which the outline of a text, read in a ``language_type`` of the protocol, is kept."""
    return hashlib.sha256(f"{language_type or 'Auto'}\n{text}".encode("utf-8", "replace")).hexdigest()[:16]


def encoded(outline: Outline) -> str:
    """Base64 of an outline."""
    return base64.b64encode(outline.tobytes()).decode()


def decoded(text: str | None) -> Outline | None:
    """The outline out of Base64; None when it is none."""
    try:
        data = base64.b64decode(text or "", validate=True)
    except (binascii.Error, ValueError):
        return None
    return np.frombuffer(data, np.uint8).reshape(-1, BANDS) if data and len(data) % BANDS == 0 else None


def outline(x: Floats, rate: int) -> Outline:
    """The outline of a reading; pauses are left out."""
    bands = _bands(_power(x, rate), 1.0)
    loudness = _above_floor(bands[_where_sounding(bands)])
    scaled: Outline = np.rint(loudness * (255 / DEPTH)).astype(np.uint8)
    return scaled


def agreement(x: Floats, rate: int, reference: Outline) -> Agreement | None:
    """Lay a recording over the outline of a reading; None when either is shorter than 0.3 s."""
    least = 3 * FRAMES_PER_S // 10
    if len(reference) < least:
        return None
    power = _power(x, rate)
    sounding = _where_sounding(_bands(power, 1.0))
    if np.count_nonzero(sounding) < least:
        return None
    expected = _features(reference.astype(np.float32) * (DEPTH / 255))
    tracts = np.stack([_features(_above_floor(_bands(power[sounding], tract))) for tract in TRACTS])
    costs = _distances(tracts, _stretched(expected, tracts.shape[1])[None])
    best, nearest = tracts[int(costs.argmin())], float(costs.min())
    whole = _stretched(expected, len(best))
    others = [*_shuffled(whole), *(_stretched(v, len(best)) for v in _variants(expected))]
    distances = _distances(best[None], np.stack(others))
    usual = float(distances[:SHUFFLES].mean())
    gains = (nearest - distances[SHUFFLES:]) / usual
    starts, middles, ends, swapped, backwards = np.split(gains, np.cumsum([len(LEFT), len(CUTS), len(LEFT), 1]))
    return Agreement(
        score=1.0 - nearest / usual,
        sound_s=len(best) / FRAMES_PER_S * 2,
        start_missing=float(starts.max()),
        middle_missing=float(middles.max()),
        end_missing=float(ends.max()),
        swapped=float(swapped.max()),
        backwards=float(backwards.max()),
    )


def _variants(features: Array) -> list[Array]:
    """The reading without its beginning, without a stretch in the middle, without its end; exchanged; backwards."""
    count = len(features)
    tails = [features[int(count * (1 - left)) :] for left in LEFT]
    joined = [np.concatenate([features[: int(count * a)], features[int(count * b) :]]) for a, b in CUTS]
    heads = [features[: int(count * left)] for left in LEFT]
    exchanged = np.concatenate([features[count // 2 :], features[: count // 2]])
    # Backwards, what rose falls.
    backwards = features[::-1] * np.repeat(np.array([1, -1], np.float32), COEFFICIENTS + 1)
    return [*tails, *joined, *heads, exchanged, backwards]


def _power(x: Floats, rate: int) -> Array:
    y = soxr.resample(x, rate, RATE) if rate != RATE else x
    if len(y) < WINDOW:
        return np.zeros((0, WINDOW // 2 + 1), np.float32)
    y = np.append(y[:1], y[1:] - np.float32(0.95) * y[:-1])
    frames = np.lib.stride_tricks.sliding_window_view(y, WINDOW)[::HOP] * np.hanning(WINDOW).astype(np.float32)
    power: Array = np.abs(np.fft.rfft(frames, axis=1)).astype(np.float32) ** 2
    return power


@lru_cache(maxsize=8)
def _filters(tract: float) -> Array:
    """Triangles of equal width on the mel scale, (bin, band)."""
    low, high = (2595 * np.log10(1 + hz * tract / 700) for hz in (LOW_HZ, HIGH_HZ))
    edges = 700 * (10 ** (np.linspace(low, high, BANDS + 2) / 2595) - 1)
    hz = np.arange(WINDOW // 2 + 1)[:, None] * RATE / WINDOW
    rise = (hz - edges[:-2]) / (edges[1:-1] - edges[:-2])
    fall = (edges[2:] - hz) / (edges[2:] - edges[1:-1])
    return np.maximum(0, np.minimum(rise, fall)).astype(np.float32)


def _bands(power: Array, tract: float) -> Array:
    bands: Array = np.log(power @ _filters(tract) + np.float32(1e-9))
    return bands


def _where_sounding(bands: Array) -> npt.NDArray[np.bool_]:
    """Frames that are no pause."""
    if not len(bands):
        return np.zeros(0, np.bool_)
    loudness = np.log(np.exp(bands).sum(axis=1))
    sounding: npt.NDArray[np.bool_] = loudness > np.percentile(loudness, 95) - PAUSE
    return sounding


def _above_floor(bands: Array) -> Array:
    """Loudness above the floor, 0 to `DEPTH`."""
    above: Array = np.clip(bands - bands.max(initial=-np.inf) + np.float32(DEPTH), 0, DEPTH)
    return above


@lru_cache(maxsize=1)
def _cosines() -> Array:
    places = np.outer(np.arange(COEFFICIENTS + 1), np.arange(BANDS) + 0.5)
    return np.ascontiguousarray((np.cos(np.pi * places / BANDS) / BANDS).T, dtype=np.float32)


def _features(loudness: Array) -> Array:
    """Weighted cepstra and their change, every 20 ms."""
    cepstra = loudness @ _cosines()
    cepstra = (cepstra - cepstra.mean(axis=0)) / (cepstra.std(axis=0) + np.float32(1e-6))
    wide = np.pad(cepstra, ((2, 2), (0, 0)), mode="edge")
    change = 2 * (wide[4:] - wide[:-4]) + (wide[3:-1] - wide[1:-3])
    change /= change.std(axis=0) + np.float32(1e-6)
    weights = np.append(LOUDNESS_WEIGHT, np.exp(-FALLING * np.arange(COEFFICIENTS)))
    both = np.hstack([cepstra * weights, change * (weights * CHANGE_WEIGHT)]).astype(np.float32)
    wide = np.pad(both, ((1, 1), (0, 0)), mode="edge")
    smooth: Array = ((wide[:-2] + wide[1:-1] + wide[2:]) / 3)[::2]
    return smooth


def _stretched(features: Array, length: int) -> Array:
    """The same at another tempo."""
    at = np.linspace(0, len(features) - 1, length)
    left = np.minimum(at.astype(np.int64), len(features) - 2)
    share = (at - left)[:, None].astype(np.float32)
    between: Array = features[left] * (1 - share) + features[left + 1] * share
    return between


def _shuffled(features: Array) -> Array:
    """The same sounds in sixteen other orders; the same each time."""
    random = np.random.default_rng(0)
    made = []
    for _ in range(SHUFFLES):
        cuts = np.cumsum(random.integers(*PIECE, size=len(features) // PIECE[0] + 1))
        pieces = [p for p in np.split(features, cuts[cuts < len(features)]) if len(p)]
        made.append(np.concatenate([pieces[i] for i in random.permutation(len(pieces))]))
    return np.stack(made)


def _distances(heard: Array, expected: Array) -> Array:
    """Mean distance along the best path, for each pair of (reading, step, feature); one goes with all."""
    squares = (heard**2).sum(axis=2)[:, :, None] + (expected**2).sum(axis=2)[:, None, :]
    squares = squares - 2 * np.matmul(heard, expected.transpose(0, 2, 1))
    d: Array = np.ascontiguousarray(np.sqrt(np.maximum(squares, 0) / heard.shape[2]).transpose(1, 0, 2))
    count, readings, length = d.shape
    twice = 2 * d
    # The sum along a path that moves by 1, 2 or 3 steps on one side while it moves by 1 on the other.
    # Two and three steps along the reading cost the same whichever row they begin in: summed once, for all rows.
    two = twice[:, :, 1:-1] + d[:, :, 2:]
    three = twice[:, :, 1:-2] + d[:, :, 2:-1] + d[:, :, 3:]
    down_two = twice[:-1] + d[1:]
    down_three = twice[:-2] + d[1:-1] + d[2:]
    totals = np.full((count, readings, length), FAR, np.float32)
    totals[0, :, :ENDS] = np.cumsum(twice[0, :, :ENDS], axis=1)
    begun = np.cumsum(twice[:ENDS, :, 0], axis=0)
    for i in range(1, count):
        total, last = totals[i], totals[i - 1]
        np.add(last[:, :-1], twice[i, :, 1:], out=total[:, 1:])
        np.minimum(total[:, 2:], last[:, :-2] + two[i], out=total[:, 2:])
        np.minimum(total[:, 3:], last[:, :-3] + three[i], out=total[:, 3:])
        if i >= 2:
            np.minimum(total[:, 1:], totals[i - 2][:, :-1] + down_two[i - 1, :, 1:], out=total[:, 1:])
        if i >= 3:
            np.minimum(total[:, 1:], totals[i - 3][:, :-1] + down_three[i - 2, :, 1:], out=total[:, 1:])
        if i < ENDS:
            np.minimum(total[:, 0], begun[i], out=total[:, 0])
    ends = totals[-ENDS:, :, -1].min(axis=0)
    found: Array = np.minimum(totals[-1, :, -ENDS:].min(axis=1), ends) / (count + length)
    return found
