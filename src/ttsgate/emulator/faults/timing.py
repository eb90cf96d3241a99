"""Audio comes late, unevenly or all at once."""

from __future__ import annotations

from collections.abc import Iterable

from ttsgate.emulator.faults.hooks import Hooks, Outgoing
from ttsgate.emulator.faults.registry import Args, fault, seconds, word

__all__: list[str] = []


class _Stall(Hooks):
    def __init__(self, after_s: float, for_s: float, *, shift: bool) -> None:
        self.after_s, self.for_s, self.shift, self.struck = after_s, for_s, shift, 0

    def outgoing(self, item: Outgoing) -> Iterable[Outgoing]:
        due = item.type == "response.audio.delta" and self.ctx.position_s >= self.after_s
        if due and self.struck != self.ctx.response:
            self.struck = self.ctx.response
            item.wait_s += self.for_s
            item.shift = self.shift
        return (item,)


@fault(
    "timing.stall",
    "Audio stops in the middle of a response and goes on later.",
    check="T-stall",
    cause="service.stall",
    alias="stall",
    after=seconds(0.5, "audio sent before the stall"),
    for_=seconds(2.0, "length of the stall"),
    then=word("continue", "what follows", "continue", "burst"),
)
def _stall(args: Args) -> Hooks:
    return _Stall(args["after"], args["for_"], shift=args["then"] == "continue")
