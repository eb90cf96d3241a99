"""Where a run happened: Python, platform, packages, revision, CI."""

from __future__ import annotations

import platform
import subprocess
import sys
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

import ttsgate

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


def engine_facts() -> dict[str, Any]:
    """ttsgate's version and, in a source checkout, its revision and whether the tree was dirty."""
    root = Path(ttsgate.__file__).resolve().parents[2]
    facts: dict[str, Any] = {"ttsgate": ttsgate.__version__}
    if (root / "pyproject.toml").is_file() and (root / "src").is_dir():
        facts.update(_git(root))
    return facts


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
