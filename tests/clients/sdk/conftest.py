"""A script in place of the stand-alone one: it answers at once, and misbehaves when its text says so."""

from __future__ import annotations

from pathlib import Path

import pytest

from ttsgate.clients.sdk import SdkRequest
from ttsgate.result.transcript import Utterance

STUB = """
import json, os, subprocess, sys, threading

def load_sdk():
    pass

def run(argv, key):
    options = dict(a[2:].split("=", 1) for a in argv if "=" in a)
    with open(options["events"], "w") as events:
        for t in (0.2, 0.1):
            events.write(json.dumps({"t": t, "dir": "note", "name": "dial", "data": {}}) + "\\n")
        events.write('{"t": 0.3, "dir": "no')
    exec(options["text"])
    report = {"argv": argv, "env": dict(os.environ), "cwd": os.getcwd(), "pid": os.getpid(), "path": sys.path}
    return report, 0
"""


@pytest.fixture
def stub(tmp_path: Path) -> Path:
    """The script."""
    path = tmp_path / "stub.py"
    path.write_text(STUB)
    return path


@pytest.fixture
def ask(tmp_path: Path) -> object:
    """Make a request whose text is Python for the stub to execute."""

    def make(text: str = "pass", **utterance: object) -> SdkRequest:
        return SdkRequest(
            client="sdk-realtime",
            model="m",
            utterance=Utterance(text=text, voice="Cherry", **utterance),  # type: ignore[arg-type]
            ws_url="ws://127.0.0.1:1/x",
            http_url="http://127.0.0.1:1/x",
            key="sk-canary",
            timeout_s=1,
            events=tmp_path / "events.jsonl",
            output=tmp_path / "out.wav",
        )

    return make
