"""The manifest: name, size and digest of every file of a bundle, in the one form that its bytes can have."""

from __future__ import annotations

import hashlib
import re
from typing import Any

import msgspec
import rfc8785

from ttsgate.errors import EvidenceError

__all__ = [
    "ATTESTATION",
    "MANIFEST",
    "SUMS",
    "TOKEN",
    "UNLISTED",
    "FileEntry",
    "Manifest",
    "canonical",
    "digest",
    "is_safe",
    "read_manifest",
    "sums",
]

MANIFEST = "manifest.json"
SUMS = "SHA256SUMS"
ATTESTATION = "attestation.dsse.json"
TOKEN = "attestation.tsr"
"""Answer of a time-stamping authority about the signature, DER."""
UNLISTED = frozenset((MANIFEST, SUMS, ATTESTATION, TOKEN))
"""Files that the manifest does not list: itself, what repeats it, what signs it, and what dates the signature."""
MANIFEST_VERSION = 1

_SEGMENT = re.compile(r"[A-Za-z0-9._-]{1,200}\Z")
_DEEPEST = 8


class FileEntry(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """One file."""

    name: str
    """Path in the bundle with ``/``; each part is [A-Za-z0-9._-]."""
    bytes: int
    """Size."""
    sha256: str
    """Digest of the content, hexadecimal."""


class Manifest(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """Every file of a bundle but itself, ``SHA256SUMS`` and the signature."""

    version: int = MANIFEST_VERSION
    """Version of this shape."""
    run: str
    """Run id."""
    files: list[FileEntry]
    """In order of their names."""

    def encode(self) -> bytes:
        """The canonical bytes (RFC 8785); their digest is the bundle's digest."""
        return canonical(msgspec.to_builtins(self))


def canonical(value: Any) -> bytes:
    """JSON in its canonical form, RFC 8785."""
    return rfc8785.dumps(value)


def digest(data: bytes) -> str:
    """SHA-256, hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def is_safe(name: str) -> bool:
    """Whether a name stays inside the bundle and means the same on every system."""
    parts = name.split("/")
    return len(parts) <= _DEEPEST and all(_SEGMENT.match(p) and p.strip(".") for p in parts)


def read_manifest(data: bytes) -> Manifest:
    """Read ``manifest.json``; nothing but its canonical form is accepted, so no byte of it can differ unnoticed.

    Raises:
        EvidenceError: it is broken, newer than this ttsgate, not canonical, or lists an unsafe name.
    """
    try:
        head = msgspec.json.decode(data)
        version = head.get("version") if isinstance(head, dict) else None
        if isinstance(version, int) and version > MANIFEST_VERSION:
            raise EvidenceError(f"{MANIFEST}: version {version} is newer than this ttsgate reads ({MANIFEST_VERSION})")
        manifest = msgspec.convert(head, Manifest)
        if manifest.version != MANIFEST_VERSION:
            raise EvidenceError(f"{MANIFEST}: there is no version {version}")
        rebuilt = manifest.encode()
    except (msgspec.MsgspecError, rfc8785.CanonicalizationError, UnicodeDecodeError, RecursionError) as exc:
        raise EvidenceError(f"{MANIFEST}: not a manifest: {exc}") from exc
    if rebuilt != data:
        raise EvidenceError(f"{MANIFEST}: not in canonical form (RFC 8785): it was changed after it was sealed")
    names = [f.name for f in manifest.files]
    if names != sorted(set(names)):
        raise EvidenceError(f"{MANIFEST}: its files are not in order, or one is listed twice")
    for name in names:
        if not is_safe(name) or name in UNLISTED:
            raise EvidenceError(f"{MANIFEST}: lists {name!r}, which no bundle may hold under that name")
    return manifest


def sums(manifest: Manifest) -> bytes:
    """``SHA256SUMS`` for ``sha256sum -c``: every file of the manifest, and the manifest itself."""
    entries = [(f.sha256, f.name) for f in manifest.files] + [(digest(manifest.encode()), MANIFEST)]
    return "".join(f"{sha}  {name}\n" for sha, name in entries).encode()
