"""Environments by `uv`: resolved once, named after what is in them, kept for the next night."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import time
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ttsgate.matrix.interpreters import Interpreter
from ttsgate.matrix.uv import Uv, UvFailure
from ttsgate.store import write_atomic

__all__ = ["Environments", "Resolved", "cache_folder"]

FRESH_S = 6 * 3600.0
"""A resolution younger than this is not asked for again: one night is one state of the index."""
RESOLVE_S = 240.0
INSTALL_S = 600.0
_STAMP = "ttsgate-whole.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """What would be installed for one runtime."""

    lock: str
    """A ``pylock.toml`` with hashes; names the index, so it never leaves the cache."""
    packages: Mapping[str, str]
    """Name to version."""
    digest: str
    """SHA-256 over the interpreter's version, names, versions and hashes."""
    uploaded: str | None
    """When the first file of `dashscope` was uploaded."""
    at: str
    """When it was resolved, UTC, RFC 3339."""
    stale: bool = False
    """The index could not be asked: this is an older answer."""


def cache_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """Where environments and resolutions are kept."""
    base = environ.get("XDG_CACHE_HOME") or Path(environ.get("HOME", "/tmp")) / ".cache"
    return Path(base) / "ttsgate" / "matrix"


class Environments:
    """The cache of environments.

    Args:
        folder: Its place.
        uv: Who builds.
    """

    def __init__(self, folder: Path, uv: Uv) -> None:
        self.folder, self.uv = folder, uv

    def resolve(
        self, interpreter: Interpreter, release: str, *, resolution: str = "newest", pins: tuple[str, ...] = ()
    ) -> Resolved:
        """Choose the versions of everything.

        An index that cannot be asked is no obstacle while an older answer is kept; the answer then is `stale`.

        Raises:
            UvFailure: it cannot be resolved; the class says whether that is a finding.
        """
        question = {"python": interpreter.version, "dashscope": release, "how": resolution, "pins": sorted(pins)}
        name = hashlib.sha256(json.dumps(question, sort_keys=True).encode()).hexdigest()[:24]
        kept = self.folder / "resolutions" / f"{name}.json"
        old = _read(kept)
        if old is not None and (self.uv.offline or time.time() - kept.stat().st_mtime < FRESH_S):
            return old
        work = self.folder / "work" / f"{name}-{os.getpid()}-{time.monotonic_ns()}"
        work.mkdir(parents=True)
        try:
            (work / "wanted.in").write_text("\n".join([f"dashscope=={release}", *pins]) + "\n", encoding="utf-8")
            self.uv.run(
                "pip", "compile", "wanted.in", "--format", "pylock.toml", "-o", "pylock.toml", "--python",
                interpreter.path, "--no-header", "--no-annotate", *_strategy(resolution), timeout_s=RESOLVE_S, cwd=work,
            )  # fmt: skip
            lock = (work / "pylock.toml").read_text(encoding="utf-8")
        except UvFailure as failure:
            if failure.kind == "environment" and old is not None:
                return Resolved(**{**_fields(old), "stale": True})
            raise
        finally:
            shutil.rmtree(work, ignore_errors=True)
        resolved = _understand(lock, interpreter)
        write_atomic(kept, json.dumps(_fields(resolved)).encode())
        return resolved

    def build(self, interpreter: Interpreter, resolved: Resolved) -> Path:
        """The interpreter of an environment with exactly these packages, made if it is not there.

        Several processes may ask for the same one at once.

        Raises:
            UvFailure: it cannot be installed.
        """
        home = self.folder / "environments" / f"py{interpreter.minor}-{resolved.digest[:24]}"
        python = home / "bin" / "python"
        home.parent.mkdir(parents=True, exist_ok=True)
        with _locked(home.with_suffix(".lock")):
            if (home / _STAMP).is_file() and python.exists():
                os.utime(home / _STAMP)
                return python
            shutil.rmtree(home, ignore_errors=True)
            self.uv.run("venv", "--quiet", "--python", interpreter.path, home, timeout_s=INSTALL_S, cwd=home.parent)
            lock = home / "pylock.toml"
            lock.write_text(resolved.lock, encoding="utf-8")
            try:
                self.uv.run(
                    "pip", "install", "--quiet", "--python", python, "--no-deps", "-r", lock,
                    timeout_s=INSTALL_S, cwd=home,
                )  # fmt: skip
            except UvFailure:
                shutil.rmtree(home, ignore_errors=True)
                raise
            stamp = {"packages": dict(resolved.packages), "python": interpreter.version, "digest": resolved.digest}
            write_atomic(home / _STAMP, json.dumps(stamp, indent=1).encode())
        return python


def _strategy(resolution: str) -> list[str]:
    if resolution == "lowest":
        # The lowest versions that have a wheel: source archives of that age rarely build.
        return ["--resolution", "lowest", "--only-binary", ":all:"]
    if resolution.startswith("as-of:"):
        return ["--exclude-newer", resolution.removeprefix("as-of:")]
    return []


def _understand(lock: str, interpreter: Interpreter) -> Resolved:
    packages: dict[str, str] = {}
    uploaded: list[str] = []
    content: list[Any] = [interpreter.version]
    for package in tomllib.loads(lock).get("packages", []):
        name, version = package["name"], package.get("version", "0")
        packages[name] = version
        files = [*package.get("wheels", []), *([package["sdist"]] if "sdist" in package else [])]
        content.append([name, version, sorted(h for f in files for h in f.get("hashes", {}).values())])
        if name == "dashscope":
            uploaded = [_moment(f["upload-time"]) for f in files if f.get("upload-time")]
    return Resolved(
        lock=lock,
        packages=packages,
        digest=hashlib.sha256(json.dumps(sorted(map(json.dumps, content))).encode()).hexdigest(),
        uploaded=min(uploaded, default=None),
        at=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    )


def _moment(value: Any) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return str(value)


def _fields(resolved: Resolved) -> dict[str, Any]:
    return {name: getattr(resolved, name) for name in Resolved.__slots__}


def _read(path: Path) -> Resolved | None:
    try:
        return Resolved(**json.loads(path.read_bytes()))
    except (OSError, ValueError, TypeError):
        return None


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    with open(path, "a", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
