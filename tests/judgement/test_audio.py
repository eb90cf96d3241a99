"""What is wrong with the sound is named by its own check, on speech made on the spot."""

from __future__ import annotations

import io
import struct

import numpy as np
import pytest
import soundfile

from tests.judgement.voices import CHINESE, ENGLISH, Samples, resampled, session, speech
from ttsgate.judgement.engine import judge_session
from ttsgate.judgement.registry import CHECKS
from ttsgate.judgement.views import SessionView
from ttsgate.measure.integrity import dropouts

LONG = (
    "The train to the airport leaves in ten minutes from platform four, please have your ticket ready. "
    "We wish you a pleasant journey, and thank you for travelling with us today."
)
AUDIO = [c for c in CHECKS.values() if c.stage in ("synthesis", "audio") or c.id in ("P-base64", "P-even-bytes")]


def failed(view: SessionView) -> list[str]:
    return [r.check for r in judge_session(view, AUDIO) if r.outcome not in ("pass", "blocked")]


@pytest.mark.parametrize("voice", ["Cherry", "Ethan", "Bunny", "Radio Gol"])
@pytest.mark.parametrize("text", [ENGLISH, CHINESE])
def test_good_speech_passes(voice: str, text: str) -> None:
    """Men, women and children, English and Chinese: nothing is wrong."""
    assert [] == failed(session(speech(text, voice), text))


@pytest.mark.parametrize("rate", [8000, 16000, 48000])
def test_good_speech_passes_at_every_rate(rate: int) -> None:
    """The sample rate that was asked for is no fault, nor is a 24 kHz band at 48 kHz."""
    assert [] == failed(session(resampled(speech(), 24000, rate), sample_rate=rate))


def test_silence() -> None:
    """Zeros of the right length are silence and nothing else."""
    assert ["A-silence"] == failed(session(np.zeros_like(speech())))


def test_silence_that_is_not_digital() -> None:
    """A noise floor without speech is silence as well."""
    hiss = np.random.default_rng(1).integers(-20, 20, 60000).astype(np.int16)

    assert ["A-silence"] == failed(session(hiss))


@pytest.mark.parametrize("text", [ENGLISH, CHINESE])
def test_half_the_text(text: str) -> None:
    """Half of the sentence at the right speed is a matter of coverage, not of rate."""
    samples = speech(text)

    assert ["A-coverage"] == failed(session(samples[: len(samples) // 2], text))


def test_the_second_half() -> None:
    """A lost beginning is found as a lost end is."""
    samples = speech(CHINESE)

    assert ["A-coverage"] == failed(session(samples[len(samples) // 2 :], CHINESE))


def test_text_spoken_twice() -> None:
    """A second reading is too much; it is no copy to the last bit, so that only the length shows it."""
    one, two = speech(CHINESE), (speech(CHINESE) * 0.9).astype(np.int16)

    assert ["A-excess"] == failed(session(np.concatenate([one, two]), CHINESE))


@pytest.mark.parametrize("text", [ENGLISH, CHINESE])
def test_the_text_backwards(text: str) -> None:
    """It has all that speech has, and no word of the text."""
    assert ["A-text"] == failed(session(speech(text)[::-1], text))


def test_another_text_of_that_length() -> None:
    """As many syllables, other words."""
    assert ["A-text"] == failed(session(speech("The weather will stay sunny until the end of this week.")))


@pytest.mark.parametrize(("true", "claimed"), [(16000, 24000), (8000, 24000), (8000, 16000), (16000, 48000)])
def test_samples_of_a_lower_rate(true: int, claimed: int) -> None:
    """All of the text, too fast and too high, is a matter of rate, not of coverage."""
    view = session(resampled(speech(CHINESE), 24000, true), CHINESE, sample_rate=claimed)

    assert ["A-rate"] == failed(view)


def test_a_fast_voice_is_no_wrong_rate() -> None:
    """Speed that was asked for is taken into account."""
    fast = speech(CHINESE, speech_rate=1.5)

    assert [] == failed(session(fast, CHINESE, speech_rate=1.5))


def test_swapped_bytes() -> None:
    """Big-endian samples are found by the steps between neighbours."""
    assert ["A-byte-order"] == failed(session(speech().byteswap()))


def test_shifted_by_a_byte() -> None:
    """So is a stream that lost its first byte."""
    data = speech().astype("<i2").tobytes()[1:] + b"\0"

    assert ["A-byte-order"] == failed(session(data))


def test_clipping() -> None:
    """A gain far too high is clipping, not byte order."""
    assert ["A-clipping"] == failed(session(np.clip(speech() * 30.0, -32768, 32767).astype(np.int16)))


def test_offset() -> None:
    """A mean that is not zero is found."""
    assert ["A-dc"] == failed(session((speech() * 0.5 + 3000).astype(np.int16)))


def test_too_soft() -> None:
    """A voice 35 dB down is there, and too soft."""
    assert ["A-level"] == failed(session((speech() * 0.015).astype(np.int16)))


def _noise(scale: float) -> Samples:
    return (np.random.default_rng(2).normal(0, scale, len(speech()))).astype(np.int16)


def test_noise_instead_of_speech() -> None:
    """Noise of speech's level is no speech."""
    assert failed(session(_noise(3000)))[0] in ("A-noise", "A-byte-order")


def test_speech_in_noise() -> None:
    """So is speech that drowns in it."""
    assert ["A-noise"] == failed(session(np.clip(speech() + _noise(2500), -32768, 32767).astype(np.int16)))


def test_a_tone() -> None:
    """A steady tone never pauses."""
    tone = (8000 * np.sin(np.arange(60000) * 2 * np.pi * 440 / 24000)).astype(np.int16)

    assert ["A-noise"] == failed(session(tone))


def test_a_pulsing_tone_is_no_speech() -> None:
    """A tone with pauses has the dynamics of speech; the detector knows better."""
    t = np.arange(72000) / 24000
    tone = (8000 * np.sin(2 * np.pi * 440 * t) * (np.sin(2 * np.pi * 2 * t) > 0)).astype(np.int16)

    assert ["A-speech"] == [c for c in failed(session(tone)) if c in ("A-noise", "A-speech")]


def test_a_hole() -> None:
    """Zeros cut into a vowel are a dropout."""
    samples = speech().copy()
    loud = int(np.argmax(np.abs(samples[20000:40000]))) + 20000
    samples[loud : loud + 2400] = 0

    assert "A-dropout" in failed(session(samples))


def test_a_delta_twice() -> None:
    """A buffer sent twice is a repetition."""
    samples = speech()
    start = int(np.argmax(np.abs(samples[20000:40000]))) + 20000 - 1200
    doubled = np.concatenate([samples[: start + 2400], samples[start : start + 2400], samples[start + 2400 :]])

    assert ["A-repeat"] == failed(session(doubled))


def test_lost_deltas() -> None:
    """Every fourth piece missing leaves seams."""
    pieces = np.array_split(speech(), len(speech()) // 2400)
    view = session(np.concatenate([p[:2400] for i, p in enumerate(pieces) if i % 4]))

    assert "A-continuity" in failed(view)


def test_clicks() -> None:
    """Single wrong samples are clicks."""
    samples = speech().copy()
    samples[1000::2399] = 25000

    assert "A-clicks" in failed(session(samples))


def test_telephone_band() -> None:
    """Speech of 8 kHz stretched to 24 kHz has an empty upper band."""
    narrow = resampled(resampled(speech(), 24000, 8000), 8000, 24000)

    assert ["A-bandwidth"] == failed(session(narrow))


def test_silence_at_the_ends() -> None:
    """Three seconds of silence before or after are named."""
    still = np.zeros(72000, dtype=np.int16)

    assert ["A-lead-in"] == failed(session(np.concatenate([still, speech()])))
    assert ["A-trailing-silence"] == failed(session(np.concatenate([speech(), still])))


def test_mp3_in_pcm() -> None:
    """A compressed stream is recognised by its frames, and nothing else is said about it."""
    file = io.BytesIO()
    soundfile.write(file, speech(), 24000, format="MP3")

    assert ["A-container"] == failed(session(file.getvalue()))


def test_wav_is_read_as_asked() -> None:
    """A WAV stream of unknown length is taken apart, not judged as PCM."""
    header = b"RIFF" + struct.pack("<I", 0xFFFFFFFF) + b"WAVEfmt "
    header += struct.pack("<IHHIIHH", 16, 1, 1, 24000, 48000, 2, 16) + b"data" + struct.pack("<I", 0xFFFFFFFF)

    assert [] == failed(session(header + speech().astype("<i2").tobytes(), format="wav"))


@pytest.mark.parametrize("text", [ENGLISH, CHINESE])
def test_a_text_cannot_be_told_in_noise(text: str) -> None:
    """What hides the order of sounds keeps the check from judging it, right text or wrong."""
    samples = speech(text)
    noise = np.random.default_rng(6).normal(0, 0.2 * np.std(samples), len(samples))

    assert "A-text" not in failed(session((samples[::-1] + noise).astype(np.int16), text))


def test_pieces_cut_out() -> None:
    """Ends that do not fit, again and again, show that something is missing between them."""
    samples = speech(LONG, "Ethan")
    kept = [samples[i : i + 4200] for i in range(0, len(samples), 6000)]

    assert "A-splice" in failed(session(np.concatenate(kept), LONG, piece_ms=10_000))
    assert [] == failed(session(samples, LONG))


def test_a_hole_that_ends_in_a_word() -> None:
    """A hole may begin in a pause: sound at full swing from its first sample shows where it ends."""
    tone = 8000 * np.sin(np.arange(4800) / 20)
    rising, hole = tone * np.minimum(1, np.arange(4800) / 480), np.zeros(2400)

    assert dropouts(np.concatenate([rising, rising[::-1], hole, tone[63:]]).astype(np.int16), 24000)
    assert dropouts(np.concatenate([rising, rising[::-1], hole, rising]).astype(np.int16), 24000) == []


@pytest.mark.parametrize("text", [ENGLISH, CHINESE])
@pytest.mark.parametrize(("start", "end"), [(0.0, 0.66), (0.4, 1.0)])
def test_a_part_that_is_missing(text: str, start: float, end: float) -> None:
    """Too little to be seen from the number of syllables; the reference reading shows it."""
    samples = speech(text)

    assert ["A-coverage"] == failed(session(samples[int(start * len(samples)) : int(end * len(samples))], text))


def test_halves_exchanged() -> None:
    """All words are there, in another order."""
    samples = speech(CHINESE)
    half = len(samples) // 2

    assert ["A-text"] == failed(session(np.concatenate([samples[half:], samples[:half]]), CHINESE, piece_ms=10_000))


def test_a_wav_header_where_it_does_not_belong() -> None:
    """In the middle of the stream, or the second half of one at its beginning."""
    data = speech().astype("<i2").tobytes()
    header = struct.pack("<4sI4s4sIHHIIHH4sI", b"RIFF", 36, b"WAVE", b"fmt ", 16, 1, 1, 24000, 48000, 2, 16, b"data", 0)

    assert ["A-container"] == failed(session(data[:9600] + header + data[9600:]))
    assert ["A-container"] == failed(session(header[22:] + data))
