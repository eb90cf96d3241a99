"""Events come that nobody asked for, or once too often; their class is ``order``."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable

from ttsgate.emulator.faults.hooks import Hooks, Outgoing
from ttsgate.emulator.faults.registry import fault
from ttsgate.emulator.faults.transforms import OnOutgoing, put
from ttsgate.protocol.realtime.events import Event

__all__: list[str] = []

_DELTA = "response.audio.delta"


def _instead(
    name: str,
    says: str,
    change: Callable[[Outgoing], Iterable[Outgoing]],
    *kinds: str,
    check: str,
    cause: str = "service.protocol",
    once: bool = True,
    scene: str = "",
) -> None:
    """A fault that sends something else for the first event of `kinds`, or for all of them."""
    fault(f"order.{name}", says, check=check, cause=cause, scene=scene)(
        lambda _: OnOutgoing(lambda item, _: change(item), *kinds, once=once)
    )


def _more(item: Outgoing) -> Outgoing:
    """The same event again, with an id of its own."""
    event = item.event or {}
    return Outgoing(event={**event, "event_id": f"{event.get('event_id')}x"})


_instead(
    "double-updated",
    "session.updated comes twice for one session.update.",
    lambda item: (item, _more(item)),
    "session.updated",
    check="P-unasked",
)
_instead(
    "double-committed",
    "input_text_buffer.committed comes twice for one commit.",
    lambda item: (item, _more(item)),
    "input_text_buffer.committed",
    check="P-unasked",
    scene="commit",
)
_instead(
    "double-delta",
    "One audio event is sent twice, to the last byte.",
    lambda item: (item, Outgoing(event=dict(item.event or {}))),
    _DELTA,
    check="P-event-id A-repeat",
    cause="service.protocol service.audio",
)
_instead(
    "old-event-id",
    "response.done has the event_id of an event before it.",
    lambda item: (Outgoing(event={**(item.event or {}), "event_id": "event_AAAAAAAAAAAAAAAAAAAAA"}),),
    "response.audio.done",
    "response.done",
    check="P-event-id",
    once=False,
)
_instead(
    "unasked-clear",
    "input_text_buffer.cleared comes although nothing was to be cleared.",
    lambda item: (Outgoing(event={"event_id": "event_clr", "type": "input_text_buffer.cleared"}), item),
    "response.created",
    check="P-unasked",
)


class _EmptyResponse(Hooks):
    """A second response without audio follows the first."""

    def __init__(self) -> None:
        self.seen: list[Event] = []

    def outgoing(self, item: Outgoing) -> Iterable[Outgoing]:
        if item.type.startswith("response.") and item.type != _DELTA and item.event is not None:
            text = json.dumps(item.event).replace("resp_", "resp_z").replace(': "item_', ': "item_z')
            self.seen.append(json.loads(text))
        if item.type != "response.done":
            return (item,)
        again = [Outgoing(event={**e, "event_id": f"{e.get('event_id')}y"}) for e in self.seen]
        for each in again:
            put(each.event, "response.usage.characters", 0) if each.type == "response.done" else None
        self.seen = []
        return (item, *again)


fault(
    "order.empty-response",
    "A second, completed response holds no audio.",
    check="P-response-audio",
    cause="service.silence",
)(lambda _: _EmptyResponse())


class _Overlapping(Hooks):
    """A second response is created while the first is still being spoken."""

    def __init__(self) -> None:
        self.deltas = 0

    def outgoing(self, item: Outgoing) -> Iterable[Outgoing]:
        self.deltas += item.type == _DELTA
        if item.type == _DELTA and self.deltas == 2:
            response = {"id": "resp_overlappingresponse1", "object": "realtime.response", "conversation_id": ""}
            response |= {"status": "in_progress", "voice": "Cherry", "output": []}  # type: ignore[dict-item]
            created = {"event_id": "event_overlap", "type": "response.created", "response": response}
            return (item, Outgoing(event=created))
        return (item,)


fault(
    "order.overlapping",
    "A second response is created before the first is done.",
    check="P-response-done P-id-chain P-response-created P-committed",
    cause="service.protocol",
)(lambda _: _Overlapping())


class _FinishedEarly(Hooks):
    """session.finished is sent with the first audio, which then goes on."""

    def __init__(self) -> None:
        self.sent = False

    def outgoing(self, item: Outgoing) -> Iterable[Outgoing]:
        if item.type == "session.finished":
            return ()
        if item.type == _DELTA and not self.sent:
            self.sent = True
            return (item, Outgoing(event={"event_id": "event_early", "type": "session.finished"}))
        return (item,)


fault(
    "order.finished-early",
    "session.finished comes with the first audio, which goes on.",
    check="P-after-end P-response-done A-coverage",
    cause="service.protocol service.text",
)(lambda _: _FinishedEarly())
