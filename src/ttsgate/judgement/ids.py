"""Checks of the stage conformance: do the ids hang together."""

from __future__ import annotations

from collections.abc import Iterator

from ttsgate.judgement.problems import problem
from ttsgate.judgement.registry import NotApplicable, Problem, check
from ttsgate.judgement.views import SessionView

__all__: list[str] = []


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
            if isinstance(value, int) and not isinstance(value, bool) and value != 0:
                yield problem(view, f"{frame.type}: {name} is {value}, not 0", frame, value)
