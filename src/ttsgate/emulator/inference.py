"""The vendor's other websocket, ``/api-ws/v1/inference``: none of our models is served there.

Clients that mix up the two doors get the refusal that was reported from the field
(https://github.com/alibaba/spring-ai-alibaba/issues/2593).
"""

from __future__ import annotations

from typing import Any

import msgspec
from aiohttp import WSMsgType, web

from ttsgate.emulator.account import Account, ApiError
from ttsgate.emulator.config import EmulatorConfig

__all__ = ["PATH", "InferenceDoor"]

PATH = "/api-ws/v1/inference"
"""Path of run-task websockets; clients also write it with a slash at the end."""


class InferenceDoor:
    """Accepts a valid key and fails every task."""

    def __init__(self, account: Account, config: EmulatorConfig) -> None:
        self.account, self.config = account, config

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """``GET /api-ws/v1/inference``"""
        who = self.account.authorize(request.headers.get("Authorization"), request.headers.get("X-DashScope-WorkSpace"))
        if isinstance(who, ApiError):
            body = {"code": who.code, "message": who.message, "request_id": self.account.new_request_id()}
            return web.json_response(body, status=who.status)
        ws = web.WebSocketResponse(
            timeout=self.config.close_timeout_s,
            receive_timeout=self.config.number("idle-seconds") or None,
            max_msg_size=self.config.max_message_bytes,
            compress=False,
        )
        if not ws.can_prepare(request):
            return web.json_response({"code": "InvalidParameter", "message": "A websocket is expected."}, status=400)
        await ws.prepare(request)
        try:
            message = await ws.receive()
            if message.type in (WSMsgType.TEXT, WSMsgType.BINARY):
                await ws.send_str(_failure(message.data))
        except TimeoutError:
            pass
        await ws.close()
        return ws


def _failure(message: str | bytes) -> str:
    """``task-failed`` for whatever was asked."""
    try:
        asked: Any = msgspec.json.decode(message)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        asked = {}
    header, payload = (asked.get(key) if isinstance(asked, dict) else None for key in ("header", "payload"))
    task = header.get("task_id") if isinstance(header, dict) else None
    model = payload.get("model") if isinstance(payload, dict) else None
    failed: dict[str, Any] = {
        "task_id": task if isinstance(task, str) else "",
        "event": "task-failed",
        "error_code": "ModelNotFound" if isinstance(model, str) else "InvalidParameter",
        "error_message": f"Model not found ({model[:100]})!" if isinstance(model, str) else "Invalid message.",
        "attributes": {},
    }
    return msgspec.json.encode({"header": failed, "payload": {}}).decode()
