"""Bounds what connections cost that never say anything."""

from __future__ import annotations

import asyncio
import resource
from collections import OrderedDict
from collections.abc import Callable

__all__ = ["Gate", "raise_file_limit"]


class Gate:
    """A protocol factory that drops connections which do not send a whole request in time.

    Args:
        factory: Makes the protocol that serves a connection; it has a ``transport`` once connected.
        timeout_s: How long a connection may take to send its first request.
        most: Connections that may be waiting at once; the oldest of them give way to newer ones.
    """

    def __init__(self, factory: Callable[[], asyncio.Protocol], *, timeout_s: float, most: int) -> None:
        self._factory = factory
        self._timeout_s = timeout_s
        self._most = most
        self._waiting: OrderedDict[asyncio.BaseProtocol, float] = OrderedDict()
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self.dropped = 0
        """Connections that were dropped so far."""

    def __call__(self) -> asyncio.Protocol:
        protocol = self._factory()
        self._waiting[protocol] = self._loop.time() + self._timeout_s
        while len(self._waiting) > self._most:
            self._drop(next(iter(self._waiting)))
        if self._timer is None:
            self._timer = self._loop.call_later(self._timeout_s, self._sweep)
        return protocol

    def served(self, protocol: asyncio.BaseProtocol) -> None:
        """A whole request came on this connection."""
        self._waiting.pop(protocol, None)

    def close(self) -> None:
        """Stop watching."""
        if self._timer is not None:
            self._timer.cancel()
        self._waiting.clear()

    def _sweep(self) -> None:
        now = self._loop.time()
        while self._waiting and next(iter(self._waiting.values())) <= now:
            self._drop(next(iter(self._waiting)))
        self._timer = None
        if self._waiting:
            self._timer = self._loop.call_at(next(iter(self._waiting.values())), self._sweep)

    def _drop(self, protocol: asyncio.BaseProtocol) -> None:
        del self._waiting[protocol]
        transport = getattr(protocol, "transport", None)
        if transport is not None:
            self.dropped += 1
            transport.abort()


def raise_file_limit() -> int:
    """Allow as many open files as the system lets us; returns the number."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard
