"""Unusual but legal: no finding may come of it."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from ttsgate.emulator.faults.hooks import Hooks, Outgoing, Samples
from ttsgate.emulator.faults.registry import Args, benign, number, seconds
from ttsgate.emulator.faults.transforms import OnEvents, OnOutgoing, OnSamples, OnSpeech, put
from ttsgate.protocol.realtime.events import Event

__all__: list[str] = []

_DELTA = "response.audio.delta"


@benign("unknown-fields", "Events carry fields that no page knows.")
def _unknown_fields(_: Args) -> Hooks:
    def edit(event: Event, _: Hooks) -> None:
        event["trace_id"] = "0af7651916cd43dd8448eb211c80319c"
        for key in ("session", "response", "item"):
            put(event, f"{key}.x_region", "cn-beijing") if key in event else None

    return OnEvents(edit)


@benign("unknown-events", "Events of unknown types come between the others.")
def _unknown_events(_: Args) -> Hooks:
    seen = [0]

    def change(item: Outgoing, _: Hooks) -> Iterable[Outgoing]:
        seen[0] += 1
        note = {"event_id": f"event_note{seen[0]:017d}", "type": "rate_limits.updated", "rate_limits": []}
        return (item, Outgoing(event=note))

    return OnOutgoing(change, "session.updated", "response.output_item.added")


@benign("delta-size", "Audio comes in pieces of another size.", of=seconds(0.02, "audio in a piece"))
def _delta_size(args: Args) -> Hooks:
    return OnSpeech(lambda utter, _: replace(utter, delta_ms=args["of"] * 1000))


@benign("large-deltas", "Audio comes in pieces of nearly a second.")
def _large_deltas(_: Args) -> Hooks:
    return OnSpeech(lambda utter, _: replace(utter, delta_ms=800.0))


@benign("uneven-deltas", "Pieces of audio differ in size, whole samples always.")
def _uneven_deltas(_: Args) -> Hooks:
    return _Uneven()


class _Uneven(Hooks):
    def outgoing(self, item: Outgoing) -> Iterable[Outgoing]:
        event = item.event
        delta = event.get("delta") if event is not None and item.type == _DELTA else None
        # Four characters of Base64 are three bytes; eight are six, which splits no sample.
        if event is None or not isinstance(delta, str) or len(delta) < 64:
            return (item,)
        cut = self.ctx.rng.randrange(8, len(delta) - 8) // 8 * 8
        first, second = delta[:cut], delta[cut:]
        return (
            Outgoing(event={**event, "delta": first}, wait_s=item.wait_s, shift=item.shift),
            Outgoing(event={**event, "event_id": f"{event.get('event_id')}b", "delta": second}),
        )


@benign("padded-deltas", "The Base64 of each piece of audio ends in padding: joined before decoding it breaks.")
def _padded_deltas(_: Args) -> Hooks:
    def change(item: Outgoing, hooks: Hooks) -> Iterable[Outgoing]:
        event = item.event
        delta = event.get("delta") if event is not None else None
        if event is None or not isinstance(delta, str) or len(delta) < 64:
            return (item,)
        piece = b64decode(delta)
        # Whole samples, and no multiple of three bytes.
        cut = len(piece) // 12 * 6 + 2
        first, second = (b64encode(part).decode() for part in (piece[:cut], piece[cut:]))
        return (
            Outgoing(event={**event, "delta": first}, wait_s=item.wait_s, shift=item.shift),
            Outgoing(event={**event, "event_id": f"{event.get('event_id')}b", "delta": second}),
        )

    return OnOutgoing(change, _DELTA)


@benign("jitter", "Audio leaves up to so much later than it should, and catches up.", by=seconds(0.06, "most"))
def _jitter(args: Args) -> Hooks:
    def change(item: Outgoing, hooks: Hooks) -> Iterable[Outgoing]:
        item.wait_s += hooks.ctx.rng.random() * args["by"]
        item.shift = False
        return (item,)

    return OnOutgoing(change, _DELTA)


@benign("latency", "The first audio takes as long as was measured against the service.", by=seconds(0.7, "delay"))
def _latency(args: Args) -> Hooks:
    return OnSpeech(lambda utter, _: replace(utter, first_audio_s=utter.first_audio_s + args["by"]))


@benign("slow-session", "session.created and session.updated take a moment.", by=seconds(0.25, "delay"))
def _slow_session(args: Args) -> Hooks:
    def change(item: Outgoing, _: Hooks) -> Iterable[Outgoing]:
        item.wait_s += args["by"]
        return (item,)

    return OnOutgoing(change, "session.created", "session.updated")


@benign("fast", "Audio comes as fast as it can be made.")
def _fast(_: Args) -> Hooks:
    return OnSpeech(lambda utter, _: replace(utter, pace=1000.0))


@benign("pings", "The service sends pings between the pieces of audio.")
def _pings(_: Args) -> Hooks:
    return OnOutgoing(lambda item, _: (Outgoing(data=b"alive", opcode=9), item), _DELTA, "session.updated")


@benign("pongs", "The service sends pongs that nobody asked for.")
def _pongs(_: Args) -> Hooks:
    return OnOutgoing(lambda item, _: (Outgoing(data=b"", opcode=10), item), _DELTA)


@benign("fragments", "Messages come in several websocket frames.")
def _fragments(_: Args) -> Hooks:
    def change(item: Outgoing, _: Hooks) -> Iterable[Outgoing]:
        data = json.dumps(item.event).encode()
        third = len(data) // 3
        return (
            replace(item, event=None, wire=_frame(0x01, data[:third])),
            Outgoing(wire=_frame(0x00, data[third : 2 * third])),
            Outgoing(wire=_frame(0x80, data[2 * third :])),
        )

    return OnOutgoing(change, _DELTA, "response.created")


def _frame(first: int, data: bytes) -> bytes:
    if len(data) < 126:
        return bytes((first, len(data))) + data
    if len(data) < 1 << 16:
        return bytes((first, 126)) + len(data).to_bytes(2, "big") + data
    return bytes((first, 127)) + len(data).to_bytes(8, "big") + data


@benign("json-style", "JSON is written with spaces, escapes and keys in another order.")
def _json_style(_: Args) -> Hooks:
    def change(item: Outgoing, _: Hooks) -> Iterable[Outgoing]:
        if item.event is None:
            return (item,)
        text = json.dumps(item.event, indent=1, sort_keys=True).replace("/", "\\/")
        return (replace(item, event=None, data=text.encode()),)

    return OnOutgoing(change)


@benign("lead-in", "A short silence comes before the first word.", of=seconds(0.3, "length"))
def _lead_in(args: Args) -> Hooks:
    def change(samples: Samples, hooks: Hooks) -> Samples:
        return np.concatenate((np.zeros(int(args["of"] * hooks.ctx.sample_rate), np.int16), samples))

    return OnSamples(change)


@benign("tail", "A short silence comes after the last word.", of=seconds(0.5, "length"))
def _tail(args: Args) -> Hooks:
    def change(samples: Samples, hooks: Hooks) -> Samples:
        return np.concatenate((samples, np.zeros(int(args["of"] * hooks.ctx.sample_rate), np.int16)))

    return OnSamples(change)


@benign("softer", "The speech is softer.", db=number(-9.0, "gain in dB"))
def _softer(args: Args) -> Hooks:
    return OnSamples(lambda samples, _: np.asarray(samples * 10 ** (args["db"] / 20), np.int16))


@benign("inverted", "The samples have the opposite sign, which nobody can hear.")
def _inverted(_: Args) -> Hooks:
    return OnSamples(lambda samples, _: np.asarray(np.clip(-samples.astype(np.int32), -32768, 32767), np.int16))


@benign("room-tone", "Faint noise lies under the speech, also in its pauses.", level=number(12.0, "standard deviation"))
def _room_tone(args: Args) -> Hooks:
    def change(samples: Samples, hooks: Hooks) -> Samples:
        noise = np.random.default_rng(hooks.ctx.rng.getrandbits(32)).standard_normal(len(samples)) * args["level"]
        return np.asarray(np.clip(samples + noise, -32768, 32767), np.int16)

    return OnSamples(change)


@benign("brisk", "The voice speaks a little faster.", factor=number(1.15, "times the normal speed"))
def _brisk(args: Args) -> Hooks:
    return OnSpeech(lambda utter, _: replace(utter, speech_rate=min(2.0, utter.speech_rate * args["factor"])))


@benign("slow-voice", "The voice speaks a little slower.", factor=number(0.87, "times the normal speed"))
def _slow_voice(args: Args) -> Hooks:
    return OnSpeech(lambda utter, _: replace(utter, speech_rate=max(0.5, utter.speech_rate * args["factor"])))


@benign("committed-id", "input_text_buffer.committed names an item.")
def _committed_id(_: Args) -> Hooks:
    return OnEvents(lambda event, _: put(event, "item_id", "item_committedtextbuffer1"), "input_text_buffer.committed")


@benign("done-response-id", "response.done carries a response_id of its own, as its field table says.")
def _done_response_id(_: Args) -> Hooks:
    return OnEvents(lambda event, _: put(event, "response_id", event["response"].get("id")), "response.done")


@benign("echo-all", "session.updated repeats more settings than are documented.")
def _echo_all(_: Args) -> Hooks:
    def edit(event: Event, _: Hooks) -> None:
        event["session"] = {"enable_tn": True, "channels": 1, "bit_depth": 16, **event["session"]}

    return OnEvents(edit, "session.updated")


@benign("close-reason", "The closing handshake gives a reason.")
def _close_reason(_: Args) -> Hooks:
    return OnOutgoing(lambda item, _: (replace(item, close=(item.close[0], "bye")) if item.close else item,))
