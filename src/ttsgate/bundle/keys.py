"""Where a signing key comes from."""

from __future__ import annotations

from pathlib import Path

from ttsgate.bundle.signing import SigningKey
from ttsgate.errors import UsageError

__all__ = ["read_key"]

_LARGEST = 64 * 1024


def read_key(path: Path) -> SigningKey:
    """Read a private key from a file.

    Raises:
        UsageError: it cannot be read or is no such key.
        MissingExtra: the extra ``signing`` is not installed.
    """
    try:
        with path.open("rb") as file:
            return SigningKey(file.read(_LARGEST))
    except OSError as exc:
        raise UsageError(f"cannot read the signing key {path}: {exc.strerror or exc}") from exc
