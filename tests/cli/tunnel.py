"""An HTTP proxy that opens tunnels to one place, whatever was asked for; it remembers what that was."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

__all__ = ["Tunnel", "tunnel"]


@dataclass
class Tunnel:
    """A running proxy."""

    port: int = 0
    asked: list[str] = field(default_factory=list)
    """First lines of what it was asked."""
    logins: set[str] = field(default_factory=set)
    """``Proxy-Authorization`` headers that it was sent."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@contextlib.contextmanager
def tunnel(to: int, *, refuse: bool = False) -> Iterator[Tunnel]:
    """A proxy on this machine whose every tunnel leads to port `to`; with `refuse` it answers 403."""
    found, ready, loop = Tunnel(), threading.Event(), asyncio.new_event_loop()

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65_536):
                writer.write(data)
                await writer.drain()
        writer.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        found.asked.append(head[0])
        found.logins.update(line for line in head if line.lower().startswith("proxy-authorization"))
        if refuse:
            writer.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
            writer.close()
            return
        there, here = await asyncio.open_connection("127.0.0.1", to)
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        await asyncio.gather(pump(reader, here), pump(there, writer))

    async def main() -> None:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        found.port = server.sockets[0].getsockname()[1]
        ready.set()
        with contextlib.suppress(asyncio.CancelledError):
            await server.serve_forever()

    def run() -> None:
        asyncio.set_event_loop(loop)
        task = loop.create_task(main())
        stop.append(task)
        with contextlib.suppress(asyncio.CancelledError):
            loop.run_until_complete(task)
        for left in asyncio.all_tasks(loop):
            left.cancel()
        loop.run_until_complete(asyncio.sleep(0))
        loop.close()

    stop: list[asyncio.Task[None]] = []
    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    assert ready.wait(5)
    try:
        yield found
    finally:
        loop.call_soon_threadsafe(stop[0].cancel)
        thread.join(5)
