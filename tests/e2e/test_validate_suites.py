"""The suites as pytest runs them: the user's own tests, a bare ``pytest checks/``, strange folders."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.command import FLASH, QUICK, Ran, surroundings, ttsgate
from ttsgate.config import find_data

ENVIRONMENT = {"TTSGATE_CLIENT": "wire", "TTSGATE_MODEL": FLASH, "TTSGATE_TEXT": "Good morning."}
"""`QUICK` for a command that takes no options of ours."""

OWN_TESTS = """\
import os
import pytest

def test_key_is_gone():
    assert not [name for name in os.environ if "API_KEY" in name]

def test_of_mine():
    assert 1 + 1 == {two}

@pytest.mark.skip(reason="not today")
def test_later():
    pass
"""


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """The output folder."""
    return tmp_path / "out"


@pytest.fixture
def suites(tmp_path: Path) -> Path:
    """A copy of the packaged suites to extend."""
    return Path(shutil.copytree(find_data("checks"), tmp_path / "suites"))


def own(ran: Ran) -> dict[str, str]:
    """Outcome of each test of the user's."""
    return {c["check"]: c["outcome"] for c in ran.result["checks"] if c["check"].startswith("U-")}


def test_tests_of_ones_own_are_recorded(base: Path, suites: Path) -> None:
    """A test of the user's beside the suites is recorded as `U-...`, runs without the key, and does not disturb."""
    suites.joinpath("test_mine.py").write_text(OWN_TESTS.format(two=2), "utf-8")

    ran = ttsgate("validate", *QUICK, "--checks", suites, base=base, env={"DASHSCOPE_API_KEY": "sk-canary-0123456789"})

    assert 0 == ran.exit, ran.out + ran.err
    assert {
        "U-test-mine-py-test-key-is-gone": "pass",
        "U-test-mine-py-test-of-mine": "pass",
        "U-test-mine-py-test-later": "skipped",
    } == own(ran)
    assert {"not-rejudgeable"} == {c["reason"] for c in ran.result["checks"] if c["check"].startswith("U-")}


def test_a_failing_test_of_ones_own_fails_the_run(base: Path, suites: Path) -> None:
    """It is the user's rule that did not hold: exit 1, neither the service's nor our error; an import error, too."""
    suites.joinpath("test_mine.py").write_text(OWN_TESTS.format(two=3), "utf-8")
    suites.joinpath("test_broken.py").write_text("import no_such_module\n", "utf-8")

    ran = ttsgate("validate", *QUICK, "--checks", suites, base=base)

    assert 1 == ran.exit, ran.out + ran.err
    assert ["script.user-test"] == ran.causes
    assert "fail" == own(ran)["U-test-mine-py-test-of-mine"]
    assert "fail" == own(ran)["U-test-broken-py"]
    assert any("no_such_module" in c["message"] for c in ran.result["checks"])
    assert "py_compile_ok" not in ran.latest


def test_suites_that_cannot_be_loaded(base: Path, suites: Path) -> None:
    """A conftest of the user's that raises is a usage error, and the run does not stay RUNNING."""
    suites.joinpath("conftest.py").write_text("raise RuntimeError('mine')\n", "utf-8")

    ran = ttsgate("validate", *QUICK, "--checks", suites, base=base)

    assert 2 == ran.exit, ran.out + ran.err
    assert "ERROR" == ran.latest[0]
    assert "exit_code=2" in ran.latest


def test_an_error_of_ours_while_collecting(base: Path, suites: Path) -> None:
    """When the harness breaks in the middle the run is an error, not a run in which little was judged."""
    suites.joinpath("conftest.py").write_text(
        "from ttsgate.collect.sessions import Collector\n\n"
        "async def run(self, sessions):\n    raise ZeroDivisionError('ours')\n\nCollector.run = run\n",
        "utf-8",
    )

    ran = ttsgate("validate", *QUICK, "--checks", suites, base=base)

    assert 3 == ran.exit, ran.out + ran.err
    assert "ERROR" == ran.latest[0]
    assert "ZeroDivisionError" in ran.err


def test_bare_pytest_is_the_same_run(tmp_path: Path, checkout: Path) -> None:
    """`pytest checks/` in a clone gives the outcomes and the exit code of `ttsgate validate`, without the key."""
    clone = tmp_path / "clone"
    shutil.copytree(checkout / "checks", clone / "checks")
    for name in ("conftest.py", "pyproject.toml"):
        shutil.copy(checkout / name, clone / name)
    clone.joinpath("checks/test_mine.py").write_text(OWN_TESTS.format(two=2), "utf-8")
    env = {**ENVIRONMENT, "DASHSCOPE_API_KEY": "sk-canary-0123456789", "TTSGATE_FAULT": "voice-echo"}

    bare = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "checks/"],
        cwd=clone,
        env=surroundings(tmp_path / "bare", env),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    ran = Ran(bare.returncode, bare.stdout, bare.stderr, tmp_path / "bare")
    same = ttsgate("validate", "--checks", clone / "checks", base=tmp_path / "out", env=env)

    assert 8 == ran.exit == same.exit, ran.out + ran.err + same.out
    outcomes = [{(c["check"], c["subject"]): c["outcome"] for c in r.result["checks"]} for r in (ran, same)]
    assert {k: v for k, v in outcomes[0].items() if k[0][0] != "U"} == {
        k: v for k, v in outcomes[1].items() if k[0][0] != "U"
    }
    assert {"pass", "skipped"} == set(own(ran).values()) == set(own(same).values())
    assert {p.name for p in ran.bundle.iterdir()} == {p.name for p in same.bundle.iterdir()}


def hostile(folder: Path) -> dict[str, str]:
    """Make `folder` one in which a careless pytest or Python would do anything but our suites; gives variables."""
    folder.mkdir()
    boom = "raise SystemExit('the folder took over')\n"
    for name in ("conftest.py", "test_boom.py", "sitecustomize.py", *MODULES):
        folder.joinpath(name).write_text(boom, "utf-8")
    folder.joinpath("pytest.ini").write_text("[pytest]\naddopts = --no-such-option -p no_such_plugin\n", "utf-8")
    folder.joinpath("tox.ini").write_text("[pytest]\naddopts = -x\n", "utf-8")
    folder.joinpath("pyproject.toml").write_text(
        '[tool.pytest.ini_options]\naddopts = "-p boom"\nrequired_plugins = "pytest-no-such"\n', "utf-8"
    )
    folder.joinpath("setup.cfg").write_text("[tool:pytest]\naddopts = --collect-only\n", "utf-8")
    folder.joinpath("sub").mkdir()
    folder.joinpath("sub/good.py").write_text("print('never run')\n", "utf-8")
    return {"PYTEST_ADDOPTS": "--collect-only -p boom", "PYTEST_PLUGINS": "boom", "PYTHONDONTWRITEBYTECODE": "1"}


MODULES = ("dashscope.py", "json.py", "pytest.py", "ttsgate.py", "numpy.py", "boom.py", "espeakng_loader.py")


def test_a_hostile_folder_changes_nothing(tmp_path: Path) -> None:
    """`ttsgate` in a read-only folder full of other people's configuration compiles their scripts and passes."""
    folder = tmp_path / "hostile"
    env = hostile(folder)
    command = Path(sys.executable).with_name("ttsgate")
    if not command.is_file():
        pytest.skip("the console script is not installed beside the interpreter")
    folder.chmod(0o555)
    try:
        done = subprocess.run(
            [command, "validate", *QUICK, "--client", "sdk-realtime", "--scripts", "sub/*.py"],
            cwd=folder,
            env=surroundings(tmp_path / "out", env),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    finally:
        folder.chmod(0o755)
    ran = Ran(done.returncode, done.stdout, done.stderr, tmp_path / "out")

    assert 0 == ran.exit, ran.out + ran.err
    assert ["sub/good.py"] == [s["script"] for s in ran.result["scripts"]]
    assert ["pass", "pass"] == [c["state"] for c in ran.result["cells"]]
    assert not [p for p in folder.rglob("*") if p.name == "__pycache__"]
    assert "took over" not in ran.out + ran.err


def test_from_an_installed_wheel(tmp_path: Path, checkout: Path) -> None:
    """The wheel carries suites, templates and script: `ttsgate` works where there is no checkout."""
    wheels, env = tmp_path / "wheels", dict(os.environ)
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(wheels)]
    subprocess.run(build, cwd=checkout, env=env, check=True, capture_output=True, timeout=120)
    (wheel,) = wheels.glob("*.whl")
    site = tmp_path / "site"
    shutil.unpack_archive(wheel, site, "zip")
    folder = tmp_path / "hostile"
    hostile(folder)
    # The wheel's files come first, the dependencies from the environment of the tests; -P: not the folder we are in.
    launch = "import sys; sys.path.insert(0, sys.argv.pop(1)); from ttsgate.cli.main import main; main()"
    done = subprocess.run(
        [sys.executable, "-P", "-c", launch, str(site), "validate", *QUICK, "--scripts", "sub/good.py"],
        cwd=folder,
        env=surroundings(tmp_path / "out", {"PYTHONPATH": str(site), "PYTHONSAFEPATH": "1"}),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    ran = Ran(done.returncode, done.stdout, done.stderr, tmp_path / "out")

    assert 0 == ran.exit, ran.out + ran.err
    assert "py_compile_ok" == ran.latest[0]
    assert (ran.bundle / "report.html").is_file()
