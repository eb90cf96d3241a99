"""The websocket handshake is refused, delayed or broken."""

from __future__ import annotations

from typing import Any

from ttsgate.emulator.faults.hooks import Handshake, Hooks
from ttsgate.emulator.faults.registry import Args, Builder, fault, seconds, word
from ttsgate.emulator.faults.transforms import OnHandshake

__all__: list[str] = []

_HTML = "<!DOCTYPE html><html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>"


def _refuse(status: int, body: Any, **headers: str) -> Builder:
    def build(_: Args) -> Hooks:
        def change(shake: Handshake, _: Hooks) -> None:
            shake.status, shake.body = status, body
            shake.headers |= {name.replace("_", "-"): value for name, value in headers.items()}

        return OnHandshake(change)

    return build


def _api(code: str, message: str) -> dict[str, str]:
    return {"code": code, "message": message, "request_id": "8c3f6a10-5d2e-4b7a-9c41-0e5f7d2b6a93"}


fault(
    "handshake.bad-key",
    "A good key is refused with 401 InvalidApiKey.",
    check="N-session C-open",
    cause="key.invalid",
    party="key",
)(_refuse(401, _api("InvalidApiKey", "Invalid API-key provided.")))

fault(
    "handshake.empty-401",
    "A good key is refused with 401 and an empty object, as workspace hosts do.",
    check="N-session C-open",
    cause="key.invalid",
    party="key",
)(_refuse(401, {}))

fault(
    "handshake.no-model-access",
    "The key has no right to the model: 403 Model.AccessDenied.",
    check="C-open",
    cause="permission.model",
    party="key",
)(_refuse(403, _api("Model.AccessDenied", "Model access denied.")))

fault(
    "handshake.workspace",
    "The workspace is refused: 401 NOT AUTHORIZED.",
    check="N-session C-open",
    cause="permission.workspace",
    party="key",
)(
    _refuse(
        401,
        _api("NOT AUTHORIZED", "Access denied: Either you are not authorized to access this workspace, or ..."),
    )
)

fault(
    "handshake.not-found",
    "The path is not there: 404 with an error page.",
    check="N-session C-open",
    cause="service.nonsense",
)(_refuse(404, "404 page not found\n", Content_Type="text/plain"))

fault(
    "handshake.model-not-found",
    "The model is refused at the handshake: 404 ModelNotFound.",
    check="C-open",
    cause="lifecycle.unknown",
)(_refuse(404, _api("ModelNotFound", "Model can not be found.")))

fault(
    "handshake.busy",
    "503: the service is over capacity.",
    check="N-session C-open",
    cause="service.overloaded",
    alias="busy",
)(_refuse(503, _api("ModelServingError", "Too many requests. Your requests are being throttled."), Retry_After="1"))

fault(
    "handshake.internal-error",
    "500 with the service's own error.",
    check="N-session C-open",
    cause="service.error",
)(_refuse(500, _api("InternalError", "An internal error has occured, please try again later.")))

fault(
    "handshake.bad-gateway",
    "502 with the error page of a load balancer.",
    check="N-session C-open",
    cause="network.portal service.error",
    party="network",
)(_refuse(502, _HTML.format(title="502 Bad Gateway"), Content_Type="text/html"))

fault(
    "handshake.portal",
    "200 with a log-in page, as a captive portal answers.",
    check="N-session C-open",
    cause="network.portal",
    party="network",
)(_refuse(200, _HTML.format(title="Welcome to the guest network, please log in"), Content_Type="text/html"))

fault(
    "handshake.proxy",
    "407: a proxy wants to be asked first.",
    check="N-session C-open",
    cause="network.proxy",
    party="network",
)(_refuse(407, "Proxy Authentication Required", Proxy_Authenticate="Basic", Content_Type="text/plain"))


@fault(
    "handshake.slow",
    "The handshake is answered late.",
    check="T-open C-open",
    cause="service.timing",
    scene="pace",
    by=seconds(4.0, "delay"),
)
def _slow(args: Args) -> Hooks:
    def change(shake: Handshake, _: Hooks) -> None:
        shake.wait_s += args["by"]

    return OnHandshake(change)


@fault(
    "handshake.hang",
    "The handshake is never answered.",
    check="N-session C-open",
    cause="service.hang",
    for_=seconds(300.0, "time after which the connection is reset"),
)
def _hang(args: Args) -> Hooks:
    def change(shake: Handshake, _: Hooks) -> None:
        shake.wait_s, shake.drop = args["for_"], True

    return OnHandshake(change)


@fault(
    "handshake.reset",
    "The connection is reset instead of an answer.",
    check="N-session C-open",
    cause="network.dropped",
    party="network",
)
def _reset(_: Args) -> Hooks:
    def change(shake: Handshake, _: Hooks) -> None:
        shake.drop = True

    return OnHandshake(change)


def _raw(data: bytes) -> Builder:
    def build(_: Args) -> Hooks:
        def change(shake: Handshake, _: Hooks) -> None:
            shake.raw = data

        return OnHandshake(change)

    return build


_SWITCHING = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"

fault(
    "handshake.garbage",
    "The answer is not HTTP.",
    check="N-session C-open",
    cause="service.nonsense",
)(_raw(b"SSH-2.0-OpenSSH_9.6\r\n"))

fault(
    "handshake.bad-accept",
    "101 with a Sec-WebSocket-Accept that does not answer the client's key.",
    check="N-session C-open",
    cause="service.nonsense",
)(_raw(_SWITCHING + b"Sec-WebSocket-Accept: bm90IHlvdXIga2V5IGF0IGFsbCE=\r\n\r\n"))

fault(
    "handshake.truncated",
    "The connection ends in the middle of the answer's headers.",
    check="N-session C-open",
    cause="network.dropped",
    party="network",
)(_raw(_SWITCHING))


@fault(
    "handshake.subprotocol",
    "101 with a subprotocol that nobody asked for.",
    check="N-session C-open",
    cause="service.nonsense",
    name=word("dashscope.v2", "subprotocol"),
)
def _subprotocol(args: Args) -> Hooks:
    def change(shake: Handshake, _: Hooks) -> None:
        shake.headers["Sec-WebSocket-Protocol"] = args["name"]

    return OnHandshake(change)
