"""The account is throttled, overdue or used up."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ttsgate.emulator.faults.hooks import Handshake, Hooks, Outgoing
from ttsgate.emulator.faults.registry import Builder, fault
from ttsgate.emulator.faults.transforms import OnHandshake, OnOutgoing, error_event

__all__: list[str] = []

_THROTTLED = "To many requests. Your requests are being throttled due to system capacity limits."
_RATE = "Requests rate limit exceeded, please try again later."
_ARREARS = "Access denied, please make sure your account is in good standing."
_FREE = "The free tier of the model has been exhausted. If you wish to continue access the model on a paid basis, ..."
_ALLOCATED = "Allocated quota exceeded, please increase your quota limit."


def _closing(code: int, reason: str, *, after: str) -> Builder:
    def change(item: Outgoing, _: Hooks) -> Iterable[Outgoing]:
        return (item, Outgoing(close=(code, reason)))

    return lambda _: OnOutgoing(change, after, once=True)


def _saying(code: str, message: str, *, instead_of: str) -> Builder:
    def change(item: Outgoing, _: Hooks) -> Iterable[Outgoing]:
        return (Outgoing(event=error_event(code, message)), Outgoing(close=(1000, "")))

    return lambda _: OnOutgoing(change, instead_of, once=True)


def _refusing(status: int, code: str, message: str) -> Builder:
    body: dict[str, Any] = {"code": code, "message": message, "request_id": "5b0d7c1e-3f42-4c9a-8e56-1f7a2d9c4b30"}

    def change(shake: Handshake, _: Hooks) -> None:
        shake.status, shake.body = status, body

    return lambda _: OnHandshake(change)


fault(
    "quota.throttled",
    "The session is closed with 1011 'To many requests' right after it was opened.",
    check="C-finished",
    cause="service.overloaded quota.rate",
)(_closing(1011, _THROTTLED, after="session.created"))

fault(
    "quota.throttled-late",
    "The session is closed with 1011 'To many requests' when the response begins.",
    check="C-finished",
    cause="service.overloaded quota.rate",
)(_closing(1011, _THROTTLED, after="response.created"))

fault(
    "quota.rate-event",
    "Too many requests: an error event Throttling.RateQuota instead of a response.",
    check="C-finished",
    cause="quota.rate",
    party="key",
)(_saying("Throttling.RateQuota", _RATE, instead_of="response.created"))

fault(
    "quota.rate-handshake",
    "Too many requests: the handshake is refused with 429.",
    check="N-session C-open",
    cause="quota.rate",
    party="key",
)(_refusing(429, "Throttling.RateQuota", _RATE))

fault(
    "quota.arrears",
    "The account is overdue: an error event instead of a response.",
    check="C-finished",
    cause="arrears",
    party="key",
)(_saying("Arrearage", _ARREARS, instead_of="response.created"))

fault(
    "quota.arrears-handshake",
    "The account is overdue: the handshake is refused with 400.",
    check="N-session C-open",
    cause="arrears",
    party="key",
)(_refusing(400, "Arrearage", _ARREARS))

fault(
    "quota.free-tier",
    "The free tier is used up: an error event instead of a response.",
    check="C-finished",
    cause="quota.free-tier",
    party="key",
)(_saying("AllocationQuota.FreeTierOnly", _FREE, instead_of="response.created"))

fault(
    "quota.free-tier-handshake",
    "The free tier is used up: the handshake is refused with 403.",
    check="N-session C-open",
    cause="quota.free-tier",
    party="key",
)(_refusing(403, "AllocationQuota.FreeTierOnly", _FREE))

fault(
    "quota.allocated-mid",
    "The allocated quota ends in the middle of the audio.",
    check="C-finished",
    cause="quota.allocated",
    party="key",
)(_saying("Throttling.AllocationQuota", _ALLOCATED, instead_of="response.audio.delta"))

fault(
    "quota.unpurchased",
    "Model Studio is not activated: the handshake is refused with 403.",
    check="N-session C-open",
    cause="permission.denied",
    party="key",
)(
    _refusing(
        403,
        "AccessDenied.Unpurchased",
        "Access to model denied. Please make sure you are eligible for using the model.",
    )
)
