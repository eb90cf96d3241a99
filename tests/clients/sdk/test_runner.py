"""The loop that runs the script in the interpreter under test."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import ttsgate.clients.sdk

RUNNER = Path(ttsgate.clients.sdk.__file__).with_name("runner.py")


def start(stub: Path, python: str = sys.executable, **pipes: Any) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [python, "-I", RUNNER, stub], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, **pipes
    )


def test_ends_when_its_owner_is_gone(stub: Path, tmp_path: Path) -> None:
    """When standard input closes, the process ends, although the SDK would wait for ever."""
    child = start(stub)
    assert child.stdin is not None
    assert child.stdout is not None
    assert json.loads(child.stdout.readline())["ready"]
    text = "os.write(2, b''); threading.Event().wait()"
    argv = [f"--events={tmp_path / 'e.jsonl'}", f"--text={text}"]
    child.stdin.write(json.dumps({"id": 1, "argv": argv, "key": "k"}) + "\n")
    child.stdin.close()

    assert 0 == child.wait(10)
    assert "" == child.stdout.read()
    child.stdout.close()


def test_answers_carry_their_number(stub: Path, tmp_path: Path) -> None:
    """Each request line gets one answer line with its id; what the script prints is not among them."""
    child = start(stub, stderr=subprocess.DEVNULL)
    argv = [f"--events={tmp_path / 'e.jsonl'}", "--text=print('noise')"]
    lines = "".join(json.dumps({"id": number, "argv": argv, "key": "k"}) + "\n" for number in (1, 2))
    assert child.stdin is not None
    assert child.stdout is not None
    child.stdout.readline()
    child.stdin.write(lines)
    child.stdin.flush()
    answers = [json.loads(child.stdout.readline()) for _ in range(2)]
    child.stdin.close()
    child.wait(10)
    child.stdout.close()

    assert [(1, 0), (2, 0)] == [(answer["id"], answer["exit"]) for answer in answers]


@pytest.mark.parametrize("version", ["3.8", "3.9", "3.13"])
def test_speaks_other_pythons(stub: Path, version: str) -> None:
    """Where another Python is found, the runner starts in it."""
    python = shutil.which(f"python{version}")
    if python is None or subprocess.run([python, "-c", ""], capture_output=True, check=False).returncode:
        pytest.skip(f"no Python {version} here")
    child = start(stub, python)
    out, _ = child.communicate()

    assert json.loads(out.splitlines()[0])["python"].startswith(version)
