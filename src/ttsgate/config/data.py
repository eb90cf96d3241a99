"""Where the suites, the templates and the stand-alone script lie."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from ttsgate.errors import HarnessError, UsageError

__all__ = ["DataKind", "find_data"]

DataKind = Literal["checks", "reports", "scripts"]

_PACKAGE = Path(__file__).resolve().parents[1]


def find_data(kind: DataKind, explicit: Path | str | None = None) -> Path:
    """The folder of that kind of data: `explicit`, else the package's own, else the source checkout's.

    The working directory is never searched: a strange folder must not change what a run does.

    Raises:
        UsageError: `explicit` is not a folder.
        HarnessError: the installation is incomplete.
    """
    if explicit is not None:
        folder = Path(explicit)
        if not folder.is_dir():
            raise UsageError(f"{kind} folder {str(explicit)!r} does not exist or is not a folder")
        return folder
    packaged = _PACKAGE / "_data" / kind
    if packaged.is_dir():
        return packaged
    checkout = _PACKAGE.parents[1]
    if _PACKAGE.parent.name == "src" and (checkout / "pyproject.toml").is_file() and (checkout / kind).is_dir():
        return checkout / kind
    raise HarnessError(f"this installation has no {kind}/: reinstall ttsgate")
