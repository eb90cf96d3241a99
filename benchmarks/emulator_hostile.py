"""What hostile clients cost: connections that never send, enormous frames, deep JSON, slow readers; and who notices.

    python benchmarks/emulator_hostile.py [CONNECTIONS] [MEGABYTES]

Meanwhile one honest session after the other is spoken; all must come to their end.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
import time
import urllib.request
from collections import Counter
from urllib.parse import urlsplit

from emulator_load import Listener, frame, status

from ttsgate.emulator.gate import raise_file_limit
from ttsgate.emulator.process import EmulatorProcess, Endpoints

HANDSHAKE = (
    b"GET /api-ws/v1/realtime?model=qwen3-tts-flash-realtime HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
    b"Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
    b"Authorization: Bearer sk-emulator\r\n\r\n"
)


async def never_send(port: int, count: int) -> dict[str, int]:
    """Open so many connections and say nothing; how many were opened, and how many the emulator closed meanwhile."""
    links, refused = [], 0
    for _ in range(count):
        try:
            links.append(await asyncio.open_connection("127.0.0.1", port))
        except OSError:
            refused += 1
    closed = sum(reader.at_eof() or writer.is_closing() for reader, writer in links)
    for _, writer in links:
        writer.transport.abort()
    return {"opened": len(links), "refused": refused, "closed_by_emulator": closed}


async def upgraded(port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A websocket that stands."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(HANDSHAKE)
    await reader.readuntil(b"\r\n\r\n")
    return reader, writer


async def enormous_frame(port: int, megabytes: int) -> int:
    """Send one frame of so many megabytes; how many of them the emulator took before it closed."""
    reader, writer = await upgraded(port)
    writer.write(b"\x81\xff" + (megabytes << 20).to_bytes(8, "big") + bytes(4))
    sent = 0
    with contextlib.suppress(OSError, TimeoutError):
        while sent < megabytes and not reader.at_eof():
            writer.write(bytes(1 << 20))
            async with asyncio.timeout(5):
                await writer.drain()
            sent += 1
    writer.transport.abort()
    return sent


async def deep_json(port: int) -> bool:
    """Send JSON that is sixty thousand levels deep; whether a clear error event came back."""
    reader, writer = await upgraded(port)
    data = b"[" * 60_000
    writer.write(frame(data))
    try:
        async with asyncio.timeout(5):
            await reader.readuntil(b'"error"')
            return True
    except (TimeoutError, asyncio.IncompleteReadError):
        return False
    finally:
        writer.transport.abort()


async def honest(port: int, until: asyncio.Event) -> Counter[bool]:
    """One session after the other; how many came to their end."""
    outcome = Counter[bool]()
    while not until.is_set():
        ended: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        await asyncio.get_running_loop().create_connection(
            lambda ended=ended: Listener(ended, text="Good morning."),  # type: ignore[misc]
            "127.0.0.1",
            port,
        )
        outcome[await ended] += 1
    return outcome


async def attack(endpoints: Endpoints, connections: int, megabytes: int) -> dict[str, object]:
    """Everything, one after the other."""
    port, until = urlsplit(endpoints.ws_url).port or 0, asyncio.Event()
    others = asyncio.ensure_future(honest(port, until))
    told: dict[str, object] = {"resident_mb_before": status(endpoints.pid)[1] // 1024}
    try:
        told["silent_connections"] = await never_send(port, connections)
        told["resident_mb_after_connections"] = status(endpoints.pid)[1] // 1024
        told["megabytes_taken_of_enormous_frames"] = await asyncio.gather(
            *(enormous_frame(port, megabytes) for _ in range(4))
        )
        told["resident_mb_after_frames"] = status(endpoints.pid)[1] // 1024
        told["error_event_for_deep_json"] = await deep_json(port)
    finally:
        until.set()
    outcome = await others
    return {**told, "honest_sessions": outcome[True], "honest_sessions_broken": outcome[False]}


def main() -> None:
    """Run it and print one JSON object."""
    connections = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    megabytes = int(sys.argv[2]) if len(sys.argv) > 2 else 100
    raise_file_limit()
    with EmulatorProcess(pace=2.0, extra=["--unlimited", "--admin"]) as emulator:
        assert emulator.endpoints is not None
        start = time.perf_counter()
        told = asyncio.run(attack(emulator.endpoints, connections, megabytes))
        with urllib.request.urlopen(f"{emulator.endpoints.admin_url}/state") as answer:
            told["lateness"] = json.load(answer)["lateness"]
        told["wall_s"] = round(time.perf_counter() - start, 1)
    said = emulator.stderr_tail()
    told["tracebacks"] = said.count("Traceback")
    told["machine_load"] = [round(load, 1) for load in os.getloadavg()]
    sys.stdout.write(json.dumps(told) + "\n")


if __name__ == "__main__":
    main()
