"""Running somebody's program against an address of ours, or waiting until somebody ends us."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ttsgate.errors import UsageError

__all__ = ["Access", "run_program", "until_ended"]

_LOCAL = "127.0.0.1,localhost,::1"


@dataclass(frozen=True, kw_only=True)
class Access:
    """How a program reaches the service."""

    ws_url: str
    http_url: str
    api_key: str | None = None
    """Key for it; None leaves the caller's variables as they are."""
    ca: str | None = None
    """File with the throw-away certificate authority, for TLS."""
    more: Mapping[str, str] = field(default_factory=dict)
    """Further variables."""

    def environment(self, environ: Mapping[str, str], *, keys: Sequence[str] = ()) -> dict[str, str]:
        """`environ` without `keys`, and with the variables that SDKs, ttsgate and programs on its bench read."""
        made = {
            "DASHSCOPE_HTTP_BASE_URL": self.http_url,
            "DASHSCOPE_WEBSOCKET_QWEN_TTS_REALTIME_BASE_URL": self.ws_url,
            "TTSGATE_WS_URL": self.ws_url,
            "TTSGATE_HTTP_URL": self.http_url,
            "TTS_WS_URL": self.ws_url,
            "TTS_HTTP_URL": self.http_url,
        }
        if self.api_key is not None:
            made |= dict.fromkeys(("DASHSCOPE_API_KEY", "TTS_API_KEY"), self.api_key)
        if self.ca is not None:
            made |= dict.fromkeys(("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS"), self.ca)
        for name in ("NO_PROXY", "no_proxy"):
            made[name] = f"{environ[name]},{_LOCAL}" if environ.get(name) else _LOCAL
        return {k: v for k, v in environ.items() if k not in keys} | made | dict(self.more)

    def fill(self, command: Sequence[str]) -> list[str]:
        """`command` with ``{ws_url}``, ``{http_url}``, ``{api_key}`` and ``{ca}`` replaced."""
        known = {"ws_url": self.ws_url, "http_url": self.http_url, "api_key": self.api_key or "", "ca": self.ca or ""}
        filled = []
        for part in command:
            for name, value in known.items():
                part = part.replace(f"{{{name}}}", value)
            filled.append(part)
        return filled


async def run_program(command: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run a program to its end, with our own standard streams; a signal that ended it counts as 128 plus its number.

    Raises:
        UsageError: it cannot be started.
    """
    try:
        child = await asyncio.create_subprocess_exec(*command, env=dict(environment))
    except OSError as exc:
        raise UsageError(f"cannot run {os.fspath(command[0])!r}: {exc.strerror or exc}") from exc
    try:
        code = await child.wait()
    except asyncio.CancelledError:
        # An interrupt from the terminal reached the program as well.
        child.terminate()
        try:
            async with asyncio.timeout(5):
                await child.wait()
        except TimeoutError:
            child.kill()
            await child.wait()
        raise
    return code if code >= 0 else 128 - code


async def until_ended(*, stdin_closes: bool) -> None:
    """Return when a signal asks us to end or, with `stdin_closes`, when stdin closes."""
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, ended.set)
    if stdin_closes:
        threading.Thread(target=_watch_stdin, args=(loop, ended), daemon=True).start()
    await ended.wait()


def _watch_stdin(loop: asyncio.AbstractEventLoop, ended: asyncio.Event) -> None:
    # os.read instead of sys.stdin: its lock would abort the interpreter if it is held at exit.
    with contextlib.suppress(OSError):
        while os.read(0, 4096):
            pass
    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(ended.set)
