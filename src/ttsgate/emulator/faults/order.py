"""Events are missing, doubled or out of order."""

from __future__ import annotations

import copy
from collections.abc import Iterable

from ttsgate.emulator.faults.hooks import Hooks, Outgoing
from ttsgate.emulator.faults.registry import Args, fault
from ttsgate.emulator.faults.transforms import OnEvents, OnOutgoing, error_event

__all__: list[str] = []

_DELTA = "response.audio.delta"


def _missing(
    name: str, kind: str, check: str, cause: str = "service.protocol", *, alias: str = "", scene: str = ""
) -> None:
    fault(name, f"{kind} never comes.", check=check, cause=cause, alias=alias, scene=scene)(
        lambda _: OnEvents(lambda event, _: False, kind)
    )


_missing("order.no-session-created", "session.created", "C-open P-first-event", "service.hang service.protocol")
_missing("order.no-session-updated", "session.updated", "P-session-updated", "service.protocol service.hang")
_missing("order.no-committed", "input_text_buffer.committed", "P-committed", scene="commit")
_missing("order.no-response-created", "response.created", "P-response-created")
_missing("order.no-item-added", "response.output_item.added", "P-chain")
_missing("order.no-part-added", "response.content_part.added", "P-chain")
_missing("order.no-audio-done", "response.audio.done", "P-chain")
_missing("order.no-part-done", "response.content_part.done", "P-chain")
_missing("order.no-item-done", "response.output_item.done", "P-chain")
_missing("order.no-response-done", "response.done", "P-response-done", alias="no-response-done")


def _doubled(name: str, kind: str, check: str) -> None:
    def change(item: Outgoing, _: Hooks) -> Iterable[Outgoing]:
        again = copy.deepcopy(item.event)
        if again is not None:
            again["event_id"] = f"{again.get('event_id')}2"
        return (item, Outgoing(event=again))

    fault(name, f"{kind} comes twice.", check=check, cause="service.protocol")(
        lambda _: OnOutgoing(change, kind, once=True)
    )


_doubled("order.double-session-created", "session.created", "P-first-event")
_doubled("order.double-response-created", "response.created", "P-response-created")
_doubled("order.double-audio-done", "response.audio.done", "P-chain")
_doubled("order.double-response-done", "response.done", "P-response-done")
_doubled("order.double-finished", "session.finished", "P-after-end")


class _Move(Hooks):
    """Holds the first event of one type back until right after the next event of another."""

    def __init__(self, kind: str, behind: str, *, last: bool = False) -> None:
        self.kind, self.behind, self.last = kind, behind, last
        self.held: list[Outgoing] = []
        self.moved = False

    def outgoing(self, item: Outgoing) -> Iterable[Outgoing]:
        if item.type == self.kind and not self.moved:
            before, self.held = self.held, [item]
            if self.last:  # only the last one is kept back
                return before
            self.moved = True
            return ()
        if self.held and item.type == self.behind:
            held, self.held = self.held, []
            self.moved = True
            return (item, *held)
        return (item,)


def _moved(name: str, says: str, kind: str, behind: str, check: str, *, last: bool = False, scene: str = "") -> None:
    fault(name, says, check=check, cause="service.protocol", scene=scene)(lambda _: _Move(kind, behind, last=last))


_moved(
    "order.created-after-audio",
    "response.created comes after the first audio.",
    "response.created",
    _DELTA,
    "P-response-created P-order",
)
_moved(
    "order.part-before-item",
    "response.content_part.added comes before response.output_item.added.",
    "response.output_item.added",
    "response.content_part.added",
    "P-order",
)
_moved(
    "order.audio-after-done",
    "The last piece of audio comes after response.audio.done.",
    _DELTA,
    "response.audio.done",
    "P-order",
    last=True,
)
_moved(
    "order.audio-after-response",
    "The last piece of audio comes after response.done.",
    _DELTA,
    "response.done",
    "P-order P-after-end",
    last=True,
)
_moved(
    "order.done-after-finished",
    "response.done comes after session.finished.",
    "response.done",
    "session.finished",
    "P-after-end P-response-done",
)
_moved(
    "order.created-late",
    "response.created comes before the commit is acknowledged.",
    "input_text_buffer.committed",
    "response.created",
    "P-committed",
    scene="commit",
)


@fault(
    "order.done-first",
    "response.done comes before the audio, as soon as the response was created.",
    check="P-order P-response-done P-after-end",
    cause="service.protocol",
)
def _done_first(_: Args) -> Hooks:
    return _DoneFirst()


class _DoneFirst(Hooks):
    def outgoing(self, item: Outgoing) -> Iterable[Outgoing]:
        event = item.event or {}
        if item.type == "response.content_part.added":
            done = {
                "event_id": f"{event.get('event_id')}d",
                "type": "response.done",
                "response": {
                    "id": event.get("response_id"),
                    "object": "realtime.response",
                    "conversation_id": "",
                    "status": "completed",
                    "modalities": ["text", "audio"],
                    "voice": self.voice,
                    "output": [],
                    "usage": {"characters": 0},
                },
            }
            return (item, Outgoing(event=done))
        if item.type == "response.created":
            self.voice = event.get("response", {}).get("voice")
        return () if item.type == "response.done" else (item,)

    voice: object = None


@fault(
    "order.swapped-audio",
    "Pairs of neighbouring pieces of audio come in the wrong order.",
    check="A-continuity",
    cause="service.audio",
)
def _swapped_audio(_: Args) -> Hooks:
    held: list[Outgoing] = []

    def change(item: Outgoing, _: Hooks) -> Iterable[Outgoing]:
        if item.type == _DELTA and not held:
            held.append(item)
            return ()
        kept, held[:] = held[:], []
        return (item, *kept) if item.type == _DELTA else (*kept, item)

    return OnOutgoing(change)


@fault(
    "order.repeated-audio",
    "Every fourth piece of audio comes twice.",
    check="A-repeat",
    cause="service.audio",
)
def _repeated_audio(_: Args) -> Hooks:
    seen = [0]

    def change(item: Outgoing, _: Hooks) -> Iterable[Outgoing]:
        seen[0] += 1
        if seen[0] % 4 or item.event is None:
            return (item,)
        return (item, Outgoing(event={**item.event, "event_id": f"{item.event.get('event_id')}2"}))

    return OnOutgoing(change, _DELTA)


@fault(
    "order.lost-audio",
    "Every fourth piece of audio is lost.",
    check="A-continuity A-coverage",
    cause="service.audio",
)
def _lost_audio(_: Args) -> Hooks:
    seen = [0]

    def change(item: Outgoing, _: Hooks) -> Iterable[Outgoing]:
        seen[0] += 1
        return () if seen[0] % 4 == 0 else (item,)

    return OnOutgoing(change, _DELTA)


@fault(
    "order.after-finished",
    "Another event follows session.finished.",
    check="P-after-end",
    cause="service.protocol service.error",
)
def _after_finished(_: Args) -> Hooks:
    late = error_event("InternalError", "An internal error has occured.")
    return OnOutgoing(lambda item, _: (item, Outgoing(event=late)), "session.finished")
