"""The session hears, answers or ends otherwise than it should."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from ttsgate.emulator.faults.hooks import Hooks, Outgoing, Utter
from ttsgate.emulator.faults.registry import Args, count, fault, seconds, word
from ttsgate.emulator.faults.transforms import OnEvents, OnIncoming, OnOutgoing, OnSpeech, error_event, put
from ttsgate.protocol.realtime.events import Event

__all__: list[str] = []

_DELTA = "response.audio.delta"


@fault(
    "session.silent-close",
    "The session is closed without a word right after session.created, as for an unknown model.",
    check="C-finished",
    cause="lifecycle.unavailable",
    alias="silent-close",
    code=count(0, "close code; 0 for a close without one"),
)
def _silent_close(args: Args) -> Hooks:
    def change(item: Outgoing, _: Hooks) -> Iterable[Outgoing]:
        return (item, Outgoing(close=(args["code"] or None, "")))

    return OnOutgoing(change, "session.created", once=True)


class _EndAfter(Hooks):
    """Ends the session once so much audio of a response was sent."""

    def __init__(self, after_s: float, end: Outgoing) -> None:
        self.after_s, self.end = after_s, end

    def outgoing(self, item: Outgoing) -> Iterable[Outgoing]:
        if item.type == _DELTA and self.ctx.position_s >= self.after_s:
            return (self.end,)
        return (item,)


@fault(
    "session.close-mid",
    "The service closes in the middle of the audio.",
    check="C-finished",
    cause="service.dropped",
    after=seconds(0.5, "audio sent before"),
    code=count(1011, "close code"),
    reason=word("Internal server error.", "reason"),
)
def _close_mid(args: Args) -> Hooks:
    return _EndAfter(args["after"], Outgoing(close=(args["code"], args["reason"])))


@fault(
    "session.drop",
    "The connection ends in the middle of the audio, without a close frame.",
    check="C-finished",
    cause="network.dropped",
    party="network",
    after=seconds(0.5, "audio sent before"),
    how=word("fin", "orderly end or reset of the TCP connection", "fin", "rst"),
)
def _drop(args: Args) -> Hooks:
    return _EndAfter(args["after"], Outgoing(drop=True, reset=args["how"] == "rst"))


class _Hang(Hooks):
    """Says nothing more, and does not close either."""

    def __init__(self, *, after_s: float | None = None, kind: str = "") -> None:
        self.after_s, self.kind, self.over = after_s, kind, False

    def outgoing(self, item: Outgoing) -> Iterable[Outgoing]:
        if self.over:
            return ()
        if self.kind and item.type == self.kind:
            self.over = True
            return (item,)
        self.over = item.type == _DELTA and self.after_s is not None and self.ctx.position_s >= self.after_s
        return () if self.over else (item,)


@fault(
    "session.hang",
    "After some audio nothing more comes, and the socket stays open.",
    check="C-finished",
    cause="service.hang",
    alias="hang",
    after=seconds(0.5, "audio sent before"),
)
def _hang(args: Args) -> Hooks:
    return _Hang(after_s=args["after"])


@fault(
    "session.hang-at-start",
    "After session.created nothing more comes.",
    check="C-finished",
    cause="service.hang",
)
def _hang_at_start(_: Args) -> Hooks:
    return _Hang(kind="session.created")


@fault(
    "session.mute-open",
    "The handshake is accepted and nothing is ever said.",
    check="N-session C-open",
    cause="service.hang",
)
def _mute_open(_: Args) -> Hooks:
    return OnOutgoing(lambda item, _: ())


@fault(
    "session.no-audio",
    "Responses are created and completed without any audio.",
    check="A-present",
    cause="service.silence",
)
def _no_audio(_: Args) -> Hooks:
    return OnEvents(lambda event, _: False, _DELTA)


@fault(
    "session.no-response",
    "Text and commits are accepted, but no response ever comes; finish is answered.",
    check="A-present",
    cause="service.silence",
)
def _no_response(_: Args) -> Hooks:
    return OnEvents(lambda event, _: not str(event.get("type")).startswith("response."))


@fault(
    "session.no-finished",
    "The service closes without session.finished.",
    check="C-finished",
    cause="service.dropped",
)
def _no_finished(_: Args) -> Hooks:
    return OnEvents(lambda event, _: False, "session.finished")


@fault(
    "session.ignores-finish",
    "session.finish is not answered, and the socket stays open.",
    check="C-finished",
    cause="service.hang",
)
def _ignores_finish(_: Args) -> Hooks:
    return OnIncoming(lambda event, _: (), "session.finish")


@fault(
    "session.no-close",
    "After session.finished the socket stays open.",
    check="P-close-handshake",
    cause="service.protocol",
)
def _no_close(_: Args) -> Hooks:
    return OnOutgoing(lambda item, _: () if item.close else (item,))


@fault(
    "session.close-code",
    "After session.finished the service closes with another code than 1000.",
    check="P-close",
    cause="service.protocol",
    code=count(1011, "close code"),
)
def _close_code(args: Args) -> Hooks:
    def change(item: Outgoing, _: Hooks) -> Iterable[Outgoing]:
        return (replace(item, close=(args["code"], "")) if item.close else item,)

    return OnOutgoing(change)


@fault(
    "session.cut-at-end",
    "After session.finished the connection is reset instead of closed.",
    check="P-close-handshake",
    cause="service.protocol network.dropped",
)
def _cut_at_end(_: Args) -> Hooks:
    return OnOutgoing(lambda item, _: (Outgoing(drop=True),) if item.close else (item,))


@fault(
    "session.ignores-update",
    "session.update is acknowledged with the defaults instead of what was asked for.",
    check="P-voice-echo P-rate-echo P-mode-echo",
    cause="service.setting",
    scene="settings",
)
def _ignores_update(_: Args) -> Hooks:
    def change(event: Event, _: Hooks) -> Iterable[Event]:
        return ({**event, "session": {}},)

    return OnIncoming(change, "session.update")


@fault(
    "session.pretends-rate",
    "The sample rate is acknowledged but audio comes at another one.",
    check="A-rate",
    cause="service.rate",
    hz=count(16_000, "true rate of the samples"),
)
def _pretends_rate(args: Args) -> Hooks:
    return OnSpeech(lambda utter, _: replace(utter, render_rate=args["hz"]))


@fault(
    "session.pretends-format",
    "PCM is acknowledged but MP3 comes.",
    check="A-container",
    cause="service.audio",
    format=word("mp3", "what comes", "mp3", "wav", "opus"),
)
def _pretends_format(args: Args) -> Hooks:
    return OnSpeech(lambda utter, _: replace(utter, format=args["format"]))


@fault(
    "session.other-model",
    "session.created names another model.",
    check="P-session-model",
    cause="service.setting",
    model=word("qwen3-tts-flash-realtime-2025-09-18", "model that is named"),
)
def _other_model(args: Args) -> Hooks:
    return OnEvents(lambda event, _: put(event, "session.model", args["model"]), "session.created", "session.updated")


class _Interject(Hooks):
    """Sends an error event before the first event of a type; perhaps instead of everything that follows."""

    def __init__(self, kind: str, error: Event, *, instead: bool, close: int | None = None) -> None:
        self.kind, self.error, self.instead, self.close, self.over = kind, error, instead, close, False

    def outgoing(self, item: Outgoing) -> Iterable[Outgoing]:
        if self.over:
            return () if self.instead and item.close is None else (item,)
        if item.type != self.kind:
            return (item,)
        self.over = True
        said = Outgoing(event=self.error)
        if not self.instead:
            return (said, item)
        return (said, Outgoing(close=(self.close, ""))) if self.close else (said,)


@fault(
    "session.stray-error",
    "An error event comes in the middle of a session that goes on as if nothing had happened.",
    check="P-error-event",
    cause="service.error",
)
def _stray_error(_: Args) -> Hooks:
    return _Interject(_DELTA, error_event("InternalError", "An internal error has occured."), instead=False)


def _fails(kind: str, code: str, message: str, *, close: int | None = 1000) -> Any:
    return lambda _: _Interject(kind, error_event(code, message), instead=True, close=close)


fault(
    "session.internal-error",
    "Instead of a response an InternalError comes, then the service closes.",
    check="C-finished",
    cause="service.error",
)(_fails("response.created", "InternalError", "An internal error has occured, please try again later."))

fault(
    "session.error-mid",
    "In the middle of the audio an InternalError comes, then the service closes.",
    check="C-finished",
    cause="service.error",
)(_fails(_DELTA, "InternalError.Algo", "An internal error has occured during execution."))

fault(
    "session.error-at-open",
    "Instead of session.created an error comes.",
    check="N-session C-open",
    cause="service.error",
)(_fails("session.created", "SystemError", "An system error has occured, please try again later."))

fault(
    "session.idle-timeout",
    "The session times out although the client was not idle.",
    check="C-finished",
    cause="client.request service.hang",
)(_fails("response.created", "InvalidParameter", "request timeout after 23 seconds."))

fault(
    "session.voice-refused",
    "A voice of the model's own list is refused.",
    check="C-finished P-session-updated",
    cause="service.voice",
)(_fails("session.updated", "invalid_value", "The requested voice 'Cherry' is not supported."))

fault(
    "session.content-refused",
    "The text is refused as inappropriate.",
    check="C-finished",
    cause="service.content",
)(_fails("response.created", "DataInspectionFailed", "Input or output data may contain inappropriate content."))


@fault(
    "session.speaks-twice",
    "Every text is spoken twice in one response.",
    check="A-repeat A-excess A-coverage",
    cause="service.text service.audio",
)
def _speaks_twice(_: Args) -> Hooks:
    def change(utter: Utter, _: Hooks) -> Utter:
        return replace(utter, text=f"{utter.text} {utter.text}")

    return OnSpeech(change)


@fault(
    "session.loses-text",
    "The second half of every append is lost.",
    check="A-coverage P-usage",
    cause="service.text service.usage",
)
def _loses_text(_: Args) -> Hooks:
    def change(event: Event, _: Hooks) -> Iterable[Event]:
        text = event.get("text")
        return ({**event, "text": text[: (len(text) + 1) // 2]} if isinstance(text, str) else event,)

    return OnIncoming(change, "input_text_buffer.append")
