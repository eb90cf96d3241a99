"""Leads one client through a recorded websocket session."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import socket
import struct
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any

import msgspec
from aiohttp import WSMsgType, web

from ttsgate.recorder.following import Difference, Follower
from ttsgate.recorder.script import Step
from ttsgate.result.transcript import Entry

if TYPE_CHECKING:
    from ttsgate.recorder.serving import Take

__all__ = ["Player"]

_NO_LINGER = struct.pack("ii", 1, 0)
_EMPTY_FRAME = b""


class Player:
    """Plays a session to a client and holds what the client sends against it.

    Args:
        takes: Sessions that could be meant, best first; the client's first frame decides.
        speed: Times faster than recorded; None for as fast as the client takes it.
    """

    def __init__(self, takes: Sequence[Take], *, speed: float | None) -> None:
        self._takes = takes
        self._speed = speed
        self.take = takes[0]
        """The session that is played."""
        self._follower = Follower(self.take.transcript)
        self._loop = asyncio.get_running_loop()
        self._began = self._loop.time()
        self._matched_at: list[float] = []
        self._progress = asyncio.Event()
        self._played = 0
        self._alias: tuple[str, str] | None = None
        self._ending = False
        self.take.used += 1

    @property
    def looked_in(self) -> bool:
        """Whether the client left before its first frame."""
        return self._follower.seen <= 1 and self._follower.matched == 0 and not self._strayed

    _strayed = False

    async def handshake(self) -> None:
        """Wait as long as the recorded service took to accept."""
        took = next((n.t for n in self.take.transcript.notes("upgraded")), 0.0)
        asked = next((n.t for n in self.take.transcript.notes("request", "tcp")), 0.0)
        await self._sleep_until(self._began + self._scaled(took - asked))
        self._began = self._loop.time()

    async def run(
        self,
        ws: web.WebSocketResponse,
        transport: asyncio.Transport | None,
        *,
        stray: Callable[[web.WebSocketResponse, Difference], Awaitable[None]],
    ) -> Difference | None:
        """Play to the end; returns the first difference, which `stray` has told the client."""
        playing = asyncio.ensure_future(self._play(ws, transport))
        try:
            difference = await self._listen(ws)
            if difference is not None:
                self._strayed = True
                playing.cancel()
                with contextlib.suppress(ConnectionError):
                    await stray(ws, difference)
                return difference
        finally:
            if not self._ending:
                playing.cancel()
            await asyncio.gather(playing, return_exceptions=True)
        left = self._follower.ended()
        if left is not None and self.looked_in:
            self.take.used -= 1
        return left

    # -- the client ----------------------------------------------------------------------

    async def _listen(self, ws: web.WebSocketResponse) -> Difference | None:
        while True:
            message = await ws.receive()
            if message.type is WSMsgType.TEXT:
                entry = _entry(message.data)
            elif message.type is WSMsgType.BINARY:
                entry = Entry(t=0.0, dir="out", binary=base64.b64encode(message.data).decode())
            else:
                return None
            difference = self._follower.take(entry)
            if difference is not None and self._follower.seen == 1:
                difference = self._switch(entry, difference)
            if difference is not None:
                return difference
            self._matched_at += [self._loop.time()] * (self._follower.matched - len(self._matched_at))
            self._progress.set()

    def _switch(self, entry: Entry, difference: Difference) -> Difference | None:
        """Another session whose first frame is this one, and which has said the same so far."""
        said = [s.entry.type for s in self.take.steps[: self._played]]
        for other in self._takes[1:]:
            follower = Follower(other.transcript)
            begins = [s.entry.type for s in other.steps[: self._played]]
            if begins != said or follower.take(entry) is not None:
                continue
            old, new = _session_id(self.take), _session_id(other)
            # The client was told the id of the first one already.
            self._alias = (new, old) if self._played and old and new else None
            self.take.used -= 1
            other.used += 1
            self.take, self._follower = other, follower
            return None
        return difference

    # -- the service ---------------------------------------------------------------------

    async def _play(self, ws: web.WebSocketResponse, transport: asyncio.Transport | None) -> None:
        due = self._began
        while self._played < len(self.take.steps):
            step = self.take.steps[self._played]
            while len(self._matched_at) < step.needs:
                self._progress.clear()
                await self._progress.wait()
                step = self.take.steps[self._played]
            due = max(due, self._matched_at[step.needs - 1] if step.needs else due) + self._scaled(step.gap_s)
            await self._sleep_until(due)
            if self.take.steps[self._played] is not step:
                continue  # the client's first frame chose another session meanwhile
            self._played += 1
            with contextlib.suppress(ConnectionError):
                await self._act(ws, transport, step)

    async def _act(self, ws: web.WebSocketResponse, transport: asyncio.Transport | None, step: Step) -> None:
        entry, data = step.entry, step.entry.data or {}
        match step.act:
            case "send":
                payload, opcode = self._frame(entry)
                await ws.send_frame(payload, opcode)
            case "ping":
                await ws.send_frame(base64.b64decode(data.get("payload", "")), WSMsgType.PING)
            case "close":
                self._ending = True
                if data.get("code") in (None, 1005):
                    await ws.send_frame(_EMPTY_FRAME, WSMsgType.CLOSE)
                else:
                    await ws.close(code=data["code"], message=str(data.get("reason", "")).encode()[:123])
            case "eof" if transport is not None:
                transport.close()
            case "reset" if transport is not None:
                with contextlib.suppress(OSError):
                    transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
                transport.abort()

    def _frame(self, entry: Entry) -> tuple[bytes, WSMsgType]:
        if entry.binary is not None:
            return base64.b64decode(entry.binary), WSMsgType.BINARY
        text = (
            entry.raw if entry.raw is not None else json.dumps(entry.event, ensure_ascii=False, separators=(",", ":"))
        )
        if self._alias is not None:
            text = text.replace(*self._alias)
        return text.encode("utf-8", "replace"), WSMsgType.TEXT

    def _scaled(self, seconds: float) -> float:
        return max(0.0, seconds) / self._speed if self._speed is not None else 0.0

    async def _sleep_until(self, due: float) -> None:
        ahead = due - self._loop.time()
        if ahead > 0:
            await asyncio.sleep(ahead)


def _entry(text: str) -> Entry:
    try:
        event: Any = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        event = None
    if isinstance(event, dict):
        return Entry(t=0.0, dir="out", event=event)
    return Entry(t=0.0, dir="out", raw=text)


def _session_id(take: Take) -> str | None:
    for entry in take.transcript.received("session.created"):
        session = (entry.event or {}).get("session")
        if isinstance(session, dict) and isinstance(session.get("id"), str):
            return str(session["id"])
    return None
