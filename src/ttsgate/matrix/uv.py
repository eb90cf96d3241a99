"""`uv`, asked for resolutions and environments; what it answers is sorted into classes here."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

from ttsgate.errors import MissingExtra

__all__ = ["Uv", "UvFailure", "classify"]

_INDEX = re.compile(
    r"error sending request|failed to fetch|dns error|connection refused|connect error|timed out|"
    r"network is unreachable|failed to connect|HTTP status (client|server) error|temporary failure|"
    r"tls handshake|certificate|network connectivity is disabled|not found in the (cache|package registry)|"
    r"no such file or directory.*(simple|index)|failed to read.*index",
    re.IGNORECASE,
)
_ABSENT = re.compile(
    r"there (is|are) no versions? of dashscope\b|dashscope\S* (was|were) not found in|no version of dashscope", re.I
)
_DATES = re.compile(r"upload (time|date)|exclude-newer", re.I)
_SPACE = re.compile(r"no space left|permission denied|read-only file system|disk quota", re.I)
_BUILD = re.compile(r"failed to build|build backend|failed to download and build|setup\.py", re.I)
_PYTHON = re.compile(
    r"requires[- ]python|python version|depends on Python|requested Python|no wheels? with a matching", re.I
)


class UvFailure(Exception):
    """`uv` did not do it: what it said, and its class."""

    def __init__(self, kind: str, text: str) -> None:
        self.kind = kind
        """``environment`` (says nothing about the release), else a finding: ``refused``, ``build-failed``,
        ``unsatisfiable`` or ``hang``."""
        self.text = text
        super().__init__(text)


def classify(text: str) -> str:
    """The class of what `uv` wrote to standard error."""
    if _INDEX.search(text) or _SPACE.search(text):
        return "environment"
    if _BUILD.search(text):
        return "build-failed"
    if _ABSENT.search(text) and not _PYTHON.search(text):
        return "environment"  # this mirror does not have that release
    if _PYTHON.search(text):
        return "refused"
    if "No solution found" in text:
        # Without upload dates nothing is old enough for --exclude-newer.
        return "environment" if _DATES.search(text) else "unsatisfiable"
    return "environment"


class Uv:
    """One `uv` program.

    Args:
        program: The program; else the one beside us, else the one on PATH.

    Raises:
        MissingExtra: there is none that runs.
    """

    def __init__(self, program: Path | None = None, *, offline: bool = False) -> None:
        self.program = program or _find()
        self.offline = offline

    def run(self, *arguments: str | Path, timeout_s: float, cwd: Path, input: str | None = None) -> str:
        """Run it; its standard output.

        Raises:
            UvFailure: it failed, or did not end in time.
        """
        argv = [str(self.program), *map(str, arguments), "--no-progress", *(["--offline"] if self.offline else [])]
        try:
            done = subprocess.run(
                argv, capture_output=True, text=True, errors="replace", timeout=timeout_s, cwd=cwd, input=input,
                check=False, env=_environment(), stdin=None if input is not None else subprocess.DEVNULL,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            raise UvFailure("hang", f"no end within {timeout_s:g} s: uv {' '.join(argv[1:3])}") from None
        if done.returncode:
            text = _clean(done.stderr or done.stdout)
            raise UvFailure(classify(text), text)
        return done.stdout


def _find() -> Path:
    candidates: list[str | None] = []
    try:
        from uv import find_uv_bin

        candidates.append(find_uv_bin())
    except (ImportError, OSError):
        pass
    candidates.append(shutil.which("uv"))
    for candidate in candidates:
        if candidate and _runs(candidate):
            return Path(candidate)
    raise MissingExtra(extra="matrix", needed_for="building environments for the matrix")


def _runs(program: str) -> bool:
    try:
        return subprocess.run([program, "--version"], capture_output=True, timeout=20, check=False).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def _environment() -> dict[str, str]:
    """The caller's, so that its index and proxies count; without what would change what is installed where."""
    unwanted = ("VIRTUAL_ENV", "PYTHONPATH", "PYTHONHOME", "UV_PYTHON", "UV_PROJECT", "UV_CONSTRAINT", "UV_OVERRIDE")
    own = {n: v for n, v in os.environ.items() if n not in unwanted and not n.startswith(("DASHSCOPE_", "TTSGATE_"))}
    return {**own, "NO_COLOR": "1", "UV_PYTHON_DOWNLOADS": "never"}


def _clean(text: str) -> str:
    """What was said, without addresses: they name the index and may carry its password."""
    return re.sub(r"\b[a-z+]+://\S+", "<address>", " ".join(text.split()))[:2000]
