"""One portable file out of a bundle, read without unpacking it.

An archive is a ZIP in the only form that `pack` writes: members stored without compression, in
order, with a fixed date and below one folder.  Reading packs again what was read and compares every
byte, so nothing can be changed, hidden or added in headers, and no member can be larger than its file.
"""

from __future__ import annotations

import io
import struct
import zipfile
from pathlib import Path

from ttsgate.bundle.manifest import is_safe
from ttsgate.errors import EvidenceError

__all__ = ["LARGEST", "pack", "unpack"]

LARGEST = 2 * 1024**3
"""Largest archive that is read, bytes: it is held in memory."""
_DATE = (1980, 1, 1, 0, 0, 0)
_WRITTEN_BY = 3
"""ZIP's number for Unix, whatever system packs: the bytes are the same everywhere."""

_BROKEN = (zipfile.BadZipFile, struct.error, EOFError, LookupError, OSError, OverflowError, RuntimeError, ValueError)
"""What `zipfile` raises on broken input."""


def pack(files: dict[str, bytes], *, top: str) -> bytes:
    """The archive of `files` below the folder `top`."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(files):
            member = zipfile.ZipInfo(f"{top}/{name}", _DATE)
            member.create_system = _WRITTEN_BY
            member.external_attr = 0o100644 << 16
            archive.writestr(member, files[name])
    return out.getvalue()


def unpack(path: Path) -> tuple[dict[str, bytes], list[str]]:
    """The files of an archive by their names in the bundle, and what is wrong with the archive itself.

    Raises:
        EvidenceError: it is too large, or no archive that `pack` could have written.
    """
    if path.stat().st_size > LARGEST:
        raise EvidenceError(f"{path.name}: larger than {LARGEST} bytes; unpack it and name the folder")
    data = path.read_bytes()
    try:
        return _members(data, path.name)
    except _BROKEN as exc:
        raise EvidenceError(f"{path.name}: not an archive by `ttsgate bundle export`, or damaged: {exc}") from exc


def _members(data: bytes, label: str) -> tuple[dict[str, bytes], list[str]]:
    files: dict[str, bytes] = {}
    tops: set[str] = set()
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for member in archive.infolist():
            top, _, name = member.filename.partition("/")
            shown = member.filename[:80]
            if not is_safe(top) or not is_safe(name):
                raise EvidenceError(f"{label}: holds {shown!r}, which no bundle may hold under that name")
            if member.compress_type != zipfile.ZIP_STORED or member.file_size != member.compress_size:
                raise EvidenceError(f"{label}: {shown} is compressed; make the archive with `ttsgate bundle export`")
            if name in files:
                raise EvidenceError(f"{label}: holds {shown} twice")
            tops.add(top)
            files[name] = archive.read(member)
            if sum(map(len, files.values())) > len(data):
                raise EvidenceError(f"{label}: its members overlap")
    if len(tops) != 1:
        raise EvidenceError(f"{label}: holds {len(tops)} folders at its top, not the one of a bundle")
    (top,) = tops
    rebuilt = pack(files, top=top)
    problems = []
    if rebuilt != data:
        at = next((i for i, (a, b) in enumerate(zip(rebuilt, data, strict=False)) if a != b), len(rebuilt))
        problems.append(f"{label}: its ZIP headers were changed, first at byte {at}")
    return files, problems
