"""How much an account may use: request rates and character allowances.

Limits count per model over all keys of the account: https://help.aliyun.com/zh/model-studio/rate-limit
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

__all__ = ["Allowance", "Rate", "RateWindow"]


@dataclass(frozen=True)
class Rate:
    """At most ``per_minute`` requests in a minute and ``per_second`` in a second; None: as many as come."""

    per_minute: int | None
    per_second: int | None

    def shrunk(self, percent: int) -> Rate:
        """This rate at ``percent`` of its size, at least one request."""
        per_minute, per_second = (
            None if size is None else max(1, size * percent // 100) for size in (self.per_minute, self.per_second)
        )
        return Rate(per_minute, per_second)


class RateWindow:
    """The requests of the last minute of one model; refused ones are not counted."""

    def __init__(self) -> None:
        self._times: deque[float] = deque()

    def admit(self, now: float, rate: Rate) -> bool:
        """Count a request at ``now`` (seconds, not decreasing) if ``rate`` leaves room for it."""
        if rate.per_minute is None and rate.per_second is None:
            return True
        times = self._times
        while times and now - times[0] >= 60.0:
            times.popleft()
        if rate.per_minute is not None and len(times) >= rate.per_minute:
            return False
        if rate.per_second is not None and len(times) >= rate.per_second and now - times[-rate.per_second] < 1.0:
            return False
        times.append(now)
        return True


@dataclass
class Allowance:
    """A number of characters to use up; ``total`` None means without end."""

    total: int | None
    used: int = 0

    @property
    def spent(self) -> bool:
        """Whether nothing is left, so that the next request is refused."""
        return self.total is not None and self.used >= self.total
