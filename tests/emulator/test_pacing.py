"""Due times, lateness, and cutting a stream into pieces."""

from __future__ import annotations

import asyncio

import hypothesis.strategies as st
import pytest
from hypothesis import given

from ttsgate.emulator.pacing import Cutter, Lateness, Schedule


class Time:
    """A clock that moves only when somebody sleeps, and always a little too far."""

    def __init__(self, overshoot: float = 0.0) -> None:
        self.now, self.overshoot = 100.0, overshoot

    def clock(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds + self.overshoot


def schedule(time: Time, *, pace: float = 1.0, lateness: Lateness | None = None) -> Schedule:
    return Schedule(pace=pace, clock=time.clock, sleep=time.sleep, lateness=lateness)


class TestSchedule:
    def test_no_drift(self) -> None:
        """Oversleeping does not add up: a thousand pieces are each late by one oversleep at most."""
        time, lateness = Time(overshoot=0.003), Lateness()
        made = schedule(time, pace=1.25, lateness=lateness)
        made.start()

        async def go() -> None:
            for piece in range(1000):
                await made.wait_for(piece * 0.1)

        asyncio.run(go())

        assert time.now == pytest.approx(100 + 999 * 0.1 / 1.25 + 0.003)
        assert 3.0 == pytest.approx(lateness.worst_ms)

    def test_shift(self) -> None:
        """A shift moves everything that is still to come."""
        made = schedule(Time())
        made.start(delay_s=1.0)
        made.shift(2.0)

        assert 103.5 == made.due(0.5)

    def test_not_started(self) -> None:
        """Nothing is due before the first piece is ready."""
        with pytest.raises(ValueError, match="not started"):
            schedule(Time()).due(0.0)


class TestLateness:
    def test_quantiles(self) -> None:
        """Quantiles are upper bounds that never exceed the worst."""
        lateness = Lateness()
        for _ in range(99):
            lateness.add(0.0004)
        lateness.add(0.0421)

        assert {"deltas": 100, "p50_ms": 1.0, "p99_ms": 1.0, "worst_ms": 42.1} == lateness.as_dict()
        assert 42.1 == pytest.approx(lateness.quantile(1.0))

    def test_empty(self) -> None:
        """Without pieces every figure is zero."""
        assert {"deltas": 0, "p50_ms": 0.0, "p99_ms": 0.0, "worst_ms": 0.0} == Lateness().as_dict()


class TestCutter:
    @given(st.lists(st.binary(max_size=50)), st.sampled_from([1, 3, 6]))
    def test_whole_units(self, blocks: list[bytes], unit: int) -> None:
        """All pieces but the last are multiples of the unit, and joined they are the stream."""
        cutter = Cutter(unit)
        pieces = [cutter.feed(block) for block in blocks]

        assert all(len(piece) % unit == 0 for piece in pieces)
        assert b"".join(blocks) == b"".join(pieces) + cutter.finish()
        assert b"" == cutter.finish()
