"""At which sample rate would this be ordinary speech?"""

from __future__ import annotations

import math
from dataclasses import dataclass

from ttsgate.measure.speech import Speech
from ttsgate.measure.text import Expected

__all__ = ["TrueRate", "true_rate"]


@dataclass(frozen=True, slots=True)
class TrueRate:
    """A sample rate that explains the speech better than the claimed one."""

    rate: int
    """Hz."""
    why: str
    """What is off at the claimed rate."""


RATES = (8_000, 16_000, 24_000, 48_000)
"""Rates of the protocol."""


def true_rate(
    speech: Speech, expected: Expected, *, rate: int, speech_rate: float, pitch_rate: float
) -> TrueRate | None:
    """The rate that explains the speech, when the claimed one does not; None when it does.

    First version: the speaking rate alone, which sees every wrong pair but with a generous margin.
    """
    spoken = speech.nuclei / max(speech.active_s, 1e-3) / (expected.rate * speech_rate)
    best = min(RATES, key=lambda r: abs(math.log(spoken * r / rate)))
    if best != rate and (spoken > 1.5 or spoken < 0.6):
        return TrueRate(best, f"{speech.nuclei / max(speech.active_s, 1e-3):.1f} syllables a second")
    return None
