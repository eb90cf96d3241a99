"""Times of a session and simulated playback."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.judgement.written import view_of
from ttsgate.measure.timing import METRICS, Arrival, arrivals, play, session_metrics


def metrics(**case: object) -> dict[str, float]:
    return session_metrics(view_of({"like": "clean-commit", "edit": [], **case}).transcript)


def test_each_number_has_its_own_zero() -> None:
    """The numbers of a written transcript, worked out by hand."""
    numbers = metrics()

    assert {
        "name_ms": 20.0,
        "tcp_ms": 30.0,
        "upgrade_ms": 150.0,
        "connect_ms": 200.0,
        "session_ms": 210.0,
        "updated_ms": 30.0,
        "first_audio_ms": 340.0,
        "cold_first_audio_ms": 600.0,
        "response_ms": 1640.0,
        "gap_max_ms": 300.0,
        "gap_p95_ms": 300.0,
        "deliver_ms": 900.0,
        "finish_ms": 50.0,
        "close_ms": 20.0,
        "total_ms": 2020.0,
    } == numbers


def test_what_was_not_seen_is_absent() -> None:
    """Never a zero for a number without its two ends."""
    numbers = metrics(edit=[{"note": "resolved", "drop": True}, {"note": "dial", "drop": True}])

    assert not {"name_ms", "tcp_ms", "connect_ms", "total_ms"} & set(numbers)


def test_every_number_is_documented() -> None:
    """No number without a line that says from where to where."""
    assert set(metrics()) <= set(METRICS)


def test_arrivals_know_their_response() -> None:
    """A gap between two responses is no gap in the audio."""
    assert [0, 0, 0, 1, 1] == [a.response for a in arrivals(view_of({"like": "clean-commit", "edit": []}).transcript)]


def pieces(*at_and_ms: tuple[float, int]) -> list[Arrival]:
    return [Arrival(n, t, bytes(48 * ms), 0) for n, (t, ms) in enumerate(at_and_ms)]


@pytest.mark.parametrize(
    ("arrived", "underruns", "starved"),
    [
        (pieces((0.0, 100), (0.1, 100), (0.2, 100)), 0, 0.0),
        (pieces((0.0, 100), (0.35, 100), (0.4, 100)), 1, 0.05),
        (pieces((0.0, 100), (1.3, 100), (2.4, 100)), 2, 2.0),
        (pieces((0.0, 1000), (1.1, 100)), 0, 0.0),
        ([], 0, 0.0),
    ],
)
def test_playback(arrived: list[Arrival], underruns: int, starved: float) -> None:
    """A player with 200 ms of buffer runs dry when a piece comes later than what it has lasts."""
    heard = play(arrived, bytes_per_second=48000, buffer_s=0.2)

    assert underruns == heard.underruns
    assert pytest.approx(starved) == heard.starved_s


@given(st.lists(st.tuples(st.floats(0, 2), st.integers(1, 500)), max_size=12), st.floats(0, 1), st.floats(0, 1))
def test_a_larger_buffer_never_starves_more(steps: list[tuple[float, int]], one: float, two: float) -> None:
    """Playback gets no worse with more buffer."""
    t, arrived = 0.0, []
    for n, (gap, ms) in enumerate(steps):
        t += gap
        arrived.append(Arrival(n, t, bytes(48 * ms), 0))
    small, large = sorted((one, two))

    starved = [play(arrived, bytes_per_second=48000, buffer_s=b).starved_s for b in (small, large)]

    assert starved[1] <= starved[0] + 1e-9
