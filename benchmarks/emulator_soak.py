"""Whether the emulator's memory stays flat while sessions come and go for a long time.

    python benchmarks/emulator_soak.py [SESSIONS] [SECONDS]

So many sessions are kept open; each speaks a text that nobody spoke before, at real-time pace, and when it ends
another takes its place. The resident memory is read every ten seconds.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import sys
import time
import urllib.request
from collections import Counter
from functools import partial
from urllib.parse import urlsplit

from emulator_load import Listener, status

from ttsgate.emulator.process import EmulatorProcess, Endpoints

EVERY_S = 10.0


async def soak(endpoints: Endpoints, sessions: int, seconds: float) -> tuple[list[int], Counter[bool]]:
    """Keep `sessions` open for so long; resident kB every ten seconds, and how many sessions came to their end."""
    loop, port = asyncio.get_running_loop(), urlsplit(endpoints.ws_url).port or 0
    until = loop.time() + seconds
    numbers, outcome, resident = itertools.count(1), Counter[bool](), list[int]()

    async def one_after_the_other(place: int) -> None:
        await asyncio.sleep(place * 0.1)
        while loop.time() < until:
            ended: asyncio.Future[bool] = loop.create_future()
            text = f"This is sentence number {next(numbers)} of a long afternoon, and nobody has spoken it before. "
            await loop.create_connection(partial(Listener, ended, text=text * 2), "127.0.0.1", port)
            outcome[await ended] += 1

    async def watch() -> None:
        while loop.time() < until:
            resident.append(status(endpoints.pid)[1])
            await asyncio.sleep(EVERY_S)

    await asyncio.gather(watch(), *(one_after_the_other(place) for place in range(sessions)))
    return resident, outcome


def main() -> None:
    """Run it and print one JSON object."""
    sessions = int(sys.argv[1]) if len(sys.argv) > 1 else 60
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 600.0
    with EmulatorProcess(pace=1.0, extra=["--unlimited", "--admin"]) as emulator:
        endpoints = emulator.endpoints
        assert endpoints is not None
        start, (cpu_s, _) = time.perf_counter(), status(endpoints.pid)
        resident, outcome = asyncio.run(soak(endpoints, sessions, seconds))
        wall_s, (after_s, last_kb) = time.perf_counter() - start, status(endpoints.pid)
        with urllib.request.urlopen(f"{endpoints.admin_url}/state") as answer:
            state = json.load(answer)
    figures = {
        "sessions_at_once": sessions,
        "finished": outcome[True],
        "not_finished": outcome[False],
        "wall_s": round(wall_s, 1),
        "emulator_cpu_s": round(after_s - cpu_s, 1),
        "resident_mb_every_10_s": [kb // 1024 for kb in [*resident, last_kb]],
        "lateness": state["lateness"],
        "sessions_open_at_end": state["sessions_open"],
        "machine_load": [round(load, 1) for load in os.getloadavg()],
    }
    sys.stdout.write(json.dumps(figures) + "\n")


if __name__ == "__main__":
    main()
