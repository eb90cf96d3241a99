"""The emulator as a child process: started, found by its first line, ended with its owner."""

from __future__ import annotations

import asyncio
import collections
import contextlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from ttsgate.catalog import Model
from ttsgate.errors import HarnessError, UsageError

__all__ = ["EmulatorProcess", "Endpoints", "embedded"]

_SECRETS = ("DASHSCOPE_", "TTSGATE_API_KEY", "ALIBABA_CLOUD_", "ALICLOUD_")


@dataclass(frozen=True, slots=True)
class Endpoints:
    """The first line of ``ttsgate serve``."""

    ws_url: str
    """Websocket URL without the query."""
    http_url: str
    """HTTP base, ending in ``/api/v1``."""
    compatible_url: str
    """Base of the OpenAI-style calls."""
    api_key: str
    """A key that is valid there."""
    pid: int
    version: str
    """Version of ttsgate."""
    seed: int = 0
    faults: list[str] = field(default_factory=list)
    fidelity: dict[str, int] = field(default_factory=dict)
    """How many of its choices are documented, from the field, inferred."""
    switches: dict[str, str] = field(default_factory=dict)
    """Switches that differ from their default."""
    voice_engine: str = "espeak"
    """What speaks there: ``espeak``, ``hibari`` or ``file:PATH``."""
    ca: str | None = None
    """Certificate authority of ``--tls``, a PEM file."""
    admin_url: str | None = None
    """Admin endpoint, when asked for."""


class EmulatorProcess:
    """``ttsgate serve`` as a child; a context manager, also an asynchronous one.

    Args:
        api_keys: Valid keys; empty for ``sk-emulator`` alone.
        faults: As ``--fault`` takes them.
        seed: Same seed, same speech.
        pace: Audio is sent this many times faster than it plays.
        extra: Further arguments of ``ttsgate serve``.
        start_timeout_s: How long it may take to say that it is ready.
    """

    def __init__(
        self,
        *,
        api_keys: Sequence[str] = (),
        faults: Sequence[str] = (),
        seed: int = 7,
        pace: float = 1.25,
        extra: Sequence[str] = (),
        start_timeout_s: float = 15.0,
    ) -> None:
        # -P: a json.py in the working directory is not to be imported.
        self._argv = [sys.executable, "-P", "-m", "ttsgate", "serve", "--until-stdin-closes"]
        self._argv += ["--seed", str(seed), "--pace", str(pace)]
        self._argv += [part for key in api_keys for part in ("--api-key", key)]
        self._argv += [part for spec in faults for part in ("--fault", spec)]
        self._argv += extra
        self._start_timeout_s = start_timeout_s
        self._child: subprocess.Popen[bytes] | None = None
        self._tail: collections.deque[str] = collections.deque(maxlen=200)
        self._reader: threading.Thread | None = None
        self.endpoints: Endpoints | None = None
        """What it said, once it is ready."""

    def spawn(self) -> Self:
        """Start it without waiting, so that it gets ready meanwhile; `start` then waits for what was spawned."""
        if self._child is None:
            environment = {k: v for k, v in os.environ.items() if not k.upper().startswith(_SECRETS)}
            self._child = subprocess.Popen(
                self._argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment
            )
            self._reader = threading.Thread(target=self._drain, args=(self._child,), daemon=True)
            self._reader.start()
        return self

    def start(self) -> Endpoints:
        """Start it and wait for its first line.

        Raises:
            UsageError: it refused its arguments; the text is its own.
            HarnessError: it ended or stayed silent.
        """
        self.spawn()
        assert self._child is not None
        line = self._first_line(self._child)
        try:
            told: dict[str, Any] = json.loads(line)
            self.endpoints = Endpoints(**{k: v for k, v in told.items() if k in Endpoints.__slots__})
        except (ValueError, TypeError):
            self.stop()
            code, said = self._child.returncode, self.stderr_tail().strip() or "it said nothing"
            if code == UsageError.exit_code:
                raise UsageError(said.splitlines()[-1].removeprefix("ttsgate: ")) from None
            raise HarnessError(f"the emulator did not start (exit {code}): {said[-500:]}") from None
        return self.endpoints

    def _first_line(self, child: subprocess.Popen[bytes]) -> bytes:
        assert child.stdout is not None
        watchdog = threading.Timer(self._start_timeout_s, child.kill)
        watchdog.start()
        try:
            return child.stdout.readline()
        finally:
            watchdog.cancel()

    def _drain(self, child: subprocess.Popen[bytes]) -> None:
        assert child.stderr is not None
        for line in child.stderr:
            self._tail.append(line.decode("utf-8", "replace"))

    def stop(self) -> None:
        """End it: close its stdin, and kill it if that is not enough."""
        child = self._child
        if child is None:
            return
        for stream in (child.stdin, child.stdout):
            if stream is not None and not stream.closed:
                with contextlib.suppress(BrokenPipeError):
                    stream.close()
        try:
            child.wait(timeout=5)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
        if self._reader is not None:
            self._reader.join(timeout=5)
        if child.stderr is not None:
            child.stderr.close()

    def stderr_tail(self) -> str:
        """The last lines that it wrote to stderr."""
        return "".join(self._tail)

    @property
    def returncode(self) -> int | None:
        """Its exit code; None while it runs or before it was started."""
        return None if self._child is None else self._child.poll()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None) -> None:
        self.stop()

    async def __aenter__(self) -> Self:
        await asyncio.to_thread(self.start)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> None:
        await asyncio.to_thread(self.stop)


def embedded(faults: Sequence[str], models: Iterable[Model]) -> EmulatorProcess:
    """The emulator of a run: with the run's faults, and every model of it that the catalogue does not have."""
    return EmulatorProcess(faults=faults, extra=[f"--extra-model={m.name}={m.like}" for m in models if m.like])
