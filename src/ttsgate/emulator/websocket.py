"""One realtime session on a socket: drives the Sans-I/O session, paces audio, applies faults."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import socket
import struct
from binascii import b2a_base64
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from functools import partial

import msgspec
from aiohttp import WSMessage, WSMsgType, web

from ttsgate import catalog
from ttsgate.emulator.config import EmulatorConfig
from ttsgate.emulator.faults.hooks import Injection, Outgoing
from ttsgate.emulator.pacing import Lateness, Schedule
from ttsgate.emulator.speaking import Renders, Stream, speak, utterance_of
from ttsgate.emulator.witness import Witness
from ttsgate.errors import TtsgateError
from ttsgate.protocol.realtime.server import Action, Close, Refusal, Segment, Send, ServerSession, Speak, Stop

__all__ = ["Connection", "Figures", "id_source"]

log = logging.getLogger("ttsgate.emulator")

FRAMES_KEPT = 24

_encode = msgspec.json.Encoder().encode
_AHEAD = 1000
"""Messages that are read ahead at most."""
_ALPHANUMERIC = bytes.maketrans(b"+/", b"Aa")


def id_source(rng: random.Random) -> Callable[[str], str]:
    """Ids as in the vendor's examples: a prefix and 21 letters or digits."""
    draw = rng.randbytes

    def new_id(prefix: str) -> str:
        return prefix + b2a_base64(draw(16), newline=False)[:21].translate(_ALPHANUMERIC).decode()

    return new_id


@dataclass(slots=True)
class Figures:
    """The emulator's own account of one session, to compare a client's with."""

    id: str = ""
    model: str = ""
    responses: int = 0
    characters: int = 0
    audio_s: float = 0.0
    deltas: int = 0
    audio_bytes: int = 0
    ended: str = ""
    """How it ended: ``finished``, ``closed by client``, ``dropped: ...``; empty while it runs."""
    faults: list[str] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    """What the handshake carried, names in lower case, without the key; kept when the admin endpoint is on."""
    frames: list[str] = field(default_factory=list)
    """The first text frames of the client, cut to 2000 characters; kept when the admin endpoint is on."""


class _Gone(Exception):
    """The client is no longer there; the text says how we know."""


class Connection:
    """A websocket that was accepted, until it ends."""

    def __init__(
        self,
        ws: web.WebSocketResponse,
        request: web.Request,
        session: ServerSession,
        *,
        model: catalog.Model,
        renders: Renders,
        injection: Injection,
        config: EmulatorConfig,
        lateness: Lateness,
        figures: Figures,
        witness: Witness | None = None,
    ) -> None:
        self.ws, self.session, self.model = ws, session, model
        self.renders, self.injection, self.config = renders, injection, config
        self.lateness, self.figures = lateness, figures
        self.witness = witness
        self._inbox: asyncio.Queue[WSMessage] | None = None
        """Messages that came while we were busy, where a witness wants to know when they came."""
        self._transport = request.transport
        self._loop = asyncio.get_running_loop()
        # Actions are carried out in the order in which the session decided on them: whoever asks
        # the session something holds this lock until the answer is on its way.
        self._turn = asyncio.Lock()
        self._speaking: asyncio.Task[None] | None = None
        self._closing = False
        self._stream: Stream | None = None
        self._heard = self._loop.time()
        self._idle_timer: asyncio.TimerHandle | None = None
        self._timing_out: asyncio.Task[None] | None = None

    async def run(self, opening: list[Action]) -> None:
        """Serve the session; returns when the connection is over."""
        reading: asyncio.Task[None] | None = None
        try:
            if self.witness is not None:
                self.witness.note("upgraded", status=101)
                self._inbox = asyncio.Queue(maxsize=_AHEAD)
                reading = asyncio.ensure_future(self._read_ahead(self.witness, self._inbox))
            self._watch_idle()
            async with self._turn:
                await self._perform(opening)
            await self._listen()
        except _Gone as gone:
            self.figures.ended = self.figures.ended or f"dropped: {gone}"
            self.abort()
        finally:
            self.session.closed = True
            if self._idle_timer is not None:
                self._idle_timer.cancel()
            if reading is not None:
                reading.cancel()
                await asyncio.gather(reading, return_exceptions=True)
            waiting = [task for task in (self._speaking, self._timing_out) if task is not None]
            for task in waiting:
                if not self._closing:  # else one of them is just about to finish the closing handshake
                    task.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)
            self.figures.ended = self.figures.ended or "closed by client"
            if self.witness is not None:
                self.witness.end("service" if self._closing else "client", self.ws.close_code)

    def abort(self, *, reset: bool = False) -> None:
        """End the connection without a close frame, by a TCP reset if told so."""
        if self._transport is None:
            return
        if reset:
            sock = self._transport.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._transport.abort()

    # -- hearing -----------------------------------------------------------------------------

    async def _listen(self) -> None:
        while True:
            message = await (self.ws.receive() if self._inbox is None else self._inbox.get())
            self._heard = self._loop.time()
            match message.type:
                case WSMsgType.TEXT:
                    if self.config.admin and len(self.figures.frames) < FRAMES_KEPT:
                        self.figures.frames.append(message.data[:2000])
                    await self._hear(message.data)
                case WSMsgType.BINARY:
                    async with self._turn:
                        await self._perform(self.session.receive_binary(len(message.data)))
                case _:
                    if self.witness is not None and not self._closing:
                        self.witness.end("client", self.ws.close_code)
                    return

    async def _read_ahead(self, witness: Witness, inbox: asyncio.Queue[WSMessage]) -> None:
        while True:
            message = await self.ws.receive()
            if message.type in (WSMsgType.TEXT, WSMsgType.BINARY):
                witness.heard(message.data)
            await inbox.put(message)
            if message.type not in (WSMsgType.TEXT, WSMsgType.BINARY):
                return

    async def _hear(self, text: str) -> None:
        async with self._turn:
            if not self.injection.touches_input:
                await self._perform(self.session.receive(text))
                return
            try:
                event = msgspec.json.decode(text)
            except (msgspec.MsgspecError, UnicodeError, RecursionError):
                event = None
            if not isinstance(event, dict):
                await self._perform(self.session.receive(text))
                return
            for heard in self.injection.incoming(event):
                await self._perform(self.session.handle(heard))

    # -- idling ------------------------------------------------------------------------------

    def _watch_idle(self) -> None:
        if self.config.switch("idle") == "off":
            return
        limit = self.config.number("idle-seconds")
        now = self._loop.time()
        if not self.session.idle:
            self._heard = now
        if now - self._heard >= limit - 0.001:
            self._timing_out = asyncio.ensure_future(self._guarded(partial(self._time_out, limit)))
            return
        self._idle_timer = self._loop.call_at(self._heard + limit, self._watch_idle)

    async def _time_out(self, seconds: int) -> None:
        async with self._turn:
            self.figures.ended = "timed out"
            announce = self.config.switch("idle") == "error-then-close"
            await self._perform(self.session.time_out(seconds, announce=announce))

    async def _guarded(self, work: Callable[[], Awaitable[None]]) -> None:
        """Run background work of this session; a client that left ends it without noise."""
        try:
            await work()
        except (_Gone, ConnectionError) as gone:
            self.figures.ended = self.figures.ended or f"dropped: {gone}"
            self.abort()

    # -- acting ------------------------------------------------------------------------------

    async def _perform(self, actions: list[Action]) -> None:
        """Carry out what the session decided; the caller holds the turn."""
        for action in actions:
            match action:
                case Send(event):
                    await self._say(Outgoing(event=event))
                case Speak(segment):
                    self._speaking = asyncio.ensure_future(self._guarded(partial(self._speak, segment)))
                case Stop():
                    await self._stop_speaking()
                case Close(abruptly=True):
                    await self._say(Outgoing(drop=True))
                case Close(code, reason):
                    if code == 1000 and self.session.closed and not self.figures.ended:
                        self.figures.ended = "finished"
                    await self._say(Outgoing(close=(code, reason)))

    async def _say(self, item: Outgoing) -> None:
        if not self.injection.touches_output:
            await self._put(item)
            return
        if item.type == "response.created":
            self.injection.ctx.response += 1
            self.injection.ctx.position_s = 0.0
        for out in self.injection.outgoing(item):
            if out.wait_s > 0:
                if out.shift and self._stream is not None:
                    self._stream.schedule.shift(out.wait_s)
                await asyncio.sleep(out.wait_s)
            await self._put(out)

    async def _put(self, item: Outgoing) -> None:
        if self._closing:
            return
        if item.close is not None:
            await self._close(*item.close)
        elif item.drop:
            self.figures.ended = "dropped: by the service"
            self._closing = True
            self.abort(reset=item.reset)
        elif item.wire is not None:
            if self._transport is not None and not self._transport.is_closing():
                self._transport.write(item.wire)
        elif item.event is not None:
            await self._frame(_encode(item.event), WSMsgType.TEXT)
        elif item.data is not None:
            await self._frame(item.data, WSMsgType(item.opcode))
        if self.witness is not None:
            self.witness.said(item)

    async def _frame(self, data: bytes, opcode: WSMsgType) -> None:
        transport = self._transport
        if transport is None or transport.is_closing() or self.ws.closed:
            raise _Gone("the client left")
        try:
            if transport.get_write_buffer_size() == 0:
                await self.ws.send_frame(data, opcode)
                return
            # Something is still waiting for the client: from here on it has so long to read.
            async with asyncio.timeout(self.config.send_timeout_s):
                await self.ws.send_frame(data, opcode)
        except TimeoutError:
            raise _Gone(f"nothing was read for {self.config.send_timeout_s:g} s") from None
        except ConnectionError:
            raise _Gone("the client left") from None

    async def _close(self, code: int | None, reason: str) -> None:
        self._closing = True
        if code is None:
            # aiohttp cannot send a close frame without a status.
            with contextlib.suppress(ConnectionError):
                await self.ws.send_frame(b"", WSMsgType.CLOSE)
            self._loop.call_later(self.config.close_timeout_s, self.abort)
            return
        await self.ws.close(code=code, message=reason.encode()[:123])

    # -- speaking ----------------------------------------------------------------------------

    async def _stop_speaking(self) -> None:
        task, self._speaking = self._speaking, None
        if task is not None and task is not asyncio.current_task():
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _speak(self, segment: Segment) -> None:
        stream, before_s = None if segment.first else self._stream, 0.0
        ctx = self.injection.ctx
        try:
            utter = self.injection.speech(utterance_of(segment, self.model, self.config))
            ctx.sample_rate, ctx.format = utter.sample_rate, utter.format
            if stream is None:
                schedule = Schedule(pace=utter.pace, clock=self._loop.time, lateness=self.lateness)
                stream = self._stream = Stream(utter, schedule)
            before_s = stream.spoken_s
            pieces = speak(
                utter, stream, last=segment.last, model=self.model, renders=self.renders, injection=self.injection
            )
            async with aclosing(pieces):
                async for piece in pieces:
                    async with self._turn:
                        if self.session.speaking is not segment or self._closing:
                            return
                        ctx.position_s = piece.at_s
                        self.figures.deltas += 1
                        self.figures.audio_bytes += len(piece.delta) // 4 * 3 - piece.delta[-2:].count("=")
                        await self._say(Outgoing(event=self.session.audio(segment, piece.delta)))
        except (TtsgateError, ValueError, OSError) as exc:
            log.error("speech failed: %s", exc)
            refusal = Refusal("InternalError", "An internal error has occured, please try again later.")
            async with self._turn:
                await self._perform(self.session.broke(refusal))
            return
        spoken_s = stream.spoken_s - before_s
        self.figures.responses += segment.last
        self.figures.characters += segment.characters
        self.figures.audio_s += spoken_s
        async with self._turn:
            await self._perform(self.session.spoken(segment, audio_s=spoken_s))
