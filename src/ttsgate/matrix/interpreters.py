"""The Pythons of this machine."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from packaging.version import Version

from ttsgate.errors import UsageError

__all__ = ["SUPPORTED", "Interpreter", "choose", "find_interpreters"]

SUPPORTED = tuple(f"3.{minor}" for minor in range(8, 15))
"""Minor versions that the matrix looks for."""

_SAY = "import sys, platform; print(platform.python_implementation(), '.'.join(map(str, sys.version_info[:3])))"


@dataclass(frozen=True, slots=True)
class Interpreter:
    """One CPython."""

    path: Path
    version: str
    """Whole version, e.g. ``3.11.7``."""

    @property
    def minor(self) -> str:
        """Minor version, e.g. ``3.11``."""
        return ".".join(self.version.split(".")[:2])


def find_interpreters(environ: Mapping[str, str] = os.environ) -> dict[str, Interpreter]:
    """The newest CPython of each minor version, of pyenv's folder, uv's folder and PATH; oldest version first.

    An interpreter counts only when it runs: a shim of pyenv for a version that is not switched on does not.
    """
    found: dict[str, Interpreter] = {}
    for path in _candidates(environ):
        interpreter = ask(path)
        if interpreter is None or interpreter.minor not in SUPPORTED:
            continue
        known = found.get(interpreter.minor)
        if known is None or Version(interpreter.version) > Version(known.version):
            found[interpreter.minor] = interpreter
    return dict(sorted(found.items(), key=lambda item: Version(item[0])))


def ask(path: Path) -> Interpreter | None:
    """The interpreter at `path`, or None when it is none, is no CPython or does not run."""
    try:
        done = subprocess.run(
            [path, "-I", "-S", "-c", _SAY], capture_output=True, text=True, timeout=20, check=False, cwd="/"
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    words = done.stdout.split()
    if done.returncode or len(words) != 2 or words[0] != "CPython":
        return None
    return Interpreter(path, words[1])


def choose(wanted: Iterable[str], found: Mapping[str, Interpreter]) -> dict[str, Interpreter]:
    """The interpreters asked for: ``all``, minor versions or paths.

    Raises:
        UsageError: one of them is not there.
    """
    chosen: dict[str, Interpreter] = {}
    for name in wanted:
        if name == "all":
            chosen.update(found)
        elif name in found:
            chosen[name] = found[name]
        elif "/" in name:
            interpreter = ask(Path(os.path.abspath(name)))
            if interpreter is None:
                raise UsageError(f"--python {name}: no CPython runs there")
            chosen[interpreter.minor] = interpreter
        else:
            raise UsageError(f"--python {name}: not found here; there are {', '.join(found) or 'none'}")
    if not chosen:
        raise UsageError("no Python from 3.8 to 3.14 was found; name one with --python /path/to/python")
    return chosen


def _candidates(environ: Mapping[str, str]) -> list[Path]:
    home = Path(environ.get("HOME", "/"))
    data = Path(environ.get("XDG_DATA_HOME") or home / ".local/share")
    roots = [Path(environ.get("PYENV_ROOT") or home / ".pyenv") / "versions", data / "uv/python"]
    paths = [python for root in roots if root.is_dir() for python in sorted(root.glob("*/bin/python3"))]
    names = re.compile(r"python3\.\d+")
    for folder in environ.get("PATH", "").split(os.pathsep):
        # Shims run whatever version is switched on, which is in the folder above already.
        if not folder or Path(folder).name == "shims" or not Path(folder).is_dir():
            continue
        paths += [p for p in sorted(Path(folder).iterdir()) if names.fullmatch(p.name) and os.access(p, os.X_OK)]
    unique: dict[Path, Path] = {}
    for path in paths:
        unique.setdefault(path.resolve(), path)
    return list(unique.values())
