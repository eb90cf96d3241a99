"""``kill -9`` at any moment: no verdict, no surviving child, and no voice that the next run would not find."""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.e2e.command import PLAIN, VC, VD, Ran, argv, surroundings, ttsgate
from ttsgate.clients.http import HttpClient
from ttsgate.emulator.process import Endpoints

MOMENTS = 20
SEED = 20261124
PATIENCE_S = 20.0
KEY = {"DASHSCOPE_API_KEY": "sk-right"}

pytestmark = pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="finds children in /proc")


def client(service: Endpoints) -> HttpClient:
    """Somebody who looks into the account."""
    return HttpClient(http_url=service.http_url, compatible_url=service.compatible_url, api_key="sk-right")


def voices(service: Endpoints) -> list[str]:
    """Every custom voice of the account."""
    lists = [asyncio.run(client(service).all_voices(kind)) for kind in ("design", "clone")]
    return [voice["voice"] for found in lists for voice in found or []]


def words(service: Endpoints, sample: Path | None = None) -> list[str]:
    """A run that makes a voice and speaks with it over two clients; with a sample to clone from, two voices."""
    clone = [] if sample is None else ["--model", VC, "--voice-sample", str(sample)]
    return [
        *("--ws-url", service.ws_url, "--allow-mutating", "--text", "Good morning.", "--model", VD, *clone),
        *("--client", "wire", "--client", "sdk-realtime", *PLAIN),
    ]


@pytest.fixture(scope="module")
def sample(service: Endpoints, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recording to clone from."""
    text = (
        "Good morning. This is a recording for a voice. It says a few plain sentences. Thank you for listening to it."
    )
    wav = asyncio.run(client(service).speak("qwen3-tts-flash", text, "Cherry"))
    assert wav is not None
    path = tmp_path_factory.mktemp("sample") / "sample.wav"
    path.write_bytes(wav)
    return path


def start(base: Path, service: Endpoints, sample: Path | None = None) -> subprocess.Popen[bytes]:
    """Start a run in its own session, as a shell would."""
    return subprocess.Popen(
        argv("validate", *words(service, sample)),
        cwd=base.parent,
        env=surroundings(base, KEY),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def wait_until(done: Callable[[], bool]) -> bool:
    """Whether `done` came true in time."""
    end, pause = time.monotonic() + PATIENCE_S, threading.Event()
    while not done():
        if time.monotonic() > end:
            return False
        pause.wait(0.02)
    return True


def alive(base: Path) -> list[int]:
    """Processes that carry the scratch folder of the runs below `base`: all that descend from them do."""
    mark = f"TMPDIR={surroundings(base)['TMPDIR']}".encode()
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and int(folder.name) != os.getpid():
            try:
                if mark in (folder / "environ").read_bytes().split(b"\0"):
                    found.append(int(folder.name))
            except OSError:
                continue
    return found


def finished(latest: Path) -> bool:
    """Whether the run that `validate.txt` speaks of came to its end: decided and sealed."""
    name = next(line.removeprefix("bundle=") for line in latest.read_text("utf-8").split("\n") if "bundle=" in line)
    result = json.loads((latest.parent / name / "result.json").read_bytes())
    return result["status"] == "complete" and (latest.parent / name / "manifest.json").exists()


def killed(base: Path, service: Endpoints, after_s: float) -> bool:
    """Start a run, kill it after `after_s`, look at what it leaves; whether it was still running."""
    latest = base / "aliyun-qwen-tts-realtime" / "validate.txt"
    latest.unlink(missing_ok=True)
    child = start(base, service)
    try:
        child.wait(after_s)
    except subprocess.TimeoutExpired:
        child.kill()
    died = child.wait() == -9
    first = latest.read_text("utf-8").split("\n")[0] if latest.exists() else ""
    # Killed while it printed, a run is over: its verdict stands on a sealed bundle.
    over = first == "py_compile_ok" and finished(latest)
    assert over or (died and first in ("", "RUNNING")), f"{after_s:.2f} s: {first}"
    assert wait_until(lambda: not alive(base)), f"{after_s:.2f} s: {alive(base)} outlived the run"
    return died


def test_twenty_random_moments(tmp_path: Path, service: Endpoints) -> None:
    """Whenever it dies: no file says that it passed, no child outlives it, the next run deletes what it made."""
    began = time.monotonic()
    ran = ttsgate("validate", *words(service), base=tmp_path / "whole" / "out", env=KEY)
    assert 0 == ran.exit, ran.out + ran.err
    took = time.monotonic() - began
    moments = [random.Random(SEED + n).uniform(0.0, took) for n in range(MOMENTS)]
    lanes = [tmp_path / name / "out" for name in ("first", "second")]
    for base in lanes:
        base.parent.mkdir()

    def lane(n: int) -> int:
        return sum(killed(lanes[n], service, moment) for moment in moments[n :: len(lanes)])

    with ThreadPoolExecutor(len(lanes)) as pool:
        assert sum(pool.map(lane, range(len(lanes)))) >= MOMENTS // 2

    for base in lanes:
        journal = (base / "aliyun-qwen-tts-realtime" / "journal.jsonl").read_text("utf-8")
        assert '"created"' in journal, "no run was killed late enough to have made a voice"
        after = ttsgate("validate", *words(service), base=base, env=KEY)
        assert 0 == after.exit, after.out + after.err
    assert [] == voices(service)


def test_cleanup(tmp_path: Path, service: Endpoints, sample: Path) -> None:
    """`ttsgate cleanup` deletes what a killed run has made, says so, and then has nothing left to do."""
    base = tmp_path / "out"
    journal = base / "aliyun-qwen-tts-realtime" / "journal.jsonl"
    child = start(base, service, sample)
    assert wait_until(lambda: journal.exists() and journal.read_text("utf-8").count('"op":"created"') == 2)
    child.kill()
    child.wait()
    made = voices(service)
    assert 2 == len(made)

    def cleanup(*more: str) -> Ran:
        return ttsgate("cleanup", "--ws-url", service.ws_url, *more, base=base, env=KEY)

    refused = ttsgate("cleanup", "--ws-url", service.ws_url, base=base, env={"DASHSCOPE_API_KEY": "sk-wrong"})
    assert 7 == refused.exit, refused.err
    elsewhere = ttsgate("cleanup", "--ws-url", "ws://127.0.0.1:9", base=base, env=KEY)
    assert (0, f"also pending at {service.http_url}\n") == (elsewhere.exit, elsewhere.out)
    first = cleanup("--json")
    assert 0 == first.exit, first.out + first.err
    assert sorted(made) == sorted(json.loads(first.out)["deleted"])
    assert [] == voices(service)
    assert "nothing to clean up\n" == cleanup().out


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_no_child_outlives_a_run_on_the_embedded_emulator(tmp_path: Path, number: signal.Signals) -> None:
    """The emulator, too, is gone when the run that started it is killed; one that is asked to end says INTERRUPTED."""
    base = tmp_path / "out"
    child = subprocess.Popen(
        argv("validate", "--client", "sdk-realtime", "--model", VD),
        cwd=tmp_path,
        env=surroundings(base),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    assert child.stderr is not None
    assert any(line.startswith(b"connectivity:") for line in child.stderr)
    assert len(alive(base)) >= 2
    child.send_signal(number)
    child.stderr.read()
    code = child.wait()
    child.stderr.close()

    assert wait_until(lambda: not alive(base)), alive(base)
    first = (base / "aliyun-qwen-tts-realtime" / "validate.txt").read_text("utf-8").split("\n")[0]
    assert (first, code) == (("RUNNING", -9) if number is signal.SIGKILL else ("INTERRUPTED", 130))
