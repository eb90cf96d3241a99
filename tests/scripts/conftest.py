"""One emulator with a faulty model for each fault, and one interpreter that has imported the SDK once."""

from __future__ import annotations

import contextlib
import importlib.util
import itertools
import json
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import ttsgate.clients.sdk
from ttsgate.emulator.process import EmulatorProcess, Endpoints
from ttsgate.result.transcript import Entry, entry_from_line

FLASH = "qwen3-tts-flash-realtime"
FAULTS = (
    "handshake.empty-401",
    "handshake.busy",
    "handshake.workspace",
    "handshake.portal",
    "handshake.reset",
    "handshake.bad-accept",
    "handshake.hang",
    "session.silent-close",
    "session.close-mid",
    "session.drop",
    "session.hang",
    "session.hang-at-start",
    "session.no-audio",
    "session.voice-refused",
    "session.content-refused",
    "session.idle-timeout",
    "session.internal-error",
    "order.after-finished",
    "field.status",
    "field.delta-hex",
    "frame.broken-json",
    "frame.binary-audio",
    "frame.not-utf8",
    "audio.silence",
    "audio.blip",
    "quota.throttled",
    "quota.arrears",
    "quota.free-tier",
    "security.key-in-error",
)


def faulty(fault: str) -> str:
    """The name of the model that has this fault."""
    return f"{FLASH}-{fault.replace('.', '-')}"


@pytest.fixture(scope="session")
def script(checkout: Path) -> Path:
    """The stand-alone script."""
    return checkout / "scripts" / "realtime_tts_demo.py"


@pytest.fixture(scope="session")
def demo(script: Path) -> ModuleType:
    """The script as a module; importing it does not import the SDK."""
    spec = importlib.util.spec_from_file_location("realtime_tts_demo_under_test", script)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def emulator() -> Iterator[Endpoints]:
    """The emulator, with one extra model for each fault."""
    models = [part for fault in FAULTS for part in ("--extra-model", f"{faulty(fault)}={FLASH}")]
    with EmulatorProcess(
        faults=[f"{fault}@{faulty(fault)}" for fault in FAULTS], pace=50, extra=["--unlimited", *models]
    ) as process:
        assert process.endpoints is not None
        yield process.endpoints


@dataclass(frozen=True)
class Outcome:
    """What one run of the script came to."""

    report: dict[str, Any]
    exit: int
    entries: list[Entry]
    raw_events: str

    @property
    def probe(self) -> dict[str, Any]:
        probe: dict[str, Any] = self.report["realtime_probe"]
        return probe


class Interpreter:
    """The runner, asked one line at a time."""

    def __init__(self, script: Path, folder: Path) -> None:
        runner = Path(ttsgate.clients.sdk.__file__).with_name("runner.py")
        self.folder = folder
        self.process = subprocess.Popen(
            [sys.executable, "-I", runner, script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=folder
        )
        self.numbers = itertools.count(1)
        self.hello = self._line()

    def _line(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        value: dict[str, Any] = json.loads(self.process.stdout.readline())
        return value

    def run(self, *argv: str, endpoints: Endpoints, key: str | None = None) -> Outcome:
        """Run the script against an emulator."""
        events = self.folder / "events.jsonl"
        events.unlink(missing_ok=True)
        urls = [f"--ws-url={endpoints.ws_url}", f"--base-url={endpoints.http_url}", f"--events={events}"]
        request = {"id": next(self.numbers), "key": key or endpoints.api_key}
        request["argv"] = ["--text=Good morning, how are you?", *urls, *argv]
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        reply = self._line()
        assert "error" not in reply, reply["error"]
        lines = events.read_text().splitlines()
        return Outcome(reply["report"], reply["exit"], [entry_from_line(line) for line in lines], "\n".join(lines))


@pytest.fixture(scope="session")
def sdk(script: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Interpreter]:
    """An interpreter in which the SDK is already imported."""
    interpreter = Interpreter(script, tmp_path_factory.mktemp("interpreter"))
    yield interpreter
    assert interpreter.process.stdin is not None
    interpreter.process.stdin.close()
    assert interpreter.process.wait(10) == 0


@contextlib.contextmanager
def answering(answer: bytes) -> Iterator[Endpoints]:
    """A port whose every connection gets these bytes after its request, then the end."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = server.accept()
                    with connection:
                        while b"\r\n\r\n" not in connection.recv(65536):
                            pass
                        connection.sendall(answer)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield endpoints_at(server.getsockname()[1])
        server.shutdown(socket.SHUT_RDWR)
        thread.join(5)


def endpoints_at(port: int) -> Endpoints:
    """Addresses of a port that somebody else serves, or nobody."""
    base = f"127.0.0.1:{port}"
    return Endpoints(
        ws_url=f"ws://{base}/api-ws/v1/realtime",
        http_url=f"http://{base}/api/v1",
        compatible_url=f"http://{base}/compatible-mode/v1",
        api_key="sk-emulator",
        pid=0,
        version="",
        seed=0,
    )
