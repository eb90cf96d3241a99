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

__all__ = ["Doomed", "Kept", "choose", "remove"]

MAY_STILL_RUN = timedelta(days=1)
"""An unsealed run younger than this may still be writing."""


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
        force: Let the newest and signed runs go, too.
        now: The present.
    """
    doomed: list[Doomed] = []
    kept: list[Kept] = []
    for place, folder in enumerate(reversed(folders)):
        age = now - _began(folder)
        if (keep is not None and place < keep) or (older_than is not None and age <= older_than):
            continue
        why = _protected(folder, newest=place == 0, age=age)
        if why is not None and not force:
            kept.append(Kept(folder, why))
        else:
            doomed.append(Doomed(folder, age))
    return doomed[::-1], kept[::-1]


def _protected(folder: Path, *, newest: bool, age: timedelta) -> str | None:
    if newest:
        return "the newest run"
    if (folder / ATTESTATION).exists():
        return "signed"
    if not (folder / MANIFEST).exists() and age < MAY_STILL_RUN:
        return "not sealed: it may still be running"
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
