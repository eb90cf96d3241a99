"""What a replay says, when, and what it waits for; worked out from a recorded session, without I/O.

A step waits for those of the client's frames that caused it, and for no others: a client that sends later than the
recorded one did, because it waits for an answer first, must not wait for ever.

======================================  ===========================================================================
step                                    waits for
======================================  ===========================================================================
``session.created``                     nothing: it comes by itself
the n-th ``session.updated``            the n-th ``session.update``
the n-th ``…cleared``                   the n-th ``…clear``
in mode ``commit``, the n-th response   the n-th ``…commit``
and its ``…committed``
in mode ``server_commit``, a response   every frame that came before its first event was recorded
an ``error`` with an ``event_id``       the frame with that ``event_id``
``session.finished``                    every frame up to ``session.finish``
anything else                           every frame that was recorded before it
======================================  ===========================================================================
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from ttsgate.result.transcript import Entry, Transcript

__all__ = ["Step", "script_of"]

Act = Literal["send", "ping", "close", "reset", "eof"]


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that the recorded service did."""

    act: Act
    """``send`` a frame, ``ping``, ``close`` with a frame, ``reset`` the connection, or end it without a close frame."""
    needs: int
    """How many of the client's frames must have come."""
    gap_s: float
    """Seconds between the later of the step before and the last needed frame, and this step, as recorded."""
    entry: Entry
    """The recorded entry."""


def script_of(transcript: Transcript) -> list[Step]:
    """The steps of a websocket session, in order."""
    steps: list[Step] = []
    sent = _Sent()
    begun = next((n.t for n in transcript.notes("upgraded")), 0.0)
    at = begun
    for entry in transcript.entries:
        if entry.dir == "out":
            sent.add(entry)
            continue
        act = _act(entry, sent.client_closed)
        if entry.dir == "note" and entry.name == "close" and (entry.data or {}).get("dir") == "out":
            sent.client_closed = True
        if act is None:
            continue
        needs = min(sent.needed(entry), len(sent.times))
        cause = sent.times[needs - 1] if needs else begun
        steps.append(Step(act, needs, max(0.0, round(entry.t - max(at, cause), 6)), entry))
        at = entry.t
        if act in ("close", "reset", "eof"):
            break
    return steps


def _act(entry: Entry, client_closed: bool) -> Act | None:
    if entry.dir == "in":
        return "send"
    data = entry.data or {}
    if entry.name == "ping" and data.get("dir") in ("in", None):
        return "ping"
    if entry.name == "close" and data.get("dir") == "in" and not client_closed:
        return "close"
    if entry.name != "closed" or client_closed:
        return None
    if data.get("by") == "network":
        return "reset"
    if data.get("by") != "service":
        return None
    return "close" if data.get("code") is not None else "eof"


_ANSWERS = {"session.updated": "session.update", "input_text_buffer.cleared": "input_text_buffer.clear"}
"""Answers, each with what it answers."""


class _Sent:
    """The client's frames so far, and what the service made of them."""

    def __init__(self) -> None:
        self.times: list[float] = []
        self.client_closed = False
        self._types: list[str | None] = []
        self._ids: dict[str, int] = {}
        self._mode = "server_commit"
        self._count = dict.fromkeys(_ANSWERS, 0)
        self._chain: int | None = None
        """What the response under way needs."""
        self._commits = 0

    def add(self, entry: Entry) -> None:
        """A frame of the client."""
        self.times.append(entry.t)
        self._types.append(entry.type)
        event: dict[str, Any] = entry.event or {}
        if isinstance(event.get("event_id"), str):
            self._ids[event["event_id"]] = len(self.times)
        session = event.get("session")
        if entry.type == "session.update" and isinstance(session, dict) and isinstance(session.get("mode"), str):
            self._mode = session["mode"]

    def needed(self, entry: Entry) -> int:
        """How many frames a step of the service waits for."""
        kind, everything = entry.type, len(self.times)
        if kind == "session.created":
            return 0
        if kind is not None and kind in _ANSWERS:
            self._count[kind] += 1
            return self._nth(_ANSWERS[kind], self._count[kind])
        if kind == "session.finished":
            self._chain = None
            return self._nth("session.finish", 1)
        if kind == "error":
            error = (entry.event or {}).get("error")
            named = error.get("event_id") if isinstance(error, dict) else None
            return self._ids.get(named, everything) if isinstance(named, str) else everything
        if kind == "input_text_buffer.committed" or (kind or "").startswith("response."):
            return self._response(kind or "")
        return everything

    def _response(self, kind: str) -> int:
        if self._chain is None:
            self._commits += 1
            commit = self._mode == "commit"
            self._chain = self._nth("input_text_buffer.commit", self._commits) if commit else len(self.times)
        needs = self._chain
        if kind == "response.done":
            self._chain = None
        return needs

    def _nth(self, kind: str, n: int) -> int:
        """Frames up to the n-th of that type; all of them where there are fewer."""
        places: Sequence[int] = [i for i, k in enumerate(self._types, start=1) if k == kind]
        return places[n - 1] if len(places) >= n else len(self.times)
