"""Which Python and which dashscope an interpreter has."""

from __future__ import annotations

import platform
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from ttsgate.errors import UsageError
from ttsgate.probes.runtimes import inspect_runtime


def test_our_own() -> None:
    """Versions of the interpreter that runs us, without importing the SDK."""
    runtime = inspect_runtime(Path(sys.executable), given=False)

    assert (platform.python_version(), version("dashscope")) == (runtime.python, runtime.dashscope)
    assert not runtime.given
    assert runtime.error is None
    assert "dashscope" not in sys.modules


def test_an_environment_without_the_sdk(tmp_path: Path) -> None:
    """That it is missing is a fact of the runtime, not an exception: the cells will say so."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(tmp_path / "v")], check=True, timeout=60)
    runtime = inspect_runtime(tmp_path / "v" / "bin" / "python", given=True)

    assert runtime.dashscope is None
    assert runtime.error == "dashscope is not installed there"
    assert runtime.id.endswith("-dashscopenone")


@pytest.mark.parametrize("program", ["#!/bin/sh\nexit 3\n", "#!/bin/sh\necho nonsense\n", ""])
def test_what_is_no_python_is_refused(tmp_path: Path, program: str) -> None:
    """The option is named, before anything was run."""
    path = tmp_path / "python"
    path.write_text(program, "utf-8")
    path.chmod(0o755)
    with pytest.raises(UsageError, match="--python"):
        inspect_runtime(path, given=True)
