"""Checks of the stage audio: is it speech at the claimed rate, and all of the text.

Three numbers tell three faults apart.  Coverage is syllable nuclei found against syllables
expected; it does not change when time is stretched.  The speaking rate is syllables expected against seconds;
pitch and vocal tract come from the spectrum.  Half of the text: coverage halves, rate and
voice stay.  A wrong sample rate: coverage stays, rate, pitch and vocal tract move by one factor.
"""

from __future__ import annotations

from collections.abc import Iterator

from ttsgate.judgement.audio import fault
from ttsgate.judgement.registry import NotApplicable, Problem, check
from ttsgate.judgement.views import SessionView
from ttsgate.measure import identity

__all__: list[str] = []

MIN_SYLLABLES = 6
"""Shortest text that coverage and rate are judged on: below it one miscounted syllable is more than a sixth."""
MIN_COVERAGE = 0.70
"""Share of the syllables that must be found.

The counter finds 0.8 to 1.4 times the syllables of undisturbed speech (fast speech merges some, breath and long
vowels add some); 0.7 leaves it its error, and a text of which a third is missing is far below.
"""
DURATION = (0.45, 2.6)
"""Speaking time against the expected one.  Speakers of one language differ by a factor of 1.4 either way (fast news
readers, slow announcements), the syllable estimate by a tenth; beyond this it is no reading of this text."""


def _spoken(view: SessionView) -> None:
    if view.samples is None or not len(view.samples) or not view.complete:
        raise NotApplicable
    if view.expected.syllables < MIN_SYLLABLES or view.speech.nuclei == 0:
        raise NotApplicable


@check(
    "A-rate",
    sentence="The samples are at the sample rate that was asked for.",
    why="16 kHz samples played at 24 kHz are half as high again and gone in two thirds of the time; no event shows it.",
    stage="audio",
    needs=("A-byte-order",),
    metrics=("audio_ms", "speaking_rate", "pitch_hz", "tract"),
)
def _rate(view: SessionView) -> Iterator[Problem]:
    _spoken(view)
    found = identity.true_rate(
        view.speech,
        view.expected,
        rate=view.rate,
        speech_rate=view.asked.speech_rate or 1.0,
        pitch_rate=view.asked.pitch_rate or 1.0,
    )
    if found is not None:
        yield fault(
            view,
            f"{view.rate} Hz was asked for, but the speech is that of about {found.rate} Hz samples: {found.why}",
            "service.rate",
            sample=0,
        )


@check(
    "A-coverage",
    sentence="All of the text is spoken.",
    why="A sentence cut in half is complete to every client that only looks at events.",
    stage="audio",
    needs=("A-rate",),
    metrics=("audio_ms", "coverage"),
)
def _coverage(view: SessionView) -> Iterator[Problem]:
    _spoken(view)
    coverage = view.speech.nuclei / view.expected.syllables
    if coverage < MIN_COVERAGE:
        yield fault(
            view,
            f"about {view.speech.nuclei} syllables in {view.speech.active_s:.1f} s of speech, where the text has about "
            f"{view.expected.syllables:.0f}: roughly {min(coverage, 1) * 100:.0f} % was spoken",
            "service.text",
            sample=len(view.samples) - 1 if view.samples is not None else None,
        )


@check(
    "A-duration",
    sentence="The speech lasts about as long as its text takes in its language.",
    why="Text read twice, or read from another request, has the right format and the wrong length.",
    stage="audio",
    needs=("A-coverage",),
    metrics=("audio_ms",),
)
def _duration(view: SessionView) -> Iterator[Problem]:
    _spoken(view)
    wanted = view.expected.seconds / (view.asked.speech_rate or 1.0)
    ratio = view.speech.active_s / wanted
    if not DURATION[0] <= ratio <= DURATION[1]:
        yield fault(
            view,
            f"{view.speech.active_s:.1f} s of speech for a text that takes about {wanted:.1f} s",
            "service.text",
        )
