"""The way out of this machine: which address, over which IP version, through which proxy, trusting whom.

One `Route` serves the websocket client, the HTTP client, the connectivity steps and, as variables, the SDK's process.
"""

from __future__ import annotations

import asyncio
import base64
import json
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import aiohappyeyeballs
import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

__all__ = ["DIRECT", "ROUTE_VARIABLE", "AddrInfo", "ProxyRefused", "Route"]

AddrInfo = tuple[int | socket.AddressFamily, int | socket.SocketKind, int, str, tuple[Any, ...]]
"""As `socket.getaddrinfo` gives it."""
ROUTE_VARIABLE = "TTSGATE_ROUTE"
"""Variable by which the SDK's process learns of overridden names and of the IP version; read by ``runner.py``."""
_FAMILIES = {None: socket.AF_UNSPEC, "4": socket.AF_INET, "6": socket.AF_INET6}
_HEAD_BYTES = 16 * 1024
"""Longest answer of a proxy to CONNECT that is read."""
_CA_VARIABLES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "WEBSOCKET_CLIENT_CA_BUNDLE")
"""What the libraries below the SDK read: OpenSSL, requests, websocket-client."""


class ProxyRefused(OSError):
    """A proxy did not open the tunnel; `status` is its answer."""

    def __init__(self, status: int | None, words: str) -> None:
        super().__init__(f"the proxy answered CONNECT with {words}")
        self.status = status


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """How connections are made; without arguments straight and with the system's resolver."""

    tls: ssl.SSLContext | None = None
    """Context for TLS; must verify."""
    proxy: str | None = None
    """``http://HOST:PORT``."""
    proxy_login: tuple[str, str] | None = field(default=None, repr=False)
    """User and password for it."""
    ip_version: str | None = None
    """``4`` or ``6``."""
    connect_to: Mapping[str, tuple[str, int | None]] = field(default_factory=dict)
    """Host -> address and port that are connected to instead."""
    ca_file: Path | None = None
    """What `tls` trusts, for the SDK's process; None for its own roots."""

    @property
    def first_hop(self) -> tuple[str, int] | None:
        """The proxy's host and port, which is what this machine resolves and connects to."""
        if self.proxy is None:
            return None
        parts = urlsplit(self.proxy)
        return parts.hostname or "", parts.port or 80

    async def resolve(self, host: str, port: int) -> list[AddrInfo]:
        """Addresses that would be tried, in order.

        Raises:
            OSError: the name has none (of this IP version).
        """
        address, other = self.connect_to.get(host.lower(), (host, None))
        found = await asyncio.get_running_loop().getaddrinfo(
            address, other or port, family=_FAMILIES[self.ip_version], type=socket.SOCK_STREAM
        )
        return list(found)

    async def connect(self, host: str, port: int, *, infos: list[AddrInfo] | None = None) -> socket.socket:
        """A connected, non-blocking socket to that host, through the proxy where there is one.

        Args:
            host: Name or address of the service.
            port: Its port.
            infos: What `resolve` gave for the first hop, if it was asked already.

        Raises:
            OSError: nobody answers; `ProxyRefused` when the proxy does, but opens no tunnel.
        """
        infos = infos or await self.resolve(*(self.first_hop or (host, port)))
        sock = await aiohappyeyeballs.start_connection(infos, happy_eyeballs_delay=0.25)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self.proxy is not None:
            try:
                await self._tunnel(sock, host, port)
            except BaseException:
                sock.close()
                raise
        return sock

    async def _tunnel(self, sock: socket.socket, host: str, port: int) -> None:
        """``CONNECT`` (RFC 9110, section 9.3.6), read byte by byte so that nothing of the service's is swallowed."""
        loop = asyncio.get_running_loop()
        place = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        lines = [f"CONNECT {place} HTTP/1.1", f"Host: {place}"]
        if self.proxy_login is not None:
            login = base64.b64encode(":".join(self.proxy_login).encode()).decode()
            lines.append(f"Proxy-Authorization: Basic {login}")
        await loop.sock_sendall(sock, "\r\n".join([*lines, "", ""]).encode())
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            piece = await loop.sock_recv(sock, 1)
            head += piece
            if not piece or len(head) > _HEAD_BYTES:
                raise ProxyRefused(None, "nothing that HTTP would know")
        first = head.split(b"\r\n", 1)[0].decode("latin-1")
        words = first.split(" ", 2)
        status = int(words[1]) if len(words) > 1 and words[1].isdigit() else None
        if status is None or not 200 <= status < 300:
            raise ProxyRefused(status, f"{first[:120]!r}")

    # -- for others --------------------------------------------------------------------------

    def connector(self) -> aiohttp.TCPConnector:
        """A connector for one `aiohttp.ClientSession`."""
        return aiohttp.TCPConnector(
            resolver=_Resolver(self.connect_to), family=_FAMILIES[self.ip_version], use_dns_cache=False
        )

    def proxy_for(self, url: str) -> str | None:
        """The proxy for an aiohttp request, with its login."""
        if self.proxy is None or self.proxy_login is None:
            return self.proxy
        user, password = (quote(part, safe="") for part in self.proxy_login)
        return self.proxy.replace("://", f"://{user}:{password}@", 1)

    def variables(self) -> dict[str, str]:
        """What an SDK's process needs in its environment to take the same way."""
        found: dict[str, str] = {}
        if self.proxy is not None:
            proxy = self.proxy_for("") or ""
            found.update(dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), proxy))
        if self.ca_file is not None:
            found.update(dict.fromkeys(_CA_VARIABLES, str(self.ca_file)))
        if self.connect_to or self.ip_version:
            override = {host: list(place) for host, place in self.connect_to.items()}
            found[ROUTE_VARIABLE] = json.dumps({"connect_to": override, "ip_version": self.ip_version})
        return found


DIRECT = Route()
"""Straight, with the system's resolver."""


class _Resolver(AbstractResolver):
    """aiohttp's own, but for overridden names."""

    def __init__(self, connect_to: Mapping[str, tuple[str, int | None]]) -> None:
        self._connect_to = connect_to
        self._real = ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        address, other = self._connect_to.get(host.lower(), (host, None))
        found = await self._real.resolve(address, other or port, family)
        # The name stays, for TLS verifies it.
        return [ResolveResult({**one, "hostname": host}) for one in found]

    async def close(self) -> None:
        await self._real.close()
