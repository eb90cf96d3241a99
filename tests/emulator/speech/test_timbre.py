"""Voices differ, by measurement."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from tests.emulator.speech.listening import CHINESE, ENGLISH, FLASH, median_f0, say, spectrum
from ttsgate import catalog
from ttsgate.emulator.speech import Speech, timbre_of

F0_STEP = 0.15
SPECTRUM_DB = 3.0

Heard = dict[str, tuple[float, np.ndarray]]


@pytest.fixture(scope="module")
def heard() -> dict[str, Heard]:
    speech = Speech()
    sounds: dict[str, Heard] = {}
    for text in (ENGLISH, CHINESE):
        samples = {v: say(text, speech=speech, voice=timbre_of(FLASH, v)) for v in FLASH.voices}
        sounds[text] = {v: (median_f0(x), spectrum(x)) for v, x in samples.items()}
    speech.close()
    return sounds


def alike(heard: Heard, voices: tuple[str, ...]) -> list[str]:
    out = []
    for a, b in combinations(voices, 2):
        step = max(heard[a][0], heard[b][0]) / min(heard[a][0], heard[b][0]) - 1
        distance = float(np.abs(heard[a][1] - heard[b][1]).mean())
        if step < F0_STEP and distance < SPECTRUM_DB:
            out.append(f"{a}/{b}: F0 {step:.0%}, spectrum {distance:.1f} dB")
    return out


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("qwen3-tts-flash-realtime", 49),
        ("qwen3-tts-instruct-flash-realtime", 25),
        ("qwen3-tts-flash-realtime-2025-09-18", 17),
        ("qwen-tts-realtime", 7),
    ],
)
@pytest.mark.parametrize("text", [ENGLISH, CHINESE])
def test_no_two_voices_of_a_model_are_alike(heard: dict[str, Heard], name: str, count: int, text: str) -> None:
    """Any two differ by 15 % in median F0 or 3 dB in the mean of their spectra, in English and in Chinese."""
    voices = catalog.find(name).voices
    assert len(voices) == count
    assert alike(heard[text], voices) == []


def test_the_measure_can_tell_sameness(heard: dict[str, Heard]) -> None:
    """A voice under another name counts as alike: the test above can fail."""
    twins = {"Cherry": heard[ENGLISH]["Cherry"], "Twin": heard[ENGLISH]["Cherry"]}
    assert alike(twins, ("Cherry", "Twin")) != []


def test_every_voice_is_where_its_timbre_says(heard: dict[str, Heard]) -> None:
    """The F0 asked for is the F0 heard, within 10 % in English."""
    for voice, (f0, _) in heard[ENGLISH].items():
        assert f0 == pytest.approx(timbre_of(FLASH, voice).f0_hz, rel=0.1), voice


def test_custom_voices_come_from_their_id() -> None:
    """The same id is the same voice in every model; other ids spread over the grid."""
    vd, vc = catalog.find("qwen3-tts-vd-realtime-2026-01-15"), catalog.find("qwen3-tts-vc-realtime-2026-01-15")
    assert timbre_of(vd, "qwen-tts-vd-a-1") == timbre_of(vc, "qwen-tts-vd-a-1")
    places = {(t.f0_hz, t.tilt_db, t.middle_db) for t in (timbre_of(vd, f"voice-{i}") for i in range(200))}
    assert len(places) > 150


def test_a_system_name_on_a_custom_model_is_no_system_voice() -> None:
    """`Cherry` as a custom id is derived like any id."""
    vd = catalog.find("qwen3-tts-vd-realtime-2026-01-15")
    assert timbre_of(vd, "Cherry") != timbre_of(FLASH, "Cherry")


def test_cantonese_voices_speak_cantonese() -> None:
    """Rocky and Kiki read Chinese in Cantonese, the others in Mandarin."""
    assert {v for v in FLASH.voices if timbre_of(FLASH, v).chinese == "yue"} == {"Rocky", "Kiki"}
