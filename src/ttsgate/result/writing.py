"""``result.json`` in pieces: that of a long run is larger than what should stand in memory twice."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from ttsgate.result.record import Result

__all__ = ["encoded"]

_LONG = ("sessions", "checks")
"""Fields that grow with a run; each of their items is a piece."""


def encoded(result: Result) -> Iterator[bytes]:
    """The bytes of ``result.json``, indented by one space a level, in order; together they are one JSON document."""
    first = True
    for name in result.__struct_fields__:
        yield (b"{" if first else b",") + b'\n "' + name.encode() + b'": '
        first = False
        value = getattr(result, name)
        if name in _LONG and value:
            for place, item in enumerate(value):
                yield (b"," if place else b"[") + b"\n  " + _indented(item, 2)
            yield b"\n ]"
        else:
            yield _indented(value, 1)
    yield b"\n}\n"


def _indented(value: object, level: int) -> bytes:
    # A line feed inside a string is escaped: every one that stands here is of the layout.
    return msgspec.json.format(msgspec.json.encode(value), indent=1).replace(b"\n", b"\n" + b" " * level)
