from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.report.samples import build, refusal, session
from ttsgate.report.drawing import LANE_WIDTH, WAVE_HEIGHT, lane, lanes_scale, waveform
from ttsgate.result.record import SessionRecord

AMPLITUDE = st.floats(-1, 1)


def talk(**changes: object) -> SessionRecord:
    return session(build().cells[0], **changes)  # type: ignore[arg-type]


class TestWaveform:
    @given(st.lists(st.tuples(AMPLITUDE, AMPLITUDE).map(sorted), min_size=1, max_size=240))
    def test_stays_in_its_frame(self, columns: list[list[float]]) -> None:
        """Whatever the audio, every stroke lies inside of the picture and is visible."""
        drawn = waveform(talk(waveform=columns))
        assert drawn is not None
        strokes = re.findall(r"M([\d.]+) (-?[\d.]+)V(-?[\d.]+)", drawn.path)

        assert len(columns) == len(strokes)
        for x, top, bottom in strokes:
            assert 0 < float(x) < drawn.width
            assert -0.5 <= float(top) < float(bottom) <= WAVE_HEIGHT + 0.5

    def test_says_its_peak(self) -> None:
        """The picture is scaled to its own peak, so the level stands beside it."""
        loud, quiet = waveform(talk(waveform=[[-0.5, 0.25]])), waveform(talk(waveform=[[-0.05, 0.025]]))

        assert loud is not None
        assert quiet is not None
        assert loud.path == quiet.path
        assert ("peak -6.0 dBFS", "peak -26.0 dBFS") == (loud.peak, quiet.peak)

    def test_silence_is_called_silence(self) -> None:
        """Zeros are a flat line, and said to be digital silence."""
        drawn = waveform(talk(waveform=[[0.0, 0.0]] * 10))

        assert drawn is not None
        assert "digital silence" == drawn.peak

    def test_nothing_to_draw(self) -> None:
        """No columns, or columns that are no numbers: no picture."""
        assert waveform(talk(waveform=[])) is None
        assert waveform(talk(waveform=[[float("nan"), 1.0], [1.0]])) is None

    def test_ticks_every_half_second(self) -> None:
        """Marks lie at half seconds inside of the picture; none for very long audio."""
        drawn = waveform(talk(waveform=[[-0.1, 0.1]] * 100, audio_ms=1_500.0))
        long = waveform(talk(waveform=[[-0.1, 0.1]] * 100, audio_ms=90_000.0))

        assert drawn is not None
        assert long is not None
        assert [100.0, 200.0] == drawn.ticks
        assert [] == long.ticks


class TestLane:
    def test_stretches_follow_each_other(self) -> None:
        """Connecting, creating, waiting, audio and closing, end to end, up to the whole time."""
        record = talk()
        drawn = lane(record, scale_ms=5_000)
        assert drawn is not None

        assert ["connect", "create", "wait", "audio", "close"] == [s.kind for s in drawn.segments]
        end = drawn.segments[-1].x + drawn.segments[-1].width
        assert end == pytest.approx(record.timing["total_ms"] / 5_000 * LANE_WIDTH, abs=2)
        for before, after in zip(drawn.segments, drawn.segments[1:], strict=False):
            assert after.x == pytest.approx(before.x + before.width, abs=1.6)

    def test_what_was_not_seen_is_not_drawn(self) -> None:
        """A session that died before its first audio shows where the time went, nothing more."""
        record = talk(timing={"connect_ms": 10.0, "total_ms": 5_000.0})
        drawn = lane(record, scale_ms=5_000)

        assert drawn is not None
        assert ["connect", "close"] == [s.kind for s in drawn.segments]
        assert lane(talk(timing={}), scale_ms=5_000) is None

    def test_scale_holds_the_longest(self) -> None:
        """All lanes share a scale that ends on a half second."""
        cells = build().cells

        assert 2_500 == lanes_scale([session(cells[0]), refusal(cells[2])])
        assert 500 == lanes_scale([])
