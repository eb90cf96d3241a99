"""At which rate is it speech, and how much of the text."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest

from ttsgate.measure.identity import MARGIN, Heard, TrueRate, coverage, plausibility, true_rate
from ttsgate.measure.speech import Speech
from ttsgate.measure.text import Expected

TEXT = Expected(syllables=20.0, language="English", rate=5.4, pauses=0)


def heard(
    factor: float = 1.0, *, pitch: float = 120.0, tract: float = 1.0, like: float = 8.0, tempo: float = 5.0
) -> Heard:
    """Twenty syllables, played `factor` times too fast."""
    sure = like - 6 * abs(math.log(factor))
    return Heard(Speech(20, (), 20 / tempo / factor, pitch * factor, 0.7, tract * factor), sure)


def rate_of(measured: Callable[[int], Heard], claimed: int) -> TrueRate:
    return true_rate(measured(claimed).speech, measured, TEXT, rate=claimed)


@pytest.mark.parametrize(("pitch", "tract"), [(110.0, 1.0), (205.0, 1.18), (280.0, 1.4)])
@pytest.mark.parametrize(("true", "claimed"), [(16000, 24000), (8000, 24000), (24000, 48000), (24000, 8000)])
def test_a_wrong_rate_is_named(pitch: float, tract: float, true: int, claimed: int) -> None:
    """For men, women and children, too fast and too slow."""
    found = rate_of(lambda hz: heard(hz / true, pitch=pitch, tract=tract), claimed)

    assert true == found.rate
    assert found.margin > MARGIN


@pytest.mark.parametrize(("pitch", "tract"), [(80.0, 0.95), (110.0, 1.0), (205.0, 1.18), (300.0, 1.45)])
@pytest.mark.parametrize("tempo", [3.8, 5.0, 6.4])
@pytest.mark.parametrize("rate", [8000, 16000, 24000, 48000])
def test_people_are_left_alone(pitch: float, tract: float, tempo: float, rate: int) -> None:
    """Slow and fast, deep and high voices are plausible at the rate that they have."""
    found = rate_of(lambda hz: heard(hz / rate, pitch=pitch, tract=tract, tempo=tempo), rate)

    assert found.margin <= MARGIN


def test_noise_is_speech_at_no_rate() -> None:
    """Without a voice at the other rate nothing is claimed about rates."""
    found = rate_of(lambda hz: heard(hz / 16000, like=0.0), 24000)

    assert -math.inf == found.margin


def test_settings_are_taken_into_account() -> None:
    """Speech at double speed is plausible when it was asked for."""
    fast = heard(tempo=10.0)

    assert plausibility(fast, TEXT, speech_rate=2.0) > plausibility(fast, TEXT) + 2


def test_coverage() -> None:
    """All, half, nothing; twice as fast on request is still all."""
    assert pytest.approx(1.0, abs=0.1) == coverage(heard().speech, TEXT)
    assert pytest.approx(0.5, abs=0.05) == coverage(Speech(10, (), 1.9, 120.0, 0.7, 1.0), TEXT)
    assert 0.0 == coverage(Speech(0, (), 0.0, None, 0.0, None), TEXT)
    assert pytest.approx(1.0, abs=0.1) == coverage(heard(tempo=10.0).speech, TEXT, speech_rate=2.0)
