"""More ways in which doors stay shut: handshakes, accounts, HTTP; each fault's class stands in its name."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ttsgate.emulator.faults.hooks import Handshake, Hooks, HttpCall, Outgoing
from ttsgate.emulator.faults.registry import Builder, fault
from ttsgate.emulator.faults.transforms import OnHandshake, OnHttp, OnOutgoing, error_event

__all__: list[str] = []

_PAGE = "<html><head><title>{0}</title></head><body><center><h1>{0}</h1></center><hr>nginx</body></html>"
_DOOR = "N-session C-open"


def _handshake(change: Any) -> Builder:
    return lambda _: OnHandshake(lambda shake, hooks: change(shake))


def _refusing(status: int, body: Any, content_type: str = "text/html") -> Builder:
    def change(shake: Handshake) -> None:
        shake.status, shake.body = status, body
        shake.headers["Content-Type"] = content_type

    return _handshake(change)


def _raw(data: bytes) -> Builder:
    def change(shake: Handshake) -> None:
        shake.raw = data

    return _handshake(change)


def _api(code: str, message: str) -> dict[str, str]:
    return {"code": code, "message": message, "request_id": "41f0c9de-7a55-4d0f-9a3e-6b1d2c8e7f90"}


for _status, _title in (
    (403, "403 Forbidden"),
    (503, "503 Service Temporarily Unavailable"),
    (504, "504 Gateway Time-out"),
):
    fault(
        f"handshake.page-{_status}",
        f"{_title}, with a proxy's page.",
        check=_DOOR,
        cause="network.portal service.overloaded service.error",
        party="network",
    )(_refusing(_status, _PAGE.format(_title)))

fault("handshake.plain-200", "200 with JSON instead of an upgrade.", check=_DOOR, cause="service.nonsense")(
    _refusing(200, '{"status": "ok"}', "application/json")
)
fault("handshake.upgrade-required", "426: not by this version of HTTP.", check=_DOOR, cause="service.nonsense")(
    _refusing(426, "Upgrade Required", "text/plain")
)
fault("handshake.no-upgrade-header", "101 without the header Upgrade.", check=_DOOR, cause="service.nonsense")(
    _raw(b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: x\r\n\r\n")
)


def _compressing(shake: Handshake) -> None:
    shake.headers["Sec-WebSocket-Extensions"] = "x-webkit-deflate-frame"


fault("handshake.extension", "101 with an extension that nobody asked for.", check=_DOOR, cause="service.nonsense")(
    _handshake(_compressing)
)


def _after_all(event: Any, close: tuple[int | None, str]) -> Builder:
    """The handshake is accepted, and the refusal comes inside of the websocket."""

    def change(item: Outgoing, _: Hooks) -> Iterable[Outgoing]:
        said = [Outgoing(event=event)] if event is not None else []
        return (*said, Outgoing(close=close))

    return lambda _: OnOutgoing(change, "session.created", once=True)


fault(
    "handshake.key-event",
    "The handshake is accepted; then an error event refuses the key.",
    check=_DOOR,
    cause="key.invalid",
    party="key",
)(_after_all(error_event("InvalidApiKey", "Invalid API-key provided."), (1008, "")))
fault(
    "handshake.key-close",
    "The handshake is accepted; then the service closes with 1008 for the key.",
    check=_DOOR,
    cause="key.invalid",
    party="key",
)(_after_all(None, (1008, "Invalid API-key provided.")))
fault(
    "handshake.private-close",
    "The handshake is accepted; then the service closes with a code of its own.",
    check=_DOOR,
    cause="service.dropped service.nonsense",
)(_after_all(None, (4003, "")))


# -- accounts ----------------------------------------------------------------------------------


def _instead_of_response(code: str, message: str) -> Builder:
    def change(item: Outgoing, _: Hooks) -> Iterable[Outgoing]:
        return (Outgoing(event=error_event(code, message)), Outgoing(close=(1000, "")))

    return lambda _: OnOutgoing(change, "response.created", once=True)


for _name, _code, _message, _cause in (
    ("burst", "limit_burst_rate", "Request rate increased too quickly.", "quota.rate"),
    ("requests", "limit_requests", "You have exceeded your current request limit.", "quota.rate"),
    ("route", "Throttling", "Too many requests in route. Please try again later.", "quota.rate service.overloaded"),
    (
        "insufficient",
        "insufficient_quota",
        "You exceeded your current quota, please check your plan.",
        "quota.allocated",
    ),
    ("bill", "PostpaidBillOverdue", "The postpaid bill is overdue.", "arrears"),
):
    fault(
        f"quota.{_name}",
        f"An error event {_code} instead of a response.",
        check="C-finished",
        cause=_cause,
        party="key",
    )(_instead_of_response(_code, _message))

fault(
    "quota.busy-event",
    "An error event ModelServingError instead of a response.",
    check="C-finished",
    cause="service.overloaded",
)(_instead_of_response("ModelServingError", "Too many requests. Your requests are being throttled."))


# -- HTTP --------------------------------------------------------------------------------------


def _http(
    name: str, says: str, change: Any, *families: str, check: str, cause: str, party: str = "service", scene: str = ""
) -> None:
    fault(f"http.{name}", says, check=check, cause=cause, party=party, scene=scene)(
        lambda _: OnHttp(lambda call, _: change(call), *families)
    )


_LISTS = "N-models N-voices"
_http(
    "error-with-200",
    "A refusal of the key comes with status 200.",
    lambda call: call.answer(200, _api("InvalidApiKey", "Invalid API-key provided.")),
    check=_LISTS,
    cause="key.invalid",
    party="key",
)


def _to_login(call: HttpCall) -> None:
    call.answer_bytes(302, b"", "text/plain")
    call.headers["Location"] = "http://192.0.2.1/login"


_http(
    "to-login",
    "Everything is redirected to a log-in page.",
    _to_login,
    check=_LISTS,
    cause="network.portal service.nonsense",
    party="network",
)
_http(
    "models-object",
    "The model list is an object, not an array.",
    lambda call: call.answer(200, {"object": "list", "data": {"id": "qwen3-tts-flash-realtime"}}),
    "models",
    check="N-models",
    cause="service.nonsense",
)
_http(
    "models-strings",
    "The model list holds names instead of objects.",
    lambda call: call.answer(200, {"object": "list", "data": ["qwen3-tts-flash-realtime"]}),
    "models",
    check="N-models",
    cause="service.nonsense",
)
_http(
    "half-json",
    "The JSON of an answer is cut, while its length agrees.",
    lambda call: call.answer_bytes(200, b'{"object":"list","data":[{"id":"qwen3-tts', "application/json"),
    check=_LISTS,
    cause="service.nonsense",
)
_http(
    "refusal-elsewhere",
    "A realtime model called over HTTP is not found, instead of refused.",
    lambda call: call.answer(404, _api("ModelNotFound", "Model can not be found.")) if call.status == 400 else None,
    "generation",
    check="C-http-refusal",
    cause="lifecycle.unknown",
    scene="refusal",
)
_http(
    "refusal-broken",
    "A realtime model called over HTTP breaks the service.",
    lambda call: (
        call.answer(500, _api("InternalError", "An internal error has occured.")) if call.status == 400 else None
    ),
    "generation",
    check="C-http-refusal",
    cause="service.error",
    scene="refusal",
)
_http(
    "fallback-broken",
    "The non-realtime model fails with 500.",
    lambda call: (
        call.answer(500, _api("InternalError", "An internal error has occured.")) if call.status == 200 else None
    ),
    "generation",
    check="C-fallback-wav",
    cause="service.fallback service.error",
    scene="fallback",
)
_http(
    "wav-is-mp3",
    "The address of the audio answers with MP3.",
    lambda call: call.answer_bytes(
        call.status, b"ID3\x04\x00\x00\x00\x00\x00\x00" + b"\xff\xfb\x90\x64" * 900, "audio/mpeg"
    ),
    "files",
    check="C-fallback-wav",
    cause="service.fallback",
    scene="fallback",
)
_http(
    "wav-short",
    "The WAV holds a tenth of a second.",
    lambda call: call.answer_bytes(call.status, call.content[: 44 + 4800], "audio/wav"),
    "files",
    check="C-fallback-wav",
    cause="service.fallback",
    scene="fallback",
)


def _nameless(call: HttpCall) -> None:
    given = call.request.get("input")
    if isinstance(given, dict) and given.get("action") == "create":
        call.answer(
            200, {"output": {"target_model": given.get("target_model")}, "usage": {"count": 1}, "request_id": "r-3"}
        )


_http(
    "voice-nameless",
    "A voice is made, but the answer does not name it.",
    _nameless,
    "customization",
    check="N-voice-create",
    cause="service.nonsense service.error",
    scene="custom-voice",
)
