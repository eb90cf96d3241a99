"""Runs an emulator until somebody ends it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable
from typing import Any

from ttsgate.emulator.app import Emulator
from ttsgate.emulator.config import EmulatorConfig
from ttsgate.emulator.realtime import PATH
from ttsgate.emulator.switches import basis_counts
from ttsgate.emulator.tls import ThrowAwayAuthority

__all__ = ["serve"]


def serve(config: EmulatorConfig, *, announce: Callable[[dict[str, Any]], None], until_stdin_closes: bool) -> None:
    """Serve until a signal comes or, with `until_stdin_closes`, stdin closes.

    Args:
        config: What to be.
        announce: Called once with the addresses, when connections are accepted.
        until_stdin_closes: Whether the end of stdin ends it.

    Raises:
        UsageError: an unknown fault, or an address that cannot be listened on.
    """
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="ttsgate serve: %(message)s")
    asyncio.run(_serve(config, announce, until_stdin_closes=until_stdin_closes))


async def _serve(
    config: EmulatorConfig, announce: Callable[[dict[str, Any]], None], *, until_stdin_closes: bool
) -> None:
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, ended.set)
    emulator = Emulator(config)
    authority = ThrowAwayAuthority(config.host) if config.tls else None
    await emulator.start(tls=authority.context if authority else None)
    if until_stdin_closes:
        threading.Thread(target=_watch_stdin, args=(loop, ended), daemon=True).start()
    try:
        announce(describe(emulator) | ({"ca": str(authority.path)} if authority else {}))
        await ended.wait()
    finally:
        await emulator.stop()
        if authority:
            authority.close()


def describe(emulator: Emulator) -> dict[str, Any]:
    """The addresses and the nature of a running emulator, as its first line tells them."""
    config = emulator.config
    host = f"[{config.host}]" if ":" in config.host else config.host
    tail = "s" if config.tls else ""
    http = f"http{tail}://{host}:{emulator.port}"
    told: dict[str, Any] = {
        "ws_url": f"ws{tail}://{host}:{emulator.port}{PATH}",
        "http_url": f"{http}/api/v1",
        "compatible_url": f"{http}/compatible-mode/v1",
        "api_key": config.api_keys[0],
        "pid": os.getpid(),
        "seed": config.seed,
        "faults": emulator.injector.names(),
        "fidelity": basis_counts(),
        "switches": dict(config.switches),
    }
    if config.admin:
        told["admin_url"] = f"{http}/admin"
    return told


def _watch_stdin(loop: asyncio.AbstractEventLoop, ended: asyncio.Event) -> None:
    # os.read instead of sys.stdin: its lock would abort the interpreter if it is held at exit.
    with contextlib.suppress(OSError):
        while os.read(0, 4096):
            pass
    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(ended.set)
