"""Passes bytes between clients and one service, unmodified, and keeps each piece with the time at which it came.

A piece is stamped first, passed on next, and read only when the connection is over, so that recording costs a client
no more than a hop.  Ends of streams, resets and back-pressure are passed on as they are.  The one thing that can be
altered is the ``Host`` header, where the service is not on this machine and would not know the relay's name.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import socket
import ssl
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from ttsgate.errors import UsageError
from ttsgate.recorder.conversation import Conversation
from ttsgate.recorder.hosts import HostRewriter

__all__ = ["Link", "Relay", "Upstream"]

Way = Literal["out", "in"]
CONNECT_TIMEOUT_S = 15.0
_NO_LINGER = struct.pack("ii", 1, 0)


@dataclass(frozen=True, kw_only=True)
class Upstream:
    """Where a relay passes things on to."""

    host: str
    port: int
    tls: ssl.SSLContext | None = None
    """Context that verifies, for TLS."""
    host_header: str | None = None
    """Put in the place of the client's ``Host`` header; None passes that on, too."""


@dataclass
class Link:
    """One connection of a client and ours to the service; what it carried."""

    began: float
    """When the client connected, `time.perf_counter`."""
    started: float
    """The same, seconds since 1970."""
    scheme: str
    """``http`` or ``https``, as the client sees it."""
    log: list[tuple[Any, ...]] = field(default_factory=list)
    """What happened, in order: ``data``, ``note``, ``eof`` and ``end``, each with its time last."""
    size: int = 0
    """Bytes kept in `log`."""

    def conversation(self) -> Conversation:
        """Read what was kept."""
        told = Conversation(self.began, scheme=self.scheme)
        for kind, *what, t in self.log:
            if kind == "data":
                told.feed(what[0], what[1], t)
            elif kind == "note":
                told.note(t, what[0], **what[1])
            elif kind == "eof":
                told.half_closed(what[0], t)
            else:
                told.ended(t, by=what[0], error=what[1])
        return told


class Relay:
    """Listens for clients of one service.

    Args:
        upstream: The service.
        done: Called with each connection when it is over.
        tls: Context to serve TLS with; None listens without.
    """

    def __init__(self, upstream: Upstream, *, done: Callable[[Link], None], tls: ssl.SSLContext | None = None) -> None:
        self.upstream = upstream
        self.done = done
        self.tls = tls
        self.active: set[_Pair] = set()
        """Connections under way."""
        self.host, self.port = "", 0
        self._server: asyncio.Server | None = None

    async def start(self, host: str, port: int) -> None:
        """Listen; `host` and `port` then say where.

        Raises:
            UsageError: the address cannot be listened on.
        """
        loop = asyncio.get_running_loop()
        try:
            self._server = await loop.create_server(lambda: _Pair(self).client, host, port, ssl=self.tls)
        except OSError as exc:
            raise UsageError(f"cannot listen on {host}:{port}: {exc.strerror or exc}") from exc
        self.host, self.port = host, self._server.sockets[0].getsockname()[1]

    def accept(self) -> asyncio.Protocol:
        """The protocol of one client that came another way than by `start`."""
        return _Pair(self).client

    async def stop(self) -> None:
        """Stop listening and cut what is still connected."""
        if self._server is not None:
            self._server.close()
        for pair in list(self.active):
            pair.cut()
        await asyncio.sleep(0)

    @property
    def address(self) -> str:
        """``HOST:PORT`` as a client writes it."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


class _Pair:
    """The two ends of one link."""

    def __init__(self, relay: Relay) -> None:
        self.relay = relay
        scheme = "https" if relay.tls is not None else "http"
        self.link = Link(began=time.perf_counter(), started=time.time(), scheme=scheme)
        self.client = _End(self, "out")
        self.service = _End(self, "in")
        self.client.other, self.service.other = self.service, self.client
        header = relay.upstream.host_header
        self.rewriter = HostRewriter(header) if header is not None else None
        self._dialling: asyncio.Task[None] | None = None
        self._ended: tuple[str, str] | None = None
        relay.active.add(self)

    def connected(self) -> None:
        """The client is here: go to the service."""
        if not self.link.log:  # after a TLS handshake, bytes may have come first
            self.link.began, self.link.started = time.perf_counter(), time.time()
        self._dialling = asyncio.ensure_future(self._dial())

    async def _dial(self) -> None:
        up, loop = self.relay.upstream, asyncio.get_running_loop()
        name = up.host if up.tls is not None else None
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                await loop.create_connection(
                    lambda: self.service, up.host, up.port, ssl=up.tls, server_hostname=name,
                    happy_eyeballs_delay=0.25 if up.host_header else None,
                )  # fmt: skip
        except (OSError, TimeoutError) as exc:
            facts = {"class": type(exc).__name__, "message": str(exc)[:500], "where": "connect"}
            self.keep("note", "error", facts, time.perf_counter())
            self.over("network", f"{up.host}:{up.port}: {str(exc) or 'no answer'}")
            self.client.reset()

    def keep(self, *what: Any) -> None:
        """Add to the log."""
        self.link.log.append(what)

    def over(self, by: str, error: str = "") -> None:
        """Something ended the link; the first to say so is believed."""
        if self._ended is None:
            self._ended = (by, error)

    def lost(self) -> None:
        """An end is gone; the link is over when both are."""
        if not (self.client.gone and (self.service.gone or self.service.transport is None)):
            return
        if self._dialling is not None and not self._dialling.done():
            self._dialling.cancel()
        if self in self.relay.active:
            self.relay.active.discard(self)
            by, error = self._ended or ("client", "")
            self.keep("end", by, error, time.perf_counter())
            self.relay.done(self.link)

    def cut(self) -> None:
        """End both sides now: recording is over."""
        self.over("recorder", "recording ended first")
        for end in (self.client, self.service):
            if end.transport is not None:
                end.transport.abort()


class _End(asyncio.Protocol):
    """One side of a link; `way` is the direction of what comes from it."""

    other: _End

    def __init__(self, pair: _Pair, way: Way) -> None:
        self.pair, self.way = pair, way
        self.who = "client" if way == "out" else "service"
        self.transport: asyncio.Transport | None = None
        self.gone = False
        self._early: list[bytes] = []
        self._eof_early = False
        self._no_more = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        if self.way == "out":
            self.pair.connected()
            return
        now = time.perf_counter()
        if self.other.gone:
            transport.abort()
            return
        # What the client sent before we were connected.
        for data in self._early:
            transport.write(data)
        self._early.clear()
        self.pair.keep("note", "tcp", {"peer": "{}:{}".format(*transport.get_extra_info("peername")[:2])}, now)
        if (tls := transport.get_extra_info("ssl_object")) is not None:
            self.pair.keep("note", "tls", _tls_facts(tls), now)
        if (host := self.pair.relay.upstream.host_header) is not None:
            self.pair.keep("note", "host", {"sent_on": host}, now)
        if self._eof_early:
            self.write_eof()

    def data_received(self, data: bytes) -> None:
        now = time.perf_counter()
        pair = self.pair
        if self.way == "out" and pair.rewriter is not None:
            self.other.write(pair.rewriter.feed(data))
        else:
            self.other.write(data)
        pair.link.log.append(("data", self.way, data, now))
        pair.link.size += len(data)

    def write(self, data: bytes) -> None:
        """Pass on what came from the other end."""
        if self.transport is None:
            self._early.append(data)
        elif data and not self.transport.is_closing():
            self.transport.write(data)

    def eof_received(self) -> bool:
        self.pair.keep("eof", self.way, time.perf_counter())
        self.pair.over(self.who)
        self._no_more = True
        self.other.write_eof()
        # Over TLS nobody can close one half only.
        half = self.transport is not None and self.transport.can_write_eof() and not self.other.gone
        return half and not self.other._no_more

    def write_eof(self) -> None:
        """The other end will send no more."""
        if self.transport is None:
            self._eof_early = True
        elif self.transport.is_closing():
            return
        elif self.transport.can_write_eof() and not self._no_more:
            with contextlib.suppress(OSError, RuntimeError):
                self.transport.write_eof()
        else:
            self.transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self.gone = True
        if exc is not None:
            self.pair.over("network", f"{self.who}: {type(exc).__name__}: {exc}")
            self.pair.keep("note", "reset", {"dir": self.way, "error": type(exc).__name__}, time.perf_counter())
            self.other.reset()
        else:
            self.pair.over(self.who)
            if self.other.transport is not None and not self.other.gone:
                self.other.transport.close()
        if self.other.transport is None and self.way == "out":
            self.pair.service.gone = True
        self.pair.lost()

    def reset(self) -> None:
        """Break this end off as the other was."""
        if self.transport is None or self.gone:
            return
        sock = self.transport.get_extra_info("socket")
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
        self.transport.abort()

    def pause_writing(self) -> None:
        if self.other.transport is not None and not self.other.gone:
            self.other.transport.pause_reading()

    def resume_writing(self) -> None:
        if self.other.transport is not None and not self.other.gone:
            self.other.transport.resume_reading()


def _tls_facts(tls: ssl.SSLObject) -> dict[str, Any]:
    der = tls.getpeercert(binary_form=True) or b""
    cipher = tls.cipher()
    return {
        "version": tls.version(),
        "cipher": cipher[0] if cipher else None,
        "sha256": hashlib.sha256(der).hexdigest(),
    }
