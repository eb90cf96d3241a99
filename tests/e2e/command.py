"""``ttsgate`` as a child process, and what it left behind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["FLASH", "PLAIN", "QUICK", "VC", "VD", "Ran", "argv", "surroundings", "ttsgate"]

FLASH = "qwen3-tts-flash-realtime"
VD = "qwen3-tts-vd-realtime-2026-01-15"
VC = "qwen3-tts-vc-realtime-2026-01-15"
PLAIN = ("--compare", "none", "--skip-probes")
"""Neither comparisons nor wrong requests, which have tests of their own."""
QUICK = ("--client", "wire", "--model", FLASH, "--text", "Good morning.", *PLAIN)
"""One short session of one model over one client."""


@dataclass(frozen=True)
class Ran:
    """A command that ended."""

    exit: int
    out: str
    err: str
    base: Path
    """Its output folder."""

    @property
    def home(self) -> Path:
        """Where runs and ``validate.txt`` are."""
        return self.base / "aliyun-qwen-tts-realtime"

    @property
    def latest(self) -> list[str]:
        """The lines of ``validate.txt``."""
        return (self.home / "validate.txt").read_text("utf-8").splitlines()

    @property
    def bundle(self) -> Path:
        """The only run's folder."""
        (folder,) = (self.home / "runs").iterdir()
        return folder

    @property
    def result(self) -> dict[str, Any]:
        """``result.json`` of the only run."""
        loaded = json.loads((self.bundle / "result.json").read_bytes())
        assert isinstance(loaded, dict)
        return loaded

    @property
    def causes(self) -> list[str]:
        """Cause of each finding."""
        return [f["diagnosis"]["cause"] for f in self.result["findings"]]

    def failed(self) -> set[str]:
        """Ids of the deciding checks that did not hold."""
        return {c["check"] for c in self.result["checks"] if c["outcome"] == "fail" and c["severity"] == "fail"}


def argv(*words: str | Path) -> list[str]:
    """The command line of ``ttsgate WORDS`` with the interpreter of the tests."""
    return [sys.executable, "-m", "ttsgate", *map(str, words)]


def surroundings(base: Path, env: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of a child: ours, which `tests/conftest.py` cleaned, its own output and scratch folder."""
    scratch = base.parent / f"{base.name}-scratch"
    scratch.mkdir(exist_ok=True)
    return {**os.environ, "OUTPUT_DIR": str(base), "TMPDIR": str(scratch), **(env or {})}


def ttsgate(
    *words: str | Path,
    base: Path,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    timeout_s: float = 120,
) -> Ran:
    """Run ``ttsgate WORDS`` to its end.

    Args:
        base: Output folder; may not exist yet.
        env: Further variables.
        cwd: Working directory; the parent of `base` if left out.
        timeout_s: A command that takes longer is killed and fails the test.
    """
    base.parent.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(
        argv(*words),
        cwd=cwd or base.parent,
        env=surroundings(base, env),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
    )
    return Ran(done.returncode, done.stdout, done.stderr, base)
