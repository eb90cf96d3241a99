"""Digests of a run's files, so that parts that travel can be verified."""

from __future__ import annotations

import hashlib
from pathlib import Path

from ttsgate.errors import EvidenceError
from ttsgate.store import write_atomic

__all__ = ["seal", "verify"]

NAME = "SHA256SUMS"


def seal(folder: Path) -> None:
    """Write the digests of every file of a run, as ``sha256sum --check`` reads them."""
    files = sorted(p for p in folder.rglob("*") if p.is_file() and p.name != NAME)
    lines = [f"{_digest(path)}  {path.relative_to(folder).as_posix()}" for path in files]
    write_atomic(folder / NAME, ("\n".join(lines) + "\n").encode())


def verify(part: Path) -> int:
    """How many files of a part are what they were; 0 for a file without digests beside it.

    Raises:
        EvidenceError: one of them is missing, or is not what it was.
    """
    checked = 0
    for sums in sorted(part.rglob(NAME)) if part.is_dir() else [part.with_name(NAME)]:
        if not sums.is_file():
            continue
        for line in sums.read_text(encoding="utf-8").splitlines():
            digest, _, name = line.partition("  ")
            path = sums.parent / name
            if not path.is_file():
                raise EvidenceError(f"{path} is missing: this part did not arrive whole")
            if _digest(path) != digest:
                raise EvidenceError(f"{path} is not what it was when it was written")
            checked += 1
    return checked


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
