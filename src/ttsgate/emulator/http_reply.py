"""One place through which every HTTP answer of the emulator passes.

Handlers are plain functions of a `Call` that return a `Reply` or an `ApiError`; a `Doorway` turns a request into a
call, checks the key, bounds and parses the body, shows the finished reply to the hook (faults), and writes it.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from aiohttp import web

from ttsgate.emulator import http_errors as errors
from ttsgate.emulator.account import Account, Principal
from ttsgate.emulator.http_errors import ApiError
from ttsgate.errors import UsageError

__all__ = ["MAX_BODY", "SSE_TYPE", "Call", "Dialect", "Doorway", "Handler", "Hook", "Reply", "refusal"]

MAX_BODY = 20 * 1024 * 1024
"""Bytes of a request body that are read; the longest legal one, a 10 MB recording as a data URI, fits."""

SSE_TYPE = "text/event-stream;charset=UTF-8"

_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")

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
    cut_after: int | None = None
    """Bytes of the body after which the connection is reset, for faults."""


Handler = Callable[[Call], Awaitable[Reply | ApiError]]
Hook = Callable[[Call, Reply], Awaitable[Reply]]
"""Sees each finished reply before it is written and returns the one to write: the entrance for faults."""


def refusal(call: Call, error: ApiError, *, as_event: bool = False) -> Reply:
    """The reply that carries an error, in the form of the caller's interface; ``as_event``: as a stream event."""
    if call.dialect == "openai":
        message = error.message
        if error is errors.INVALID_KEY:
            message = "Incorrect API key provided. "
        code = {"InvalidApiKey": "invalid_api_key", "ModelNotFound": "model_not_found"}.get(error.code, error.code)
        inner = {"message": message, "type": "invalid_request_error", "param": None, "code": code}
        return Reply(error.status, {"error": inner, "request_id": call.request_id})
    document: dict[str, Any] = dict.fromkeys(error.null_fields)
    document.update(code=error.code, message=error.message, request_id=call.request_id)
    if as_event:
        frame = _frame(1, "error", error.status, document)
        return Reply(error.status, content=frame, headers={"Content-Type": SSE_TYPE})
    return Reply(error.status, document)


class Doorway:
    """What every request passes: key, bounds, body, handler, hook, answer.

    Args:
        account: checks keys and names requests.
        hook: sees each reply before it is written.
        max_in_flight: bytes of request bodies held at once; more are refused as the service does when it is full.
    """

    def __init__(self, account: Account, hook: Hook | None = None, *, max_in_flight: int = 8 * MAX_BODY) -> None:
        self._account = account
        self._hook = hook
        self._max_in_flight = max_in_flight
        self._in_flight = 0

    def endpoint(
        self, family: str, handler: Handler, *, dialect: Dialect = "dashscope", keyless: bool = False
    ) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        """The aiohttp handler around one of ours; ``keyless`` ones are open, or their addresses are signed."""

        async def serve(request: web.Request) -> web.StreamResponse:
            call = Call(
                family=family,
                path=request.path,
                request_id=self._account.new_request_id(),
                principal=Principal(),
                headers=request.headers,
                query=request.query,
                document={},
                origin=f"{request.scheme}://{request.host}",
                dialect=dialect,
            )
            try:
                call, reply = await self._answer(call, request, handler, keyless=keyless)
                if self._hook is not None:
                    reply = await self._hook(call, reply)
            except UsageError:
                # From a hook that was told something impossible; the application says what.
                raise
            except Exception:
                _log.exception("emulator: %s %s failed", request.method, request.path)
                reply = refusal(call, errors.INTERNAL)
            return await _write(request, call, reply)

        return serve

    async def _answer(self, call: Call, request: web.Request, handler: Handler, *, keyless: bool) -> tuple[Call, Reply]:
        """The call, as far as it was read, and its reply."""
        if not keyless:
            who = self._account.authorize(call.headers.get("Authorization"), call.headers.get("X-DashScope-WorkSpace"))
            if isinstance(who, ApiError):
                return call, self._refuse(call, who, gateway=True)
            call = replace(call, principal=who)
        body = b""
        try:
            if request.can_read_body:
                body = await self._read(request)
            call = replace(call, document=_parse(body))
        except _Refused as refused:
            return call, self._refuse(call, refused.error, gateway=True)
        finally:
            self._in_flight -= len(body)
        result = await handler(call)
        return call, self._refuse(call, result) if isinstance(result, ApiError) else result

    def _refuse(self, call: Call, error: ApiError, *, gateway: bool = False) -> Reply:
        # The gateway in front of the models answers in JSON, also to a streaming request.
        sse = call.streaming and not gateway and self._account.behaviour("sse-refusal") == "event"
        reply = refusal(call, error, as_event=sse)
        if error.status < 500 and self._account.behaviour("error-bodies") == "hidden":
            return Reply(error.status, {})
        return reply

    async def _read(self, request: web.Request) -> bytes:
        """The body; holds no more than `MAX_BODY` of it whatever the client announces."""
        if (request.content_length or 0) > MAX_BODY:
            raise _Refused(errors.BODY_TOO_LARGE)
        body = bytearray()
        complete = False
        try:
            async with asyncio.timeout(self._account.config.send_timeout_s):
                async for chunk in request.content.iter_any():
                    body += chunk
                    self._in_flight += len(chunk)
                    if len(body) > MAX_BODY:
                        raise _Refused(errors.BODY_TOO_LARGE)
                    if self._in_flight > self._max_in_flight:
                        raise _Refused(errors.BUSY)
            complete = True
            return bytes(body)
        except TimeoutError:
            raise _Refused(errors.BODY_TIMEOUT) from None
        except (web.HTTPException, web.RequestPayloadError, ConnectionError):
            raise _Refused(errors.BODY_INVALID) from None
        finally:
            if not complete:
                self._in_flight -= len(body)


class _Refused(Exception):
    def __init__(self, error: ApiError) -> None:
        super().__init__(error.code)
        self.error = error


def _parse(body: bytes) -> dict[str, Any]:
    """The JSON object in a body; an empty body is an empty object."""
    if not body:
        return {}
    try:
        document = json.loads(body)
        if _SURROGATE.search(body):
            # Half a character cannot be spoken, nor written back.
            json.dumps(document, ensure_ascii=False).encode("utf-8")
    except (ValueError, RecursionError):
        raise _Refused(errors.BODY_INVALID) from None
    if not isinstance(document, dict):
        raise _Refused(errors.BODY_INVALID)
    return document


async def _write(request: web.Request, call: Call, reply: Reply) -> web.StreamResponse:
    headers = {"X-Request-Id": call.request_id, **reply.headers}
    if reply.events is not None:
        chunks = _frames(reply.status, reply.events)
        headers |= {"Content-Type": SSE_TYPE, "Cache-Control": "no-cache"}
        return await _stream(request, reply, headers, chunks)
    body = reply.content
    if reply.document is not None:
        body = json.dumps(reply.document, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
        headers.setdefault("Content-Type", "application/json")
    if reply.cut_after is not None:
        headers["Content-Length"] = str(len(body))
        return await _stream(request, reply, headers, _once(body))
    response = web.Response(status=reply.status, body=body, headers=headers)
    if reply.status in (408, 413, 503):
        # What the client still sends is not read, so the connection cannot be used again.
        response.force_close()
    return response


async def _once(body: bytes) -> AsyncIterator[bytes]:
    yield body


async def _frames(status: int, events: AsyncIterator[dict[str, Any]]) -> AsyncIterator[bytes]:
    number = 0
    async for document in events:
        number += 1
        yield _frame(number, "result", status, document)


async def _stream(
    request: web.Request, reply: Reply, headers: dict[str, str], chunks: AsyncIterator[bytes]
) -> web.StreamResponse:
    response = web.StreamResponse(status=reply.status, headers=headers)
    left = reply.cut_after
    try:
        await response.prepare(request)
        async for chunk in chunks:
            await response.write(chunk if left is None else chunk[:left])
            if left is not None:
                left -= len(chunk)
                if left <= 0:
                    break
        if reply.cut_after is None:
            await response.write_eof()
        elif request.transport is not None:
            request.transport.abort()
    except ConnectionError:
        _log.debug("emulator: the client left during %s", request.path)
    return response


def _frame(number: int, event: str, status: int, document: dict[str, Any]) -> bytes:
    data = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    return f"id:{number}\nevent:{event}\n:HTTP_STATUS/{status}\ndata:{data}\n\n".encode("utf-8", "replace")
