"""The key appears in no file and in no output, whatever fails and whoever repeats it."""

from __future__ import annotations

import base64
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.command import FLASH, QUICK, Ran, ttsgate
from tests.e2e.strange_service import strange_service
from ttsgate.config import find_data
from ttsgate.emulator.process import EmulatorProcess

KEY = "sk-canary-5f1e0c7d9b3a48e2a6c4"
TELLTALE = "canary-5f1e0c"
"""A part of the key; half a key is no better."""

TALKATIVE_SDK = '''\
"""Stands for a release of the SDK that prints and raises what it was given."""
import sys

api_key = None

class Callback:
    pass

class QwenTtsRealtime:
    def __init__(self, model, callback=None, url=None, headers=None, workspace=None, **kwargs):
        print("connecting with", api_key)
        print("connecting with", api_key, file=sys.stderr)

    def connect(self):
        raise RuntimeError("refused: Authorization: Bearer %s" % api_key)

    def __getattr__(self, name):
        return lambda *args, **kwargs: None
'''


def secrets_in(folder: Path) -> list[str]:
    """Files below `folder`, however deep, with the telltale in plain text or in Base64."""
    encoded = [base64.b64encode(b"\0" * shift + KEY.encode())[4:24] for shift in range(3)]
    needles = [TELLTALE.encode(), *encoded]
    found = []
    for path in folder.rglob("*"):
        if path.is_file() and any(needle in path.read_bytes() for needle in needles):
            found.append(str(path.relative_to(folder)))
        if TELLTALE in path.name:
            found.append(path.name)
    return found


def nothing_leaked(ran: Ran) -> None:
    """Neither output nor files, the scratch folder included, hold the key."""
    assert TELLTALE not in ran.out + ran.err
    assert [] == secrets_in(ran.base.parent)


@pytest.mark.parametrize("habit", ["echo-refusal", "echo-failure", "echo-event", "garbage"])
def test_a_service_that_repeats_the_key(tmp_path: Path, habit: str) -> None:
    """Refusals, error pages, error events and close reasons may hold the key; nothing that is kept does."""
    words = ["--client", "wire", "--client", "sdk-realtime", "--client", "sdk-http", "--model", FLASH]
    with strange_service(habit) as url:
        ran = ttsgate(
            "validate", *words, "-v", "--text", "Hi.", "--ws-url", url, base=tmp_path / "out",
            env={"DASHSCOPE_API_KEY": KEY},
        )  # fmt: skip

    assert ran.exit in (7, 8), ran.out + ran.err
    nothing_leaked(ran)


def test_a_key_that_works(tmp_path: Path) -> None:
    """A run that passes holds no key either, nor does its account of itself."""
    with EmulatorProcess(api_keys=[KEY], pace=8) as emulator:
        assert emulator.endpoints is not None
        words = [*QUICK, "--client", "sdk-realtime", "--ws-url", emulator.endpoints.ws_url, "--json"]
        ran = ttsgate("validate", *words, base=tmp_path / "out", env={"DASHSCOPE_API_KEY": KEY})

    assert 0 == ran.exit, ran.out + ran.err
    nothing_leaked(ran)


def _usage(folder: Path) -> list[str]:
    return ["--model", "qwen3-tts-flash-realtme"]


def _unreachable(folder: Path) -> list[str]:
    return [*QUICK, "--ws-url", "ws://127.0.0.1:9"]


def _key_in_a_url(folder: Path) -> list[str]:
    return ["--ws-url", f"ws://user:{KEY}@127.0.0.1:9"]


def _key_as_text(folder: Path) -> list[str]:
    return [*QUICK, "--text", KEY]


def _key_as_a_word(folder: Path) -> list[str]:
    return [*QUICK, KEY]


def _suites_that_raise(folder: Path) -> list[str]:
    suites = folder / "suites"
    suites.mkdir()
    suites.joinpath("conftest.py").write_text(
        "from ttsgate.collect.sessions import Collector\n\n"
        "async def run(self, sessions):\n    raise ValueError('no ' + self.key)\n\nCollector.run = run\n",
        "utf-8",
    )
    source = find_data("checks") / "test_3_synthesis.py"
    suites.joinpath("test_synthesis.py").write_text(source.read_text("utf-8"), "utf-8")
    return [*QUICK, "--checks", str(suites), "--custom-key-env", "DASHSCOPE_API_KEY"]


@pytest.mark.parametrize(
    "scene", [_usage, _unreachable, _key_in_a_url, _key_as_text, _key_as_a_word, _suites_that_raise]
)
def test_a_run_that_fails_early(tmp_path: Path, scene: Callable[[Path], list[str]]) -> None:
    """Wrong usage, nothing listening, a key in the wrong place, an exception that names the key."""
    words = scene(tmp_path)
    with strange_service("mute-after-created") as url:
        where = [] if any(w == "--ws-url" for w in words) else ["--ws-url", url, "--max-seconds", "1"]
        ran = ttsgate("validate", *words, *where, base=tmp_path / "out", env={"DASHSCOPE_API_KEY": KEY})

    assert 0 != ran.exit
    nothing_leaked(ran)


def test_an_sdk_that_prints_the_key(tmp_path: Path) -> None:
    """What the SDK prints and raises is kept for the reader, without the key."""
    venv = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(venv)], check=True, timeout=60)
    (site,) = venv.glob("lib/python3*/site-packages")
    package = site / "dashscope" / "audio" / "qwen_tts_realtime"
    package.mkdir(parents=True)
    for folder in (package, package.parent, package.parent.parent):
        folder.joinpath("__init__.py").write_text("", "utf-8")
    site.joinpath("dashscope/__init__.py").write_text("api_key = None\n", "utf-8")
    package.joinpath("__init__.py").write_text(
        TALKATIVE_SDK.replace("api_key = None", "import dashscope\n")
        .replace(", api_key", ", dashscope.api_key")
        .replace("% api_key", "% dashscope.api_key")
        + "\n\nclass QwenTtsRealtimeCallback:\n    pass\n\nclass AudioFormat:\n"
        "    PCM_24000HZ_MONO_16BIT = 'pcm'\n",
        "utf-8",
    )
    meta = site / "dashscope-1.99.0.dist-info"
    meta.mkdir()
    meta.joinpath("METADATA").write_text("Metadata-Version: 2.1\nName: dashscope\nVersion: 1.99.0\n", "utf-8")

    with strange_service("mute-after-created") as url:
        ran = ttsgate(
            "validate", "--client", "sdk-realtime", "--model", FLASH, "--text", "Hi.", "--ws-url", url,
            "--python", str(venv / "bin" / "python"), base=tmp_path / "out", env={"DASHSCOPE_API_KEY": KEY},
        )  # fmt: skip

    assert 1 == ran.exit, ran.out + ran.err
    nothing_leaked(ran)
    logs = "".join(p.read_text("utf-8") for p in (ran.bundle / "logs").iterdir())
    assert 2 <= logs.count("connecting with ***")
