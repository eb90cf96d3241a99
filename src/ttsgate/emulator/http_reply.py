"""One place through which every HTTP answer of the emulator passes.

Handlers are plain functions of a `Call` that return a `Reply` or an `ApiError`; `serve` turns a request into a call,
checks the key, bounds and parses the body, shows the finished reply to the hook (faults), and writes it.
"""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from aiohttp import web

from ttsgate.emulator import http_errors as errors
from ttsgate.emulator.account import Account, Principal
from ttsgate.emulator.http_errors import ApiError

__all__ = ["MAX_BODY", "Call", "Handler", "Hook", "Reply", "endpoint", "refusal"]

MAX_BODY = 20 * 1024 * 1024
"""Bytes of a request body that are read; the longest legal one, a 10 MB recording as a data URI, fits."""

_log = logging.getLogger(__name__)

Dialect = Literal["dashscope", "openai"]


@dataclass(frozen=True)
class Call:
    """One request that has been read. ``document`` is the JSON body, an empty dict without one."""

    family: str
    path: str
    request_id: str
    principal: Principal
    headers: Mapping[str, str]
    query: Mapping[str, Any]
    document: dict[str, Any]
    origin: str
    """Scheme and host as the client wrote them, e.g. ``http://127.0.0.1:8080``."""
    dialect: Dialect

    @property
    def streaming(self) -> bool:
        """Whether the client asked for server-sent events."""
        return self.headers.get("X-DashScope-SSE", "").lower() == "enable"

    @property
    def model(self) -> str:
        """The model that the body names, or an empty string."""
        model = self.document.get("model")
        return model if isinstance(model, str) else ""

    @property
    def input(self) -> dict[str, Any]:
        """The body's ``input`` object, empty if it is missing or no object."""
        given = self.document.get("input")
        return given if isinstance(given, dict) else {}

    @property
    def parameters(self) -> dict[str, Any]:
        """The body's ``parameters`` object, empty if it is missing or no object."""
        given = self.document.get("parameters")
        return given if isinstance(given, dict) else {}


@dataclass(frozen=True)
class Reply:
    """One answer: a JSON ``document``, or ``content`` bytes, or ``events`` (JSON documents, sent as they come)."""

    status: int = 200
    document: dict[str, Any] | None = None
    content: bytes = b""
    events: AsyncIterator[dict[str, Any]] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


Handler = Callable[[Call], Awaitable[Reply | ApiError]]
Hook = Callable[[Call, Reply], Awaitable[Reply]]
"""Sees each finished reply before it is written and returns the one to write: the entrance for faults."""


def refusal(call: Call, error: ApiError, *, sse_as_json: bool = False) -> Reply:
    """The reply that carries an error, in the form that the caller's interface uses."""
    if call.dialect == "openai":
        message = error.message
        if error is errors.INVALID_KEY:
            message = "Incorrect API key provided. "
        code = {"InvalidApiKey": "invalid_api_key", "ModelNotFound": "model_not_found"}.get(error.code, error.code)
        inner = {"message": message, "type": "invalid_request_error", "param": None, "code": code}
        return Reply(error.status, {"error": inner, "request_id": call.request_id})
    document: dict[str, Any] = dict.fromkeys(error.null_fields)
    document.update(code=error.code, message=error.message, request_id=call.request_id)
    if call.streaming and not sse_as_json:
        frame = _frame(1, "error", error.status, document)
        return Reply(error.status, content=frame, headers={"Content-Type": "text/event-stream;charset=UTF-8"})
    return Reply(error.status, document)


def endpoint(
    family: str,
    handler: Handler,
    account: Account,
    *,
    hook: Hook | None = None,
    dialect: Dialect = "dashscope",
    keyless: bool = False,
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """The aiohttp handler around one of ours; ``keyless`` ones are for addresses that are open or signed."""

    async def serve(request: web.Request) -> web.StreamResponse:
        call = Call(
            family=family,
            path=request.path,
            request_id=account.new_request_id(),
            principal=Principal(),
            headers=request.headers,
            query=request.query,
            document={},
            origin=f"{request.scheme}://{request.host}",
            dialect=dialect,
        )
        try:
            reply = await _answer(call, request, handler, account, keyless=keyless)
        except Exception:
            _log.exception("emulator: %s %s failed", request.method, request.path)
            reply = refusal(call, errors.INTERNAL)
        if hook is not None:
            reply = await hook(call, reply)
        return await _write(request, call, reply)

    return serve


async def _answer(call: Call, request: web.Request, handler: Handler, account: Account, *, keyless: bool) -> Reply:
    sse_as_json = account.behaviour("sse-refusal") == "json"
    if not keyless:
        who = account.authorize(request.headers.get("Authorization"), request.headers.get("X-DashScope-WorkSpace"))
        if isinstance(who, ApiError):
            # The gateway in front of the models answers in JSON, also to a streaming request.
            return refusal(call, who, sse_as_json=True)
        call = replace(call, principal=who)
    if request.can_read_body:
        document = await _read(request)
        if isinstance(document, ApiError):
            return refusal(call, document, sse_as_json=True)
        call = replace(call, document=document)
    result = await handler(call)
    return refusal(call, result, sse_as_json=sse_as_json) if isinstance(result, ApiError) else result


async def _read(request: web.Request) -> dict[str, Any] | ApiError:
    """The JSON object in the body; reads no more than `MAX_BODY` whatever the client announces."""
    if (request.content_length or 0) > MAX_BODY:
        return errors.BODY_TOO_LARGE
    body = bytearray()
    try:
        async for chunk in request.content.iter_any():
            body += chunk
            if len(body) > MAX_BODY:
                return errors.BODY_TOO_LARGE
    except web.HTTPException:
        return errors.BODY_INVALID
    if not body:
        return {}
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return errors.BODY_INVALID
    return document if isinstance(document, dict) else errors.BODY_INVALID


async def _write(request: web.Request, call: Call, reply: Reply) -> web.StreamResponse:
    headers = {"X-Request-Id": call.request_id, **reply.headers}
    if reply.events is not None:
        return await _stream(request, reply, headers)
    if reply.document is not None:
        body = json.dumps(reply.document, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
        headers.setdefault("Content-Type", "application/json")
    else:
        body = reply.content
    response = web.Response(status=reply.status, body=body, headers=headers)
    if reply.status == 413:
        # What the client still sends is not read, so the connection cannot be used again.
        response.force_close()
    return response


async def _stream(request: web.Request, reply: Reply, headers: dict[str, str]) -> web.StreamResponse:
    assert reply.events is not None
    headers |= {"Content-Type": "text/event-stream;charset=UTF-8", "Cache-Control": "no-cache"}
    response = web.StreamResponse(status=reply.status, headers=headers)
    try:
        await response.prepare(request)
        number = 0
        async for document in reply.events:
            number += 1
            await response.write(_frame(number, "result", reply.status, document))
        await response.write_eof()
    except ConnectionError:
        _log.debug("emulator: the client left during %s", request.path)
    return response


def _frame(number: int, event: str, status: int, document: dict[str, Any]) -> bytes:
    data = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    return f"id:{number}\nevent:{event}\n:HTTP_STATUS/{status}\ndata:{data}\n\n".encode("utf-8", "replace")
