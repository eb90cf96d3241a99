"""The supervisor of the SDK's process: one child a runtime, cells in turn, killed at the deadline.

The child gets an allow-listed environment, an empty home and working folder (the SDK would find keys
and addresses of its own), the key over stdin, and a process group of its own that dies as one.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import signal
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from ttsgate.clients.sdk.capture import Capture
from ttsgate.errors import UsageError
from ttsgate.result.record import Runtime
from ttsgate.result.transcript import Entry, Utterance, entry_from_line

__all__ = ["SdkChild", "SdkOutcome", "SdkRequest"]

ALLOWED = (
    "PATH", "LANG", "LANGUAGE", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "TEMP", "TMP", "SYSTEMROOT", "LD_LIBRARY_PATH",
    "DYLD_LIBRARY_PATH", "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE",
)  # fmt: skip
"""Variables that the child may see: what an interpreter and TLS need to work at all."""
CAP_BYTES = 2**20
"""What is kept of standard error and of printed noise for each request; and the longest line of an answer."""
RUNNER = Path(__file__).with_name("runner.py")


@dataclass(frozen=True, kw_only=True)
class SdkRequest:
    """One run of the stand-alone script."""

    client: str
    """``sdk-realtime``, ``sdk-client`` or ``sdk-http``."""
    model: str
    """Exact model string."""
    utterance: Utterance
    """What to say; the script speaks PCM at the service's own speed, pitch and volume."""
    ws_url: str
    """Websocket URL without a query."""
    http_url: str
    """HTTP base, ending in ``/api/v1``."""
    key: str = field(repr=False)
    """Goes over stdin, never on a command line."""
    timeout_s: float
    """The script's own ``--timeout``: seconds for a session or an HTTP exchange."""
    events: Path
    """Where the script writes its events."""
    output: Path
    """Where the fallback writes its WAV."""
    fallback: bool = False
    """Whether to fetch speech from the non-realtime sibling when the realtime probe is not ok."""

    def argv(self) -> list[str]:
        """The script's arguments.

        Raises:
            UsageError: the utterance asks for what the script cannot do.
        """
        asked = self.utterance
        odd = [n for n in ("speech_rate", "pitch_rate", "volume", "bit_rate") if getattr(asked, n) is not None]
        if asked.format != "pcm" or odd:
            raise UsageError(f"the SDK clients speak plain PCM: leave out {', '.join(odd) or 'format=' + asked.format}")
        options = {
            "client": self.client,
            "model": self.model,
            "text": asked.text,
            "voice": asked.voice,
            "mode": asked.mode,
            "language-type": asked.language_type,
            "instruction": asked.instruction,
            "sample-rate": asked.sample_rate,
            "ws-url": self.ws_url,
            "base-url": self.http_url,
            "timeout": f"{self.timeout_s:g}",
            "events": self.events.resolve(),
            "output": self.output.resolve(),
        }
        argv = [f"--{name}={value}" for name, value in options.items() if value is not None]
        return [*argv, "--fallback"] if self.fallback else argv


@dataclass(frozen=True, kw_only=True)
class SdkOutcome:
    """What came of a request, also when the child had to be killed."""

    report: dict[str, Any] | None
    """The script's JSON; None when it was killed, died or failed by itself."""
    entries: list[Entry]
    """Its events so far, on one clock whose zero is the first dial."""
    exit: int | None
    """The script's exit code, or the child's when it died (negative: by that signal); None when we killed it."""
    killed: bool
    """We killed it at the deadline."""
    stdout_noise: str
    """What the SDK printed where the script's JSON would have gone; at most 1 MB."""
    stderr: str
    """Standard error; at most 1 MB."""
    argv: list[str]
    """Interpreter, script and arguments; without the key."""
    error: str | None = None
    """Why there is no report, when there is none."""


class SdkChild:
    """One interpreter with its ``dashscope``, kept running between requests; an asynchronous context manager.

    Args:
        python: Interpreter under test.
        script: The stand-alone script.
        start_timeout_s: Seconds for the interpreter to start and import the SDK.
        given: Recorded in the runtime: the user named this interpreter.
        variables: Further variables of its environment: proxy, certificate authorities, overridden names.
    """

    def __init__(
        self,
        python: Path,
        script: Path,
        *,
        start_timeout_s: float = 30,
        given: bool = False,
        variables: Mapping[str, str] | None = None,
    ) -> None:
        # Made absolute, for the child lives in another folder; not resolved, for a venv is found by its symlink.
        self.python = Path(os.path.abspath(shutil.which(python) or python))
        self.script = script.resolve()
        self.start_timeout_s = start_timeout_s
        self.given = given
        self.variables = dict(variables or {})
        self._turn = asyncio.Lock()
        self._process: asyncio.subprocess.Process | None = None
        self._home: Path | None = None
        self._captures: list[Capture] = []
        self._requests = 0

    async def start(self) -> Runtime:
        """Start the child and wait for its first line.

        A child that does not get ready is no exception: the runtime's ``error`` says why.

        Raises:
            UsageError: the interpreter cannot be run at all.
        """
        async with self._turn:
            return await self._start()

    async def run(self, request: SdkRequest, *, deadline_s: float) -> SdkOutcome:
        """Run the script once; at the deadline the child is killed, and started again for the next request.

        Raises:
            UsageError: the interpreter cannot be run, or the script cannot say this utterance.
        """
        argv = request.argv()
        async with self._turn:
            if self._process is None:
                runtime = await self._start()
                if self._process is None:
                    return self._outcome(request, argv, error=runtime.error, killed=True)
            self._requests += 1
            request.events.unlink(missing_ok=True)
            message = {"id": self._requests, "argv": argv, "key": request.key}
            try:
                async with asyncio.timeout(deadline_s):
                    reply = await self._exchange(message)
                    await self._printed(self._requests)
            except TimeoutError:
                await self._end()
                return self._outcome(request, argv, error=f"killed after {deadline_s:g} s", killed=True)
            except asyncio.CancelledError:
                await self._end()
                raise
            if reply is None:
                code = await self._end()
                return self._outcome(request, argv, error=f"the child ended by itself (exit {code})", exit_code=code)
            return self._outcome(
                request, argv, report=reply["report"], exit_code=reply["exit"], error=reply.get("error")
            )

    async def close(self) -> None:
        """End the child and remove its home."""
        async with self._turn:
            if self._process is not None and self._process.stdin is not None:
                self._process.stdin.close()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._process.wait(), 2)
            await self._end()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    # -- the process ---------------------------------------------------------------------

    async def _start(self) -> Runtime:
        await self._end()
        began = time.perf_counter()
        self._home = Path(tempfile.mkdtemp(prefix="ttsgate-sdk-"))
        noise, noise_in = os.pipe()
        try:
            self._process = await asyncio.create_subprocess_exec(
                self.python, "-I", RUNNER, self.script, str(noise_in),
                stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
                env=self._environment(), cwd=self._home, pass_fds=(noise_in,), start_new_session=True, limit=CAP_BYTES,
            )  # fmt: skip
        except OSError as exc:
            os.close(noise)
            shutil.rmtree(self._home, ignore_errors=True)
            raise UsageError(f"cannot run {self.python}: {exc.strerror or exc}; name a Python with --python") from exc
        finally:
            os.close(noise_in)
        assert self._process.stderr is not None
        self._captures = [await Capture.of_pipe(noise, CAP_BYTES), Capture(self._process.stderr, CAP_BYTES)]
        hello: dict[str, Any] = {}
        error: str | None
        try:
            async with asyncio.timeout(self.start_timeout_s):
                hello = await self._line() or {}
                if hello.get("ready"):
                    await self._printed(0)
            error = hello.get("error") or (None if hello.get("ready") else "it ended before it was ready")
        except TimeoutError:
            error = f"not ready within {self.start_timeout_s:g} s"
        if not hello.get("ready"):
            await self._end()
            error = f"{error}: {self._captures[1].text().strip()[-500:]}"
        python = str(hello.get("python", "unknown"))
        return Runtime(
            id=f"py{'.'.join(python.split('.')[:2])}-dashscope{hello.get('dashscope') or 'none'}",
            python=python,
            executable=str(self.python),
            dashscope=hello.get("dashscope"),
            given=self.given,
            error=error,
            import_ms=hello.get("import_ms", round((time.perf_counter() - began) * 1000, 3)),
            packages=hello.get("packages", {}),
        )

    def _environment(self) -> dict[str, str]:
        allowed = {n: v for n, v in os.environ.items() if n in ALLOWED}
        return {**allowed, **self.variables, "HOME": str(self._home)}

    async def _exchange(self, message: dict[str, Any]) -> dict[str, Any] | None:
        """Send a request and read its answer; None when the child is gone or talks nonsense."""
        assert self._process is not None
        assert self._process.stdin is not None
        for capture in self._captures:
            capture.clear()
        try:
            self._process.stdin.write(json.dumps(message).encode() + b"\n")
            await self._process.stdin.drain()
        except (BrokenPipeError, ConnectionResetError):
            return None
        reply = await self._line()
        return reply if reply is not None and reply.get("id") == message["id"] else None

    async def _printed(self, number: int) -> None:
        """Wait until everything that was printed before a mark has come."""
        for capture in self._captures:
            await capture.until(number)

    async def _line(self) -> dict[str, Any] | None:
        assert self._process is not None
        assert self._process.stdout is not None
        try:
            value = json.loads(await self._process.stdout.readline())
        except ValueError:  # nothing, no JSON, or longer than we are ready to keep
            return None
        return value if isinstance(value, dict) else None

    async def _end(self) -> int | None:
        """Kill the whole group, wait, drain what was printed, remove the home; the child's exit code."""
        process, self._process = self._process, None
        code = None
        if process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            code = await process.wait()
            for capture in self._captures:
                await capture.close()
        if self._home is not None:
            shutil.rmtree(self._home, ignore_errors=True)
            self._home = None
        return code

    def _outcome(
        self,
        request: SdkRequest,
        argv: list[str],
        *,
        report: dict[str, Any] | None = None,
        exit_code: int | None = None,
        killed: bool = False,
        error: str | None = None,
    ) -> SdkOutcome:
        noise, errors = (capture.text().replace(request.key, "***") for capture in self._captures)
        return SdkOutcome(
            report=report,
            entries=read_entries(request.events),
            exit=exit_code,
            killed=killed,
            stdout_noise=noise,
            stderr=errors,
            argv=[str(self.python), str(self.script), *argv],
            error=error,
        )


def read_entries(path: Path) -> list[Entry]:
    """The events that the script left behind, in order of time.

    A torn last line (the script was killed while it wrote) is left out; any other line that is no entry
    becomes a note, for what the other side sent must not be able to stop us.
    """
    try:
        lines = path.read_bytes().splitlines()
    except FileNotFoundError:
        return []
    entries: list[Entry] = []
    for number, line in enumerate(lines, start=1):
        try:
            entries.append(entry_from_line(line))
        except UsageError as exc:
            if number < len(lines):
                t = entries[-1].t if entries else 0.0
                data = {"class": "UnreadableEvent", "message": f"line {number}: {exc}"[:500], "where": "events"}
                entries.append(Entry(t=t, dir="note", name="error", data=data))
    return sorted(entries, key=lambda entry: entry.t)
