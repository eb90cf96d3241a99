"""A stand-in for every other host: where a program goes that does not stay with the service it was given."""

from __future__ import annotations

import asyncio
import contextlib
from types import TracebackType
from typing import Self

__all__ = ["Decoy"]

MOST_BYTES = 64 * 1024
MOST_REQUESTS = 50
_PATIENCE_S = 2.0
_ANSWER = b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class Decoy:
    """Listens on loopback, as a proxy and as a host; keeps what it is asked and refuses everything.

    A program that honours ``HTTP_PROXY`` comes here with requests to other hosts; of those over TLS no more than the
    host's name is seen.
    """

    def __init__(self) -> None:
        self.requests: list[str] = []
        """First line of each request, without its query."""
        self.seen = b""
        """Everything that was sent here, for the search for keys."""
        self._server: asyncio.Server | None = None

    @property
    def url(self) -> str:
        """Where it listens."""
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=MOST_BYTES)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, TimeoutError, asyncio.LimitOverrunError):
            async with asyncio.timeout(_PATIENCE_S):
                head = b""
                with contextlib.suppress(asyncio.IncompleteReadError):
                    head = await reader.readuntil(b"\r\n\r\n")
                self._keep(head)
                writer.write(_ANSWER)
                await writer.drain()
                # A key may stand in the body, too.
                self.seen = (self.seen + await reader.read(MOST_BYTES))[:MOST_BYTES]
        writer.close()

    def _keep(self, head: bytes) -> None:
        self.seen = (self.seen + head)[:MOST_BYTES]
        words = head.split(b"\r\n", 1)[0].decode("utf-8", "replace").split()
        if len(words) >= 2 and len(self.requests) < MOST_REQUESTS:
            self.requests.append(f"{words[0]} {words[1].partition('?')[0]}"[:200])
