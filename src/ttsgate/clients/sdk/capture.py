"""What a child prints: the beginning is kept, all of it is drained."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
from typing import Self

__all__ = ["Capture"]

CHUNK_BYTES = 65536
MARK = re.compile(rb"\0(\d{1,12})\0")
"""The runner writes one after its start and after each request: what was printed belongs to what came before."""
MARK_BYTES = 16


class Capture:
    """Reads a stream to its end in the background, keeping at most `cap` bytes between two calls of `clear`."""

    def __init__(
        self, stream: asyncio.StreamReader, cap: int, *, transport: asyncio.BaseTransport | None = None
    ) -> None:
        self._stream = stream
        self._cap = cap
        self._transport = transport
        self._kept = bytearray()
        self._mark = -1
        self._more = asyncio.Event()
        self._task = asyncio.create_task(self._drain())

    @classmethod
    async def of_pipe(cls, fd: int, cap: int) -> Self:
        """Capture the reading end of a pipe; the descriptor belongs to the capture from now on."""
        stream = asyncio.StreamReader()
        loop = asyncio.get_running_loop()
        transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(stream), os.fdopen(fd, "rb"))
        return cls(stream, cap, transport=transport)

    async def _drain(self) -> None:
        tail = b""
        while data := await self._stream.read(CHUNK_BYTES):
            self._kept += data[: max(self._cap - len(self._kept), 0)]
            for mark in MARK.findall(tail + data):
                self._mark = max(self._mark, int(mark))
            tail = (tail + data)[-MARK_BYTES:]
            self._more.set()
        self._more.set()

    async def until(self, number: int) -> None:
        """Wait for the mark of a request, or for the end of the stream."""
        while self._mark < number and not self._stream.at_eof():
            self._more.clear()
            await self._more.wait()

    def clear(self) -> None:
        """Forget what was kept so far."""
        self._kept.clear()

    def text(self) -> str:
        """What was kept, as text, without marks."""
        return MARK.sub(b"", bytes(self._kept)).decode("utf-8", "replace")

    async def close(self) -> None:
        """Stop reading; what a grandchild still holds open is not waited for."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._task, 0.5)
        if self._transport is not None:
            self._transport.close()
