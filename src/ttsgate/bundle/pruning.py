"""Which old runs may go."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ttsgate.bundle.manifest import ATTESTATION, MANIFEST
from ttsgate.errors import UsageError
from ttsgate.store.holding import is_held

__all__ = ["Doomed", "Kept", "choose", "remove"]

MAY_BE_RESUMED = timedelta(days=1)
"""A run that was killed and is younger than this may be gone on with: what it paid for is in it."""


@dataclass(frozen=True, slots=True)
class Doomed:
    """A run that goes."""

    folder: Path
    """Its folder."""
    age: timedelta
    """Since it began."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A run that would have gone, and why it stays."""

    folder: Path
    """Its folder."""
    why: str
    """The reason."""


def choose(
    folders: Sequence[Path], *, keep: int | None, older_than: timedelta | None, force: bool, now: datetime
) -> tuple[list[Doomed], list[Kept]]:
    """Which runs go, and which stay although they are old or many.

    Args:
        folders: Runs, oldest first.
        keep: How many of the newest stay in any case; None for no such rule.
        older_than: Only runs older than this go; None for no such rule.
        force: Let the newest, signed and unfinished runs go, too; never one that is running.
        now: The present.
    """
    doomed: list[Doomed] = []
    kept: list[Kept] = []
    for place, folder in enumerate(reversed(folders)):
        age = now - _began(folder)
        if (keep is not None and place < keep) or (older_than is not None and age <= older_than):
            continue
        running = is_held(folder)
        why = "still running" if running else _protected(folder, newest=place == 0, age=age)
        if why is not None and (running or not force):
            kept.append(Kept(folder, why))
        else:
            doomed.append(Doomed(folder, age))
    return doomed[::-1], kept[::-1]


def _protected(folder: Path, *, newest: bool, age: timedelta) -> str | None:
    if newest:
        return "the newest run"
    if (folder / ATTESTATION).exists():
        return "signed"
    if not (folder / MANIFEST).exists() and age < MAY_BE_RESUMED:
        return "not sealed: it can be gone on with (ttsgate validate --resume)"
    return None


def _began(folder: Path) -> datetime:
    """From the run's id; a folder of another name counts as new, so that nothing strange is deleted for its age."""
    try:
        return datetime.strptime(folder.name.split("-")[0], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        return datetime.now(UTC)


def remove(folder: Path) -> None:
    """Delete a run: gone under its name at once, then from the disk.

    Raises:
        UsageError: permission is missing or the disk is read-only.
    """
    aside = folder.with_name(f".{folder.name}.{secrets.token_hex(4)}.deleted")
    try:
        folder.rename(aside)
        shutil.rmtree(aside)
    except OSError as exc:
        raise UsageError(f"cannot delete {folder}: {exc.strerror or exc}") from exc
