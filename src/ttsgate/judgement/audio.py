"""Checks of the stage audio: is there sound, is it whole, is it undamaged."""

from __future__ import annotations

from collections.abc import Iterator

from ttsgate.judgement.registry import NotApplicable, Problem, check
from ttsgate.judgement.views import SessionView
from ttsgate.measure.pcm import container_of, to_float
from ttsgate.measure.tones import longest_tone

__all__: list[str] = []

MIN_AUDIO_S = 0.3
"""Shortest audio that can be speech: one syllable with its onset and decay lasts 0.2 to 0.3 s."""
SILENT_DB = -60.0
"""Peak below which nothing is heard: 16-bit noise floors of real converters lie at -70 to -90 dBFS, the quietest
whisper that a synthesiser renders on purpose peaks above -40."""
CLIPPED_PER_S = 10
"""Runs of full-scale samples a second: a loud voice that touches full scale does so once a second at most; a gain too
high by 6 dB clips every pitch period, a hundred times a second."""
MAX_DC = 0.01
"""Offset as a fraction of full scale: 1 % costs 0.1 dB of headroom and is ten times what a bad analogue path leaves;
more is a click at every start and stop."""
MAX_STEP = 0.75
"""Speech has little energy near the Nyquist frequency, so that neighbours seldom differ by more than half of the range
in use; swapped bytes or a shift by one byte make neighbours independent and the 99.9th percentile nearly the whole
range."""
QUIET_DB = -45.0
"""Mean level of the sounding parts: speech for loudspeakers and telephones lies at -30 to -15 dBFS; 20 dB less is
lost."""
LEAST_DEPTH_DB = 10.0
"""Speech pauses between words and closes for plosives: the quietest tenth of 10 ms frames lies 17 dB and more below
the sounding ones; what never gets 10 dB quieter is a steady noise, hum or tone, alone or on top."""
LEAD_IN_S = 1.5
"""Silence before the first word: synthesisers leave 0.05 to 0.5 s; after a second people say 'hello?'."""
WAV_HEADER = 44
"""Bytes of the shortest WAV header; four given bytes turn up in as many of sound once in a hundred million."""
TAIL_S = 2.5
"""Silence after the last word: 0.2 to 1 s is usual; more is paid for and blocks the caller's turn."""
LOUD_RMS_DB = -6.0
"""Speech has a crest factor of 12 to 18 dB, compressed speech 9: a mean level above -6 dBFS at 16 bit is no speech."""

TONE_S = 0.4
"""A pitch that holds within 1 % for this long, without harmonics, is no voice: twice the length of a vowel.  The
longest in 497 clips of good natural and synthetic speech is 0.12 s."""


def fault(
    view: SessionView, message: str, cause: str, *, sample: int | None = None, frame: int | None = None
) -> Problem:
    """Something wrong with the audio, with the place."""
    return Problem(message, (view.where(frame, sample=sample),), cause=cause, party="service")


@check(
    "A-present",
    sentence="The session brings audio: at least 0.3 s of it for PCM.",
    why="A session that finishes without audio is a success for every client that only looks at events "
    "(https://github.com/agentscope-ai/agentscope/issues/1686).",
    stage="audio",
    needs=("C-open",),
    metrics=("audio_ms",),
)
def _present(view: SessionView) -> Iterator[Problem]:
    if not view.complete:
        raise NotApplicable
    if not view.audio:
        yield fault(view, f"no audio at all for {len(view.text)} characters of text", "service.silence")
    elif view.samples is not None and len(view.samples) / view.rate < MIN_AUDIO_S:
        yield fault(view, f"only {len(view.samples) / view.rate * 1000:.0f} ms of audio", "service.text")


@check(
    "A-container",
    sentence="The bytes are in the format that was asked for.",
    why="A WAV header inside PCM is a click; an MP3 stream played as PCM is noise.",
    stage="audio",
    needs=("A-present",),
)
def _container(view: SessionView) -> Iterator[Problem]:
    if not view.audio:
        raise NotApplicable
    found = container_of(view.audio[:4096])
    wanted = {"pcm": None, "wav": "wav", "mp3": "mp3", "opus": "ogg"}.get(view.format, found)
    if view.format == "opus" and found is None:
        raise NotApplicable  # how opus is framed is not documented; bare packets have no signature
    if found != wanted:
        yield fault(
            view, f"asked for {view.format}, the stream begins like {found or 'headerless data'}", "service.audio"
        )
    elif view.format == "pcm":
        inside = next((p for p in view.pieces if p.data[:4] == b"RIFF" and p.data[8:12] == b"WAVE"), None)
        if inside is not None:
            yield fault(view, "a WAV header in the middle of PCM", "service.audio", frame=inside.frame)
        elif any(name in view.audio[:WAV_HEADER] for name in (b"fmt ", b"data")):
            yield fault(view, "the rest of a WAV header at the beginning of PCM", "service.audio", sample=0)


@check(
    "A-silence",
    sentence="Something can be heard: the audio is not silence.",
    why="Silence has the right length, the right events and the right price.",
    stage="audio",
    needs=("A-present",),
    metrics=("peak_dbfs", "active_dbfs"),
)
def _silence(view: SessionView) -> Iterator[Problem]:
    if view.samples is None or not len(view.samples):
        raise NotApplicable
    levels = view.levels
    if levels.peak_db < SILENT_DB:
        what = "digital silence" if levels.zeros == 1.0 else f"nothing above {levels.peak_db:.0f} dBFS"
        yield fault(view, f"{levels.seconds:.2f} s of audio hold {what}", "service.silence", sample=0)
    elif levels.first_s is None:
        yield fault(view, f"no 10 ms of {levels.seconds:.2f} s reach -55 dBFS", "service.silence", sample=0)


@check(
    "A-clipping",
    sentence="The audio is not clipped.",
    why="Clipped speech is harsh, and no player can repair it.",
    stage="audio",
    needs=("A-silence", "A-container"),
)
def _clipping(view: SessionView) -> Iterator[Problem]:
    levels = view.levels
    if not levels.seconds:
        raise NotApplicable
    if levels.clipped > max(3.0, CLIPPED_PER_S * levels.seconds):
        yield fault(view, f"{levels.clipped} runs of full-scale samples in {levels.seconds:.2f} s", "service.audio")


@check(
    "A-byte-order",
    sentence="The samples are little-endian and whole.",
    why="Swapped or shifted bytes are full-scale noise that can hurt ears.",
    stage="audio",
    needs=("A-clipping",),
)
def _byte_order(view: SessionView) -> Iterator[Problem]:
    if view.samples is None or not len(view.samples):
        raise NotApplicable
    levels = view.levels
    if levels.step > MAX_STEP or levels.rms_db > LOUD_RMS_DB:
        yield fault(
            view,
            f"neighbouring samples jump over {levels.step * 100:.0f} % of the range and the mean level is "
            f"{levels.rms_db:.0f} dBFS: not 16-bit little-endian PCM (bytes swapped or shifted, 8-bit, mu-law or "
            "A-law?), or noise",
            "service.audio",
            sample=0,
        )


@check(
    "A-dc",
    sentence="The audio has no offset.",
    why="An offset clicks at every start and stop and eats headroom.",
    stage="audio",
    needs=("A-byte-order",),
)
def _dc(view: SessionView) -> Iterator[Problem]:
    if not view.levels.seconds:
        raise NotApplicable
    if abs(view.levels.dc) > MAX_DC:
        yield fault(view, f"the mean of the samples is {view.levels.dc * 100:+.1f} % of full scale", "service.audio")


@check(
    "A-level",
    sentence="The speech is loud enough to be understood.",
    why="A voice 30 dB too soft passes every check of form and is lost on a telephone.",
    stage="audio",
    needs=("A-silence",),
    metrics=("active_dbfs",),
)
def _level(view: SessionView) -> Iterator[Problem]:
    volume = 50 if view.asked.volume is None else view.asked.volume
    if not view.levels.seconds or volume < 25:
        raise NotApplicable
    if view.levels.active_db < QUIET_DB:
        yield fault(view, f"the sounding parts have {view.levels.active_db:.0f} dBFS", "service.audio")


@check(
    "A-noise",
    sentence="There is quiet between the words: no steady noise, hum or tone.",
    why="Noise instead of speech, or on top of it, has the level and the length of speech.",
    stage="audio",
    needs=("A-byte-order",),
    metrics=("active_dbfs",),
)
def _noise(view: SessionView) -> Iterator[Problem]:
    levels = view.levels
    if levels.seconds < 0.8:
        raise NotApplicable
    depth = levels.active_db - levels.floor_db
    if depth < LEAST_DEPTH_DB:
        yield fault(
            view,
            f"the quietest tenth is only {depth:.0f} dB below the sounding parts: a steady sound, not speech alone",
            "service.audio",
            sample=0,
        )


@check(
    "A-tone",
    sentence="There is no beep or dial tone, before, after or between the words.",
    why="A tone has the level and the length of a word; the caller hears a failure, no event tells it.",
    stage="audio",
    needs=("A-noise",),
)
def _tone(view: SessionView) -> Iterator[Problem]:
    if view.samples is None or not len(view.samples):
        raise NotApplicable
    tone = longest_tone(to_float(view.samples), view.rate)
    if tone is not None and tone.seconds > TONE_S:
        yield fault(
            view,
            f"a steady tone of {tone.hz:.0f} Hz for {tone.seconds:.2f} s, from {tone.start_s:.2f} s on",
            "service.audio",
            sample=round(tone.start_s * view.rate),
        )


@check(
    "A-lead-in",
    sentence="The first word comes within 1.5 s of the beginning of the audio.",
    why="Silence at the start is latency that no timing of frames shows.",
    stage="audio",
    needs=("A-silence",),
    metrics=("lead_in_ms",),
)
def _lead_in(view: SessionView) -> Iterator[Problem]:
    first = view.levels.first_s
    if first is None:
        raise NotApplicable
    if first > LEAD_IN_S:
        yield fault(view, f"{first:.1f} s of silence before the first sound", "service.audio", sample=0)


@check(
    "A-trailing-silence",
    sentence="The audio ends within 2.5 s of the last word.",
    why="The silence is played to the end before anybody may answer.",
    stage="audio",
    needs=("A-silence",),
    metrics=("tail_ms",),
)
def _trailing(view: SessionView) -> Iterator[Problem]:
    last = view.levels.last_s
    if last is None:
        raise NotApplicable
    tail = view.levels.seconds - last
    if tail > TAIL_S:
        yield fault(
            view, f"{tail:.1f} s of silence after the last sound", "service.audio", sample=round(last * view.rate)
        )
