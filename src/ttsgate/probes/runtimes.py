"""Which Python and which dashscope an interpreter has, without importing the SDK."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from ttsgate.errors import UsageError
from ttsgate.result.record import Runtime

__all__ = ["inspect_runtime"]

_TIMEOUT_S = 20.0
_CHILD = """
import json, sys
def version(name):
    try:
        from importlib import metadata
        return metadata.version(name)
    except Exception:
        return None
names = ["websocket-client", "requests", "aiohttp", "httpx", "certifi"]
print(json.dumps({
    "python": "%d.%d.%d" % sys.version_info[:3],
    "dashscope": version("dashscope"),
    "packages": {n: version(n) for n in names if version(n)},
}))
"""


def inspect_runtime(python: Path, *, given: bool) -> Runtime:
    """Ask an interpreter for its versions; quick, since nothing is imported.

    Raises:
        UsageError: it does not start, or is no Python that can say.
    """
    try:
        done = subprocess.run(
            [str(python), "-I", "-c", _CHILD],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_TIMEOUT_S,
            check=True,
        )
        told = json.loads(done.stdout)
    except (OSError, subprocess.SubprocessError, ValueError) as exc:
        raise UsageError(f"--python {python}: cannot be asked for its version ({type(exc).__name__}: {exc})") from exc
    dashscope = told["dashscope"]
    minor = ".".join(told["python"].split(".")[:2])
    return Runtime(
        id=f"py{minor}-dashscope{dashscope or 'none'}",
        python=told["python"],
        executable=str(python),
        dashscope=dashscope,
        given=given,
        error=None if dashscope else "dashscope is not installed there",
        packages=told["packages"],
    )
