"""Reading ``result.json`` of this and of older versions; a newer one is refused by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from ttsgate.errors import EvidenceError
from ttsgate.result.record import SCHEMA_VERSION, Result

__all__ = ["UPGRADES", "read_result"]

UPGRADES: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = {}
"""Version -> function that turns its data into those of the next version.  Version 1 is the first that was released."""


def read_result(data: bytes) -> Result:
    """Read a result of any version up to this ttsgate's own.

    Raises:
        EvidenceError: the bytes are no result, or one of a newer version; names the ttsgate that wrote it.
    """
    try:
        head = msgspec.json.decode(data, type=_Head)
        _refuse_newer(head)
        if head.schema_version == SCHEMA_VERSION:
            return msgspec.json.decode(data, type=Result)
        found: dict[str, Any] = msgspec.json.decode(data)
        for version in range(head.schema_version, SCHEMA_VERSION):
            if version not in UPGRADES:
                raise EvidenceError(f"result.json: there is no version {version}")
            found = {**UPGRADES[version](found), "schema_version": version + 1}
        return msgspec.convert(found, Result)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as exc:
        raise EvidenceError(f"result.json: not a result of version {SCHEMA_VERSION}: {exc}") from exc


class _Head(msgspec.Struct):
    """What every version has said and will say."""

    schema_version: Any = None
    engine: Any = None


def _refuse_newer(head: _Head) -> None:
    version = head.schema_version
    if not isinstance(version, int) or isinstance(version, bool):
        raise EvidenceError("result.json: it names no schema_version")
    if version > SCHEMA_VERSION:
        wrote = head.engine.get("ttsgate") if isinstance(head.engine, dict) else None
        raise EvidenceError(
            f"result.json: version {version} was written by a newer ttsgate{f' ({wrote})' if wrote else ''}; this one "
            f"reads up to version {SCHEMA_VERSION}: install {f'ttsgate=={wrote}' if wrote else 'a newer ttsgate'}"
        )
