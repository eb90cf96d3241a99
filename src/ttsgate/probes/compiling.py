"""Stage compile: does every script parse under the Pythons that it must run on?

By the interpreter itself where one is found, else by `ast` with a feature version, which is
approximate.  Nothing is executed and no bytecode is written.
"""

from __future__ import annotations

import ast
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import warnings
from collections.abc import Iterable, Sequence
from pathlib import Path

from ttsgate.errors import UsageError
from ttsgate.result.record import CompileRecord

__all__ = ["OWN_VERSION", "compile_scripts", "expand_globs", "find_interpreter", "shown_as"]

OWN_VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"
"""Language version of the interpreter that runs ttsgate."""
_TIMEOUT_S = 20.0

_CHILD = """
import json, sys
for path in json.load(sys.stdin):
    try:
        with open(path, "rb") as f:
            compile(f.read(), path, "exec", 0, True)
        out = {"ok": True}
    except SyntaxError as e:
        out = {"ok": False, "error": "%s: %s" % (type(e).__name__, e.msg), "line": e.lineno}
    except (ValueError, RecursionError, MemoryError, OverflowError) as e:
        out = {"ok": False, "error": "%s: %s" % (type(e).__name__, e), "line": None}
    print(json.dumps(out))
    sys.stdout.flush()
"""
"""Runs under any Python >= 3.6; one JSON line a script."""


def expand_globs(globs: Iterable[str], *, cwd: Path) -> list[Path]:
    """Files that match, sorted, each once.

    Raises:
        UsageError: a pattern matches nothing (an empty compile stage would prove nothing).
    """
    found: dict[Path, None] = {}
    for pattern in globs:
        base = Path(pattern)
        if base.is_absolute():
            matches = sorted(Path(base.anchor).glob(str(base.relative_to(base.anchor))))
        else:
            matches = sorted(cwd.glob(pattern))
        files = [m for m in matches if m.is_file()]
        if not files:
            raise UsageError(f"--scripts {pattern!r} matches no file below {cwd}; quote the pattern and check the path")
        found.update(dict.fromkeys(f.absolute() for f in files))
    return list(found)


def find_interpreter(version: str) -> str | None:
    """An interpreter of that language version (``3.8``), if one really runs; our own for our own version."""
    if version == OWN_VERSION:
        return sys.executable
    candidates = [shutil.which(f"python{version}")]
    if root := os.environ.get("PYENV_ROOT"):
        candidates += [str(p) for p in sorted(Path(root).glob(f"versions/{version}.*/bin/python"), reverse=True)]
    for candidate in candidates:
        if candidate and _really_is(candidate, version):
            return candidate
    return None


def _really_is(executable: str, version: str) -> bool:
    """Whether it starts and is of that version: a version manager's shim exists for versions that it does not run."""
    try:
        done = subprocess.run(
            [executable, "-I", "-S", "-c", "import sys; print('%d.%d' % sys.version_info[:2])"],
            capture_output=True,
            text=True,
            timeout=_TIMEOUT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.stdout.strip() == version


def compile_scripts(scripts: Sequence[Path], *, versions: Sequence[str], show: Path) -> list[CompileRecord]:
    """Compile every script under every version.

    Args:
        scripts: Absolute paths.
        versions: Language versions such as ``3.8``; empty means our own.
        show: Folder that paths are shown relative to.

    Raises:
        UsageError: a version is not of the form ``3.N``.
    """
    records: list[CompileRecord] = []
    for version in versions or (OWN_VERSION,):
        if not re.fullmatch(r"3\.\d{1,2}", version):
            raise UsageError(f"--script-python {version!r} is not a Python version; write it like 3.8")
        executable = find_interpreter(version)
        if executable is not None:
            records += _by_interpreter(executable, scripts, version=version, show=show)
        else:
            records += [_by_ast(script, version=version, show=show) for script in scripts]
    return records


def shown_as(script: Path, folder: Path) -> str:
    """The script's path relative to `folder` where it lies below it."""
    return str(script.relative_to(folder)) if script.is_relative_to(folder) else str(script)


def _record(script: Path, *, version: str, show: Path, how: str, outcome: dict[str, object]) -> CompileRecord:
    line = outcome.get("line")
    ok = outcome.get("ok")
    return CompileRecord(
        script=shown_as(script, show),
        python=version,
        how=how,
        ok=ok if isinstance(ok, bool) else None,
        error=str(outcome["error"]) if outcome.get("error") else None,
        line=line if isinstance(line, int) else None,
        sha256=hashlib.sha256(script.read_bytes()).hexdigest(),
    )


def _by_interpreter(executable: str, scripts: Sequence[Path], *, version: str, show: Path) -> list[CompileRecord]:
    try:
        done = subprocess.run(
            [executable, "-I", "-S", "-B", "-W", "ignore", "-c", _CHILD],
            input=json.dumps([str(s) for s in scripts]),
            capture_output=True,
            text=True,
            timeout=_TIMEOUT_S,
            check=False,
        )
        lines = done.stdout.splitlines()
        trouble = f"the compiler of Python {version} died with status {done.returncode}"
    except subprocess.TimeoutExpired as exc:
        lines = (exc.stdout or b"").decode("utf-8", "replace").splitlines()
        trouble = f"the compiler of Python {version} did not end within {_TIMEOUT_S:.0f} s"
    outcomes = [json.loads(line) for line in lines]
    # The script after the last answer is the one that ended the compiler; those behind it were never reached.
    outcomes += [{"ok": False, "error": trouble}, *[{"ok": None, "error": trouble}] * len(scripts)]
    return [
        _record(script, version=version, show=show, how="interpreter", outcome=outcome)
        for script, outcome in zip(scripts, outcomes, strict=False)
    ]


def _by_ast(script: Path, *, version: str, show: Path) -> CompileRecord:
    minor = int(version.split(".")[1])
    newer = minor > sys.version_info.minor
    outcome: dict[str, object] = {"ok": True}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            feature = (3, min(minor, sys.version_info.minor))
            ast.parse(script.read_bytes(), filename=str(script), feature_version=feature)
    except SyntaxError as exc:
        outcome = {"ok": None if newer else False, "error": f"{type(exc).__name__}: {exc.msg}", "line": exc.lineno}
        if newer:
            outcome["error"] = f"{outcome['error']}; this may be Python {version} syntax that {OWN_VERSION} cannot read"
    except (ValueError, RecursionError, MemoryError) as exc:
        outcome = {"ok": False, "error": f"{type(exc).__name__}: {exc}"}
    return _record(script, version=version, show=show, how="approximate (ast)", outcome=outcome)
