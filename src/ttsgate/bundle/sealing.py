"""Sealing a bundle: a digest of every file, after a last sweep for secrets."""

from __future__ import annotations

import hashlib
from pathlib import Path

import msgspec

from ttsgate.errors import HarnessError
from ttsgate.result.redact import Redactor
from ttsgate.store.atomic import write_atomic

__all__ = ["MANIFEST", "SUMS", "files_of", "seal"]

MANIFEST = "manifest.json"
SUMS = "SHA256SUMS"
_UNSEALED = frozenset((MANIFEST, SUMS, "attestation.dsse.json"))


def files_of(folder: Path) -> list[Path]:
    """Every file that the manifest covers, by name; the temporaries of a killed writer are not among them."""
    return sorted(
        p
        for p in folder.rglob("*")
        if p.is_file() and str(p.relative_to(folder)) not in _UNSEALED and not p.name.endswith(".tmp")
    )


def seal(folder: Path, *, run: str, redactor: Redactor) -> None:
    """Write ``manifest.json`` and ``SHA256SUMS``.

    Raises:
        HarnessError: a secret of this run was still in a file; it is removed, and nothing is sealed.
    """
    entries = []
    leaking: list[str] = []
    for path in files_of(folder):
        data = path.read_bytes()
        name = path.relative_to(folder).as_posix()
        if redactor.leaks(data):
            path.unlink()
            leaking.append(name)
        entries.append({"name": name, "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()})
    if leaking:
        raise HarnessError(f"refused to seal: a secret stood in {', '.join(leaking)} (now removed); please report this")
    manifest = {"version": 1, "run": run, "files": entries}
    write_atomic(folder / MANIFEST, msgspec.json.format(msgspec.json.encode(manifest), indent=1) + b"\n")
    sums = "".join(f"{e['sha256']}  {e['name']}\n" for e in entries)
    write_atomic(folder / SUMS, sums.encode())
