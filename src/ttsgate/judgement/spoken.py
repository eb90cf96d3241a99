"""Checks of the stage audio: is it speech at the claimed rate, and all of the text.

Three numbers tell three faults apart.  Coverage is syllable nuclei heard against syllables expected, together
with the time spoken against the time expected.  The speaking rate is syllables a second; pitch and vocal
tract come from the spectrum.  Half of the text: coverage halves, rate and voice stay.  A wrong sample rate:
nuclei stay, while rate, pitch and vocal tract move by one factor.
"""

from __future__ import annotations

from collections.abc import Iterator

from ttsgate.catalog import DIALECTS
from ttsgate.judgement.audio import fault
from ttsgate.judgement.registry import NotApplicable, Problem, check
from ttsgate.judgement.views import SessionView
from ttsgate.measure import identity
from ttsgate.measure.alignment import Agreement
from ttsgate.measure.pcm import to_float
from ttsgate.measure.spectrum import band_of

__all__ = ["KNOWN", "bent", "directed", "judged_text", "laid_over"]

MIN_SYLLABLES = 6
"""Shortest text that coverage and rate are judged on: below it one miscounted syllable is more than a sixth."""
MIN_COVERAGE = 0.72
"""Share of the text that must have been spoken, less `SHORT` divided by the syllables.

The counter finds 0.8 to 1.3 times the syllables of good speech (fast speech merges some, long vowels and breath add
some), so that 0.72 leaves it its error; half a text scores 0.5.  Measured on 330 clips of natural and synthetic
speech in ten languages: no good clip called short, 19 of 20 halves found.
"""
SHORT = 0.6
"""A text of six syllables may be one syllable short by miscounting, a text of sixty may not be ten short."""
MISSING = 0.08
"""How much better the sound must fit the reading without a part of it than all of it, in units of the distance to
shuffled sounds.  With all of the text there it fits worse: leaving out a fifth of what was said costs
more than any freedom of tempo brings."""
KNOWN = 0.12
"""Agreement that the rest must then have, for the reading to be one of this text at all (`A-text`)."""
LEAST_SOUND_S = 0.5
"""Less sound than this holds two syllables, which agree with too much else."""
LEAST_DEPTH_DB = 28.0
"""Between the sounding parts and the quietest tenth: noise nearer than that fills pauses and closures and hides the
order of sounds, of right text too."""
DIRECTED = 0.6
"""Limit where an instruction may have asked for whispering or haste, which hide syllables."""
DIRECTED_MARGIN = 2.0
"""Added to the margin of A-rate where an instruction may have asked for a child's voice or for haste, or where
settings for speed and pitch make a voice that nobody has."""
MOST_COVERAGE = 1.6
"""Beyond this something was said that is not in the text: slow reading adds nuclei and seconds, up to 1.35 times on
the same 330 clips."""
DIRECTED_MOST = 2.2
"""The same where an instruction may have asked for drawling or long pauses."""
BAND_SHARE = 0.7
"""Share of the possible band that must be in use.  Services filter at 0.9 of the Nyquist frequency and better; what
ends below 0.7 was made for a lower rate and stretched."""
LEAST_CLIFF_DB = 30.0
"""A band edge left by resampling is a cliff of 40 to 70 dB; speech itself falls by less than 20 dB over 1 kHz."""
PLAIN_PITCH, PLAIN_TEMPO = (0.75, 1.35), 1.5
"""Settings up to which a voice stays one that the detector knows; bent further it is cartoon speech as ordered."""
LEAST_SPEECH = 0.4
"""Share of the sounding time that a detector trained on real voices takes for speech: it finds 0.7 to 1.0 of
undisturbed speech (it skips closures and hiss) and next to nothing of noise, tones and garbled bytes."""


def judged_text(view: SessionView) -> None:
    """Leave when there is too little text, or no audio, to say how much of it was spoken."""
    if not view.sample_count or not view.complete:
        raise NotApplicable
    if view.expected.syllables < MIN_SYLLABLES:
        raise NotApplicable


def bent(view: SessionView) -> bool:
    """Whether speed or pitch were set so far off that no detector of voices can be asked."""
    pitch, tempo = view.asked.pitch_rate or 1.0, view.asked.speech_rate or 1.0
    return not PLAIN_PITCH[0] <= pitch <= PLAIN_PITCH[1] or tempo > PLAIN_TEMPO


def directed(view: SessionView) -> bool:
    """Whether an instruction may have asked for whispering, haste or another voice."""
    return view.asked.instruction is not None and view.model.instructions


def laid_over(view: SessionView) -> Agreement | None:
    """The sound laid over the reference reading, where that says something: else None."""
    if bent(view) or view.asked.voice in DIALECTS or view.agreement is None:
        return None  # a dialect has other sounds for the same characters
    if view.agreement.sound_s < LEAST_SOUND_S or view.levels.active_db - view.levels.floor_db < LEAST_DEPTH_DB:
        return None
    return view.agreement


def _missing(view: SessionView) -> str | None:
    """The part of the text that was not spoken, by the reference reading."""
    found = laid_over(view)
    if found is None:
        return None
    gain, part = max((found.start_missing, "beginning"), (found.middle_missing, "middle"), (found.end_missing, "end"))
    return part if gain > MISSING and found.score + gain > KNOWN else None


@check(
    "A-rate",
    sentence="The samples are at the sample rate that was asked for.",
    why="16 kHz samples played at 24 kHz are half as high again and gone in two thirds of the time; no event shows it.",
    stage="audio",
    needs=("A-byte-order", "A-noise"),
    metrics=("audio_ms", "syllables_per_s", "pitch_hz", "tract"),
)
def _rate(view: SessionView) -> Iterator[Problem]:
    judged_text(view)
    found = view.other_rate
    least = identity.MARGIN + (DIRECTED_MARGIN if directed(view) or bent(view) else 0.0)
    # Half of a text in half the time looks hasty: A-coverage tells it.
    if found.margin > least and _missing(view) is None:
        speech = view.speech
        pitch = f", pitch {speech.pitch_hz:.0f} Hz" if speech.pitch_hz else ""
        yield fault(
            view,
            f"{view.rate} Hz was asked for, but this is ordinary speech only if the samples are of {found.rate} Hz "
            f"(now: {speech.nuclei / speech.active_s:.1f} syllables a second, {view.expected.rate:.1f} usual{pitch})",
            "service.rate",
            sample=0,
        )


@check(
    "A-speech",
    sentence="What can be heard is speech.",
    why="Noise, a tone or another encoding played as PCM has the level and the length of speech.",
    stage="audio",
    needs=("A-rate",),
    metrics=("speech_ms",),
)
def _speech(view: SessionView) -> Iterator[Problem]:
    if view.samples is None or not len(view.samples):
        raise NotApplicable
    sounding = view.speech.active_s
    if sounding < 0.5 or bent(view):
        raise NotApplicable
    if view.activity.speech_s < LEAST_SPEECH * sounding:
        yield fault(
            view,
            f"of {sounding:.1f} s of sound only {view.activity.speech_s:.1f} s are recognisable as a voice",
            "service.audio",
            sample=0,
        )


@check(
    "A-bandwidth",
    sentence="The audio uses the band of the sample rate that was asked for.",
    why="Telephone speech stretched to 24 kHz costs three times the traffic and sounds like a telephone.",
    stage="audio",
    needs=("A-rate",),
)
def _bandwidth(view: SessionView) -> Iterator[Problem]:
    if view.samples is None or view.format not in ("pcm", "wav"):
        raise NotApplicable
    band = band_of(to_float(view.samples), view.rate)
    if band is None:
        raise NotApplicable
    # A 48 kHz answer of a 24 kHz model cannot hold more than the model makes.
    possible = min(view.rate, view.model.native_rate) / 2
    if band.hz < BAND_SHARE * possible and band.drop_db > LEAST_CLIFF_DB:
        yield fault(
            view,
            f"the spectrum ends at {band.hz / 1000:.1f} kHz with a cliff of {band.drop_db:.0f} dB; {view.rate} Hz has "
            f"room for {possible / 1000:.0f} kHz",
            "service.rate",
        )


@check(
    "A-coverage",
    sentence="All of the text is spoken.",
    why="A sentence cut in half is complete to every client that only looks at events.",
    stage="audio",
    needs=("A-rate", "A-speech"),
    metrics=("audio_ms", "coverage"),
)
def _coverage(view: SessionView) -> Iterator[Problem]:
    judged_text(view)
    coverage, expected = view.number("coverage") or 0.0, view.expected.syllables
    limit = (DIRECTED if view.asked.instruction and view.model.instructions else MIN_COVERAGE) - SHORT / expected
    if coverage < limit:
        yield fault(
            view,
            f"about {view.speech.nuclei} syllables in {view.speech.active_s:.1f} s of speech, where the text has "
            f"about {expected:.0f}: roughly {min(coverage, 1) * 100:.0f} % was spoken",
            "service.text",
            sample=len(view.samples) - 1 if view.samples is not None else None,
        )
    elif (part := _missing(view)) is not None:
        yield fault(
            view,
            f"the sound fits a reading of the text better without its {part} than with it; "
            f"{view.speech.active_s:.1f} s of speech, about {expected / view.expected.rate:.1f} s usual",
            "service.text",
            sample=0 if part == "beginning" else None,
        )


@check(
    "A-excess",
    sentence="Nothing but the text is spoken.",
    why="A text read twice, or the end of somebody else's, has the right events and the wrong words.",
    stage="audio",
    needs=("A-rate", "A-speech"),
    metrics=("audio_ms", "coverage"),
)
def _excess(view: SessionView) -> Iterator[Problem]:
    judged_text(view)
    coverage = view.number("coverage") or 0.0
    if coverage > (DIRECTED_MOST if directed(view) else MOST_COVERAGE) + 2 * SHORT / view.expected.syllables:
        yield fault(
            view,
            f"about {view.speech.nuclei} syllables in {view.speech.active_s:.1f} s of speech, where the text has "
            f"about {view.expected.syllables:.0f}: {coverage:.1f} times the text",
            "service.text",
        )
