"""The CI snippets in examples/ work as they stand: their commands run in somebody else's project."""

from __future__ import annotations

import glob
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"


def load(name: str) -> dict[Any, Any]:
    """A YAML file of examples/."""
    loaded = yaml.safe_load((EXAMPLES / name).read_text("utf-8"))
    assert isinstance(loaded, dict)
    return loaded


def forwarder(path: Path) -> None:
    """An interpreter at `path` that is the one running the tests."""
    path.parent.mkdir(parents=True)
    path.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n', "utf-8")
    path.chmod(0o755)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project that has checked ttsgate out in `.ttsgate` and its own SDK in `.sdk`.

    Both environments are the one of the tests, so that nothing has to be downloaded; what `make setup` does
    when there is no environment is tested with the Makefile.
    """
    gate = tmp_path / ".ttsgate"
    gate.mkdir()
    for name in ("Makefile", "pyproject.toml", "requirements"):
        (gate / name).symlink_to(ROOT / name)
    forwarder(gate / ".venv/bin/python")
    (gate / ".venv/bin/ttsgate").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m ttsgate "$@"\n', "utf-8")
    (gate / ".venv/bin/ttsgate").chmod(0o755)
    (gate / ".venv/.ttsgate").write_text(f"{gate.resolve()}\n", "utf-8")
    forwarder(tmp_path / ".sdk/bin/python")
    return tmp_path


def run(command: str, project: Path) -> subprocess.CompletedProcess[str]:
    """A line as a CI shell runs it; one model and one client are enough here."""
    return subprocess.run(
        ["bash", "-eo", "pipefail", "-c", command],
        cwd=project,
        env={
            **os.environ,
            "CI": "true",
            "TTSGATE_MODEL": "qwen3-tts-flash-realtime",
            "TTSGATE_CLIENT": "sdk-realtime",
            "PYTHONPATH": "",
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )


def commands(name: str) -> list[str]:
    """The shell lines of an example."""
    data = load(name)
    if name == "gitlab-ci.yml":
        return list(data["ttsgate"]["script"])
    return [step["run"] for step in data["jobs"]["ttsgate"]["steps"] if "run" in step]


def kept(name: str) -> str:
    """The folder that an example keeps as artefact."""
    data = load(name)
    if name == "gitlab-ci.yml":
        (path,) = data["ttsgate"]["artifacts"]["paths"]
    else:
        (path,) = (
            step["with"]["path"]
            for step in data["jobs"]["ttsgate"]["steps"]
            if step.get("uses", "").startswith("actions/upload-artifact@")
        )
    return str(path)


@pytest.mark.skipif(shutil.which("make") is None, reason="needs make")
@pytest.mark.parametrize("name", ["github-workflow.yml", "gitlab-ci.yml"])
def test_its_run_leaves_what_it_keeps(name: str, project: Path) -> None:
    """The line that validates passes in a foreign project and fills the folder that the job keeps."""
    (line,) = [command for command in commands(name) if "ttsgate validate" in command]

    done = run(line, project)

    assert 0 == done.returncode, done.stdout + done.stderr
    base = project / kept(name) / "aliyun-qwen-tts-realtime"
    assert "py_compile_ok" == (base / "validate.txt").read_text("utf-8").splitlines()[0]


@pytest.mark.parametrize("name", ["github-workflow.yml", "gitlab-ci.yml"])
def test_its_other_lines_are_known(name: str) -> None:
    """Besides, an example only checks ttsgate out and installs the SDK: what the test above puts there by hand."""
    others = [command for command in commands(name) if "ttsgate validate" not in command]

    assert all(
        re.match(r"git clone .* \.ttsgate |python3 -m venv \.sdk && \.sdk/bin/pip install ", one) for one in others
    )
    assert any("pip install dashscope" in one for one in others)


def test_gitlab_takes_the_junit_of_the_run() -> None:
    """The JUnit pattern matches what a run writes, below the kept folder."""
    artifacts = load("gitlab-ci.yml")["ttsgate"]["artifacts"]

    assert "always" == artifacts["when"]
    assert glob.has_magic(artifacts["reports"]["junit"])
    assert artifacts["reports"]["junit"].startswith(f"{kept('gitlab-ci.yml')}/aliyun-qwen-tts-realtime/runs/")


def test_github_workflow_is_short_and_careful() -> None:
    """Read-only token, actions pinned by commit, no token left behind, evidence kept when the job fails."""
    data = load("github-workflow.yml")
    steps = data["jobs"]["ttsgate"]["steps"]
    uses = [step for step in steps if "uses" in step]

    assert {"contents": "read"} == data["permissions"]
    assert [] == [s["uses"] for s in uses if not re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", s["uses"])]
    assert all(s["with"]["persist-credentials"] is False for s in uses if "checkout" in s["uses"])
    assert ["always()"] == [s["if"] for s in uses if "upload-artifact" in s["uses"]]
    assert len((EXAMPLES / "github-workflow.yml").read_text("utf-8").splitlines()) <= 18
