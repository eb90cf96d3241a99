"""Recordings in a folder: how old they are, whether they are whole, and what nothing uses any more."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from ttsgate.errors import UsageError
from ttsgate.result.recording import expired
from ttsgate.store.recordings import find_recordings, header_of, orphans, read_session

__all__ = ["inventory"]

MOST_READ = 4 << 20
"""Larger files are no source text that would name a recording."""
_SKIPPED = frozenset((".git", ".venv", "node_modules", "__pycache__"))


def inventory(base: Path, used_in: Sequence[Path], *, today: date) -> list[dict[str, Any]]:
    """Every recording below `base`: ``path``, ``state``, ``words``, ``orphans``.

    States: ``fresh``, ``expired``, ``broken`` (it cannot be read, or was changed), and, where `used_in` names folders,
    ``orphan`` for one whose folder's name stands in no text file there.
    """
    found = find_recordings(base)
    named = _named({f.resolve().name for f in found}, used_in, base) if used_in else None
    told = []
    for folder in found:
        try:
            recording = header_of(folder)
            for session in recording.sessions:
                read_session(folder, session)
        except UsageError as exc:
            told.append({"path": str(folder), "state": "broken", "words": str(exc), "orphans": []})
            continue
        state = "expired" if expired(recording, today) else "fresh"
        if named is not None and folder.resolve().name not in named:
            state = "orphan"
        age = (today - date.fromisoformat(recording.created[:10])).days
        until = f"until {recording.expires}" if recording.expires else "for ever"
        words = f"{len(recording.sessions)} sessions, {age} days old, {until}, recorded: {recording.source.claim}"
        told.append({"path": str(folder), "state": state, "words": words, "orphans": list(orphans(folder, recording))})
    return told


def _named(names: set[str], folders: Iterable[Path], base: Path) -> set[str]:
    """Those of `names` that stand in a text file below `folders`, the recordings themselves left out."""
    left, inside = set(names), base.resolve()
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if not left:
                return names
            if _SKIPPED & set(path.parts) or inside in path.resolve().parents or not path.is_file():
                continue
            if path.stat().st_size <= MOST_READ:
                data = path.read_bytes()
                left = {name for name in left if name.encode() not in data}
    return names - left
