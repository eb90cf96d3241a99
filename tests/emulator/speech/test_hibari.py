"""The neural voice, where its extra is installed; a stand-in model where not."""

from __future__ import annotations

import importlib.util

import numpy as np
import pytest

from tests.emulator.speech.listening import CHINESE, ENGLISH, FLASH, median_f0, say
from ttsgate.emulator.speech import Speech, open_synth, timbre_of
from ttsgate.emulator.speech.hibari import _Bend
from ttsgate.errors import HarnessError

installed = pytest.mark.skipif(importlib.util.find_spec("hibari") is None, reason="extra neural is not installed")


class Model:
    """Outputs shaped like the real ones: a comb of harmonics of 200 Hz under an envelope that falls."""

    def run(self, _names: object, _inputs: object) -> list[np.ndarray]:
        bins = np.arange(601)
        comb = np.where(bins % 10 == 0, -bins / 100, -20.0)
        column = np.repeat(comb[None, :, None], 4, axis=2).astype(np.float32)
        f0 = np.array([[200, 220, 180, 0]], np.float32)
        return [column, column, column, column, column, f0]


def test_pitch_and_melody() -> None:
    """F0 is scaled, its swing widened about the median, and unvoiced frames stay unvoiced."""
    bend = _Bend(Model())
    bend.pitch, bend.range_ = 0.5, 2.0
    assert bend.run(None, {})[-1].tolist() == [[100, 120, 80, 0]]


def test_gaps_between_harmonics_are_bridged() -> None:
    """Between the model's own harmonics the envelope is interpolated, else a lower voice would lose partials."""
    bend = _Bend(Model())
    assert bend.run(None, {})[0][0, 25, 0] == pytest.approx(-0.25, abs=0.01)
    assert bend.run(None, {})[0][0, 25, 3] == -20


def test_formants_stretch_the_envelope() -> None:
    """What was at 1 kHz is at 1.2 kHz for a shorter tract."""
    bend = _Bend(Model())
    bend.formants = 1.2
    assert bend.run(None, {})[0][0, 60, 0] == pytest.approx(-0.5, abs=0.01)


def test_another_release_is_refused() -> None:
    """A model with other outputs is our pin's business, not a crash further down."""

    class Other:
        def run(self, _names: object, _inputs: object) -> list[np.ndarray]:
            return [np.zeros(1)]

    with pytest.raises(HarnessError, match=r"0\.2\.1"):
        _Bend(Other()).run(None, {})


@installed
def test_voices_and_repeatability() -> None:
    """Voices sit at their F0, the rate is followed, the bytes repeat."""
    speech = Speech(open_synth("hibari"), cache_bytes=0)
    for voice in ("Ethan", "Cherry", "Momo"):
        timbre = timbre_of(FLASH, voice)
        samples = say(ENGLISH, speech=speech, voice=timbre)
        assert median_f0(samples) == pytest.approx(timbre.f0_hz, rel=0.1)
        assert np.array_equal(samples, say(ENGLISH, speech=speech, voice=timbre))
    fast = say(ENGLISH, speech=speech, speech_rate=1.5)
    assert len(say(ENGLISH, speech=speech)) / len(fast) == pytest.approx(1.5, rel=0.12)
    speech.close()


@installed
def test_other_languages_fall_back() -> None:
    """Chinese goes to eSpeak NG."""
    speech = Speech(open_synth("hibari"))
    assert np.array_equal(say(CHINESE, speech=speech), say(CHINESE))
    speech.close()
