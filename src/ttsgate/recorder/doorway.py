"""Catches programs that know only the service's own address: an HTTP proxy that answers ``CONNECT`` itself.

A program that honours ``HTTPS_PROXY`` asks for the service's host; it gets a certificate for that name from a
throw-away authority, and what it says inside goes to a relay.  Other hosts are passed through unread, or refused.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import ssl
from collections.abc import Callable, Mapping

from ttsgate.errors import UsageError
from ttsgate.recorder.relay import Relay, Upstream

__all__ = ["Doorway", "proxy_variables"]

_MAX_HEAD = 1 << 16
_CONNECT = re.compile(rb"CONNECT[ ]+(\[[0-9A-Fa-f:.]+\]|[^\s:/?#]+):(\d{1,5})[ ]+HTTP/1\.[01]\r\n")
_ESTABLISHED = b"HTTP/1.1 200 Connection established\r\n\r\n"
_REFUSED = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
_NO_CONNECT = b"HTTP/1.1 405 Method Not Allowed\r\nAllow: CONNECT\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class Doorway:
    """Listens as an HTTP proxy.

    Args:
        route: The relay that stands for a host, by its name; None for any other host.
        context: Gives a context that serves TLS under a name.
        others: Whether other hosts may be reached, unread.
        say: Takes one line for each other host that was asked for first.
    """

    def __init__(
        self,
        route: Callable[[str], Relay | None],
        context: Callable[[str], ssl.SSLContext],
        *,
        others: bool,
        say: Callable[[str], None] = lambda line: None,
    ) -> None:
        self.route, self.context, self.others, self._say = route, context, others, say
        self.address = ""
        self._told: set[str] = set()
        self._server: asyncio.Server | None = None
        self.tasks: set[asyncio.Task[None]] = set()
        """Doors that are being opened."""

    async def start(self, host: str = "127.0.0.1") -> None:
        """Listen on a free port; `address` then says where.

        Raises:
            UsageError: the address cannot be listened on.
        """
        try:
            self._server = await asyncio.get_running_loop().create_server(lambda: _Door(self), host, 0)
        except OSError as exc:
            raise UsageError(f"cannot listen on {host}: {exc.strerror or exc}") from exc
        self.address = f"{host}:{self._server.sockets[0].getsockname()[1]}"

    async def stop(self) -> None:
        """Stop listening."""
        if self._server is not None:
            self._server.close()
        for task in list(self.tasks):
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)

    def other(self, host: str, port: int) -> Relay | None:
        """A relay that reads nothing, for a host that is not the service's; None where none may be reached."""
        if host not in self._told:
            self._told.add(host)
            self._say(f"{host}: not the service's; {'passed through unread' if self.others else 'refused'}")
        return Relay(Upstream(host=host, port=port), done=lambda link: None) if self.others else None


class _Door(asyncio.Protocol):
    """One client of the proxy, until it is handed over."""

    def __init__(self, doorway: Doorway) -> None:
        self.doorway = doorway
        self.transport: asyncio.Transport | None = None
        self._head = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        assert self.transport is not None
        self._head += data
        if b"\r\n\r\n" not in self._head:
            if len(self._head) > _MAX_HEAD:
                self.transport.abort()
            return
        match = _CONNECT.match(self._head)
        if match is None or int(match[2]) > 65535:
            self._refuse(_NO_CONNECT)
            return
        host, port = match[1].decode("ascii", "replace").strip("[]"), int(match[2])
        task = asyncio.ensure_future(self._open(host, port))
        self.doorway.tasks.add(task)
        task.add_done_callback(self.doorway.tasks.discard)

    def _refuse(self, answer: bytes) -> None:
        assert self.transport is not None
        self.transport.write(answer)
        self.transport.close()

    async def _open(self, host: str, port: int) -> None:
        assert self.transport is not None
        relay = self.doorway.route(host)
        if relay is None:
            relay = self.doorway.other(host, port)
            if relay is None:
                self._refuse(_REFUSED)
                return
            client = relay.accept()
            self.transport.set_protocol(client)
            client.connection_made(self.transport)
            self.transport.write(_ESTABLISHED)
            return
        self.transport.write(_ESTABLISHED)
        client = relay.accept()
        with contextlib.suppress(OSError):
            # A client that does not trust the authority ends it here; that is for the client to say.
            tls = await asyncio.get_running_loop().start_tls(
                self.transport, client, self.doorway.context(host), server_side=True, ssl_handshake_timeout=10.0
            )
            if tls is not None:
                client.connection_made(tls)


def proxy_variables(address: str, ca: str) -> Mapping[str, str]:
    """Variables that send a program's HTTPS through a doorway, and make it trust what it finds there."""
    proxy = dict.fromkeys(("HTTPS_PROXY", "https_proxy"), f"http://{address}")
    return proxy | dict.fromkeys(
        ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS", "WEBSOCKET_CLIENT_CA_BUNDLE"), ca
    )
