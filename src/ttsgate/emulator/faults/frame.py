"""Frames are not what the protocol carries."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable

from ttsgate.emulator.faults.hooks import Hooks, Outgoing
from ttsgate.emulator.faults.registry import Args, count, fault
from ttsgate.emulator.faults.transforms import OnOutgoing
from ttsgate.protocol.realtime.events import Event

__all__: list[str] = []

_DELTA = "response.audio.delta"
_TEXT, _BINARY, _CLOSE = 1, 2, 8


def _instead(
    name: str,
    says: str,
    check: str,
    change: Callable[[Event], Iterable[Outgoing]],
    *,
    kind: str = _DELTA,
    once: bool = False,
    cause: str = "service.protocol",
) -> None:
    def replace(item: Outgoing, _: Hooks) -> Iterable[Outgoing]:
        return change(item.event) if item.event is not None else (item,)

    fault(name, says, check=check, cause=cause)(lambda _: OnOutgoing(replace, *filter(None, (kind,)), once=once))


def _json(event: Event) -> bytes:
    return json.dumps(event).encode()


def _bare(event: Event) -> Iterable[Outgoing]:
    return (Outgoing(data=base64.b64decode(event["delta"]), opcode=_BINARY),)


_instead(
    "frame.binary-audio",
    "Audio comes as binary frames, as on the vendor's older protocol.",
    "P-text-frames A-present",
    _bare,
    cause="service.protocol service.silence",
)
_instead(
    "frame.binary-json",
    "Audio events come as binary frames.",
    "P-text-frames A-present",
    lambda event: (Outgoing(data=_json(event), opcode=_BINARY),),
    cause="service.protocol service.silence",
)
_instead(
    "frame.broken-json",
    "One audio event is cut off in the middle of its JSON.",
    "P-text-frames",
    lambda event: (Outgoing(data=_json(event)[:-40]),),
    once=True,
)
_instead(
    "frame.array",
    "One event comes wrapped in a JSON array.",
    "P-text-frames",
    lambda event: (Outgoing(data=b"[" + _json(event) + b"]"),),
    once=True,
)
_instead(
    "frame.two-in-one",
    "One frame holds two JSON objects.",
    "P-text-frames",
    lambda event: (Outgoing(data=_json(event) + b"\n" + _json({**event, "event_id": f"{event.get('event_id')}2"})),),
    once=True,
)
_instead(
    "frame.empty",
    "An empty text frame comes in the middle of the audio.",
    "P-text-frames",
    lambda event: (Outgoing(data=b""), Outgoing(event=event)),
    once=True,
)
_instead(
    "frame.byte-order-mark",
    "One event begins with a byte order mark.",
    "P-text-frames",
    lambda event: (Outgoing(data=b"\xef\xbb\xbf" + _json(event)),),
    once=True,
)
_instead(
    "frame.plain-text",
    "A line of plain text comes in the middle of the audio.",
    "P-text-frames",
    lambda event: (Outgoing(data=b"upstream connect error or disconnect/reset before headers"), Outgoing(event=event)),
    once=True,
)
_instead(
    "frame.not-utf8",
    "A text frame is not UTF-8.",
    "C-finished P-text-frames",
    lambda event: (Outgoing(data=b'{"type":"note","text":"\xff\xfe\xfa"}'), Outgoing(event=event)),
    once=True,
    cause="service.protocol service.dropped",
)
_instead(
    "frame.not-a-number",
    "An event holds NaN, which is not JSON.",
    "P-text-frames",
    lambda event: (Outgoing(data=_json(event)[:-1] + b', "score": NaN}'),),
    once=True,
)
_instead(
    "frame.masked",
    "A frame is masked, which only clients may do.",
    "C-finished",
    lambda event: (Outgoing(wire=b"\x81\x82\x00\x00\x00\x00{}"), Outgoing(event=event)),
    once=True,
    cause="service.protocol service.dropped",
)
_instead(
    "frame.reserved-bit",
    "A frame has a reserved bit set.",
    "C-finished",
    lambda event: (Outgoing(wire=b"\xc1\x02{}"), Outgoing(event=event)),
    once=True,
    cause="service.protocol service.dropped",
)
_instead(
    "frame.unknown-opcode",
    "A frame has an opcode that does not exist.",
    "C-finished",
    lambda event: (Outgoing(wire=b"\x8b\x02{}"), Outgoing(event=event)),
    once=True,
    cause="service.protocol service.dropped",
)
_instead(
    "frame.cut",
    "The connection ends in the middle of a frame.",
    "C-finished",
    lambda event: (Outgoing(wire=b"\x81\x7e\x10\x00" + _json(event)[:512]), Outgoing(drop=True)),
    once=True,
    cause="network.dropped service.dropped",
)
_instead(
    "frame.long-ping",
    "A ping is longer than control frames may be.",
    "C-finished",
    lambda event: (Outgoing(wire=b"\x89\x7e\x00\x80" + bytes(128)), Outgoing(event=event)),
    once=True,
    cause="service.protocol service.dropped",
)


@fault(
    "frame.bad-close",
    "The close frame after session.finished carries a code that may not be sent.",
    check="P-close P-close-handshake C-finished",
    cause="service.protocol service.dropped",
    code=count(1005, "close code"),
)
def _bad_close(args: Args) -> Hooks:
    def change(item: Outgoing, _: Hooks) -> Iterable[Outgoing]:
        if item.close is None:
            return (item,)
        return (Outgoing(data=int(args["code"]).to_bytes(2, "big"), opcode=_CLOSE),)

    return OnOutgoing(change)


@fault(
    "frame.huge",
    "One event is larger than strict clients accept.",
    check="P-frame-size P-text-frames C-finished",
    cause="service.protocol service.dropped",
    megabytes=count(4, "size"),
)
def _huge(args: Args) -> Hooks:
    def change(item: Outgoing, _: Hooks) -> Iterable[Outgoing]:
        padded = {**(item.event or {}), "padding": "x" * (args["megabytes"] << 20)}
        return (Outgoing(event=padded),)

    return OnOutgoing(change, _DELTA, once=True)


@fault(
    "frame.deep",
    "One event holds JSON nested so deep that parsers give up.",
    check="P-text-frames P-frame-size C-finished",
    cause="service.protocol service.dropped",
    depth=count(50_000, "levels"),
)
def _deep(args: Args) -> Hooks:
    def change(item: Outgoing, _: Hooks) -> Iterable[Outgoing]:
        nested = b"[" * args["depth"] + b"]" * args["depth"]
        return (Outgoing(data=b'{"type":"note","event_id":"event_deep","data":' + nested + b"}"), item)

    return OnOutgoing(change, _DELTA, once=True)


# -- nearly frames of this protocol -------------------------------------------------------------

_instead(
    "frame.python-repr",
    "One event is Python's notation, with single quotes.",
    "P-text-frames",
    lambda event: (Outgoing(data=repr(event).encode()),),
    kind="response.output_item.added",
    once=True,
)
_instead(
    "frame.sse-in-frames",
    "Events are framed as server-sent events inside of text frames.",
    "C-open",
    lambda event: (Outgoing(data=b"data:" + json.dumps(event).encode()),),
    kind="",
    cause="service.nonsense",
)
_instead(
    "frame.json-in-json",
    "One event is a JSON string that holds JSON.",
    "P-text-frames",
    lambda event: (Outgoing(data=json.dumps(json.dumps(event)).encode()),),
    kind="response.output_item.added",
    once=True,
)
_instead(
    "frame.utf16",
    "One text frame is UTF-16.",
    "P-text-frames C-finished",
    lambda event: (Outgoing(data=json.dumps(event).encode("utf-16")),),
    kind="response.output_item.added",
    once=True,
    cause="service.protocol service.dropped",
)
_instead(
    "frame.fragment-in-fragment",
    "A message begins inside of another that is not complete.",
    "C-finished",
    lambda event: (Outgoing(wire=b"\x01\x02{}"), Outgoing(event=event)),
    once=True,
    cause="service.protocol service.dropped",
)
_instead(
    "frame.stray-continuation",
    "A continuation comes although no message has begun.",
    "C-finished",
    lambda event: (Outgoing(wire=b"\x80\x02{}"), Outgoing(event=event)),
    once=True,
    cause="service.protocol service.dropped",
)


def _closing(name: str, says: str, payload: bytes) -> None:
    def change(item: Outgoing, _: Hooks) -> Iterable[Outgoing]:
        return (Outgoing(data=payload, opcode=8),) if item.close is not None else (item,)

    fault(
        f"frame.{name}",
        says,
        check="P-close P-close-handshake C-finished",
        cause="service.protocol service.dropped",
    )(lambda _: OnOutgoing(change))


_closing("close-one-byte", "The close frame holds one byte.", b"\x03")
_closing("close-not-utf8", "The reason for closing is not UTF-8.", b"\x03\xe8\xff\xfe")
_closing("close-reserved", "The service closes with a code that nobody may use.", b"\x00\x63bye")
