"""Runs an emulator until somebody ends it."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
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
from ttsgate.emulator.speech.engine import Speech
from ttsgate.emulator.switches import basis_counts
from ttsgate.emulator.tls import ThrowAwayAuthority
from ttsgate.errors import MissingExtra

__all__ = ["serve"]


def serve(config: EmulatorConfig, *, announce: Callable[[dict[str, Any]], None], until_stdin_closes: bool) -> None:
    """Serve until a signal comes or, with `until_stdin_closes`, stdin closes.

    Args:
        config: What to be.
        announce: Called once with the addresses, when connections are accepted.
        until_stdin_closes: Whether the end of stdin ends it.

    Raises:
        UsageError: an unknown fault, a missing voice, or an address that cannot be listened on.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_OneLine())
    logging.basicConfig(handlers=[handler], level=logging.WARNING)
    asyncio.run(_serve(config, announce, until_stdin_closes=until_stdin_closes))


async def _serve(
    config: EmulatorConfig, announce: Callable[[dict[str, Any]], None], *, until_stdin_closes: bool
) -> None:
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, ended.set)
    emulator = Emulator(config)
    _need_voice(emulator.speech, config.voice_engine)
    authority = ThrowAwayAuthority(config.host, config.tls_names) if config.tls else None
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


class _OneLine(logging.Formatter):
    """A line a record, without traceback: what a client sends must neither fill the log nor steer a terminal."""

    def format(self, record: logging.LogRecord) -> str:
        said = record.getMessage()
        problem = record.exc_info[1] if record.exc_info else None
        if problem is not None:
            said += f": {type(problem).__name__}: {problem}"
        line = " ".join(said.split())
        return "ttsgate serve: " + "".join(c if c.isprintable() else "\ufffd" for c in line)[:300]


def _need_voice(speech: Speech, engine: str) -> None:
    """Refuse to start without a voice; eSpeak NG itself is loaded later, in the background."""
    if engine != "espeak":
        speech.open()
    elif importlib.util.find_spec("espeakng_loader") is None:
        raise MissingExtra(extra="emulator", needed_for="the eSpeak NG voice of the emulator")


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
        "voice_engine": config.voice_engine,
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
