"""When something can first be heard, and how often playback runs dry."""

from __future__ import annotations

import numpy as np
import pytest

from ttsgate.measure.playback import AUDIBLE, playback_metrics
from ttsgate.measure.timing import Arrival

RATE = 24_000


def piece(t: float, level: int, *, seconds: float = 0.1, response: int = 0) -> Arrival:
    """A delta that arrives at `t` with samples of that level."""
    return Arrival(0, t, np.full(int(seconds * RATE), level, "<i2").tobytes(), response)


@pytest.mark.parametrize(
    ("level", "first"), [(0, None), (AUDIBLE - 1, None), (AUDIBLE, 700.0), (-AUDIBLE, 700.0), (-32768, 700.0)]
)
def test_first_audible(level: int, first: float | None) -> None:
    """Silence is not audio: the clock runs until a sample can be heard, however early bytes came."""
    numbers = playback_metrics([piece(0.6, 0), piece(0.7, 0), piece(0.8, level)], rate=RATE, asked_at=0.1)

    assert first == numbers.get("first_audible_ms")


def test_running_dry() -> None:
    """A late delta makes playback run dry once, for as long as it was late beyond the buffer."""
    numbers = playback_metrics([piece(0.0, 900), piece(0.1, 900), piece(1.0, 900)], rate=RATE, asked_at=0.0)

    assert 1 == numbers["underruns"]
    assert 600 == pytest.approx(numbers["starved_ms"])


def test_pauses_between_responses() -> None:
    """Nothing is expected between two responses."""
    numbers = playback_metrics([piece(0.0, 900), piece(9.0, 900, response=1)], rate=RATE, asked_at=0.0)

    assert (0, 0) == (numbers["underruns"], numbers["starved_ms"])


def test_nothing_came() -> None:
    """Without audio there is no number, least of all zero underruns."""
    assert {} == playback_metrics([Arrival(0, 1.0, b"", 0)], rate=RATE, asked_at=0.0)


def test_odd_bytes() -> None:
    """A delta cut in the middle of a sample is still heard."""
    cut = Arrival(0, 0.5, b"\xff\x7f\x01", 0)

    assert 500 == playback_metrics([cut], rate=RATE, asked_at=0.0)["first_audible_ms"]


def test_reads_back_as_written() -> None:
    """Every number is a float, since a result that was read back must render to the same bytes."""
    numbers = playback_metrics([piece(0.0, 900)], rate=RATE, asked_at=0.0)

    assert {float} == {type(value) for value in numbers.values()}
