"""Where somebody speaks: a neural detector, gated by energy for exact edges.

The network was trained on real speech of many languages; it takes memory in and gives numbers out
(`ttsgate.measure.detector`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import soxr

from ttsgate.measure.detector import CHUNK, RATE, detect
from ttsgate.measure.pcm import Floats

__all__ = ["CHUNK_S", "Activity", "likeness", "speech_probabilities"]

Array: TypeAlias = npt.NDArray[np.float64]

QUIET = 10**-4.5
"""Power against the loudest step below which nobody is heard."""
CHUNK_S = CHUNK / RATE
"""Seconds a probability stands for."""


@dataclass(frozen=True, slots=True)
class Activity:
    """Speech activity of a stretch of audio."""

    probabilities: Array
    """Probability of speech of each 32 ms of sound."""
    sounding_s: float
    """Seconds of sound, steps that are too quiet to be heard left out."""

    @property
    def speech_s(self) -> float:
        """Seconds that are more likely speech than not."""
        return float(np.count_nonzero(self.probabilities > 0.5) * CHUNK_S)


def speech_probabilities(x: Floats, rate: int, *, most_s: float = math.inf) -> Activity:
    """Probability of speech in steps of 32 ms, of the first `most_s` seconds; 4 ms of CPU a second of sound.

    Steps 45 dB below the loudest are no speech without asking, and the detector does not hear them: its memory
    goes from word to word.
    """
    if math.isfinite(most_s):
        x = x[: round(most_s * rate)]
    y = soxr.resample(x, rate, RATE) if rate != RATE else x
    samples = (np.clip(y, -1.0, 1.0) * 32767).astype(np.int16)
    chunks = np.pad(samples, (0, -len(samples) % CHUNK)).reshape(-1, CHUNK)
    power = chunks.astype(np.float32).var(axis=1)
    loud = power > max(float(power.max(initial=0.0)) * QUIET, 1.0)
    return Activity(detect(chunks[loud]), float(np.count_nonzero(loud) * CHUNK_S))


def likeness(activity: Activity) -> float | None:
    """How sure the detector is while it hears speech, as mean log-odds; None with under 0.1 s of speech.

    The network knows real voices at real speed: played too fast or too slow the same recording makes it
    less sure, most of all where pitch and formants leave the range of human voices.
    """
    p = np.clip(activity.probabilities, 1e-4, 1 - 1e-5)
    p = p[p > 0.3]
    if len(p) < 4:
        return None
    return float(np.mean(np.log(p / (1 - p))))
