"""Our own websocket client, the reference: one session, seen frame by frame.

The Sans-I/O core of ``websockets`` sits under an `asyncio.Protocol`; every time is taken in
``data_received``, before a byte is decoded.  Nothing that the other side does raises: it
becomes an entry of the transcript.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import ssl
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.http11 import Response
from websockets.protocol import CLOSED, OPEN
from websockets.uri import parse_uri

from ttsgate.clients.partner import CarefulPartner, Partner
from ttsgate.clients.route import DIRECT, Route
from ttsgate.protocol.realtime.client import ClientSession
from ttsgate.result.transcript import Entry, Transcript, Utterance

__all__ = ["WireSession", "converse", "open_and_close", "session_settings", "synthesize"]

MAX_MESSAGE_BYTES = 8 * 2**20
"""A service that sends a larger message is cut off; documented deltas are a few kilobytes."""
MAX_SESSION_BYTES = 64 * 2**20
"""What one session may send in all: twenty minutes of 24 kHz PCM in Base64."""


@dataclass(frozen=True, kw_only=True)
class WireSession:
    """What to open and what to say."""

    session: str
    """Our id of the session."""
    ws_url: str
    """Websocket URL without a query."""
    model: str
    """Exact model string; goes into the query."""
    utterance: Utterance
    """What to say."""
    api_key: str = field(repr=False)
    """Sent as ``Authorization: Bearer``."""
    instructions: bool = False
    """Whether the model takes ``instructions``."""
    workspace: str | None = None
    """Sent as ``X-DashScope-WorkSpace``."""
    texts: Sequence[str] = ()
    """Several utterances on one connection; empty means the utterance's own text."""
    deadline_s: float = 15.0
    """Seconds for the whole session."""
    tls: ssl.SSLContext | None = None
    """Context for ``wss``; must verify."""
    headers: tuple[tuple[str, str], ...] = ()
    """Further request headers."""
    route: Route = DIRECT
    """How to get there; its own TLS context is used where `tls` is not given."""


def session_settings(utterance: Utterance, *, instructions: bool) -> dict[str, Any]:
    """The ``session`` object of ``session.update`` for an utterance.

    ``instruction`` travels as ``instructions`` and only to models that take it.
    """
    settings: dict[str, Any] = {
        "voice": utterance.voice,
        "mode": utterance.mode,
        "response_format": utterance.format,
        "sample_rate": utterance.rate,
    }
    for name in ("language_type", "speech_rate", "pitch_rate", "volume", "bit_rate"):
        value = getattr(utterance, name)
        if value is not None:
            settings[name] = value
    if utterance.instruction and instructions:
        settings["instructions"] = utterance.instruction
    return settings


async def synthesize(plan: WireSession) -> Transcript:
    """Run one session to its end or its deadline; never raises for what the service does."""
    client = ClientSession(
        session_settings(plan.utterance, instructions=plan.instructions),
        plan.texts or [plan.utterance.text],
        event_id=lambda: f"event_{uuid.uuid4().hex}",
    )
    return await _Connection(plan, CarefulPartner(client)).run()


async def converse(plan: WireSession, partner: Partner) -> Transcript:
    """Run one session as `partner` wants it; never raises for what the service does."""
    return await _Connection(plan, partner).run()


async def open_and_close(plan: WireSession) -> Transcript:
    """Shake hands, read ``session.created``, close: the free connectivity probe."""
    return await _Connection(plan, None).run()


class _Connection(asyncio.Protocol):
    """One TCP connection with the websocket core on top, writing a transcript."""

    def __init__(self, plan: WireSession, partner: Partner | None) -> None:
        self.plan = plan
        self.partner = partner
        self.transcript = Transcript(
            session=plan.session,
            level="frames",
            model=plan.model,
            client="wire",
            utterance=plan.utterance,
            started="",
            entries=[],
        )
        self.uri = f"{plan.ws_url}?model={quote(plan.model, safe='')}"
        self.core = ClientProtocol(parse_uri(self.uri), max_size=MAX_MESSAGE_BYTES)
        self.transport: asyncio.Transport | None = None
        self.over = asyncio.Event()
        self._zero = 0.0
        self._parts: list[bytes] = []
        self._opcode = Opcode.TEXT
        self._received = 0
        self._not_http = False
        self._timer: asyncio.TimerHandle | None = None
        self._patience_s: float | None = None
        self._closed_by: str | None = None
        self._given_up = False

    # -- notes ---------------------------------------------------------------------------

    def note(self, name: str, data: dict[str, Any], *, at: float | None = None) -> None:
        t = (time.perf_counter() if at is None else at) - self._zero
        self.transcript.entries.append(Entry(t=round(t, 6), dir="note", name=name, data=data))

    # -- the session ---------------------------------------------------------------------

    async def run(self) -> Transcript:
        self._zero = time.perf_counter()
        self.transcript.started = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        self.note("dial", {"url": self.uri}, at=self._zero)
        try:
            async with asyncio.timeout(self.plan.deadline_s):
                await self._dial()
                await self.over.wait()
        except TimeoutError:
            waiting = self.partner.waiting_for if self.partner else "session.created"
            if not self.transcript.entries or not any(e.name == "upgraded" for e in self.transcript.notes()):
                waiting = "handshake"
            self._given_up = True
            self.note("deadline", {"after_s": self.plan.deadline_s, "waiting_for": waiting})
        except (OSError, ssl.SSLError) as exc:
            self.note("error", describe_error(exc, "connect"))
        finally:
            if self._timer:
                self._timer.cancel()
            if self.transport:
                self.transport.abort()
        return self.transcript

    async def _dial(self) -> None:
        loop = asyncio.get_running_loop()
        uri, route = parse_uri(self.uri), self.plan.route
        infos = await route.resolve(*(route.first_hop or (uri.host, uri.port)))
        self.note("resolved", {"addresses": sorted({str(info[4][0]) for info in infos})})
        sock = await route.connect(uri.host, uri.port, infos=infos)
        self.note("tcp", {"peer": "{}:{}".format(*sock.getpeername()[:2])})
        tls = (self.plan.tls or route.tls or ssl.create_default_context()) if uri.secure else None
        await loop.create_connection(
            lambda: self, sock=sock, ssl=tls, server_hostname=uri.host if tls is not None else None
        )
        assert self.transport is not None
        if tls is not None:
            self._note_tls(self.transport.get_extra_info("ssl_object"))
        request = self.core.connect()
        request.headers["Authorization"] = f"Bearer {self.plan.api_key}"
        request.headers["User-Agent"] = "ttsgate"
        if self.plan.workspace:
            request.headers["X-DashScope-WorkSpace"] = self.plan.workspace
        for name, value in self.plan.headers:
            request.headers[name] = value
        self.core.send_request(request)
        self._flush()

    def _note_tls(self, tls: ssl.SSLObject) -> None:
        der = tls.getpeercert(binary_form=True) or b""
        issuer = dict(pair[0] for pair in (tls.getpeercert() or {}).get("issuer", ()))  # type: ignore[misc]
        cipher = tls.cipher()
        self.note(
            "tls",
            {
                "version": tls.version(),
                "cipher": cipher[0] if cipher else None,
                "issuer": issuer.get("organizationName") or issuer.get("commonName"),
                "sha256": hashlib.sha256(der).hexdigest(),
            },
        )

    # -- asyncio.Protocol ----------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        now = time.perf_counter()
        if self._received == 0:
            self._not_http = not data.startswith(b"HTTP/"[: len(data)])
        self._received += len(data)
        self.core.receive_data(data)
        for event in self.core.events_received():
            if isinstance(event, Response):
                self._handshake(event, now)
            elif isinstance(event, Frame):
                self._frame(event, now)
        if self._received > MAX_SESSION_BYTES:
            self.note("error", {"class": "TooMuch", "message": f"over {MAX_SESSION_BYTES} bytes", "where": "receive"})
            self.over.set()
        self._flush()

    def eof_received(self) -> None:
        self.core.receive_eof()
        for event in self.core.events_received():
            if isinstance(event, Response):
                self._handshake(event, time.perf_counter())

    def connection_lost(self, exc: Exception | None) -> None:
        if self._given_up:
            return
        if self.core.handshake_exc is not None:
            if not any(True for _ in self.transcript.notes("refused")):
                why = self.core.handshake_exc if self._not_http else _root(self.core.handshake_exc, exc)
                self.note("error", describe_error(why, "handshake"))
        else:
            by = self._closed_by or ("network" if self.core.close_rcvd is None else "service")
            code = int(self.core.close_rcvd.code) if self.core.close_rcvd else None
            reason = self.core.close_rcvd.reason if self.core.close_rcvd else (str(exc) if exc else "")
            if self.core.parser_exc is not None and not isinstance(self.core.parser_exc, EOFError):
                self.note("error", describe_error(self.core.parser_exc, "frame"))
            self.note("closed", {"code": code, "reason": reason, "by": by})
        self.over.set()

    # -- frames --------------------------------------------------------------------------

    def _handshake(self, response: Response, now: float) -> None:
        headers = {name.lower(): value for name, value in response.headers.raw_items()}
        if self.core.handshake_exc is None:
            self.note("upgraded", {"status": response.status_code, "headers": headers}, at=now)
            return
        body = (response.body or b"")[:4096].decode("utf-8", "replace")
        self.note("refused", {"status": response.status_code, "headers": headers, "body": body}, at=now)
        self.over.set()

    def _frame(self, frame: Frame, now: float) -> None:
        if frame.opcode in (Opcode.PING, Opcode.PONG):
            self.note("ping" if frame.opcode is Opcode.PING else "pong", {}, at=now)
            return
        if frame.opcode is Opcode.CLOSE:
            return
        if frame.opcode is not Opcode.CONT:
            self._parts, self._opcode = [], frame.opcode
        self._parts.append(bytes(frame.data))
        if frame.fin:
            payload, self._parts = b"".join(self._parts), []
            self._message(payload, now, text=self._opcode is not Opcode.BINARY)

    def _message(self, payload: bytes, now: float, *, text: bool) -> None:
        t = round(now - self._zero, 6)
        if not text:
            self.transcript.entries.append(Entry(t=t, dir="in", binary=base64.b64encode(payload).decode()))
            return
        try:
            event = json.loads(payload.decode(), parse_constant=_no_number)
        except (ValueError, RecursionError):
            event = None
        if not isinstance(event, dict):
            self.transcript.entries.append(Entry(t=t, dir="in", raw=payload.decode("utf-8", "replace")))
            return
        self.transcript.entries.append(Entry(t=t, dir="in", event=event))
        self._react(event)

    def _react(self, event: dict[str, Any]) -> None:
        if self.partner is None:
            self._close()
            return
        if self.core.state is not OPEN:
            return  # the close came in the same piece: what should be answered can no longer be
        answers = self.partner.receive(event)
        for answer in answers:
            self._say(answer)
        patience_s = self.partner.hang_up_after_s
        if patience_s is not None and (answers or patience_s != self._patience_s):
            self._close_after(patience_s)

    def _say(self, answer: dict[str, Any] | str | bytes) -> None:
        t = round(time.perf_counter() - self._zero, 6)
        if isinstance(answer, bytes):
            self.transcript.entries.append(Entry(t=t, dir="out", binary=base64.b64encode(answer).decode()))
            self.core.send_binary(answer)
        elif isinstance(answer, str):
            self.transcript.entries.append(Entry(t=t, dir="out", raw=answer))
            self.core.send_text(answer.encode())
        else:
            self.transcript.entries.append(Entry(t=t, dir="out", event=answer))
            self.core.send_text(json.dumps(answer, ensure_ascii=False).encode())

    # -- ending --------------------------------------------------------------------------

    def _close_after(self, seconds: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._patience_s = seconds
        self._timer = asyncio.get_running_loop().call_later(seconds, self._close)

    def _close(self) -> None:
        if self._closed_by is None and self.core.state is not CLOSED and self.core.close_rcvd is None:
            self._closed_by = "client"
            self.core.send_close(1000, "")
            self._flush()
            asyncio.get_running_loop().call_later(1.0, self.over.set)

    def _flush(self) -> None:
        if self.transport is None:
            return
        for data in self.core.data_to_send():
            if data:
                self.transport.write(data)
            else:
                self.transport.close()
        if self.core.close_expected() and not self.transport.is_closing() and self.core.close_rcvd is not None:
            self.transport.close()


def _no_number(word: str) -> float:
    raise ValueError(f"{word} is no JSON")


def _root(handshake: Exception, lost: Exception | None) -> BaseException:
    """What really ended a handshake: a connection that broke, rather than the answer that is missing for it."""
    if lost is not None:
        return lost
    if isinstance(handshake.__cause__, EOFError):
        return ConnectionResetError("the connection was closed before the handshake was answered")
    return handshake


def describe_error(exc: BaseException, where: str) -> dict[str, str]:
    """The facts of an ``error`` note."""
    return {"class": type(exc).__name__, "message": str(exc)[:500], "where": where}
