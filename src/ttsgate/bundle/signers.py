"""The list of allowed signers: whose signature counts, and when."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from ttsgate.bundle.signing import key_id
from ttsgate.errors import UsageError

__all__ = ["Signer", "entry", "read_signers"]


class Signer(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """One key whose signature counts."""

    name: str
    """Whose key it is."""
    public: str
    """Public key, 64 hexadecimal digits."""
    valid_from: datetime | None = None
    """Signatures claimed for an earlier time do not count."""
    valid_until: datetime | None = None
    """Signatures claimed for a later time do not count."""
    revoked: bool | datetime = False
    """A revoked key counts for nothing, whatever time a signature claims: a thief claims any.  Where it is the time of
    the revocation, a signature counts that a time token puts before it."""

    def refuses(self, at: datetime, *, attested: bool = False) -> str | None:
        """Why a signature of that time does not count; None when it does.

        Args:
            at: When it was signed.
            attested: Whether a time-stamping authority says so, not the signer alone: then a key that was
                revoked later counts for what it signed before.
        """
        before = attested and isinstance(self.revoked, datetime) and at < self.revoked
        if self.revoked and not before:
            when = f" on {self.revoked.date().isoformat()}" if isinstance(self.revoked, datetime) else ""
            return f"the key of {self.name} was revoked{when}"
        if self.valid_from is not None and at < self.valid_from:
            return f"the key of {self.name} is valid only from {self.valid_from.isoformat()}, signed {at.isoformat()}"
        if self.valid_until is not None and at > self.valid_until:
            return f"the key of {self.name} was valid until {self.valid_until.isoformat()}, signed {at.isoformat()}"
        return None


def entry(name: str, public: str, valid_from: datetime) -> str:
    """An entry of the list, as ``ttsgate keygen`` prints it."""
    # A JSON string is a TOML string.
    quoted = json.dumps(name, ensure_ascii=False)
    return f'[[signer]]\nname = {quoted}\npublic = "{public}"\nvalid_from = {valid_from.isoformat()}\n'


def read_signers(path: Path) -> Sequence[Signer]:
    """Read a list of allowed signers.

    Raises:
        UsageError: it cannot be read, holds no signer, an unknown key, a time without zone, or a key twice.
    """
    try:
        found: dict[str, Any] = tomllib.loads(path.read_text("utf-8"))
    except OSError as exc:
        raise UsageError(f"cannot read the signers in {path}: {exc.strerror or exc}") from exc
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as exc:
        raise UsageError(f"{path} is not a list of signers (TOML): {exc}") from exc
    entries = found.pop("signer", None)
    if found or not isinstance(entries, list) or not entries:
        raise UsageError(f"{path} must hold [[signer]] tables and nothing else; an empty list would allow nobody")
    signers = []
    for number, one in enumerate(entries, start=1):
        try:
            signer = msgspec.convert(one, Signer)
            key_id(signer.public)
        except (msgspec.MsgspecError, UsageError) as exc:
            raise UsageError(f"{path}, signer {number}: {exc}") from exc
        for name in ("valid_from", "valid_until", "revoked"):
            at = getattr(signer, name)
            if isinstance(at, datetime) and at.tzinfo is None:
                raise UsageError(f"{path}, signer {number}: {name} needs a time zone, e.g. 2026-11-24T00:00:00Z")
        signers.append(signer)
    publics = [s.public for s in signers]
    if len(set(publics)) != len(publics):
        raise UsageError(f"{path} lists a key twice: which of the two counts would be a guess")
    return signers
