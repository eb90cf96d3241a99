"""When each piece of audio is due, and how late it left.

Due times are computed from the start of a response, never from the piece before, so that
errors do not add up.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_left
from collections.abc import Awaitable, Callable
from typing import Any

__all__ = ["Cutter", "Lateness", "Schedule"]

_EDGES_MS = (1, 2, 3, 5, 7, 10, 15, 20, 25, 30, 35, 40, 45, 50, 75, 100, 200, 500, 1000, 2000, 5000)


class Lateness:
    """How late pieces left against their schedule, as a histogram of fixed size."""

    def __init__(self) -> None:
        self.counts = [0] * (len(_EDGES_MS) + 1)
        self.worst_ms = 0.0

    def add(self, late_s: float) -> None:
        """Count one piece that left `late_s` after its time."""
        late_ms = late_s * 1000
        self.counts[bisect_left(_EDGES_MS, late_ms)] += 1
        self.worst_ms = max(self.worst_ms, late_ms)

    def quantile(self, q: float) -> float:
        """Upper bound, in ms, of the lateness of the fraction `q` of all pieces; 0 when there were none."""
        wanted, seen = q * sum(self.counts), 0
        for edge, found in zip((*_EDGES_MS, self.worst_ms), self.counts, strict=True):
            seen += found
            if seen and seen >= wanted:
                return min(float(edge), self.worst_ms)
        return 0.0

    def as_dict(self) -> dict[str, Any]:
        """Number of pieces, bounds of p50 and p99, and the worst, in ms."""
        return {
            "deltas": sum(self.counts),
            "p50_ms": self.quantile(0.5),
            "p99_ms": self.quantile(0.99),
            "worst_ms": round(self.worst_ms, 2),
        }


class Schedule:
    """Due times of one response.

    Args:
        pace: Audio is sent this many times faster than it plays.
        clock: Seconds, never going back; the event loop's.
        sleep: Waits so many seconds.
        lateness: Where lateness is counted.
    """

    def __init__(
        self,
        *,
        pace: float,
        clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        lateness: Lateness | None = None,
    ) -> None:
        self.pace = pace
        self._clock = clock
        self._sleep = sleep
        self._lateness = lateness if lateness is not None else Lateness()
        self.origin: float | None = None
        """Time at which the first piece is due; None before it is ready."""

    def start(self, *, delay_s: float = 0.0) -> None:
        """The first piece is ready: the clock of the response starts in `delay_s`."""
        self.origin = self._clock() + delay_s

    def resume(self, position_s: float) -> None:
        """More audio is ready, from `position_s` on: due in its turn, or now if its turn has passed."""
        if self.origin is not None:
            self.shift(max(0.0, self._clock() - self.due(position_s)))

    def due(self, position_s: float) -> float:
        """When the audio that begins at `position_s` is due."""
        if self.origin is None:
            raise ValueError("the schedule has not started")
        return self.origin + position_s / self.pace

    async def wait_for(self, position_s: float) -> None:
        """Return when the audio that begins at `position_s` is due, and count how late that was."""
        due = self.due(position_s)
        ahead = due - self._clock()
        if ahead > 0:
            await self._sleep(ahead)
        self._lateness.add(max(0.0, self._clock() - due))

    def shift(self, by_s: float) -> None:
        """Everything that is still to come is due `by_s` later."""
        if self.origin is not None:
            self.origin += by_s


class Cutter:
    """Cuts a byte stream into pieces whose size is a multiple of `unit`, save the last.

    With a unit divisible by 3 the Base64 of the pieces can be decoded one by one or joined;
    with one divisible by 6 no 16-bit sample is split either.
    """

    def __init__(self, unit: int) -> None:
        self.unit = unit
        self._rest = b""

    def feed(self, data: bytes) -> bytes:
        """As much as can be sent now."""
        whole = self._rest + data if self._rest else data
        ready = len(whole) - len(whole) % self.unit
        self._rest = whole[ready:]
        return whole[:ready]

    def finish(self) -> bytes:
        """What is left."""
        rest, self._rest = self._rest, b""
        return rest
