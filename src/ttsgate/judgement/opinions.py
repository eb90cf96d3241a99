"""Checks of the stage audio that rest on what optional models made of the sound, read from the session's record."""

from __future__ import annotations

from collections.abc import Iterator

from ttsgate.judgement.audio import fault
from ttsgate.judgement.numbers import understood
from ttsgate.judgement.registry import Inconclusive, Missing, NotApplicable, Problem, check
from ttsgate.judgement.views import SessionView
from ttsgate.measure.words import distance, error_rate
from ttsgate.result.record import Opinion

__all__: list[str] = []

LEAST_MOS = 2.4
"""Predicted overall rating under which people hear that something is wrong.

DNSMOS P.835 is 1 (bad) to 5 (excellent).  Its authors' noisy clips lie around the middle (https://arxiv.org/abs/2110.01763),
and speech of a synthesiser is made without noise; clean speech of even the plainest ones has 2.6 and more, noise 5 dB
below speech or 4 bits a sample 2.0 to 2.1.  It says nothing of wrong words, holes or a narrow band, hence a warning.
"""
MOST_WRONG = 0.4
"""Share of words or syllables that a recogniser may get wrong in right text.

Whisper base errs on 5 % of the words of clean read English and on 20 to 25 % of those of accents and everyday
microphones (https://arxiv.org/abs/2212.04356, appendix D); other text shares few words with the right one and has 70 %
and more.  Numbers are left out on both sides, tones too: a recogniser writes homophones.
"""
LEAST_ERRORS = 3
"""A name or two that a recogniser does not know is no other text, however short the sentence."""
LEAST_WORDS = 4
"""With fewer, two such names are most of the text."""
LEAST_LOGPROB = -1.0
"""Mean log probability of a token under which Whisper itself takes its decoding for failed (its
``log_prob_threshold``)."""


def _of(view: SessionView, name: str) -> Opinion:
    found = view.record.opinions.get(name) if view.record else None
    if found is None:
        raise NotApplicable
    if found.missing is not None:
        raise Missing(found.missing)
    return found


@check(
    "A-words",
    sentence="A speech recogniser understands the words of the text.",
    why="The one thing that a listener asks first. Needs --asr; English by words, Chinese by pinyin without tones.",
    stage="audio",
    needs=("A-speech",),
    metrics=("word_errors",),
)
def _words(view: SessionView) -> Iterator[Problem]:
    found = _of(view, "asr")
    words = understood(view)
    if words is None:
        raise NotApplicable
    expected, heard = words
    if len(expected) < LEAST_WORDS:
        raise NotApplicable
    errors, rate = distance(expected, heard), error_rate(expected, heard)
    if errors < LEAST_ERRORS or rate <= MOST_WRONG:
        return
    if found.numbers.get("logprob", 0.0) < LEAST_LOGPROB:
        raise Inconclusive("the recogniser is not sure of what it heard itself")
    yield fault(
        view,
        f"a recogniser understood {found.text[:80]!r}: {rate * 100:.0f} % of {len(expected)} words or "
        "syllables are others",
        "service.text",
        sample=0,
    )


@check(
    "A-quality",
    sentence="The sound is one that people would rate as undisturbed.",
    why="Noise, coarse quantising and hard clipping are heard at once and have no event. Needs --quality.",
    stage="audio",
    severity="warn",
    needs=("A-speech",),
    metrics=("mos_ovrl", "mos_sig", "mos_bak"),
)
def _quality(view: SessionView) -> Iterator[Problem]:
    numbers = _of(view, "quality").numbers
    if numbers["ovrl"] < LEAST_MOS:
        yield fault(
            view,
            f"predicted rating {numbers['ovrl']:.1f} of 5 (speech {numbers['sig']:.1f}, background "
            f"{numbers['bak']:.1f}); undisturbed speech has 2.6 and more",
            "service.audio",
        )
