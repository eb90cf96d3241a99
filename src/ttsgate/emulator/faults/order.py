"""Events are missing, doubled or out of order."""

from __future__ import annotations

from ttsgate.emulator.faults.hooks import Hooks
from ttsgate.emulator.faults.registry import Args, fault
from ttsgate.emulator.faults.transforms import OnEvents

__all__: list[str] = []


@fault(
    "order.no-response-done",
    "response.done never comes.",
    check="P-response-done",
    cause="service.protocol",
    alias="no-response-done",
)
def _no_response_done(_: Args) -> Hooks:
    return OnEvents(lambda event, _: False, "response.done")
