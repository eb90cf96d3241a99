"""Fields are missing, wrong or of another type."""

from __future__ import annotations

import base64
import itertools
from collections.abc import Callable, Iterable
from typing import Any

from ttsgate.emulator.faults.hooks import Hooks, Outgoing
from ttsgate.emulator.faults.registry import Args, count, fault, word
from ttsgate.emulator.faults.transforms import OnEvents, OnOutgoing, put, take
from ttsgate.protocol.realtime.events import Event

__all__: list[str] = []

_DELTA = "response.audio.delta"


# -- what session.updated tells ----------------------------------------------------------------


@fault(
    "field.voice-echo",
    "session.updated names another voice than the one asked for.",
    check="P-voice-echo",
    cause="service.setting",
    alias="voice-echo",
    voice=word("Chelsie", "voice that is named instead"),
)
def _voice_echo(args: Args) -> Hooks:
    def edit(event: Event, _: Hooks) -> None:
        session = event.get("session")
        asked = session.get("voice") if isinstance(session, dict) else None
        put(event, "session.voice", args["voice"] if asked != args["voice"] else "Ethan")

    return OnEvents(edit, "session.updated")


def _echo(name: str, key: str, says: str, check: str, value: Any, other: Any) -> None:
    def edit(event: Event, _: Hooks) -> None:
        session = event.get("session")
        told = session.get(key) if isinstance(session, dict) else None
        put(event, f"session.{key}", value if told != value else other)

    fault(name, f"session.updated names another {says} than the one asked for.", check=check, cause="service.setting")(
        lambda _: OnEvents(edit, "session.updated")
    )


_echo("field.rate-echo", "sample_rate", "sample rate", "P-rate-echo", 16_000, 24_000)
_echo("field.format-echo", "response_format", "format", "P-format-echo", "mp3", "pcm")
_echo("field.mode-echo", "mode", "mode", "P-mode-echo", "commit", "server_commit")


@fault(
    "field.rate-text",
    "session.updated gives the sample rate as a string.",
    check="P-rate-echo P-fields",
    cause="service.setting service.protocol",
)
def _rate_text(_: Args) -> Hooks:
    def edit(event: Event, _: Hooks) -> None:
        put(event, "session.sample_rate", str(event["session"].get("sample_rate")))

    return OnEvents(edit, "session.updated")


@fault(
    "field.other-session",
    "session.updated carries another session id than session.created.",
    check="P-session-id",
    cause="service.protocol",
)
def _other_session(_: Args) -> Hooks:
    return OnEvents(lambda event, _: put(event, "session.id", "sess_anothersessionaltogth"), "session.updated")


@fault(
    "field.no-session",
    "session.created and session.updated have no session object.",
    check="P-fields",
    cause="service.protocol",
)
def _no_session(_: Args) -> Hooks:
    return OnEvents(lambda event, _: take(event, "session"), "session.created", "session.updated")


# -- ids ---------------------------------------------------------------------------------------


@fault("field.no-event-id", "Events have no event_id.", check="P-event-id", cause="service.protocol")
def _no_event_id(_: Args) -> Hooks:
    return OnEvents(lambda event, _: take(event, "event_id"))


@fault("field.same-event-id", "All events have the same event_id.", check="P-event-id", cause="service.protocol")
def _same_event_id(_: Args) -> Hooks:
    return OnEvents(lambda event, _: put(event, "event_id", "event_AAAAAAAAAAAAAAAAAAAAA"))


@fault("field.number-event-id", "event_id is a number.", check="P-event-id P-fields", cause="service.protocol")
def _number_event_id(_: Args) -> Hooks:
    numbers = itertools.count(1)
    return OnEvents(lambda event, _: put(event, "event_id", next(numbers)))


@fault(
    "field.foreign-response",
    "Audio names another response than the one that was created.",
    check="P-id-chain",
    cause="service.protocol",
)
def _foreign_response(_: Args) -> Hooks:
    return OnEvents(lambda event, _: put(event, "response_id", "resp_someoneelsesresponse1"), _DELTA)


@fault(
    "field.foreign-item",
    "Audio names another item than the one that was added.",
    check="P-id-chain",
    cause="service.protocol",
)
def _foreign_item(_: Args) -> Hooks:
    return OnEvents(lambda event, _: put(event, "item_id", "item_someoneelsesitem0001"), _DELTA)


@fault(
    "field.no-response-id",
    "Audio does not say which response it belongs to.",
    check="P-fields P-id-chain",
    cause="service.protocol",
)
def _no_response_id(_: Args) -> Hooks:
    return OnEvents(lambda event, _: take(event, "response_id"), _DELTA)


@fault(
    "field.done-other-id",
    "response.done carries another id than response.created.",
    check="P-id-chain P-response-done",
    cause="service.protocol",
)
def _done_other_id(_: Args) -> Hooks:
    return OnEvents(lambda event, _: put(event, "response.id", "resp_someoneelsesresponse1"), "response.done")


@fault(
    "field.no-response-object",
    "response.created and response.done have no response object.",
    check="P-fields P-id-chain P-status",
    cause="service.protocol service.error",
)
def _no_response_object(_: Args) -> Hooks:
    return OnEvents(lambda event, _: take(event, "response"), "response.created", "response.done")


@fault(
    "field.response-voice",
    "response.created names another voice than the session.",
    check="P-response-voice P-voice-echo",
    cause="service.setting",
)
def _response_voice(_: Args) -> Hooks:
    def edit(event: Event, _: Hooks) -> None:
        voice = event["response"].get("voice")
        put(event, "response.voice", "Chelsie" if voice != "Chelsie" else "Ethan")

    return OnEvents(edit, "response.created")


# -- status and usage --------------------------------------------------------------------------


@fault(
    "field.status",
    "response.done has another status than completed although all of the audio came.",
    check="P-status",
    cause="service.error",
    status=word("failed", "status", "failed", "incomplete", "in_progress", "finished"),
)
def _status(args: Args) -> Hooks:
    return OnEvents(lambda event, _: put(event, "response.status", args["status"]), "response.done")


@fault(
    "field.no-status", "response.done has no status.", check="P-status P-fields", cause="service.error service.protocol"
)
def _no_status(_: Args) -> Hooks:
    return OnEvents(lambda event, _: take(event, "response.status"), "response.done")


@fault(
    "field.no-usage", "response.done has no usage.", check="P-usage P-fields", cause="service.usage service.protocol"
)
def _no_usage(_: Args) -> Hooks:
    return OnEvents(lambda event, _: take(event, "response.usage"), "response.done")


@fault(
    "field.usage",
    "usage.characters is not what the counting rule says.",
    check="P-usage",
    cause="service.usage",
    factor=count(2, "multiplies the true number"),
)
def _usage(args: Args) -> Hooks:
    def edit(event: Event, _: Hooks) -> None:
        usage = event["response"].get("usage", {})
        put(event, "response.usage.characters", int(usage.get("characters", 0)) * args["factor"])

    return OnEvents(edit, "response.done")


@fault(
    "field.usage-text",
    "usage.characters is a string.",
    check="P-usage P-fields",
    cause="service.usage service.protocol",
)
def _usage_text(_: Args) -> Hooks:
    def edit(event: Event, _: Hooks) -> None:
        put(event, "response.usage.characters", str(event["response"].get("usage", {}).get("characters")))

    return OnEvents(edit, "response.done")


# -- the delta itself --------------------------------------------------------------------------


def _delta(name: str, says: str, check: str, change: Callable[[str], Any], cause: str = "service.protocol") -> None:
    def edit(event: Event, _: Hooks) -> None:
        event["delta"] = change(event["delta"])

    fault(name, says, check=check, cause=cause)(lambda _: OnEvents(edit, _DELTA))


_delta("field.delta-null", "delta is null.", "P-base64 P-fields", lambda delta: None)
_delta("field.delta-hex", "delta is hexadecimal, not Base64.", "P-base64", lambda d: base64.b64decode(d).hex() + "!")
_delta(
    "field.delta-urlsafe",
    "delta is Base64 in the alphabet for URLs.",
    "P-base64",
    lambda delta: "-_" + delta.replace("+", "-").replace("/", "_")[2:],
)
_delta("field.delta-newlines", "delta is Base64 broken into lines.", "P-base64", lambda d: d[:76] + "\n" + d[76:])
_delta("field.delta-unpadded", "delta is Base64 without its padding.", "P-base64", lambda delta: _shorter(delta))
_delta("field.delta-data-uri", "delta is a data: URI.", "P-base64", lambda delta: f"data:audio/pcm;base64,{delta}")
_delta(
    "field.delta-twice-encoded",
    "delta was encoded in Base64 twice.",
    "A-byte-order A-container A-speech A-noise A-coverage",
    lambda delta: base64.b64encode(delta.encode()).decode(),
    "service.audio service.text",
)
_delta("field.delta-list", "delta is a list of samples.", "P-base64 P-fields", lambda d: list(base64.b64decode(d)[:64]))


def _shorter(delta: str) -> str:
    data = base64.b64decode(delta)
    return base64.b64encode(data[: len(data) // 3 * 3 - 2]).decode().rstrip("=")


@fault(
    "field.delta-missing",
    "Audio events have no delta.",
    check="P-base64 P-fields",
    cause="service.protocol",
)
def _delta_missing(_: Args) -> Hooks:
    return OnEvents(lambda event, _: take(event, "delta"), _DELTA)


@fault("field.delta-empty", "Some deltas are empty strings.", check="P-delta-empty P-base64", cause="service.protocol")
def _delta_empty(_: Args) -> Hooks:
    seen = [0]

    def change(item: Outgoing, _: Hooks) -> Iterable[Outgoing]:
        seen[0] += 1
        if seen[0] % 3 or item.event is None:
            return (item,)
        return (Outgoing(event={**item.event, "event_id": f"{item.event.get('event_id')}e", "delta": ""}), item)

    return OnOutgoing(change, _DELTA)


@fault(
    "field.delta-odd",
    "Deltas split samples: each has an odd number of bytes.",
    check="P-even-bytes",
    cause="service.protocol",
)
def _delta_odd(_: Args) -> Hooks:
    rest = [b""]

    def edit(event: Event, _: Hooks) -> None:
        data = rest[0] + base64.b64decode(event["delta"])
        cut = len(data) - 1 if len(data) % 2 == 0 and len(data) > 1 else len(data)
        rest[0] = data[cut:]
        event["delta"] = base64.b64encode(data[:cut]).decode()

    return OnEvents(edit, _DELTA)


@fault(
    "field.delta-odd-total",
    "One byte of the audio is lost: the total is odd and everything after it is shifted.",
    check="P-even-bytes A-byte-order A-noise",
    cause="service.protocol service.audio",
)
def _delta_odd_total(_: Args) -> Hooks:
    def edit(event: Event, _: Hooks) -> None:
        event["delta"] = base64.b64encode(base64.b64decode(event["delta"])[1:]).decode()

    return OnEvents(edit, _DELTA, once=True)


# -- shape of events ---------------------------------------------------------------------------


@fault(
    "field.no-type",
    "Audio events have no type.",
    check="P-type",
    cause="service.protocol service.silence",
)
def _no_type(_: Args) -> Hooks:
    return OnEvents(lambda event, _: take(event, "type"), _DELTA)


@fault(
    "field.type-case",
    "Event types are written in another case.",
    check="C-open P-first-event A-present",
    cause="service.nonsense service.protocol",
)
def _type_case(_: Args) -> Hooks:
    return OnEvents(lambda event, _: put(event, "type", str(event.get("type")).upper()))


@fault("field.index", "Audio says that it belongs to another output.", check="P-index", cause="service.protocol")
def _index(_: Args) -> Hooks:
    return OnEvents(lambda event, _: put(event, "output_index", 3), _DELTA)


@fault("field.index-text", "output_index is a string.", check="P-index P-fields", cause="service.protocol")
def _index_text(_: Args) -> Hooks:
    return OnEvents(lambda event, _: put(event, "output_index", "0"), _DELTA)


@fault(
    "field.no-item", "response.output_item.added has no item.", check="P-fields P-id-chain", cause="service.protocol"
)
def _no_item(_: Args) -> Hooks:
    return OnEvents(lambda event, _: take(event, "item"), "response.output_item.added")


@fault("field.no-output", "response.done has an empty output.", check="P-fields", cause="service.protocol")
def _no_output(_: Args) -> Hooks:
    return OnEvents(lambda event, _: put(event, "response.output", []), "response.done")


@fault(
    "field.item-status",
    "response.output_item.done still says in_progress.",
    check="P-status P-fields",
    cause="service.protocol service.error",
)
def _item_status(_: Args) -> Hooks:
    return OnEvents(lambda event, _: put(event, "item.status", "in_progress"), "response.output_item.done")
