"""Small building blocks of which most faults consist."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from ttsgate.emulator.faults.hooks import Handshake, Hooks, HttpCall, Outgoing, Samples, Utter
from ttsgate.protocol.realtime.events import Event

__all__ = [
    "OnEvents",
    "OnHandshake",
    "OnHttp",
    "OnIncoming",
    "OnOutgoing",
    "OnSamples",
    "OnSpeech",
    "error_event",
    "put",
    "take",
]


class OnSamples(Hooks):
    """Changes the samples of a response; the function may use the context."""

    def __init__(self, change: Callable[[Samples, Hooks], Samples]) -> None:
        self.change = change

    def samples(self, samples: Samples) -> Samples:
        return self.change(samples, self)


class OnSpeech(Hooks):
    """Changes what is spoken or how it is sent."""

    def __init__(self, change: Callable[[Utter, Hooks], Utter]) -> None:
        self.change = change

    def speech(self, utter: Utter) -> Utter:
        return self.change(utter, self)


class OnHandshake(Hooks):
    """Changes the answer to the handshake."""

    def __init__(self, change: Callable[[Handshake, Hooks], None]) -> None:
        self.change = change

    def handshake(self, shake: Handshake) -> None:
        self.change(shake, self)


class OnIncoming(Hooks):
    """Changes what the service hears; only events of `kinds` (all when empty)."""

    def __init__(self, change: Callable[[Event, Hooks], Iterable[Event]], *kinds: str) -> None:
        self.change, self.kinds = change, kinds

    def incoming(self, event: Event) -> Iterable[Event]:
        return self.change(event, self) if not self.kinds or event.get("type") in self.kinds else (event,)


class OnEvents(Hooks):
    """Edits outgoing events of `kinds` (all when empty) in place; returning False drops the event.

    Args:
        edit: Gets the event and the hooks (for the context).
        kinds: Event types concerned.
        once: Edit only the first such event.
    """

    def __init__(self, edit: Callable[[Event, Hooks], bool | None], *kinds: str, once: bool = False) -> None:
        self.edit, self.kinds, self.once, self.done = edit, kinds, once, False

    def outgoing(self, item: Outgoing) -> Iterable[Outgoing]:
        if item.event is None or (self.kinds and item.type not in self.kinds) or (self.once and self.done):
            return (item,)
        self.done = True
        return () if self.edit(item.event, self) is False else (item,)


class OnOutgoing(Hooks):
    """Replaces outgoing items: of events of `kinds` only, or all when empty; `once` for the first such."""

    def __init__(
        self, change: Callable[[Outgoing, Hooks], Iterable[Outgoing]], *kinds: str, once: bool = False
    ) -> None:
        self.change, self.kinds, self.once, self.done = change, kinds, once, False

    def outgoing(self, item: Outgoing) -> Iterable[Outgoing]:
        if (self.kinds and item.type not in self.kinds) or (self.once and self.done):
            return (item,)
        self.done = True
        return self.change(item, self)


class OnHttp(Hooks):
    """Changes HTTP answers of one family of addresses (all when None)."""

    def __init__(self, change: Callable[[HttpCall, Hooks], None], *families: str) -> None:
        self.change, self.families = change, families

    def http(self, call: HttpCall) -> None:
        if not self.families or call.family in self.families:
            self.change(call, self)


def put(event: Any, path: str, value: Any) -> None:
    """Set the value at a dotted `path` (``response.output.0.id``) if its parent is there."""
    *parents, last = path.split(".")
    for name in parents:
        event = _step(event, name)
    if isinstance(event, dict):
        event[last] = value


def take(event: Any, path: str) -> None:
    """Remove the key at a dotted `path` if it is there."""
    *parents, last = path.split(".")
    for name in parents:
        event = _step(event, name)
    if isinstance(event, dict):
        event.pop(last, None)


def _step(value: Any, name: str) -> Any:
    if isinstance(value, list) and name.isdigit() and int(name) < len(value):
        return value[int(name)]
    return value.get(name) if isinstance(value, dict) else None


def error_event(code: str, message: str) -> Event:
    """An error event as a fault sends it."""
    digest = sum(map(ord, code + message))
    return {"event_id": f"event_fault{digest:016d}", "type": "error", "error": {"code": code, "message": message}}
