"""Sealing a bundle: a digest of every file, after a last sweep for secrets."""

from __future__ import annotations

from pathlib import Path

from ttsgate.bundle.manifest import MANIFEST, SUMS, UNLISTED, FileEntry, Manifest, digest, is_safe, sums
from ttsgate.errors import HarnessError
from ttsgate.result.redact import Redactor
from ttsgate.store.atomic import write_atomic

__all__ = ["MANIFEST", "SUMS", "files_of", "seal"]


def files_of(folder: Path) -> list[str]:
    """The name of every file that the manifest covers, in order; temporaries of a killed writer are not among them."""
    names = (p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file() and not p.name.endswith(".tmp"))
    return sorted(n for n in names if n not in UNLISTED)


def seal(folder: Path, *, run: str, redactor: Redactor) -> None:
    """Write ``SHA256SUMS`` and, last, ``manifest.json``.

    Raises:
        HarnessError: a secret of this run was still in a file, which is removed, or a file has a name that no bundle
            may hold; nothing is sealed then.
    """
    entries = []
    leaking: list[str] = []
    for name in files_of(folder):
        data = (folder / name).read_bytes()
        if redactor.leaks(data):
            (folder / name).unlink()
            leaking.append(name)
            continue
        if not is_safe(name):
            raise HarnessError(f"refused to seal: {name!r} is no name for a file of a bundle; please report this")
        entries.append(FileEntry(name=name, bytes=len(data), sha256=digest(data)))
    if leaking:
        raise HarnessError(f"refused to seal: a secret stood in {', '.join(leaking)} (now removed); please report this")
    manifest = Manifest(run=run, files=entries)
    write_atomic(folder / SUMS, sums(manifest))
    write_atomic(folder / MANIFEST, manifest.encode())
