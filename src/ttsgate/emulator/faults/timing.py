"""Audio comes late, unevenly or all at once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from ttsgate.emulator.faults.hooks import Hooks, Outgoing, Utter
from ttsgate.emulator.faults.registry import Args, fault, number, seconds, word
from ttsgate.emulator.faults.transforms import OnOutgoing, OnSpeech

__all__: list[str] = []

_DELTA = "response.audio.delta"


class _Stall(Hooks):
    def __init__(self, after_s: float, for_s: float, *, shift: bool) -> None:
        self.after_s, self.for_s, self.shift, self.struck = after_s, for_s, shift, 0

    def outgoing(self, item: Outgoing) -> Iterable[Outgoing]:
        due = item.type == _DELTA and self.ctx.position_s >= self.after_s
        if due and self.struck != self.ctx.response:
            self.struck = self.ctx.response
            item.wait_s += self.for_s
            item.shift = self.shift
        return (item,)


@fault(
    "timing.stall",
    "Audio stops in the middle of a response and goes on later.",
    check="T-stall",
    cause="service.timing",
    alias="stall",
    after=seconds(0.5, "audio sent before the stall"),
    for_=seconds(2.0, "length of the stall"),
    then=word("continue", "what follows", "continue", "burst"),
)
def _stall(args: Args) -> Hooks:
    return _Stall(args["after"], args["for_"], shift=args["then"] == "continue")


@fault(
    "timing.stalls",
    "Audio stops again and again.",
    check="T-stall T-underrun",
    cause="service.timing",
    between=seconds(0.6, "audio between two stalls"),
    for_=seconds(1.2, "length of each stall"),
)
def _stalls(args: Args) -> Hooks:
    last = [0.0, 0.0]

    def change(item: Outgoing, hooks: Hooks) -> Iterable[Outgoing]:
        if hooks.ctx.response != last[0]:
            last[:] = [hooks.ctx.response, 0.0]
        if hooks.ctx.position_s - last[1] >= args["between"]:
            last[1] = hooks.ctx.position_s
            item.wait_s += args["for_"]
        return (item,)

    return OnOutgoing(change, _DELTA)


@fault(
    "timing.late-first-audio",
    "The first audio of each response comes late.",
    check="T-first-audio",
    cause="service.timing",
    by=seconds(6.0, "delay"),
)
def _late_first_audio(args: Args) -> Hooks:
    return OnSpeech(lambda utter, _: replace(utter, first_audio_s=utter.first_audio_s + args["by"]))


@fault(
    "timing.slow",
    "Audio comes slower than it plays.",
    check="T-realtime T-underrun",
    cause="service.timing",
    pace=number(0.5, "audio seconds a second"),
)
def _slow(args: Args) -> Hooks:
    return OnSpeech(lambda utter, _: replace(utter, pace=args["pace"]))


class _Hold(Hooks):
    """Keeps audio back and lets it go in batches of `batch_s`, or all at the end when None."""

    def __init__(self, batch_s: float | None) -> None:
        self.batch_s, self.held, self.since = batch_s, list[Outgoing](), 0.0

    def outgoing(self, item: Outgoing) -> Iterable[Outgoing]:
        if item.type == _DELTA:
            if not self.held:
                self.since = self.ctx.position_s
            self.held.append(item)
            if self.batch_s is None or self.ctx.position_s - self.since < self.batch_s:
                return ()
            held, self.held = self.held, []
            return held
        if item.type == "response.audio.done" or item.close is not None:
            held, self.held = self.held, []
            return (*held, item)
        return (item,)


@fault(
    "timing.all-at-end",
    "All of the audio comes in one piece at the end, when it has been made.",
    check="T-streamed",
    cause="service.timing",
)
def _all_at_end(_: Args) -> Hooks:
    return _Hold(None)


@fault(
    "timing.bursts",
    "Audio comes in large bursts with silence on the line between them.",
    check="T-bursts T-stall T-underrun",
    cause="service.timing",
    scene="long",
    of=seconds(1.2, "audio in a burst"),
    pace=number(1.0, "audio seconds a second, over all"),
)
def _bursts(args: Args) -> Hooks:
    return _Bursts(args["of"], args["pace"])


class _Bursts(_Hold):
    def __init__(self, batch_s: float, pace: float) -> None:
        super().__init__(batch_s)
        self.pace = pace

    def speech(self, utter: Utter) -> Utter:
        return replace(utter, pace=self.pace)


def _late(name: str, says: str, kind: str, check: str, default_s: float, *, shift: bool = False) -> None:
    def build(args: Args) -> Hooks:
        def change(item: Outgoing, _: Hooks) -> Iterable[Outgoing]:
            item.wait_s += args["by"]
            item.shift = shift
            return (item,)

        return OnOutgoing(change, kind)

    fault(name, says, check=check, cause="service.timing service.hang", by=seconds(default_s, "delay"))(build)


_late(
    "timing.late-created",
    "session.created comes long after the handshake.",
    "session.created",
    "T-open",
    4.0,
)
_late("timing.late-updated", "session.updated is answered late.", "session.updated", "T-updated", 4.0)
_late(
    "timing.late-response",
    "response.created comes long after the text was committed.",
    "response.created",
    "T-first-audio",
    6.0,
)
_late(
    "timing.late-done",
    "response.done comes long after the last audio.",
    "response.done",
    "T-finish",
    3.0,
)
_late(
    "timing.late-finished",
    "session.finished comes long after the last response.",
    "session.finished",
    "T-finish",
    3.0,
)


@fault(
    "timing.fades",
    "Each piece of audio takes a little longer than the one before.",
    check="T-realtime T-underrun T-stall",
    cause="service.timing",
    by=seconds(0.03, "added to each gap"),
)
def _fades(args: Args) -> Hooks:
    seen = [0, 0]

    def change(item: Outgoing, hooks: Hooks) -> Iterable[Outgoing]:
        if hooks.ctx.response != seen[0]:
            seen[:] = [hooks.ctx.response, 0]
        seen[1] += 1
        item.wait_s += seen[1] * args["by"]
        return (item,)

    return OnOutgoing(change, _DELTA)


@fault(
    "timing.late-end",
    "The last piece of audio comes long after the others.",
    check="T-stall T-bursts",
    cause="service.timing",
    by=seconds(2.0, "delay"),
)
def _late_end(args: Args) -> Hooks:
    return _LateEnd(args["by"])


class _LateEnd(Hooks):
    def __init__(self, by_s: float) -> None:
        self.by_s, self.held = by_s, list[Outgoing]()

    def outgoing(self, item: Outgoing) -> Iterable[Outgoing]:
        if item.type == _DELTA:
            before, self.held = self.held, [item]
            return before
        held, self.held = self.held, []
        for each in held:
            each.wait_s += self.by_s
        return (*held, item)


@fault(
    "timing.false-start",
    "The first piece of audio comes at once, the rest only later.",
    check="T-stall",
    cause="service.timing",
    by=seconds(2.0, "time between the first piece and the second"),
)
def _false_start(args: Args) -> Hooks:
    return _Stall(0.05, args["by"], shift=True)
