"""Nearly this protocol: what servers get wrong that imitate it from memory or speak its relatives."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable
from typing import Any

from ttsgate.emulator.faults.hooks import Hooks, Outgoing
from ttsgate.emulator.faults.registry import Args, fault
from ttsgate.emulator.faults.transforms import OnEvents, OnOutgoing, put, take
from ttsgate.protocol.realtime.events import Event

__all__: list[str] = []

_DELTA = "response.audio.delta"
_PROTOCOL = "service.protocol"

Edit = Callable[[Event], object]
Change = Callable[[Outgoing], Iterable[Outgoing]]


def _events(
    name: str,
    says: str,
    edit: Edit,
    *kinds: str,
    check: str,
    cause: str = _PROTOCOL,
    once: bool = False,
    scene: str = "",
) -> None:
    """A fault that edits events of `kinds` (all when empty); an edit that returns False drops the event."""

    def build(_: Args) -> Hooks:
        return OnEvents(lambda event, _: False if edit(event) is False else None, *kinds, once=once)

    fault(f"lookalike.{name}", says, check=check, cause=cause, scene=scene)(build)


def _items(
    name: str, says: str, change: Change, *kinds: str, check: str, cause: str = _PROTOCOL, once: bool = True
) -> None:
    """A fault that sends something else for the first event of `kinds`, or for all of them."""
    fault(f"lookalike.{name}", says, check=check, cause=cause)(
        lambda _: OnOutgoing(lambda item, _: change(item), *kinds, once=once)
    )


def _has(event: Event, path: str) -> bool:
    parent, _, key = path.rpartition(".")
    inside = event.get(parent) if parent else event
    return isinstance(inside, dict) and key in inside


def _where_there(**values: Any) -> Edit:
    """Puts each value in the place of what is there already; ``__`` stands for a dot."""

    def edit(event: Event) -> None:
        for name, value in values.items():
            path = name.replace("__", ".")
            if _has(event, path):
                put(event, path, value)

    return edit


def _camel(event: Event) -> None:
    for old, new in (("response_id", "responseId"), ("item_id", "itemId")):
        if old in event:
            put(event, new, event.pop(old))


# -- types and names of fields -----------------------------------------------------------------

_events(
    "snake-case-types",
    "Types are written with underscores instead of dots.",
    lambda e: put(e, "type", str(e.get("type")).replace(".", "_")),
    check="C-open",
    cause="service.nonsense",
)
_events(
    "omni-types",
    "Audio comes as response.output_audio.delta, as relatives of this protocol call it.",
    lambda e: put(e, "type", "response.output_audio.delta"),
    _DELTA,
    check="A-present P-chain",
    cause="service.silence service.protocol",
)
_events(
    "audio-in-audio",
    "The Base64 of a delta stands in a field 'audio'.",
    lambda e: put(e, "audio", e.pop("delta", None)),
    _DELTA,
    check="P-fields",
)
_events(
    "delta-object",
    "delta is an object that holds the Base64.",
    lambda e: put(e, "delta", {"audio": e.get("delta")}),
    _DELTA,
    check="P-fields",
)
_events(
    "camel-case",
    "Ids are written responseId and itemId.",
    _camel,
    check="P-fields",
)
_events(
    "number-ids",
    "Ids are numbers.",
    _where_there(response_id=4711, item_id=4711),
    check="P-fields",
)
_events(
    "empty-session-id",
    "The session's id is an empty string.",
    lambda e: put(e, "session.id", ""),
    "session.created",
    "session.updated",
    check="P-fields",
)
_events(
    "empty-ids",
    "Ids of responses and items are empty strings.",
    _where_there(response_id="", response__id="", item__id=""),
    check="P-fields",
)
_events(
    "float-rate",
    "sample_rate is written 24000.0.",
    lambda e: put(e, "session.sample_rate", float(e["session"].get("sample_rate", 24000))),
    "session.created",
    "session.updated",
    check="P-fields P-rate-echo",
    cause="service.protocol service.setting",
)
_events(
    "usage-null",
    "usage is null.",
    lambda e: put(e, "response.usage", None),
    "response.done",
    check="P-fields P-usage",
    cause="service.protocol service.usage",
)
_events(
    "usage-tokens",
    "usage counts tokens only.",
    lambda e: put(e, "response.usage", {"input_tokens": 9, "output_tokens": 80, "total_tokens": 89}),
    "response.done",
    check="P-usage",
    cause="service.usage service.protocol",
)
_events(
    "usage-zero",
    "usage says that nothing was spoken.",
    lambda e: put(e, "response.usage.characters", 0),
    "response.done",
    check="P-usage",
    cause="service.usage",
)
_events(
    "usage-negative",
    "usage is negative.",
    lambda e: put(e, "response.usage.characters", -5),
    "response.done",
    check="P-usage",
    cause="service.usage service.protocol",
)
_events(
    "usage-float",
    "usage is a decimal number.",
    lambda e: put(e, "response.usage.characters", float(e["response"].get("usage", {}).get("characters", 0)) + 0.5),
    "response.done",
    check="P-usage P-fields",
    cause="service.usage service.protocol",
)


# -- values that do not belong there -----------------------------------------------------------

_events(
    "created-completed",
    "response.created already says completed.",
    lambda e: put(e, "response.status", "completed"),
    "response.created",
    check="P-constants",
)
_events(
    "text-part",
    "The part is announced as text.",
    lambda e: put(e, "part.type", "text"),
    "response.content_part.added",
    "response.content_part.done",
    check="P-constants",
)
_events(
    "user-item",
    "The item is announced as the user's.",
    lambda e: put(e, "item.role", "user"),
    "response.output_item.added",
    "response.output_item.done",
    check="P-constants",
)
_events(
    "chat-objects",
    "Objects call themselves chat.session and chat.response.",
    _where_there(session__object="chat.session", response__object="chat.response"),
    check="P-constants",
)
_events(
    "other-item-in-done",
    "response.done lists another item than the one that was spoken.",
    lambda e: put(e, "response.output.0.id", "item_someoneelsesitem0001"),
    "response.done",
    check="P-id-chain",
)
_events(
    "status-incomplete",
    "response.done says incomplete although nothing is missing.",
    lambda e: put(e, "response.status", "incomplete"),
    "response.done",
    check="P-status",
    cause="service.error",
)
_events(
    "status-capitals",
    "response.done says Completed.",
    lambda e: put(e, "response.status", "Completed"),
    "response.done",
    check="P-status",
    cause="service.error service.protocol",
)
_events(
    "language-echo",
    "session.updated names another language than the one asked for.",
    lambda e: put(e, "session.language_type", "Italian"),
    "session.updated",
    check="P-setting-echo",
    cause="service.setting",
    scene="settings",
)
_events(
    "defaults-at-done",
    "response.done names another voice than the session.",
    lambda e: put(e, "response.voice", "Chelsie"),
    "response.done",
    check="P-response-voice",
    cause="service.setting",
)
_events(
    "no-model",
    "session.created does not say which model it is of.",
    lambda e: take(e, "session.model"),
    "session.created",
    check="P-fields P-session-model",
)

# -- errors ------------------------------------------------------------------------------------


def _failing(
    name: str, says: str, event: dict[str, Any], *, cause: str = "service.error", check: str = "C-finished"
) -> None:
    """An error in another shape takes the place of the response, then the service closes."""
    _items(
        name,
        says,
        lambda _: (Outgoing(event={"event_id": "event_err", **event}), Outgoing(close=(1000, ""))),
        "response.created",
        check=check,
        cause=cause,
    )


_failing(
    "error-as-string",
    "An error is a string, not an object.",
    {"type": "error", "error": "Requests rate limit exceeded, please try again later."},
    cause="quota.rate",
)
_failing(
    "error-at-top",
    "Code and message of an error stand at the top of the event.",
    {
        "type": "error",
        "code": "Arrearage",
        "message": "Access denied, please make sure your account is in good standing.",
    },
    cause="arrears",
)
_failing(
    "error-number",
    "The code of an error is a number.",
    {"type": "error", "error": {"code": 500, "message": "An internal error has occured."}},
)
_failing(
    "task-failed",
    "An error comes in the words of the vendor's other websocket protocol.",
    {"type": "task-failed", "header": {"error_code": "InternalError", "error_message": "internal"}},
    cause="service.dropped service.error lifecycle.unavailable",
)
_failing(
    "response-failed",
    "A response fails by response.failed, which does not exist.",
    {"type": "response.failed"},
    cause="service.dropped service.error lifecycle.unavailable",
)


# -- Base64 ------------------------------------------------------------------------------------


class _RunningBase64(Hooks):
    """The Base64 of the whole audio is cut anywhere, so that a delta alone cannot be decoded."""

    def __init__(self) -> None:
        self.rest = ""

    def outgoing(self, item: Outgoing) -> Iterable[Outgoing]:
        if item.type == _DELTA and item.event is not None:
            text = self.rest + item.event["delta"]
            cut = len(text) - 3
            self.rest = text[cut:]
            item.event["delta"] = text[:cut]
        return (item,)


fault(
    "lookalike.running-base64",
    "Base64 goes on from delta to delta: none can be decoded alone.",
    check="P-base64",
    cause=_PROTOCOL,
)(lambda _: _RunningBase64())
_events(
    "loose-bits",
    "The last character of the Base64 has bits that mean nothing.",
    lambda e: put(e, "delta", base64.b64encode(base64.b64decode(e["delta"])[:-2]).decode()[:-2] + "9="),
    _DELTA,
    check="P-base64 P-even-bytes",
    once=True,
)
_events(
    "base64-spaces",
    "Base64 ends with a space.",
    lambda e: put(e, "delta", e["delta"] + " "),
    _DELTA,
    check="P-base64",
)
