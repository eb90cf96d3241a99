"""A recording laid over a reference reading."""

from __future__ import annotations

import numpy as np
import pytest

from tests.judgement.voices import CHINESE, ENGLISH, resampled, speech
from ttsgate.collect.references import reference
from ttsgate.measure.alignment import agreement, decoded, encoded, key_of, outline
from ttsgate.measure.pcm import to_float

OTHER = "The weather will stay sunny until the end of this week."


def score(samples: np.ndarray[tuple[int], np.dtype[np.int16]], text: str, rate: int = 24000) -> float:
    read = decoded(reference(text, None))
    assert read is not None
    found = agreement(to_float(samples), rate, read)
    assert found is not None
    return found.score


@pytest.mark.parametrize("text", [ENGLISH, CHINESE])
@pytest.mark.parametrize("voice", ["Cherry", "Ethan", "Bunny"])
def test_the_right_text(voice: str, text: str) -> None:
    """Whoever reads it."""
    assert score(speech(text, voice), text) > 0.2


@pytest.mark.parametrize("rate", [8000, 16000, 48000])
def test_every_rate(rate: int) -> None:
    """Only what lies below 3.2 kHz is compared."""
    assert score(resampled(speech(), 24000, rate), ENGLISH, rate) > 0.2


def test_noise_and_tempo_do_not_matter() -> None:
    """What is compared is the order of sounds."""
    samples = speech(ENGLISH, speech_rate=1.4)
    noise = np.random.default_rng(3).normal(0, 0.03 * np.abs(samples).max(), len(samples))

    assert score((samples + noise).astype(np.int16), ENGLISH) > 0.15


@pytest.mark.parametrize(
    ("heard", "text"), [(speech(OTHER), ENGLISH), (speech(ENGLISH), OTHER), (speech()[::-1], ENGLISH)]
)
def test_something_else(heard: np.ndarray[tuple[int], np.dtype[np.int16]], text: str) -> None:
    """Another text, and the text backwards."""
    assert score(heard, text) < 0.07


def test_kept_and_read_back() -> None:
    """An outline survives Base64; what is none is not taken for one."""
    made = outline(to_float(speech()), 24000)

    read = decoded(encoded(made))
    assert read is not None
    assert read.tolist() == made.tolist()
    assert decoded(None) is None
    assert decoded("not Base64!") is None
    assert decoded("AAAA") is None


def test_too_short() -> None:
    """A tenth of a second is laid over nothing."""
    made = outline(to_float(speech()), 24000)

    assert agreement(to_float(speech()[:2400]), 24000, made) is None
    assert agreement(to_float(speech()[:20]), 24000, made) is None
    assert agreement(to_float(speech()), 24000, made[:5]) is None


def test_a_key_for_each_text_and_language() -> None:
    """The same characters are read in another way in another language."""
    assert len({key_of("a", None), key_of("a", "French"), key_of("b", None)}) == 3
    assert key_of("a", None) == key_of("a", "Auto")
