"""HTTP exchanges of a recording: which one a request is, how it differs, and the recorded answer."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Callable, Iterable, Mapping, Sequence

import msgspec
from aiohttp import web

from ttsgate.recorder.following import Difference, compare_json
from ttsgate.result.transcript import Entry, Transcript

__all__ = ["answer", "choose"]

_MADE_ANEW = frozenset(("connection", "content-encoding", "content-length", "date", "keep-alive", "transfer-encoding"))


def choose(takes: Sequence[Transcript], headers: Mapping[str, str], body: bytes) -> tuple[int, Difference | None]:
    """Which of the recorded exchanges a request is, and, where it is none, how it differs from the first.

    JSON bodies are compared field by field, others byte by byte.
    """
    first: Difference | None = None
    for place, take in enumerate(takes):
        found = _difference(take, headers, body)
        if found is None:
            return place, None
        first = first or found
    return 0, first


def _difference(take: Transcript, headers: Mapping[str, str], body: bytes) -> Difference | None:
    asked = next((n.data or {} for n in take.notes("request")), {}).get("headers") or {}
    if "authorization" in asked and not headers.get("Authorization", "").strip():
        return Difference(1, "Authorization", "the header Authorization is missing or empty", "", "")
    recorded = _body(e for e in take.entries if e.dir == "out")
    if recorded == body:
        return None
    sides = [_object(recorded), _object(body)]
    if sides[0] is None or sides[1] is None:
        return Difference(1, "body", "the body is another one", *(_text(b) for b in (recorded, body)))
    found = compare_json(sides[0], sides[1])
    if found is None:
        return None
    shown = [json.dumps(s, ensure_ascii=False, indent=1) for s in sides]
    return Difference(1, found[0], found[1], shown[0], shown[1])


async def answer(
    request: web.Request, take: Transcript, *, speed: float | None, replace: Callable[[str], str]
) -> web.StreamResponse:
    """Give the recorded answer, in its own time.

    Args:
        request: What is answered.
        take: The exchange.
        speed: Times faster than recorded; None at once.
        replace: Puts the replay's address in the place of the recorded one.
    """
    loop = asyncio.get_running_loop()
    began = loop.time()
    asked = max((e.t for e in take.entries if e.dir == "out"), default=next((n.t for n in take.notes("request")), 0.0))
    note = next(take.notes("response", "refused"), None)
    if note is None:  # the recorded service never answered
        if request.transport is not None:
            request.transport.abort()
        return web.Response(status=500)

    async def until(t: float) -> None:
        ahead = began + max(0.0, t - asked) / speed - loop.time() if speed is not None else 0.0
        if ahead > 0:
            await asyncio.sleep(ahead)

    data = note.data or {}
    headers = {k: v for k, v in (data.get("headers") or {}).items() if k not in _MADE_ANEW}
    pieces = [e for e in take.entries if e.dir == "in"]
    await until(note.t)
    if note.name == "refused" or len(pieces) < 2:
        body = str(data.get("body", "")).encode() if note.name == "refused" else _body(pieces)
        if pieces:
            await until(pieces[-1].t)
        return web.Response(status=data["status"], headers=headers, body=_replaced(body, replace))
    response = web.StreamResponse(status=data["status"], headers=headers)
    await response.prepare(request)
    for piece in pieces:
        await until(piece.t)
        await response.write(_replaced(_body([piece]), replace))
    await response.write_eof()
    return response


def _replaced(body: bytes, replace: Callable[[str], str]) -> bytes:
    try:
        return replace(body.decode()).encode()
    except UnicodeDecodeError:
        return body


def _body(entries: Iterable[Entry]) -> bytes:
    parts = []
    for entry in entries:
        if entry.binary is not None:
            parts.append(base64.b64decode(entry.binary))
        elif entry.raw is not None:
            parts.append(entry.raw.encode())
        elif entry.event is not None:
            parts.append(json.dumps(entry.event, ensure_ascii=False, separators=(",", ":")).encode())
    return b"".join(parts)


def _object(body: bytes) -> dict[str, object] | None:
    try:
        value = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _text(body: bytes) -> str:
    return body[:2000].decode("utf-8", "replace")
