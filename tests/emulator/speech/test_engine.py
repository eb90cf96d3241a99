"""`Speech`: text to samples."""

from __future__ import annotations

import asyncio
import hashlib
import subprocess
import sys

import numpy as np
import pytest

from tests.emulator.speech.listening import (
    CHINESE,
    ENGLISH,
    FLASH,
    active_rms,
    median_f0,
    say,
    share_above,
)
from ttsgate import catalog
from ttsgate.emulator.speech import Speech, segments, timbre_of


@pytest.mark.parametrize("text", [ENGLISH, CHINESE])
@pytest.mark.parametrize("rate", [8000, 16000, 24000, 48000])
def test_every_rate_plays_as_long(text: str, rate: int) -> None:
    """The same text lasts equally long at every sample rate."""
    assert len(say(text, sample_rate=rate)) / rate == pytest.approx(len(say(text)) / 24000, abs=0.01)


def test_same_inputs_same_bytes_whatever_was_said_before() -> None:
    """The engine's global state does not leak from one utterance to the next."""
    first = say(ENGLISH)
    say(CHINESE, voice=timbre_of(FLASH, "Ethan"))
    assert say(ENGLISH).tobytes() == first.tobytes()


def test_same_bytes_in_another_process() -> None:
    """Two processes make the same samples."""
    code = (
        "import asyncio, hashlib; from ttsgate import catalog; from ttsgate.emulator.speech import Speech, timbre_of\n"
        "m = catalog.find('qwen3-tts-flash-realtime'); s = Speech(seed=7)\n"
        f"r = asyncio.run(s.render({CHINESE!r}, voice=timbre_of(m, 'Cherry'), sample_rate=24000))\n"
        "print(hashlib.sha256(r.tobytes()).hexdigest()); s.close()"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert out.stdout.strip() == hashlib.sha256(say(CHINESE).tobytes()).hexdigest()


def test_another_seed_other_bytes_same_words() -> None:
    """The seed moves what is pseudo-random and nothing else."""
    one, other = say(ENGLISH, seed=1), say(ENGLISH, seed=2)
    assert one.tobytes() != other.tobytes()
    assert abs(len(one) - len(other)) < 240


def test_whole_text_is_its_segments_joined() -> None:
    """A caller may render segment by segment and gets the same samples."""
    text = f"{ENGLISH} {CHINESE}And once more, with feeling!"
    parts = segments(text)
    assert len(parts) >= 3
    assert np.array_equal(say(text), np.concatenate([say(part) for part in parts]))


@pytest.mark.parametrize("text", ["", " … 。，!?", "\x00\x01", "   \n"])
def test_nothing_to_say_is_empty(text: str) -> None:
    """Punctuation, blanks and control characters give no samples."""
    assert len(say(text)) == 0


@pytest.mark.parametrize("text", ["a\x00b <speak>&amp; [[h@l'oU]]", "\ud800 hello", "👍 ok", "3.14", "x" * 900])
def test_strange_text_is_spoken(text: str) -> None:
    """NUL, mark-up, lone surrogates, symbols and endless words are spoken somehow, not refused."""
    assert len(say(text)) > 2400


@pytest.mark.parametrize("voice", ["Cherry", "Ethan", "Kiki", "Vincent"])
@pytest.mark.parametrize("volume", [50, 100])
def test_level(voice: str, volume: int) -> None:
    """About -20 dBFS in the active parts at normal volume; never above -3 dBFS, never a constant part."""
    samples = say(ENGLISH, voice=timbre_of(FLASH, voice), volume=volume)
    assert active_rms(samples) == pytest.approx(-20 + 20 * np.log10(volume / 50), abs=2.5)
    assert np.abs(samples).max() <= 32768 * 10 ** (-3 / 20)
    assert abs(samples.mean()) < 2


@pytest.mark.parametrize(("text", "voice"), [(ENGLISH, "Ethan"), (CHINESE, "Cherry")])
@pytest.mark.parametrize("rate", [0.5, 0.8, 1.5, 2.0])
def test_speech_rate(text: str, voice: str, rate: float) -> None:
    """Duration goes with 1 / speech_rate, within 10 %; the pitch stays."""
    plain, changed = (say(text, voice=timbre_of(FLASH, voice), speech_rate=r) for r in (1.0, rate))
    assert len(plain) / len(changed) == pytest.approx(rate, rel=0.1)
    assert median_f0(changed) == pytest.approx(median_f0(plain), rel=0.1)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("German", "Guten Morgen zusammen, wir gehen heute in den Park."),
        ("Italian", "Buongiorno a tutti, oggi andiamo al parco insieme."),
        ("Portuguese", "Bom dia a todos, hoje vamos ao parque juntos."),
        ("Spanish", "Buenos días a todos, hoy vamos al parque."),
        ("Japanese", "こんにちは、きょうはいいてんきですね。"),
        ("Korean", "안녕하세요. 오늘 날씨가 좋네요."),
        ("French", "Bonjour à tous, nous allons au parc aujourd'hui."),
        ("Russian", "Доброе утро, друзья, сегодня мы идём в парк."),
    ],
)
def test_speech_rate_in_every_language(language: str, text: str) -> None:
    """Half and double rate hold within 10 % in each of the other languages, too."""
    half, plain, double = (len(say(text, language=language, speech_rate=r)) for r in (0.5, 1.0, 2.0))
    assert half / plain == pytest.approx(2, rel=0.1)
    assert plain / double == pytest.approx(2, rel=0.1)


@pytest.mark.parametrize("voice", ["Ethan", "Cherry"])
@pytest.mark.parametrize("rate", [0.6, 0.8, 1.3, 1.8])
def test_pitch_rate(voice: str, rate: float) -> None:
    """F0 goes with pitch_rate, within 10 %; the duration stays."""
    plain, changed = (say(ENGLISH, voice=timbre_of(FLASH, voice), pitch_rate=r) for r in (1.0, rate))
    assert median_f0(changed) / median_f0(plain) == pytest.approx(rate, rel=0.1)
    assert len(changed) == pytest.approx(len(plain), rel=0.05)


def test_volume() -> None:
    """Half the volume is 6 dB less; none is digital silence of the same length."""
    plain = say(ENGLISH)
    assert active_rms(plain) - active_rms(say(ENGLISH, volume=25)) == pytest.approx(6.02, abs=0.1)
    silent = say(ENGLISH, volume=0)
    assert not silent.any()
    assert len(silent) == len(plain)


def test_instructions_are_heard() -> None:
    """Slow and low is slower and lower; any wording changes something; none changes nothing."""
    plain, slow = say(ENGLISH), say(ENGLISH, instructions="Speak slowly, in a deep voice.")
    assert len(slow) > 1.2 * len(plain)
    assert median_f0(slow) < 0.9 * median_f0(plain)
    odd = say(ENGLISH, instructions="Like a lighthouse keeper.")
    assert abs(len(odd) / len(plain) - 1) > 0.08
    assert np.array_equal(say(ENGLISH, instructions="  "), plain)


@pytest.mark.parametrize("voice", ["Cherry", "Ethan", "Vincent", "Kiki"])
def test_band_is_filled(voice: str) -> None:
    """At 24 kHz there is sound up to 12 kHz, where eSpeak itself has none; at 48 kHz none above."""
    timbre = timbre_of(FLASH, voice)
    assert -60 < share_above(say(ENGLISH, voice=timbre), 11400, 24000) < -25
    assert share_above(say(ENGLISH, voice=timbre, sample_rate=48000), 12300, 48000) < -70


@pytest.mark.parametrize("language", [name for name in catalog.LANGUAGES if name != "Auto"])
def test_every_language_speaks(language: str) -> None:
    """Each of the ten is accepted and speaks Latin, Han, kana and Cyrillic somehow."""
    assert len(say("Guten Morgen", language=language)) > 0.3 * 24000
    assert len(say("今日は Доброе утро", language=language)) > 0.5 * 24000


def test_language_changes_the_sound() -> None:
    """The same letters sound different in another language."""
    assert not np.array_equal(say("Guten Morgen", language="German"), say("Guten Morgen", language="French"))


def test_concurrent_renders_do_not_disturb_each_other() -> None:
    """Many at once give what each gives alone."""
    voices = [timbre_of(FLASH, v) for v in ("Cherry", "Ethan", "Kiki", "Moon")]

    async def together() -> list[np.ndarray]:
        speech = Speech()
        try:
            jobs = [speech.render(t, voice=v, sample_rate=16000) for v in voices for t in (ENGLISH, CHINESE)]
            return await asyncio.gather(*jobs)
        finally:
            speech.close()

    alone = [say(t, voice=v, sample_rate=16000) for v in voices for t in (ENGLISH, CHINESE)]
    assert all(np.array_equal(a, b) for a, b in zip(asyncio.run(together()), alone, strict=True))


def test_a_repeated_request_is_not_rendered_again() -> None:
    """The second time the same array comes back, and it cannot be changed."""
    speech = Speech()
    first, second = say("Hello.", speech=speech), say("Hello.", speech=speech)
    speech.close()
    assert first is second
    with pytest.raises(ValueError, match="read-only"):
        first[0] = 1


def test_what_is_kept_is_bounded() -> None:
    """Old renderings are dropped when the room is used up."""
    speech = Speech(cache_bytes=400_000)
    first = say("Hello.", speech=speech)
    for i in range(30):
        say(f"Number {i}.", speech=speech)
    again = say("Hello.", speech=speech)
    speech.close()
    assert again is not first
    assert np.array_equal(again, first)


def test_a_sentence_ends_in_a_pause() -> None:
    """The silence between sentences belongs to the one that ends, and shrinks with the rate."""

    def silence(samples: np.ndarray) -> float:
        return float((len(samples) - 1 - np.flatnonzero(np.abs(samples) > 30)[-1]) / 24000)

    assert silence(say("Hello there.")) > silence(say("Hello there")) + 0.1
    assert silence(say("Hello there.", speech_rate=2.0)) < 0.7 * silence(say("Hello there."))
