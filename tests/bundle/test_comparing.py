"""Recorded against found: each number at its own precision, each word as it is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ttsgate.bundle.comparing import (
    MESSAGE_TOLERANCE,
    TIMING_PRECISION_MS,
    Difference,
    _numbers,
    _same_text,
    _same_waveform,
)


class TestMessages:
    @pytest.mark.parametrize(
        ("old", "now"),
        [
            ("1.23 s of audio", "1.24 s of audio"),
            ("peak 8012 of 32767", "peak 8100 of 32767"),
            ("-3.1 dB", "-3.2 dB"),
            ("response 1 ended", "response 1 ended"),
        ],
    )
    def test_the_last_digit_may_differ(self, old: str, now: str) -> None:
        """Two per cent, or one unit of the last digit shown, is the processor's doing."""
        assert _same_text(old, now)

    @pytest.mark.parametrize(
        ("old", "now"),
        [
            ("1.23 s of audio", "1.43 s of audio"),
            ("1.23 s of audio", "1.23 s of sound"),
            ("1.23 s", "1.23 s and 4"),
            ("event_12ab is missing", "event_12ac is missing"),
            ("sess_17 twice", "sess_18 twice"),
            ("", "late"),
        ],
    )
    def test_words_and_ids_may_not(self, old: str, now: str) -> None:
        """Another word, another id, or a number farther off is a difference."""
        assert not _same_text(old, now)

    @given(st.floats(min_value=100, max_value=1e6))
    def test_beyond_the_tolerance(self, value: float) -> None:
        """Three per cent is never the same."""
        assert _same_text(f"{value:.1f} ms", f"{value * (1 + MESSAGE_TOLERANCE / 2):.1f} ms")
        assert not _same_text(f"{value:.1f} ms", f"{value * (1 + 1.5 * MESSAGE_TOLERANCE):.1f} ms")


class TestNumbers:
    def test_times(self) -> None:
        """Times agree to the microsecond; one that is absent on a side is a difference."""
        assert [] == list(_numbers("x", {"a_ms": 1.0}, {"a_ms": 1.0 + TIMING_PRECISION_MS}))
        assert [Difference(where="x a_ms", recorded=1.0, now=1.002, kind="number")] == list(
            _numbers("x", {"a_ms": 1.0}, {"a_ms": 1.002})
        )
        assert ["b"] == [d.where.split()[-1] for d in _numbers("x", {"a": 1.0}, {"a": 1.0, "b": 0.0})]

    def test_waveforms(self) -> None:
        """Columns agree to a hundredth of full scale, and in number."""
        assert _same_waveform([[-0.1, 0.1]], [[-0.105, 0.1]])
        assert not _same_waveform([[-0.1, 0.1]], [[-0.12, 0.1]])
        assert not _same_waveform([[-0.1, 0.1]], [])


def test_a_difference_is_one_short_line() -> None:
    """However long the values, what is said stays short."""
    shown = str(Difference(where="x", recorded="a" * 1000, now=None, kind="text"))

    assert len(shown) < 200
    assert shown.endswith("found nothing")
