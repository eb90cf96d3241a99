"""How late the emulator's audio leaves when many sessions are spoken at once on one core.

    python benchmarks/emulator_load.py [SESSIONS] [SECONDS_TO_OPEN_THEM]

The emulator is pinned to one core, this client to another; it reads and throws away. Lateness is the emulator's
own: the time at which a delta was handed to the socket against its time in the schedule, which is computed from
the start of the response. All sessions speak the same text at real-time pace.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit

from ttsgate.emulator.process import EmulatorProcess, Endpoints

TEXT = "The quick brown fox jumps over the lazy dog, and then it sleeps in the sun for the whole of a long afternoon. "


def messages(text: str) -> tuple[dict[str, object], ...]:
    """What a client sends to hear `text`."""
    return (
        {"type": "session.update", "session": {"voice": "Ethan"}},
        {"type": "input_text_buffer.append", "text": text},
        {"type": "input_text_buffer.commit"},
        {"type": "session.finish"},
    )


def frame(data: bytes) -> bytes:
    """A masked text frame of less than 64 KiB; the mask is zero."""
    size = bytes((0x80 | len(data),)) if len(data) < 126 else b"\xfe" + len(data).to_bytes(2, "big")
    return b"\x81" + size + bytes(4) + data


class Listener(asyncio.Protocol):
    """Speaks one utterance and reads to the end without looking at it."""

    def __init__(self, ended: asyncio.Future[bool], *, text: str = TEXT * 2) -> None:
        self.ended, self.text, self.upgraded, self.finished = ended, text, False, False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.write(
            b"GET /api-ws/v1/realtime?model=qwen3-tts-flash-realtime HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
            b"Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
            b"Authorization: Bearer sk-emulator\r\n\r\n"
        )

    def data_received(self, data: bytes) -> None:
        if not self.upgraded:
            self.upgraded = True
            for message in messages(self.text):
                self.transport.write(frame(json.dumps(message).encode()))
        self.finished = self.finished or b"session.finished" in data[-600:]

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.ended.done():
            self.ended.set_result(self.finished)


async def load(endpoints: Endpoints, sessions: int, opening_s: float) -> int:
    """Run so many sessions at once; returns how many came to their end."""
    loop, port = asyncio.get_running_loop(), urlsplit(endpoints.ws_url).port or 0
    ends = []
    for _ in range(sessions):
        ended: asyncio.Future[bool] = loop.create_future()
        await loop.create_connection(lambda ended=ended: Listener(ended), "127.0.0.1", port)  # type: ignore[misc]
        ends.append(ended)
        await asyncio.sleep(opening_s / sessions)
    return sum(await asyncio.gather(*ends))


def status(pid: int) -> tuple[float, int]:
    """CPU seconds and resident kB of a process."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")")[-1].split()
    resident = next(line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmRSS"))
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK"), int(resident.split()[1])


def main() -> None:
    """Run it and print one JSON object."""
    sessions = int(sys.argv[1]) if len(sys.argv) > 1 else 300
    opening_s = float(sys.argv[2]) if len(sys.argv) > 2 else 4.0
    with EmulatorProcess(pace=1.0, extra=["--unlimited", "--admin"]) as emulator:
        endpoints = emulator.endpoints
        assert endpoints is not None
        cores = sorted(os.sched_getaffinity(0))
        for task in os.listdir(f"/proc/{endpoints.pid}/task"):
            os.sched_setaffinity(int(task), {cores[0]})
        os.sched_setaffinity(0, set(cores[1:]) or set(cores))
        start, (cpu_s, _) = time.perf_counter(), status(endpoints.pid)
        finished = asyncio.run(load(endpoints, sessions, opening_s))
        wall_s, (after_s, resident_kb) = time.perf_counter() - start, status(endpoints.pid)
        with urllib.request.urlopen(f"{endpoints.admin_url}/state") as answer:
            lateness = json.load(answer)["lateness"]
    figures = {
        "sessions": sessions,
        "finished": finished,
        "wall_s": round(wall_s, 1),
        "emulator_cpu_s": round(after_s - cpu_s, 1),
        "emulator_resident_mb": resident_kb // 1024,
        "lateness": lateness,
    }
    sys.stdout.write(json.dumps(figures) + "\n")


if __name__ == "__main__":
    main()
