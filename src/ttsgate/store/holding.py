"""Whose a folder is: a process that writes into it holds it, and lets go when it ends, however it ends."""

from __future__ import annotations

import contextlib
import fcntl
import os
from pathlib import Path

from ttsgate.errors import UsageError

__all__ = ["Hold", "hold", "is_held", "make_and_hold"]


class Hold:
    """A folder that this process holds."""

    def __init__(self, handle: int) -> None:
        self._handle: int | None = handle

    def release(self) -> None:
        """Let others have it."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None


def hold(folder: Path) -> Hold | None:
    """Hold a folder; None while another process does.

    A file system that knows no locks holds nothing back.
    """
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        return None
    except OSError:
        pass
    return Hold(handle)


def make_and_hold(folder: Path) -> Hold:
    """Make a folder that is not there yet, and hold it.

    Raises:
        UsageError: it is there already, or cannot be made; names the path.
    """
    try:
        folder.mkdir(parents=True)
        held = hold(folder)
    except FileExistsError:
        raise UsageError(f"{folder} is there already, which no new run expects; try again") from None
    except OSError as exc:
        why = exc.strerror or exc
        raise UsageError(f"cannot write {folder}: {why}; choose another place with --output-dir") from exc
    if held is None:
        raise UsageError(f"{folder} was taken by another process; try again")
    return held


def is_held(folder: Path) -> bool:
    """Whether some process holds a folder."""
    with contextlib.suppress(OSError):
        held = hold(folder)
        if held is None:
            return True
        held.release()
    return False
