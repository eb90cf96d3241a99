"""Checks of the stage conformance: frames, what every event carries, how the connection ends."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from ttsgate.judgement.problems import problem
from ttsgate.judgement.registry import NotApplicable, Problem, check
from ttsgate.judgement.views import SessionView

__all__: list[str] = []

MAX_MESSAGE = 2**20
"""Characters; https://websockets.readthedocs.io/en/stable/reference/asyncio/client.html, ``max_size``."""


@check(
    "P-text-frames",
    sentence="Every message from the service is a text frame that holds one JSON object.",
    why="The official SDK logs an error on a binary frame and raises inside its callback on anything else.",
    stage="conformance",
    levels=("frames",),
    needs=("C-open",),
)
def _text_frames(view: SessionView) -> Iterator[Problem]:
    for number, entry in enumerate(view.transcript.entries):
        if entry.dir == "in" and entry.raw is not None:
            yield problem(view, f"text frame {number} holds no JSON object", number, entry.raw)
        elif entry.dir == "in" and entry.binary is not None:
            yield problem(view, f"frame {number} is binary", number)
        elif entry.dir == "in" and entry.event is not None and _holds_no_number(entry.event):
            yield problem(view, f"frame {number} holds NaN or Infinity, which JSON does not have", number)


def _holds_no_number(value: Any, depth: int = 0) -> bool:
    if isinstance(value, float):
        return not math.isfinite(value)
    if depth > 8:
        return False
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return any(_holds_no_number(v, depth + 1) for v in inside)


@check(
    "P-frame-size",
    sentence="No message is larger than 1 MiB.",
    why="It is the default limit of the common websocket libraries, which drop the connection on a larger one; "
    "documented deltas are a few kilobytes.",
    stage="conformance",
    levels=("frames",),
    needs=("C-open",),
)
def _frame_size(view: SessionView) -> Iterator[Problem]:
    for number, entry in enumerate(view.transcript.entries):
        if entry.dir != "in":
            continue
        size = len(entry.raw or entry.binary or "") + _length(entry.event)
        if size > MAX_MESSAGE:
            yield problem(view, f"frame {number} holds {size / 2**20:.1f} MiB", number)


def _length(value: Any) -> int:
    """Characters of the strings in a value: what its JSON has at least."""
    if isinstance(value, str):
        return len(value)
    if isinstance(value, dict):
        return sum(_length(k) + _length(v) for k, v in value.items())
    return sum(_length(v) for v in value) if isinstance(value, list) else 0


@check(
    "P-type",
    sentence="Every event has a type that is a string.",
    why="Clients dispatch on it; without it the event is lost.",
    stage="conformance",
    needs=("C-open",),
)
def _type(view: SessionView) -> Iterator[Problem]:
    for frame in view.frames:
        if not frame.type:
            yield problem(view, "an event without a type", frame, frame.event)


@check(
    "P-event-id",
    sentence="Every event has an event_id of its own, a string.",
    why="Support finds an event by it, and clients drop an event whose id they have seen.",
    stage="conformance",
    needs=("C-open",),
)
def _event_id(view: SessionView) -> Iterator[Problem]:
    seen: dict[str, int] = {}
    for frame in view.frames:
        name = frame.get("event_id")
        if not isinstance(name, str) or not name:
            yield problem(view, f"{frame.type} has no event_id", frame, name)
        elif name in seen:
            yield problem(view, f"{frame.type} repeats the event_id of frame {seen[name]}", frame, name)
        else:
            seen[name] = frame.number


@check(
    "P-close",
    sentence="After session.finished the service closes with code 1000.",
    why="Any other code makes clients report an error after a good session.",
    stage="conformance",
    levels=("frames",),
    needs=("C-finished",),
    metrics=("close_ms",),
)
def _close(view: SessionView) -> Iterator[Problem]:
    if not view.of("session.finished"):
        raise NotApplicable
    for number, note in view.notes("closed"):
        data = note.data or {}
        code = data.get("code")
        # Without a code (1005) or without a closing handshake the audio is whole all the same: P-close-handshake.
        if isinstance(code, int) and code not in (1000, 1005, 1006) and data.get("by") == "service":
            yield problem(view, f"closed with code {code} {data.get('reason')!r} after session.finished", number)


@check(
    "P-close-handshake",
    sentence="After session.finished the service closes by itself and with a closing handshake.",
    why="A socket that stays open holds one of the account's connections; one that is cut looks like a network fault.",
    stage="conformance",
    severity="warn",
    levels=("frames",),
    needs=("C-finished",),
)
def _close_handshake(view: SessionView) -> Iterator[Problem]:
    if not view.of("session.finished"):
        raise NotApplicable
    closed = next(iter(view.notes("closed")), None)
    if closed is None:
        yield problem(view, "the connection was not closed within the time we waited", None)
        return
    number, note = closed
    data = note.data or {}
    if data.get("by") == "client":
        yield problem(view, "the service left it to the client to close", number)
    elif data.get("by") == "network" or data.get("code") in (None, 1005, 1006):
        yield problem(view, f"cut without a closing handshake (code {data.get('code')})", number)
