"""At which sample rate would these samples be ordinary speech?

Samples of 16 kHz called 24 kHz have 1.5 times the syllables a second, the pitch and the formants.  No single one
of these proves it: some people speak fast, children have high voices and short vocal tracts.  So
each candidate rate is scored by how plausible speech it would make - the speaking rate of this text,
pitch and vocal tract together, and how sure a detector trained on real voices is - and a rate other
than the claimed one is named only when it is clearly more plausible.

Every number here is a statement about human speech, not about any one synthesiser:

* Speaking rates of readers of one language spread by about a fifth (`TEMPO_SPREAD`): Pellegrino et al. 2011.
* Pitch of men, women and children: Titze 1989, https://doi.org/10.1121/1.397959; vocal tract lengths of 17.5, 14.5
  and 12 cm: Fitch & Giedd 1999, https://doi.org/10.1121/1.427148.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from ttsgate.measure.speech import Speech
from ttsgate.measure.text import Expected

__all__ = ["MARGIN", "RATES", "Heard", "TrueRate", "coverage", "plausibility", "true_rate"]

RATES = (8_000, 16_000, 24_000, 48_000)
"""Sample rates of the protocol."""
MARGIN = 1.5
"""Natural logarithm of how much more plausible another rate must be: four and a half times.

The price of error is uneven: a voice that is a child's *and* hurried *and* strange to the detector is rare, a wrong
rate ruins every call.  Measured per session on 138 clips of natural-sounding voices in six languages, which were
listened to while thresholds were chosen and so are not held out: 2 good sessions in 552 called wrong; found 96 % of
16 kHz called 24 kHz, 70 % of 24 kHz called 16 kHz (it sounds like a slow deep voice), 88 to 100 % of the wider pairs.
Raw synthetic voices are harder: about 2 % of good sessions of fast eSpeak and over 5 % of voices pitched up like a
child's were called wrong.  Sessions add up: X-rate.
"""
NUCLEI_WEIGHT = 0.75
"""Weight of the nuclei heard against the time spoken: speakers of one language differ in tempo by a fifth, the
counter errs by an eighth, and weights go with the inverse squares."""
CURIOUS = -1.5
"""How much better the speaking rate must fit a candidate for it to be measured, in nats; below it nothing helps."""
STRANGE = 2.0
"""Speaking rate this many spreads off: every candidate is measured."""
A_VOICE = 2.5
"""Least mean log-odds of the detector for something to be a voice; good speech of any kind has 4 to 10."""
TEMPO_SPREAD = (0.26, 0.2)
"""Spread of the logarithm of the speaking rate below and above its mean: slow reading is a matter of taste, fast
reading meets the limits of tongue and jaw."""
TEMPO_MEAN = -0.08
"""Mean of the logarithm of the speaking rate against `Expected.rate`: announcements are read calmly."""
SURENESS = 0.8
"""Weight of the detector's log-odds: they are averages over dependent frames, so less than one."""


@dataclass(frozen=True, slots=True)
class _Kind:
    pitch: float
    pitch_spread: float
    tract: float
    tract_spread: float
    share: float


_KINDS = (
    _Kind(math.log(115), 0.28, 1.03, 0.09, 0.42),
    _Kind(math.log(200), 0.22, 1.20, 0.10, 0.43),
    _Kind(math.log(280), 0.25, 1.45, 0.14, 0.15),
)
"""Men, women, children and childlike voices: pitch (log Hz), third formant against 2500 Hz."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What was measured when the samples were taken to have a certain rate."""

    speech: Speech
    likeness: float | None
    """`ttsgate.measure.activity.likeness`."""


@dataclass(frozen=True, slots=True)
class TrueRate:
    """A sample rate that explains the speech better than the claimed one."""

    rate: int
    """Hz."""
    margin: float
    """Natural logarithm of how much more plausible it is."""


def coverage(speech: Speech, expected: Expected, *, speech_rate: float = 1.0) -> float:
    """Share of the text that was spoken, from the nuclei heard and the time spoken; 0 for no speech at all."""
    if not speech.nuclei or speech.active_s <= 0 or not expected.syllables:
        return 0.0
    nuclei = math.log(speech.nuclei / expected.syllables)
    time = math.log(speech.active_s * speech_rate / expected.seconds)
    return math.exp(NUCLEI_WEIGHT * nuclei + (1 - NUCLEI_WEIGHT) * time)


def plausibility(heard: Heard, expected: Expected, *, speech_rate: float = 1.0, pitch_rate: float = 1.0) -> float:
    """Logarithm of how plausible this is as a reading of the text; only differences mean something.

    Args:
        heard: What was measured.
        expected: What the text lets expect.
        speech_rate: Tempo asked for, 0.5 to 2.
        pitch_rate: Pitch asked for, 0.5 to 2; whether formants move with it is left open.
    """
    speech = heard.speech
    if speech.active_s <= 0 or not speech.nuclei or not expected.syllables:
        return -50.0
    score = -0.5 * _tempo(speech, expected, speech_rate) ** 2
    score += math.log(max(_voice(speech, pitch_rate, 1.0), _voice(speech, pitch_rate, pitch_rate)))
    if heard.likeness is not None:
        # A voice bent by a setting is strange to the detector at its true rate too.
        bent = abs(math.log(pitch_rate)) > 0.1 or abs(math.log(speech_rate)) > 0.3
        score += SURENESS * heard.likeness * (0.5 if bent else 1.0)
    return score


def _tempo(speech: Speech, expected: Expected, speech_rate: float) -> float:
    """Speaking rate, in spreads off the usual; by the text and by the nuclei heard, half each."""
    by_text = math.log(expected.syllables / speech.active_s)
    by_sound = math.log(speech.nuclei / speech.active_s)
    return _in_spreads((by_text + by_sound) / 2 - math.log(expected.rate * speech_rate) - TEMPO_MEAN)


def _in_spreads(off: float) -> float:
    return off / TEMPO_SPREAD[off > 0]


def _voice(speech: Speech, pitch_shift: float, tract_shift: float) -> float:
    """Density of pitch and vocal tract over the kinds of speakers."""
    total = 1e-4
    for kind in _KINDS:
        density = kind.share
        if speech.pitch_hz:
            z = (math.log(speech.pitch_hz / pitch_shift) - kind.pitch) / kind.pitch_spread
            density *= math.exp(-0.5 * z * z) / kind.pitch_spread
        else:
            density *= 0.1
        if speech.tract:
            z = (speech.tract / tract_shift - kind.tract) / kind.tract_spread
            density *= math.exp(-0.5 * z * z) / kind.tract_spread
        total += density
    return total


def true_rate(
    speech: Speech,
    measured: Callable[[int], Heard],
    expected: Expected,
    *,
    rate: int,
    speech_rate: float = 1.0,
    pitch_rate: float = 1.0,
) -> TrueRate:
    """The most plausible rate other than the claimed one, with its margin (negative: the claim is better).

    `speech` was measured at the claimed rate.  `measured(hz)` measures the same samples, as if they had that rate, with
    the detector; it is called only when the speaking rate does not rule out every other rate by itself.
    """
    best = TrueRate(rate, -math.inf)
    if speech.active_s <= 0 or not speech.nuclei or not expected.syllables:
        return best
    off = _tempo(speech, expected, speech_rate)
    plain = off * TEMPO_SPREAD[off > 0]
    for candidate in RATES:
        there = _in_spreads(plain - math.log(rate / candidate))
        gain = 0.5 * (off * off - there * there)
        if candidate == rate or (gain < CURIOUS and abs(off) < STRANGE):
            continue
        heard = measured(candidate)
        if (heard.likeness or 0.0) < A_VOICE:
            continue  # noise and tones are speech at no rate
        score = plausibility(heard, expected, speech_rate=speech_rate, pitch_rate=pitch_rate)
        base = plausibility(measured(rate), expected, speech_rate=speech_rate, pitch_rate=pitch_rate)
        if score - base > best.margin:
            best = TrueRate(candidate, score - base)
    return best
