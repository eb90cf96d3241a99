"""Every row of the exit table, through the command itself; code 6 belongs to ``verify``."""

from __future__ import annotations

import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest

from tests.e2e.command import FLASH, QUICK, Ran, argv, surroundings, ttsgate
from tests.e2e.strange_service import strange_service
from ttsgate.config import find_data
from ttsgate.emulator.process import EmulatorProcess, Endpoints

RIGHT = {"DASHSCOPE_API_KEY": "sk-right"}
WRONG = {"DASHSCOPE_API_KEY": "sk-wrong"}


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """The output folder."""
    return tmp_path / "out"


def last_line(ran: Ran) -> str:
    """What a shell script reads."""
    return ran.out.splitlines()[-1]


def says_failed(ran: Ran) -> None:
    """The files agree with the exit code: no run that failed is called fine anywhere."""
    assert "py_compile_ok" not in ran.latest
    assert f"exit_code={ran.exit}" in ran.latest
    assert f"exit={ran.exit} " in last_line(ran)


def test_0_everything_held(base: Path, service: Endpoints) -> None:
    """A service that does as it should gives 0 and `py_compile_ok`, and is not called the emulator or live."""
    ran = ttsgate("validate", *QUICK, "--ws-url", service.ws_url, base=base, env=RIGHT)

    assert 0 == ran.exit, ran.out + ran.err
    assert "py_compile_ok" == ran.latest[0]
    assert last_line(ran).startswith("ttsgate: PASS exit=0 cause=none target=custom ")
    assert "not established as live" in ran.out


def test_1_script(base: Path) -> None:
    """A script with a syntax error fails the run and names file and line; cells that do not run it are judged."""
    base.parent.joinpath("broken.py").write_text("x = 1\ndef f(:\n", "utf-8")

    ran = ttsgate("validate", *QUICK, "--scripts", "*.py", base=base)

    assert 1 == ran.exit, ran.out + ran.err
    says_failed(ran)
    assert "broken.py:2 " in ran.out
    assert ["script.syntax"] == ran.causes
    assert ["pass"] == [c["state"] for c in ran.result["cells"]]


@pytest.mark.parametrize(
    ("words", "env", "told"),
    [
        (["--target", ""], {}, "--target"),
        ([], {"TTSGATE_TARGET": ""}, "TTSGATE_TARGET"),
        (["--target", "live"], {"DASHSCOPE_API_KEY": "sk-x"}, "--region"),
        (["--model", "qwen3-tts-flash-realtme"], {}, FLASH),
        (["--clinet", "wire"], {}, "--client"),
        (["--fault", "silense"], {}, "silence"),
        (["--scripts", "nothing/*.py"], {}, "nothing/*.py"),
        (["--python", "/no/such/python"], {}, "/no/such/python"),
        (["--max-sessions", "0"], {}, "--max-sessions"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_2_usage(base: Path, words: list[str], env: dict[str, str], told: str) -> None:
    """What cannot be meant is exit 2 with the remedy, and no run: an empty target is not the emulator."""
    ran = ttsgate("validate", *words, base=base, env=env)

    assert 2 == ran.exit, ran.out + ran.err
    assert told in ran.err
    assert "Traceback" not in ran.err
    assert not (ran.home / "runs").exists() or "RUNNING" not in ran.latest


def test_3_harness(base: Path) -> None:
    """A check that raises is our error: not a failure of the service, and not a pass."""
    suites = base.parent / "suites"
    suites.mkdir()
    suites.joinpath("conftest.py").write_text(
        "from ttsgate.judgement.registry import check\n\n"
        "@check('Z-breaks', sentence='Breaks.', why='To see.', stage='synthesis', subject='session', "
        "levels=('frames',))\n"
        "def _breaks(view):\n    raise ZeroDivisionError('ours')\n",
        "utf-8",
    )
    suites.joinpath("test_synthesis.py").write_text(
        (find_data("checks") / "test_3_synthesis.py").read_text("utf-8"), "utf-8"
    )

    ran = ttsgate("validate", *QUICK, "--checks", suites, base=base)

    assert 3 == ran.exit, ran.out + ran.err
    says_failed(ran)
    assert "ERROR" == ran.latest[0]
    assert "cause=harness" in last_line(ran)
    assert ["harness.check"] == ran.causes


def test_4_unreachable(base: Path) -> None:
    """Nothing listens: nothing was judged, and the cause is the network."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

    ran = ttsgate("validate", "--ws-url", f"ws://127.0.0.1:{port}", base=base, env=WRONG)

    assert 4 == ran.exit, ran.out + ran.err
    says_failed(ran)
    assert ["network.refused"] == ran.causes


def test_4_a_target_that_hangs(base: Path) -> None:
    """Somebody accepts and never says a word: the first steps give up, the rest is blocked, long before 90 s."""
    began = time.monotonic()
    with strange_service("mute") as url:
        ran = ttsgate("validate", *QUICK, "--client", "sdk-http", "--ws-url", url, base=base, env=WRONG)

    assert 4 == ran.exit, ran.out + ran.err
    says_failed(ran)
    assert ["service.hang"] == ran.causes
    assert {"blocked"} == {c["state"] for c in ran.result["cells"]}
    assert time.monotonic() - began < 60


def test_5_nothing_ran(base: Path, service: Endpoints) -> None:
    """With everything skipped there is nothing that could have passed."""
    words = ["--client", "wire", "--model", "qwen3-tts-vd-realtime-2026-01-15", "--ws-url", service.ws_url]

    ran = ttsgate("validate", *words, base=base, env=RIGHT)

    assert 5 == ran.exit, ran.out + ran.err
    says_failed(ran)
    assert {"needs-voice"} == {s["code"] for s in ran.result["skips"]}


def test_7_wrong_key(base: Path, service: Endpoints) -> None:
    """A key that is refused: one finding, one sentence, that names both reasons it can have."""
    ran = ttsgate("validate", "--ws-url", service.ws_url, base=base, env=WRONG)

    assert 7 == ran.exit, ran.out + ran.err
    says_failed(ran)
    assert ["key.invalid"] == ran.causes
    assert 1 == ran.out.count("  The key is not accepted: it is invalid, or it is a key of another region.\n")


def test_7_no_key(base: Path) -> None:
    """Live without a key lists the places where one can be, in the order in which they are read."""
    ran = ttsgate("validate", "--target", "live", "--region", "cn-beijing", "--yes", base=base)

    assert 7 == ran.exit
    places = ["TTSGATE_API_KEY_CN_BEIJING", "DASHSCOPE_API_KEY", "~/.alibabacloud/credentials", ".env"]
    found = [ran.err.find(place) for place in places]
    assert -1 not in found
    assert sorted(found) == found


@pytest.mark.parametrize("habit", ["html", "garbage", "prose"])
def test_8_nonsense(base: Path, habit: str) -> None:
    """Something answers, but it is not the service: neither unreachable nor our error."""
    with strange_service(habit) as url:
        ran = ttsgate("validate", *QUICK, "--ws-url", url, base=base, env=WRONG)

    assert 8 == ran.exit, ran.out + ran.err
    says_failed(ran)
    assert ran.causes in (["service.nonsense"], ["network.portal"])


def test_9_budget(base: Path) -> None:
    """A run that is stopped by its budget is inconclusive, though what it saw was fine."""
    ran = ttsgate("validate", *QUICK, "--repeat", "9", "--max-seconds", "1", base=base)

    assert 9 == ran.exit, ran.out + ran.err
    says_failed(ran)
    assert "INCONCLUSIVE" == ran.latest[0]
    assert "cause=budget" in last_line(ran)


@pytest.mark.parametrize(
    ("at", "number"),
    [("connectivity: ", signal.SIGINT), ("FAIL wire.", signal.SIGINT), ("FAIL wire.", signal.SIGTERM)],
)
def test_130_interrupted(base: Path, at: str, number: signal.Signals) -> None:
    """Ctrl-C or SIGTERM ends the run as interrupted, whatever had failed before; what was seen until then is kept."""
    with EmulatorProcess(faults=["silence"], pace=8, extra=["--unlimited"]) as emulator:
        assert emulator.endpoints is not None
        child = subprocess.Popen(
            argv("validate", *QUICK, "--repeat", "30", "--ws-url", emulator.endpoints.ws_url),
            cwd=base.parent,
            env=surroundings(base, {"DASHSCOPE_API_KEY": emulator.endpoints.api_key}),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert child.stderr is not None
        assert any(line.startswith(at) for line in iter(child.stderr.readline, ""))
        child.send_signal(number)
        out, err = child.communicate(timeout=60)
    ran = Ran(child.returncode, out, err, base)

    assert 130 == ran.exit, out + err
    assert "INTERRUPTED" == ran.latest[0]
    assert "interrupted" == ran.result["status"]
    assert "Traceback" not in out + err
