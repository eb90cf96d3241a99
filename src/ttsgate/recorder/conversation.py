"""What one TCP connection carried, read from outside: HTTP exchanges, and a websocket session if it became one.

Bytes in, with their direction and the time at which they came; transcripts out.  Nothing here touches a socket: the
relay hands over what it has passed on already, so that reading costs the parties no time.
"""

from __future__ import annotations

import base64
import zlib
from dataclasses import dataclass, field
from typing import Any, Literal

import h11
import msgspec

from ttsgate.recorder.frames import Control, FrameReader, Message, deflate_of
from ttsgate.result.transcript import Entry

__all__ = ["Conversation", "Exchange"]

Way = Literal["out", "in"]
_MAX_HEAD = 1 << 20
_SHOWN = 4096


@dataclass
class Exchange:
    """One HTTP exchange, or the websocket session that it turned into."""

    zero: float
    """Time of its clock's zero."""
    method: str = "GET"
    target: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    """Of the request; names in lower case."""
    websocket: bool = False
    """Whether it asked to become a websocket."""
    status: int | None = None
    """Of the answer."""
    upgraded: bool = False
    """Whether it became a websocket."""
    entries: list[Entry] = field(default_factory=list)

    def note(self, t: float, name: str, **data: Any) -> None:
        """Add an observation made at time `t`."""
        self.entries.append(Entry(t=self.at(t), dir="note", name=name, data=data))

    def at(self, t: float) -> float:
        """`t` on the exchange's own clock, in seconds."""
        return round(t - self.zero, 6)


class Conversation:
    """Reads one connection.

    Args:
        began: Time at which the client connected.
        scheme: ``http`` or ``https``, for the URLs in notes.
    """

    def __init__(self, began: float, *, scheme: str = "http") -> None:
        self.exchanges: list[Exchange] = []
        """In order of their requests."""
        self._began = began
        self._scheme = scheme
        self._client = _RequestReader(self)
        self._service = _AnswerReader(self)
        self._frames: dict[Way, FrameReader] = {}
        self._waiting: list[tuple[bytes, float]] = []
        self._told: set[Way] = set()
        self._closed: tuple[str, int | None, str] | None = None
        self._before: list[tuple[float, str, dict[str, Any]]] = []

    @property
    def current(self) -> Exchange | None:
        """The exchange that is under way, or the last."""
        return self.exchanges[-1] if self.exchanges else None

    def feed(self, way: Way, data: bytes, t: float) -> None:
        """Bytes that came at time `t`, ``out`` from the client or ``in`` from the service."""
        if self._frames:
            self._read_frames(way, data, t)
        elif way == "out":
            last = self.current
            if last is not None and last.websocket and last.status is None:
                self._waiting.append((data, t))  # whether these are frames depends on the answer
            else:
                self._client.feed(data, t)
        else:
            self._service.feed(data, t)

    def note(self, t: float, name: str, **data: Any) -> None:
        """An observation about the connection; kept with the exchange that is under way."""
        if self.current is None:
            self._before.append((t, name, data))
        else:
            self.current.note(t, name, **data)

    def half_closed(self, way: Way, t: float) -> None:
        """The client (``out``) or the service (``in``) will send no more."""
        if way == "in" and not self._frames:
            self._service.eof(t)
        self.note(t, "eof", dir=way)

    def ended(self, t: float, *, by: str, error: str = "") -> None:
        """The connection is over.

        Args:
            t: When.
            by: Who ended it first: ``client``, ``service`` or ``network`` for one that broke.
            error: What broke it.
        """
        last = self.current
        if last is None:
            if not self._before:
                return
            self.open(t, method="", target="", headers={})
            last = self.exchanges[-1]
        if last.upgraded or self._service.cut(t):
            closer, code, reason = self._closed or (by, None, error)
            last.note(t, "closed", code=code, reason=reason, by=closer)

    # -- called by the readers -------------------------------------------------------------

    def open(self, t: float, *, method: str, target: str, headers: dict[str, str]) -> None:
        """A request's head is complete."""
        zero = self._began if not self.exchanges else t
        exchange = Exchange(zero=zero, method=method, target=target, headers=headers)
        exchange.websocket = "websocket" in headers.get("upgrade", "").lower()
        self.exchanges.append(exchange)
        scheme = self._scheme.replace("http", "ws") if exchange.websocket else self._scheme
        exchange.note(zero, "dial", url=f"{scheme}://{headers.get('host', '')}{target}")
        for at, name, data in self._before:
            exchange.note(at, name, **data)
        self._before.clear()
        if method:
            exchange.note(t, "request", method=method, target=target, headers=headers)

    def upgraded(self, exchange: Exchange, headers: dict[str, str], rest: bytes, t: float) -> None:
        """The service accepted the websocket; `rest` are frames that came in the same piece."""
        exchange.upgraded = True
        exchange.note(t, "upgraded", status=101, headers=headers)
        deflate = deflate_of(headers.get("sec-websocket-extensions"))
        self._frames["out"] = FrameReader(masked=True, deflate=deflate)
        self._frames["in"] = FrameReader(masked=False, deflate=deflate)
        waiting, self._waiting = self._waiting, []
        for data, at in waiting:
            self._read_frames("out", data, at)
        if rest:
            self._read_frames("in", rest, t)

    def answered(self, t: float) -> None:
        """An answer is complete; what the client sent meanwhile is its next request after all."""
        waiting, self._waiting = self._waiting, []
        for data, at in waiting:
            self._client.feed(data, at)

    # -- frames ----------------------------------------------------------------------------

    def _read_frames(self, way: Way, data: bytes, t: float) -> None:
        exchange = self.exchanges[-1]
        for found in self._frames[way].feed(data):
            if isinstance(found, Control):
                self._control(exchange, way, found, t)
            else:
                self._message(exchange, way, found, t)
        self._tell_broken(way, t)

    def _message(self, exchange: Exchange, way: Way, message: Message, t: float) -> None:
        exchange.entries.append(_entry(exchange.at(t), way, message.payload, text=message.text))
        if len(message.fragments) > 1 or message.compressed:
            exchange.note(t, "frames", dir=way, bytes=list(message.fragments), compressed=message.compressed)

    def _control(self, exchange: Exchange, way: Way, control: Control, t: float) -> None:
        if control.kind != "close":
            data = {"payload": base64.b64encode(control.payload).decode()} if control.payload else {}
            exchange.note(t, control.kind, dir=way, **data)
            return
        exchange.note(t, "close", dir=way, code=control.code, reason=control.reason)
        if self._closed is None:
            self._closed = ("client" if way == "out" else "service", control.code, control.reason)

    def _tell_broken(self, way: Way, t: float) -> None:
        reader = self._frames.get(way)
        if reader is not None and reader.broken is not None and way not in self._told:
            self._told.add(way)
            self.exchanges[-1].note(t, "error", **{"class": "NoWebsocket", "message": reader.broken, "where": way})


class _RequestReader:
    """Requests, one after the other, from what the client sends."""

    def __init__(self, told: Conversation) -> None:
        self._told = told
        self._core = h11.Connection(h11.SERVER, max_incomplete_event_size=_MAX_HEAD)
        self._body: _Body | None = None
        self._broken = False

    def feed(self, data: bytes, t: float) -> None:
        if self._broken:
            return
        while data:
            try:
                self._core.receive_data(data)
                data = self._read(t)
            except h11.RemoteProtocolError as exc:
                self._broken = True
                self._not_http(exc, data, t)
                return

    def _read(self, t: float) -> bytes:
        """Take what is complete; returns the bytes behind the request's end."""
        while True:
            event = self._core.next_event()
            if isinstance(event, h11.Request):
                self._told.open(
                    t, method=event.method.decode(), target=event.target.decode("latin-1"), headers=_headers(event)
                )
                self._told._service.expect(event)
                self._body = _Body(self._told.exchanges[-1], "out", _headers(event))
            elif isinstance(event, h11.Data) and self._body is not None:
                self._body.feed(bytes(event.data), t)
            elif isinstance(event, h11.EndOfMessage):
                if self._body is not None:
                    self._body.finish(t)
                rest = self._core.trailing_data[0]
                self._core = h11.Connection(h11.SERVER, max_incomplete_event_size=_MAX_HEAD)
                if rest and self._told.exchanges[-1].websocket:
                    self._told.feed("out", rest, t)
                    return b""
                return rest
            else:
                return b""

    def _not_http(self, exc: Exception, data: bytes, t: float) -> None:
        shown = data[:_SHOWN].decode("utf-8", "replace")
        facts = {"class": "NotHttp", "message": str(exc), "where": "out", "data": shown}
        self._told.note(t, "error", **facts)


class _AnswerReader:
    """Answers, one after the other, from what the service sends."""

    def __init__(self, told: Conversation) -> None:
        self._told = told
        self._expected: list[tuple[Exchange, h11.Connection]] = []
        self._body: _Body | None = None
        self._broken = False

    def expect(self, request: h11.Request) -> None:
        """A request went out; its answer is framed by what it asked."""
        core = h11.Connection(h11.CLIENT, max_incomplete_event_size=_MAX_HEAD)
        # Without its body: how an answer is framed depends on nothing else.
        kept = [(n, v) for n, v in request.headers if n not in (b"content-length", b"transfer-encoding", b"expect")]
        core.send(h11.Request(method=request.method, target=request.target, headers=kept))
        core.send(h11.EndOfMessage())
        self._expected.append((self._told.exchanges[-1], core))

    def feed(self, data: bytes, t: float) -> None:
        while data and not self._broken:
            if not self._expected:
                self._unasked(data, t)
                return
            exchange, core = self._expected[0]
            try:
                core.receive_data(data)
                data = self._read(exchange, core, t)
            except h11.RemoteProtocolError as exc:
                self._broken = True
                shown = data[:_SHOWN].decode("utf-8", "replace")
                facts = {"class": "NotHttp", "message": str(exc), "where": "in", "data": shown}
                exchange.note(t, "error", **facts)

    def eof(self, t: float) -> None:
        """No more comes: the end of an answer without a length."""
        if self._expected and not self._broken:
            exchange, core = self._expected[0]
            try:
                core.receive_data(b"")
                self._read(exchange, core, t)
            except h11.RemoteProtocolError as exc:
                self._broken = True
                exchange.note(t, "error", **{"class": "CutOff", "message": str(exc), "where": "in"})

    def cut(self, t: float) -> bool:
        """The connection is over: whether an answer is missing or incomplete; what came of it is kept."""
        if not self._expected:
            return False
        if self._body is not None:
            self._body.finish(t)
        return True

    def _read(self, exchange: Exchange, core: h11.Connection, t: float) -> bytes:
        while True:
            event = core.next_event()
            if isinstance(event, h11.InformationalResponse):
                if event.status_code == 101:
                    exchange.status = 101
                    self._expected.pop(0)
                    self._told.upgraded(exchange, _headers(event), core.trailing_data[0], t)
                    return b""
                exchange.note(t, "informational", status=event.status_code, headers=_headers(event))
            elif isinstance(event, h11.Response):
                exchange.status = event.status_code
                headers = _headers(event)
                if not exchange.websocket:
                    exchange.note(t, "response", status=event.status_code, headers=headers)
                self._body = _Body(exchange, "in", headers, refused=event.status_code if exchange.websocket else None)
            elif isinstance(event, h11.Data) and self._body is not None:
                self._body.feed(bytes(event.data), t)
            elif isinstance(event, h11.EndOfMessage):
                if self._body is not None:
                    self._body.finish(t)
                    self._body = None
                self._expected.pop(0)
                rest = core.trailing_data[0]
                self._told.answered(t)
                return rest
            else:
                return b""

    def _unasked(self, data: bytes, t: float) -> None:
        self._broken = True
        facts = {"class": "Unasked", "message": "the service spoke first", "where": "in"}
        self._told.note(t, "error", **facts, data=data[:_SHOWN].decode("utf-8", "replace"))


class _Body:
    """A body as entries: JSON whole, an event stream in the pieces in which it came, other bytes whole."""

    def __init__(self, exchange: Exchange, way: Way, headers: dict[str, str], *, refused: int | None = None) -> None:
        """With `refused`, a note of a refused handshake that holds head and body takes the place of entries."""
        self._exchange, self._way, self._headers, self._refused = exchange, way, headers, refused
        self._kind = headers.get("content-type", "").lower()
        self._parts: list[bytes] = []
        coding = headers.get("content-encoding", "identity").strip().lower()
        self._inflate = zlib.decompressobj(wbits=47) if coding in ("gzip", "x-gzip", "deflate") else None
        self._opaque = coding not in ("", "identity", "gzip", "x-gzip", "deflate")
        self._size = 0

    def feed(self, data: bytes, t: float) -> None:
        self._size += len(data)
        if self._opaque:
            return
        if self._inflate is not None:
            try:
                data = self._inflate.decompress(data)
            except zlib.error:
                self._opaque = True
                return
        self._parts.append(data)
        if self._kind.startswith("text/event-stream") and b"\n\n" in b"".join(self._parts):
            self._flush(t)

    def finish(self, t: float) -> None:
        if self._opaque:
            # It may hold a key that nobody can find: left out.
            self._exchange.note(t, "unreadable", dir=self._way, bytes=self._size,
                                encoding=self._headers.get("content-encoding", ""))  # fmt: skip
            self._parts.clear()
        if self._refused is not None:
            body = b"".join(self._parts)[:_SHOWN].decode("utf-8", "replace")
            self._exchange.note(t, "refused", status=self._refused, headers=self._headers, body=body)
        elif self._parts:
            self._flush(t)

    def _flush(self, t: float) -> None:
        data, self._parts = b"".join(self._parts), []
        if data:
            self._exchange.entries.append(_entry(self._exchange.at(t), self._way, data, text=_is_text(data)))


def _is_text(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return b"\0" not in data


def _entry(t: float, way: Way, payload: bytes, *, text: bool) -> Entry:
    """A message as transcripts have it: an object, other text verbatim, or bytes in Base64."""
    if not text:
        return Entry(t=t, dir=way, binary=base64.b64encode(payload).decode())
    try:
        event = msgspec.json.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        event = None
    if isinstance(event, dict):
        return Entry(t=t, dir=way, event=event)
    return Entry(t=t, dir=way, raw=payload.decode("utf-8", "replace"))


def _headers(event: h11.Request | h11.Response | h11.InformationalResponse) -> dict[str, str]:
    """Names in lower case; a name that came twice has its values joined by commas."""
    found: dict[str, str] = {}
    for name, value in event.headers:
        key, text = name.decode("latin-1"), value.decode("latin-1")
        found[key] = f"{found[key]}, {text}" if key in found else text
    return found
