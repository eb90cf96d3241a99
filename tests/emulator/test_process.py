"""The emulator as a child process."""

from __future__ import annotations

import asyncio
import json
import os
import select
import signal
import socket
import ssl
import subprocess
import sys
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pytest

from tests.emulator.realtime_service import FLASH, one, talk
from ttsgate import __version__
from ttsgate.emulator.process import EmulatorProcess, Endpoints
from ttsgate.emulator.speech.formats import wav_file
from ttsgate.errors import HarnessError, UsageError


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


class TestEmulatorProcess:
    def test_serves_and_ends(self) -> None:
        """Its first line tells where it is; leaving the context ends it."""
        with EmulatorProcess(faults=["voice-echo"], seed=3, extra=["--admin"]) as emulator:
            told = emulator.endpoints
            assert told is not None
            seen = asyncio.run(talk(f"{told.ws_url}?model={FLASH}", one("Hi.")))
            with urllib.request.urlopen(f"{told.admin_url}/state") as answer:
                state = json.load(answer)

        assert 1000 == seen.code
        assert "Chelsie" == seen.of("session.updated")[0]["session"]["voice"]
        assert (["voice-echo"], 3, "sk-emulator", __version__) == (told.faults, told.seed, told.api_key, told.version)
        assert told.fidelity == state["fidelity"]
        assert told.http_url.endswith("/api/v1")
        assert told.compatible_url.endswith("/compatible-mode/v1")
        assert 0 == emulator.returncode
        assert not alive(told.pid)
        assert "emulated, not live" in emulator.stderr_tail()

    def test_asynchronous(self) -> None:
        """It is an asynchronous context, too."""

        async def go() -> int | None:
            async with EmulatorProcess() as emulator:
                assert emulator.returncode is None
            return emulator.returncode

        assert 0 == asyncio.run(go())

    def test_dies_with_its_owner(self) -> None:
        """When its owner is killed, its stdin closes and it ends by itself."""
        owner = (
            "from ttsgate.emulator.process import EmulatorProcess; import time\n"
            "print(EmulatorProcess().start().pid, flush=True); time.sleep(60)"
        )
        child = subprocess.Popen([sys.executable, "-c", owner], stdout=subprocess.PIPE)
        assert child.stdout is not None
        pid = int(child.stdout.readline())
        poll = os.pidfd_open(pid)
        child.kill()
        child.wait()
        child.stdout.close()
        ended, _, _ = select.select([poll], [], [], 10)
        os.close(poll)

        assert ended

    @pytest.mark.parametrize(
        ("extra", "says"),
        [
            (["--fault", "stal"], "did you mean 'stall'"),
            (["--switch", "cancle=x"], "did you mean 'cancel'"),
            (["--model-state", "nothing=retired"], "unknown model"),
            (["--model-state", "nothing"], "NAME=VALUE"),
            (["--custom-voice", f"{FLASH}=mine"], "has no custom voices"),
            (["--voice-engine", "espaek"], "unknown voice back end"),
            (["--voice-engine", "file:/no/such.wav"], "/no/such.wav"),
        ],
    )
    def test_bad_arguments(self, extra: list[str], says: str) -> None:
        """What it refuses is a usage error in its own words."""
        with pytest.raises(UsageError) as refused:
            EmulatorProcess(extra=extra).start()

        assert says in str(refused.value)

    def test_silent_child(self) -> None:
        """A child that never says where it is, is our error and does not survive."""
        emulator = EmulatorProcess(start_timeout_s=0.2)
        emulator._argv[1:] = ["-c", "import time; time.sleep(60)"]

        with pytest.raises(HarnessError, match="did not start"):
            emulator.start()
        assert emulator.returncode is not None

    def test_secrets_stay_here(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Keys in our environment do not reach the child."""
        monkeypatch.setenv("DASHSCOPE_API_KEY", "sk-canary")
        monkeypatch.setenv("TTSGATE_API_KEY_CN_BEIJING", "sk-canary")
        with EmulatorProcess() as emulator:
            assert emulator.endpoints is not None
            environment = Path(f"/proc/{emulator.endpoints.pid}/environ").read_bytes()

        assert b"sk-canary" not in environment

    def test_hostile_http(self) -> None:
        """Bytes that are no HTTP leave no traceback and no control characters in the log; others are served."""
        with EmulatorProcess() as emulator:
            told = emulator.endpoints
            assert told is not None
            port = urlsplit(told.ws_url).port or 0
            for hostile in (
                b"\x16\x03\x01\x1b[2J\r\n\r\n",
                b"GET / HTTP/9.9\r\n\r\n",
                b"POST / HTTP/1.1\r\nA\0: \x1b]0;x\r\n\r\n",
            ):
                with socket.create_connection(("127.0.0.1", port), timeout=10) as link:
                    link.sendall(hostile)
                    while link.recv(4096):
                        pass
            seen = asyncio.run(talk(f"{told.ws_url}?model={FLASH}", one("Hi.")))
        said = emulator.stderr_tail()

        assert 1000 == seen.code
        assert "Traceback" not in said
        assert "\x1b" not in said

    def test_voice_of_a_file(self, tmp_path: Path) -> None:
        """A recording speaks instead of an engine, and a preset custom voice is there from the start."""
        clone = "qwen3-tts-vc-realtime-2026-01-15"
        recording = tmp_path / "mine.wav"
        rng = np.random.default_rng(5)
        recording.write_bytes(wav_file((rng.standard_normal(48_000) * 4000).astype(np.int16), 24_000))
        extra = ["--voice-engine", f"file:{recording}", "--custom-voice", f"{clone}=mine"]
        with EmulatorProcess(extra=extra, pace=20) as emulator:
            told = emulator.endpoints
            assert told is not None
            seen = asyncio.run(talk(f"{told.ws_url}?model={clone}", one("Good morning.", voice="mine")))

        assert f"file:{recording}" == told.voice_engine
        assert 1000 == seen.code
        assert [] == seen.of("error")
        assert len(seen.audio) > 20_000

    def test_tls(self) -> None:
        """Over TLS its first line names the authority's file, which goes away with it."""
        with EmulatorProcess(extra=["--tls"]) as emulator:
            told = emulator.endpoints
            assert isinstance(told, Endpoints)
            assert told.ca is not None
            assert told.ws_url.startswith("wss://")
            trusted = ssl.create_default_context(cafile=told.ca)
            request = urllib.request.Request(
                f"{told.compatible_url}/models", headers={"Authorization": "Bearer sk-emulator"}
            )
            with urllib.request.urlopen(request, context=trusted) as answer:
                models = json.load(answer)

        assert FLASH in [m["id"] for m in models["data"]]
        assert not Path(told.ca).exists()

    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
    def test_signals(self, number: signal.Signals) -> None:
        """A signal ends it as well, with 0."""
        emulator = EmulatorProcess()
        pid = emulator.start().pid
        os.kill(pid, number)
        assert emulator._child is not None

        assert 0 == emulator._child.wait(timeout=10)
        emulator.stop()
