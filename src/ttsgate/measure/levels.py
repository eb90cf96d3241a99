"""Level, clipping, offset, steps and silence of 16-bit samples: numbers, no opinions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ttsgate.measure.pcm import Floats, Samples, to_float

__all__ = ["FRAME_S", "Levels", "frame_levels", "levels_of", "runs"]

FRAME_S = 0.01
"""Length of a level frame, seconds."""
FLOOR_DB = -120.0
"""Level given to digital silence, dBFS."""


@dataclass(frozen=True, slots=True)
class Levels:
    """What the samples look like as numbers; levels in dBFS, a full-scale square wave being 0."""

    seconds: float
    """Duration at the rate given."""
    peak_db: float
    """Largest sample."""
    rms_db: float
    """Root mean square over everything."""
    active_db: float
    """Root mean square over frames within 40 dB of the loudest one."""
    floor_db: float
    """Level of the quietest tenth of the frames."""
    dc: float
    """Mean, as a fraction of full scale."""
    step: float
    """99.9th percentile of the step between neighbours, as a fraction of the peak-to-peak range used."""
    clipped: int
    """Runs of three or more samples at full scale."""
    first_s: float | None
    """Start of the first audible frame, seconds; None when nothing is audible."""
    last_s: float | None
    """End of the last audible frame, seconds."""
    zeros: float
    """Fraction of samples that are exactly zero."""


def frame_levels(x: Floats, rate: int, *, frame_s: float = FRAME_S) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Level of each frame in dBFS, offset of the frame taken out."""
    n = max(1, round(rate * frame_s))
    if len(x) < n:
        return np.zeros(0)
    frames = x[: len(x) // n * n].reshape(-1, n).astype(np.float64)
    power = frames.var(axis=1)
    levels: np.ndarray[tuple[int], np.dtype[np.float64]] = np.maximum(10 * np.log10(power + 1e-15), FLOOR_DB)
    return levels


def runs(mask: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> np.ndarray[tuple[int, int], np.dtype[np.int64]]:
    """Start and end (exclusive) of every run of True."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], mask, [False])).astype(np.int8)))
    pairs: np.ndarray[tuple[int, int], np.dtype[np.int64]] = edges.reshape(-1, 2)
    return pairs


def levels_of(samples: Samples, rate: int, *, audible_db: float = -55.0) -> Levels:
    """Work out the numbers.

    A frame is audible above `audible_db`: conversation played at a comfortable volume sits near
    -25 dBFS, and what is 30 dB below it is lost in the noise of any room.
    """
    if not len(samples):
        return Levels(0.0, FLOOR_DB, FLOOR_DB, FLOOR_DB, FLOOR_DB, 0.0, 0.0, 0, None, None, 0.0)
    x = to_float(samples)
    levels = frame_levels(x, rate)
    loud = np.flatnonzero(levels > audible_db)
    top = float(levels.max()) if len(levels) else FLOOR_DB
    active = levels[levels > top - 40.0]
    full = np.abs(samples.astype(np.int32)) >= 32767
    clip = runs(full)
    spread = float(x.max() - x.min())
    steps = np.abs(np.diff(x))
    return Levels(
        seconds=len(samples) / rate,
        peak_db=_db(float(np.abs(x).max())),
        rms_db=_db(float(np.sqrt(np.mean(x.astype(np.float64) ** 2)))),
        active_db=float(10 * np.log10(np.mean(10 ** (active / 10)))) if len(active) else FLOOR_DB,
        floor_db=float(np.percentile(levels, 10)) if len(levels) else FLOOR_DB,
        dc=float(x.mean(dtype=np.float64)),
        step=float(np.percentile(steps, 99.9) / spread) if spread > 0 and len(steps) else 0.0,
        clipped=int(np.count_nonzero(clip[:, 1] - clip[:, 0] >= 3)),
        first_s=float(loud[0] * FRAME_S) if len(loud) else None,
        last_s=float((loud[-1] + 1) * FRAME_S) if len(loud) else None,
        zeros=float(np.mean(samples == 0)),
    )


def _db(amplitude: float) -> float:
    return float(max(20 * np.log10(amplitude + 1e-12), FLOOR_DB))
