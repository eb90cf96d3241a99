"""The program on the bench: its command line, what it is handed, and its end."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import shlex
import signal
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ttsgate.errors import UsageError

__all__ = ["PLACEHOLDERS", "Ended", "Handed", "Program", "run_program"]

PLACEHOLDERS: dict[str, str] = {
    "ws_url": "TTS_WS_URL",
    "http_url": "TTS_HTTP_URL",
    "api_key": "TTS_API_KEY",
    "model": "TTS_MODEL",
    "voice": "TTS_VOICE",
    "text": "TTS_TEXT",
    "output": "TTS_OUTPUT",
    "timeout": "TTS_TIMEOUT_S",
}
"""Placeholder in ``--command`` -> variable that holds the same."""

KEPT_BYTES = 64 * 1024
"""Of each output stream the last so many bytes are kept."""
GRACE_S = 1.0
"""Between asking a program to end and killing it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """What is under test."""

    command: str
    """As typed: words as a shell splits them, with placeholders; no shell runs it."""
    cwd: Path
    deadline_s: float = 30.0
    """Seconds that it may take under one scenario."""
    saves: bool = True
    """Whether it saves its audio."""
    direct: bool = False
    """Set no proxy variables: it may reach other hosts."""
    as_proxy: bool = False
    """It speaks through a proxy of its own origin, which the emulator plays: no key, any path before the service's."""
    output_name: str = "speech.wav"
    """File name that it is to save to, for programs that choose the container by it."""

    @property
    def words(self) -> list[str]:
        """The command line before its placeholders are filled in.

        Raises:
            UsageError: it is empty, has an open quotation mark, or an unknown placeholder.
        """
        try:
            words = shlex.split(self.command)
        except ValueError as exc:
            raise UsageError(f"--command {self.command!r}: {exc}") from exc
        if not words:
            raise UsageError("--command is empty: give the command line of your client, e.g. --command 'node app.js'")
        for name in {n for w in words for n in re.findall(r"\{([a-z_]+)\}", w)} - set(PLACEHOLDERS):
            known = ", ".join(f"{{{n}}}" for n in PLACEHOLDERS)
            raise UsageError(f"--command: there is no placeholder {{{name}}}; there are {known}")
        return words


@dataclass(frozen=True, slots=True, kw_only=True)
class Handed:
    """What a program is given under one scenario; fields as in `PLACEHOLDERS`."""

    ws_url: str
    http_url: str
    api_key: str
    model: str
    voice: str
    text: str
    output: Path
    timeout_s: float

    def values(self) -> dict[str, str]:
        """By placeholder."""
        return {
            "ws_url": self.ws_url,
            "http_url": self.http_url,
            "api_key": self.api_key,
            "model": self.model,
            "voice": self.voice,
            "text": self.text,
            "output": str(self.output),
            "timeout": f"{self.timeout_s:g}",
        }

    def argv(self, words: Sequence[str]) -> list[str]:
        """The command line with its placeholders filled in; each stays within its word."""
        values = self.values()
        return [re.sub(r"\{([a-z_]+)\}", lambda m: values[m[1]], word) for word in words]

    def environ(self, ours: Mapping[str, str], *, elsewhere: str | None) -> dict[str, str]:
        """Our environment with what is handed over; `elsewhere` stands in for every other host."""
        values = self.values()
        handed = {PLACEHOLDERS[name]: value for name, value in values.items()}
        handed |= {
            "DASHSCOPE_API_KEY": self.api_key,
            "DASHSCOPE_HTTP_BASE_URL": self.http_url,
            "DASHSCOPE_WEBSOCKET_QWEN_TTS_REALTIME_BASE_URL": self.ws_url,
        }
        if elsewhere is not None:
            for name in ("http_proxy", "https_proxy", "all_proxy"):
                handed[name] = handed[name.upper()] = elsewhere
            handed["no_proxy"] = handed["NO_PROXY"] = "127.0.0.1,localhost,::1"
        return {**ours, **handed}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a program ended."""

    exit: int | None
    """Exit code, negative for a signal; None when it was ended at its deadline."""
    seconds: float
    out: str
    err: str


async def run_program(
    argv: Sequence[str], *, environ: Mapping[str, str], cwd: Path, work: Path, deadline_s: float
) -> Ended:
    """Run a program to its end or its deadline; nothing that it started outlives this.

    Raises:
        UsageError: it cannot be started.
    """
    out, err = work / "stdout", work / "stderr"
    began = time.monotonic()
    with out.open("wb") as to_out, err.open("wb") as to_err:
        try:
            child = await asyncio.create_subprocess_exec(
                *argv,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=to_out,
                stderr=to_err,
                env=dict(environ),
                cwd=cwd,
                start_new_session=True,
            )
        except OSError as exc:
            raise UsageError(f"--command: cannot start {argv[0]!r}: {exc.strerror or exc}") from exc
        try:
            async with asyncio.timeout(deadline_s):
                code: int | None = await child.wait()
        except TimeoutError:
            code = None
            _signal(child.pid, signal.SIGTERM)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(GRACE_S):
                    await child.wait()
        finally:
            _signal(child.pid, signal.SIGKILL)
            await child.wait()
    return Ended(exit=code, seconds=round(time.monotonic() - began, 3), out=_tail(out), err=_tail(err))


def _signal(pid: int, number: int) -> None:
    """To the program and everything that it started: the group that it leads."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)


def _tail(path: Path) -> str:
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - KEPT_BYTES))
        return file.read().decode("utf-8", "replace")
