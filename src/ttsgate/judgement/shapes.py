"""Checks of the stage conformance: documented fields and their types, and what is new.

The tables are read from the vendor's server-event page, not from the protocol package.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ttsgate.judgement.frames import Frame
from ttsgate.judgement.problems import problem
from ttsgate.judgement.registry import Problem, check
from ttsgate.judgement.views import SessionView

__all__ = ["CONSTANTS", "FIELDS", "KNOWN"]

_TEXT, _ID, _INT, _LIST, _OBJECT = "string", "string that is not empty", "integer", "array", "object"

_PLACE = {"response_id": _ID, "output_index": _INT}
_PART = {**_PLACE, "item_id": _ID, "content_index": _INT}
_SESSION = {
    "session.id": _ID,
    "session.object": _TEXT,
    "session.model": _TEXT,
    "session.voice": _TEXT,
    "session.mode": _TEXT,
    "session.response_format": _TEXT,
    "session.sample_rate": _INT,
}
_ITEM = {"item.id": _ID, "item.type": _TEXT, "item.status": _TEXT, "item.role": _TEXT, "item.content": _LIST}

FIELDS: dict[str, dict[str, str]] = {
    "session.created": _SESSION,
    "session.updated": _SESSION,
    "input_text_buffer.committed": {"item_id": _TEXT},
    "input_text_buffer.cleared": {},
    "response.created": {"response.id": _ID, "response.status": _TEXT, "response.output": _LIST},
    "response.output_item.added": {**_PLACE, **_ITEM},
    "response.content_part.added": {**_PART, "part.type": _TEXT},
    "response.audio.delta": {**_PART, "delta": _TEXT},
    "response.audio.done": _PART,
    "response.content_part.done": {**_PART, "part.type": _TEXT},
    "response.output_item.done": {**_PLACE, **_ITEM},
    "response.done": {
        "response.id": _ID,
        "response.status": _TEXT,
        "response.output": _LIST,
        "response.usage": _OBJECT,
    },
    "session.finished": {},
    "error": {"error.code": _TEXT, "error.message": _TEXT},
}
"""Fields that every client may rely on, by event type: dotted path and JSON type."""

KNOWN: dict[str, frozenset[str]] = {
    kind: frozenset(
        {path.partition(".")[0] for path in fields}
        | {"type", "event_id"}
        # Listed in one page's field table, absent from its examples.
        | ({"response_id"} if kind == "response.done" else set())
    )
    for kind, fields in FIELDS.items()
}
"""Top-level fields that the documentation knows, by event type."""

KNOWN_INSIDE: dict[str, frozenset[str]] = {
    "session": frozenset(
        "id object model voice mode language_type response_format sample_rate speech_rate volume pitch_rate bit_rate "
        "instructions optimize_instructions enable_tn".split()
    ),
    "response": frozenset("id object conversation_id status modalities voice output usage".split()),
    "item": frozenset("id object type status role content".split()),
    "part": frozenset("type text".split()),
    "error": frozenset("code message type param event_id".split()),
}
"""Fields that the documentation knows inside an object of that name."""

_TYPES: dict[str, tuple[type, ...]] = {_TEXT: (str,), _ID: (str,), _INT: (int,), _LIST: (list,), _OBJECT: (dict,)}


CONSTANTS: dict[str, dict[str, str]] = {
    "session.created": {"session.object": "realtime.session"},
    "session.updated": {"session.object": "realtime.session"},
    "response.created": {"response.object": "realtime.response", "response.status": "in_progress"},
    "response.output_item.added": {"item.type": "message", "item.role": "assistant", "item.status": "in_progress"},
    "response.content_part.added": {"part.type": "audio"},
    "response.content_part.done": {"part.type": "audio"},
    "response.output_item.done": {"item.type": "message", "item.role": "assistant"},
    "response.done": {"response.object": "realtime.response"},
}
"""Fields that the documentation gives one value only, by event type."""


def _is(value: Any, kind: str) -> bool:
    if kind == _ID and value == "":
        return False
    return isinstance(value, _TYPES[kind]) and not (kind == _INT and isinstance(value, bool))


@check(
    "P-fields",
    sentence="Every event has the documented fields with the documented JSON types.",
    why="A missing field is an exception in somebody's callback.",
    stage="conformance",
    needs=("C-open",),
)
def _fields(view: SessionView) -> Iterator[Problem]:
    for frame in view.frames:
        for path, kind in FIELDS.get(frame.type, {}).items():
            value = frame.get(*path.split("."))
            if value is None:
                yield problem(view, f"{frame.type} has no {path}", frame, frame.type)
            elif not _is(value, kind):
                seen = "empty" if value == "" else type(value).__name__
                yield problem(view, f"{frame.type}: {path} is {seen}, not {kind}", frame, value)
        completed = frame.type == "response.done" and frame.get("response", "status") == "completed"
        if completed and frame.get("response", "output") == []:
            yield problem(view, "response.done lists no output although it is completed", frame, [])


@check(
    "P-constants",
    sentence="Fields that have one documented value have that value.",
    why="Clients tell audio from text, and beginning from end, by them. Only a warning: the pages give examples, no "
    "promise.",
    stage="conformance",
    severity="warn",
    needs=("P-fields",),
)
def _constants(view: SessionView) -> Iterator[Problem]:
    for frame in view.frames:
        for path, right in CONSTANTS.get(frame.type, {}).items():
            value = frame.get(*path.split("."))
            if value is not None and value != right:
                yield problem(view, f"{frame.type}: {path} is {value!r}, not {right!r}", frame, value)


@check(
    "P-drift",
    sentence="No event type or field is new.",
    why="New ones are legal and ignored by well-made clients; listed so that a change of the protocol is seen the day "
    "it happens.",
    stage="conformance",
    severity="note",
    needs=("C-open",),
)
def _drift(view: SessionView) -> Iterator[Problem]:
    told: set[str] = set()
    for frame in view.frames:
        for what in _new_in(frame):
            if what not in told:
                told.add(what)
                yield problem(view, what, frame)


def _new_in(frame: Frame) -> Iterator[str]:
    if frame.type and frame.type not in FIELDS:
        yield f"event type {frame.type!r} is not documented"
        return
    for name, value in frame.event.items():
        if frame.type and name not in KNOWN[frame.type]:
            yield f"{frame.type}: field {name!r} is not documented"
        elif name in KNOWN_INSIDE and isinstance(value, dict):
            for inner in value:
                if inner not in KNOWN_INSIDE[name]:
                    yield f"{frame.type}: field {name}.{inner} is not documented"
