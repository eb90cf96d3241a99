"""Sessions that end in other ways than they should; their class is ``session``."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from ttsgate.emulator.faults.hooks import Hooks, Outgoing
from ttsgate.emulator.faults.registry import fault
from ttsgate.emulator.faults.transforms import OnOutgoing, put

__all__: list[str] = []

_DELTA = "response.audio.delta"


def _ends(name: str, says: str, code: int, reason: str, *, cause: str) -> None:
    def change(item: Outgoing, hooks: Hooks) -> Iterable[Outgoing]:
        return (replace(item, event=None, close=(code, reason)),) if hooks.ctx.position_s > 0.3 else (item,)

    fault(f"session.{name}", says, check="C-finished", cause=cause)(lambda _: OnOutgoing(change, _DELTA))


_ends("going-away", "The service goes away in the middle of the audio (1001).", 1001, "", cause="service.dropped")
_ends("policy", "The service closes for a policy in the middle of the audio (1008).", 1008, "", cause="service.dropped")
_ends("restart", "The service restarts in the middle of the audio (1012).", 1012, "restart", cause="service.dropped")
_ends("polite-end", "The service closes with 1000 in the middle of the audio.", 1000, "", cause="service.dropped")


class _FailedResponse(Hooks):
    """The response is created and ends as failed, without audio; the session finishes all the same."""

    def outgoing(self, item: Outgoing) -> Iterable[Outgoing]:
        if item.type == "response.done":
            put(item.event, "response.status", "failed")
            put(item.event, "response.output", [])
            put(item.event, "response.usage.characters", 0)
            return (item,)
        return () if item.type.startswith("response.") and item.type != "response.created" else (item,)


fault(
    "session.failed-response",
    "The response ends as failed, without audio; the session finishes as if nothing had happened.",
    check="P-status",
    cause="service.error",
)(lambda _: _FailedResponse())
