"""Files that appear whole or not at all.

Accepted trade-offs: a process killed between writing and renaming leaves a hidden ``.NAME.….tmp``
beside the file (never the file itself); the folder is synced after the rename so that the new name
survives a power cut, which costs one more sync a file.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import secrets
from collections.abc import Iterable
from pathlib import Path

from ttsgate.errors import UsageError

__all__ = ["append_line", "write_atomic"]


def write_atomic(path: Path, data: bytes | Iterable[bytes]) -> None:
    """Write `data`, or its pieces, to `path`; readers see what was there before or all of it, never a part.

    Missing folders are created.

    Raises:
        UsageError: the disk is full or read-only, or permission is missing; names the path.
    """
    partial = path.with_name(f".{path.name[:100]}.{secrets.token_hex(6)}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with open(partial, "xb") as file:
                file.writelines([data] if isinstance(data, bytes) else data)
                file.flush()
                os.fsync(file.fileno())
            os.replace(partial, path)
        except BaseException:
            with contextlib.suppress(OSError):
                partial.unlink()
            raise
        _sync_folder(path.parent)
    except OSError as exc:
        raise _refused(path, exc) from exc


def append_line(path: Path, line: bytes) -> None:
    """Append one line, whole and on disk when this returns; several processes may append to one file.

    A last line that a killed process left torn is ended first, so that it spoils no other.

    Raises:
        ValueError: `line` holds a line break.
        UsageError: the disk is full or read-only, or permission is missing; names the path.
    """
    if b"\n" in line or b"\r" in line:
        raise ValueError("a line holds no line break")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        new = not path.exists()
        with open(path, "a+b", buffering=0) as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            end = file.seek(0, os.SEEK_END)
            torn = end > 0 and os.pread(file.fileno(), 1, end - 1) != b"\n"
            data = (b"\n" if torn else b"") + line + b"\n"
            if file.write(data) != len(data):
                file.truncate(end)  # no half line for others to stumble over
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            os.fsync(file.fileno())
        if new:
            _sync_folder(path.parent)
    except OSError as exc:
        raise _refused(path, exc) from exc


def _sync_folder(folder: Path) -> None:
    # Some file systems cannot sync a folder; the rename itself has happened by then.
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _refused(path: Path, exc: OSError) -> UsageError:
    return UsageError(f"cannot write {path}: {exc.strerror or exc}; choose another place with --output-dir")
