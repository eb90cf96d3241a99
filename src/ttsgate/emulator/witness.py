"""The emulator's own account of one connection, frame by frame: what a client did is judged by it."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec

from ttsgate.emulator.faults.hooks import Outgoing
from ttsgate.result.transcript import Entry

__all__ = ["Witness"]

MOST_ENTRIES = 50_000
"""A client that never stops sending must not fill the memory."""


class Witness:
    """Keeps what goes over one connection as entries of a transcript: ``out`` is from the client, ``in`` from us.

    Args:
        clock: Seconds, never going back.
        url: Path and query that the client asked for.
        facts: Of the handshake, for the note ``dial``.
    """

    def __init__(self, clock: Callable[[], float], url: str, facts: dict[str, Any]) -> None:
        self._clock, self._zero = clock, clock()
        self._fragments = b""
        self.started = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        self.entries: list[Entry] = []
        self.over = False
        """Nothing more will come."""
        self.note("dial", url=url, **facts)

    @property
    def last(self) -> float:
        """When the last thing happened, on the clock that was given."""
        return self._zero + self.entries[-1].t

    def note(self, name: str, **data: Any) -> None:
        """Something other than a frame."""
        self._keep(Entry(t=self._now(), dir="note", name=name, data=data))

    def end(self, by: str, code: int | None, reason: str = "") -> None:
        """The connection ended; the first end that is told stands."""
        if not any(e.name == "closed" for e in self.entries):
            self.note("closed", by=by, code=code, reason=reason)

    def heard(self, message: str | bytes) -> None:
        """The client sent a frame."""
        self._keep(_entry(self._now(), message, from_client=True))

    def said(self, item: Outgoing) -> None:
        """We sent something."""
        now = self._now()
        if item.event is not None:
            # As it stands on the wire now: later changes to the object are not part of it.
            self._keep(Entry(t=now, dir="in", event=msgspec.json.decode(msgspec.json.encode(item.event))))
        elif item.data is not None and item.opcode in (1, 2):
            self._keep(_entry(now, item.data.decode("utf-8", "replace") if item.opcode == 1 else item.data))
        elif item.data is not None:
            self.note("control", opcode=item.opcode)
        elif item.wire is not None:
            self._fragments += item.wire
            for message in self._whole_messages():
                self._keep(_entry(now, message))

    def as_dict(self) -> dict[str, Any]:
        """As ``/admin/profiles/NAME`` tells it."""
        return {"started": self.started, "over": self.over, "entries": msgspec.to_builtins(self.entries)}

    def _now(self) -> float:
        return round(self._clock() - self._zero, 6)

    def _keep(self, entry: Entry) -> None:
        if len(self.entries) < MOST_ENTRIES:
            self.entries.append(entry)

    def _whole_messages(self) -> Iterator[str | bytes]:
        """Messages among the bytes written past the framing; what is no legal frame is left aside."""
        parts, data, done = b"", self._fragments, 0
        opcode = 0
        while len(data) - done >= 2:
            first, size, at = data[done], data[done + 1], done + 2
            if first & 0x70 or size & 0x80:
                self._fragments = b""
                return
            if size in (126, 127):
                wide = 2 if size == 126 else 8
                size, at = int.from_bytes(data[at : at + wide]), at + wide
            if len(data) < at + size:
                return
            opcode = first & 0x0F or opcode
            parts, done = parts + data[at : at + size], at + size
            if first & 0x80:
                self._fragments = data[done:]
                if opcode in (1, 2):
                    yield parts.decode("utf-8", "replace") if opcode == 1 else parts
                parts, data, done = b"", self._fragments, 0


def _entry(t: float, message: str | bytes, *, from_client: bool = False) -> Entry:
    way: Any = "out" if from_client else "in"
    if isinstance(message, bytes):
        return Entry(t=t, dir=way, binary=base64.b64encode(message).decode())
    try:
        event = json.loads(message)
    except (ValueError, RecursionError):
        event = None
    return Entry(t=t, dir=way, event=event) if isinstance(event, dict) else Entry(t=t, dir=way, raw=message)
