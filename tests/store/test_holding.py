"""A folder is held by one process at a time, and free again when that process ends, however it ends."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from ttsgate.errors import UsageError
from ttsgate.store.holding import hold, is_held, make_and_hold

HOLDER = """
import sys, pathlib
from ttsgate.store.holding import hold
held = hold(pathlib.Path(sys.argv[1]))
print("held" if held else "refused", flush=True)
sys.stdin.read()
"""


def test_one_process_at_a_time(tmp_path: Path) -> None:
    """Another process holds it until it is killed."""
    other = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with other:
        assert other.stdout is not None
        assert "held\n" == other.stdout.readline()
        assert hold(tmp_path) is None
        assert is_held(tmp_path)
        other.kill()

    assert not is_held(tmp_path)
    assert hold(tmp_path) is not None


def test_made_by_one_run_only(tmp_path: Path) -> None:
    """Two runs of one name do not share a folder."""
    folder = tmp_path / "runs" / "one"
    held = make_and_hold(folder)
    assert is_held(folder)
    with pytest.raises(UsageError, match="is there already"):
        make_and_hold(folder)
    held.release()

    assert not is_held(folder)


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    """The path is named, and what to do."""
    (tmp_path / "file").write_text("", "utf-8")
    with pytest.raises(UsageError, match=r"cannot write .*--output-dir"):
        make_and_hold(tmp_path / "file" / "one")


def test_nothing_there_is_held_by_nobody(tmp_path: Path) -> None:
    """A folder that is gone is no reason to wait."""
    assert not is_held(tmp_path / "none")
