"""Checks of the stage conformance: fields, ids, Base64, usage, drift.

The tables are read from the vendor's server-event page, not from the protocol package.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

from ttsgate.catalog import count_characters
from ttsgate.judgement.conformance import problem
from ttsgate.judgement.registry import Blocked, NotApplicable, Problem, check
from ttsgate.judgement.views import Frame, SessionView
from ttsgate.measure.pcm import container_of

__all__ = ["FIELDS", "KNOWN"]

_TEXT, _INT, _LIST, _OBJECT = "string", "integer", "array", "object"

_PLACE = {"response_id": _TEXT, "output_index": _INT}
_PART = {**_PLACE, "item_id": _TEXT, "content_index": _INT}
_SESSION = {
    "session.id": _TEXT,
    "session.object": _TEXT,
    "session.model": _TEXT,
    "session.voice": _TEXT,
    "session.mode": _TEXT,
    "session.response_format": _TEXT,
    "session.sample_rate": _INT,
}
_ITEM = {"item.id": _TEXT, "item.type": _TEXT, "item.status": _TEXT, "item.role": _TEXT, "item.content": _LIST}

FIELDS: dict[str, dict[str, str]] = {
    "session.created": _SESSION,
    "session.updated": _SESSION,
    "input_text_buffer.committed": {"item_id": _TEXT},
    "input_text_buffer.cleared": {},
    "response.created": {"response.id": _TEXT, "response.status": _TEXT, "response.output": _LIST},
    "response.output_item.added": {**_PLACE, **_ITEM},
    "response.content_part.added": {**_PART, "part.type": _TEXT},
    "response.audio.delta": {**_PART, "delta": _TEXT},
    "response.audio.done": _PART,
    "response.content_part.done": {**_PART, "part.type": _TEXT},
    "response.output_item.done": {**_PLACE, **_ITEM},
    "response.done": {
        "response.id": _TEXT,
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

_TYPES: dict[str, tuple[type, ...]] = {_TEXT: (str,), _INT: (int,), _LIST: (list,), _OBJECT: (dict,)}


def _is(value: Any, kind: str) -> bool:
    return isinstance(value, _TYPES[kind]) and not (kind == _INT and isinstance(value, bool))


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
                yield problem(view, f"{frame.type}: {path} is {type(value).__name__}, not {kind}", frame, value)
        completed = frame.type == "response.done" and frame.get("response", "status") == "completed"
        if completed and frame.get("response", "output") == []:
            yield problem(view, "response.done lists no output although it is completed", frame, [])


@check(
    "P-session-id",
    sentence="The session keeps its id.",
    why="It is what support asks for.",
    stage="conformance",
    needs=("C-open",),
)
def _session_id(view: SessionView) -> Iterator[Problem]:
    names = [(f, f.get("session", "id")) for f in view.of("session.created", "session.updated")]
    names = [(f, n) for f, n in names if isinstance(n, str)]
    if len(names) < 2:
        raise NotApplicable
    for frame, name in names[1:]:
        if name != names[0][1]:
            yield problem(view, f"session id {names[0][1]!r} became {name!r}", frame, name)


@check(
    "P-id-chain",
    sentence="One response_id and one item_id run through all events of a response.",
    why="A client that keeps several utterances apart by id plays a stray delta in the wrong place or drops it.",
    stage="conformance",
    needs=("P-response-created",),
)
def _id_chain(view: SessionView) -> Iterator[Problem]:
    if not view.responses:
        raise NotApplicable
    items: dict[str, int] = {}
    for response in view.responses:
        response_id = response.created.get("response", "id") if response.created else None
        item_id = None
        for frame in response.frames:
            told = frame.get("response", "id") if frame.type == "response.done" else frame.get("response_id")
            if isinstance(told, str) and response_id is not None and told != response_id:
                yield problem(
                    view, f"{frame.type} carries response {told!r}, the response is {response_id!r}", frame, told
                )
            item = frame.get("item", "id") if "output_item" in frame.type else frame.get("item_id")
            if frame.type == "response.done":
                item = frame.get("response", "output", 0, "id")
            if not isinstance(item, str):
                continue
            if item_id is None:
                item_id = item
                if items.setdefault(item, response.number) != response.number:
                    yield problem(view, f"item {item!r} was used by an earlier response", frame, item)
            elif item != item_id:
                yield problem(view, f"{frame.type} carries item {item!r}, the item is {item_id!r}", frame, item)


@check(
    "P-index",
    sentence="output_index and content_index are 0: a response has one item with one part.",
    why="Clients keep one buffer a response.",
    stage="conformance",
    needs=("P-response-created",),
)
def _index(view: SessionView) -> Iterator[Problem]:
    for frame in view.frames:
        for name in ("output_index", "content_index"):
            value = frame.get(name)
            if _is(value, _INT) and value != 0:
                yield problem(view, f"{frame.type}: {name} is {value}, not 0", frame, value)


@check(
    "P-response-voice",
    sentence="response.created and response.done name the voice in force.",
    why="The last place where another voice shows before it is heard.",
    stage="conformance",
    needs=("C-open",),
)
def _response_voice(view: SessionView) -> Iterator[Problem]:
    in_force = view.echo.get("voice") if view.of("session.updated") else None
    in_force = in_force if isinstance(in_force, str) else view.asked.voice
    found = [(f, f.get("response", "voice")) for f in view.of("response.created", "response.done")]
    found = [(f, v) for f, v in found if v is not None]
    if not found:
        raise NotApplicable
    for frame, voice in found:
        if voice not in (in_force, view.asked.voice):
            yield problem(
                view, f"{frame.type} names voice {voice!r}, not {in_force!r}", frame, voice, cause="service.setting"
            )


@check(
    "P-base64",
    sentence="Every delta is canonical Base64.",
    why="Lenient decoders skip what they do not know and shift the samples behind it: noise.",
    stage="conformance",
    needs=("C-open",),
)
def _base64(view: SessionView) -> Iterator[Problem]:
    deltas = view.of("response.audio.delta")
    if not deltas:
        raise NotApplicable
    for frame in deltas:
        text = frame.get("delta")
        if not isinstance(text, str):
            continue
        try:
            good = base64.b64encode(base64.b64decode(text, validate=True)).decode() == text
        except ValueError:
            good = False
        if not good:
            yield problem(view, f"the delta in frame {frame.number} is no canonical Base64", frame, text[:40])


@check(
    "P-delta-empty",
    sentence="No delta is empty.",
    why="Strict clients abort on it; others take it for the first audio and report a time that nobody heard.",
    stage="conformance",
    severity="warn",
    needs=("P-base64",),
)
def _delta_empty(view: SessionView) -> Iterator[Problem]:
    for frame in view.of("response.audio.delta"):
        if frame.get("delta") == "":
            yield problem(view, f"the delta in frame {frame.number} is empty", frame)


@check(
    "P-even-bytes",
    sentence="Every PCM delta holds whole 16-bit samples: an even number of bytes.",
    why="A player that plays each delta by itself shifts by a byte: full-scale noise.",
    stage="conformance",
    needs=("P-base64",),
)
def _even_bytes(view: SessionView) -> Iterator[Problem]:
    if view.format != "pcm" or not view.pieces:
        raise NotApplicable
    if container_of(view.audio[:4096]) is not None:
        raise Blocked("A-container")
    for piece in view.pieces:
        if len(piece.data) % 2:
            yield problem(
                view, f"the delta in frame {piece.frame} holds {len(piece.data)} bytes, an odd number", piece.frame
            )


@check(
    "P-usage",
    sentence="usage.characters follows the counting rule: a Han character counts 2, every other character 1.",
    why="It is what is billed (https://www.alibabacloud.com/help/ja/model-studio/qwen-tts). Reported, not failed: the "
    "rule's edges (variation selectors, spaces at the ends) are not documented.",
    stage="conformance",
    severity="warn",
    needs=("P-response-done", "P-status"),
)
def _usage(view: SessionView) -> Iterator[Problem]:
    done = view.of("response.done")
    counted = [f.get("response", "usage", "characters") for f in done]
    if not done or view.model.family == "legacy":
        raise NotApplicable
    for frame, count in zip(done, counted, strict=True):
        if not _is(count, _INT):
            yield problem(view, "response.done: usage has no characters", frame, frame.get("response", "usage"))
            return
    total, right = sum(counted), count_characters(view.text)
    if total != right:
        yield problem(
            view, f"usage.characters is {total}, the rule gives {right}", done[-1], total, cause="service.usage"
        )


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
