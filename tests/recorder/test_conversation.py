"""Reading a connection from outside."""

from __future__ import annotations

import gzip
import itertools
import json
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import Close, Frame, Opcode

from ttsgate.recorder.conversation import Conversation, Exchange

UPGRADE = (
    b"GET /api-ws/v1/realtime?model=m HTTP/1.1\r\nHost: here:1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\nAuthorization: Bearer k\r\n\r\n"
)
ACCEPTED = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"

Piece = tuple[str, bytes]


def text(event: dict[str, object], *, mask: bool) -> bytes:
    """One event as a frame."""
    return Frame(Opcode.TEXT, json.dumps(event).encode()).serialize(mask=mask)


SESSION: list[Piece] = [
    ("out", UPGRADE),
    ("in", ACCEPTED + text({"type": "session.created"}, mask=False)),
    ("out", text({"type": "session.update"}, mask=True)),
    ("out", Frame(Opcode.PONG, b"").serialize(mask=True)),
    ("in", text({"type": "session.updated"}, mask=False) + Frame(Opcode.BINARY, b"\0\1").serialize(mask=False)),
    ("in", Frame(Opcode.TEXT, b"no json").serialize(mask=False)),
    ("in", Frame(Opcode.CLOSE, Close(1000, "bye").serialize()).serialize(mask=False)),
    ("out", Frame(Opcode.CLOSE, Close(1000, "").serialize()).serialize(mask=True)),
]


def read(pieces: Sequence[Piece], *, by: str = "service") -> list[Exchange]:
    """Exchanges of a connection whose pieces came one every 10 ms, to its end."""
    told = Conversation(100.0)
    for n, (way, data) in enumerate(pieces, start=1):
        told.feed("out" if way == "out" else "in", data, 100 + n / 100)
    told.half_closed("in", 100 + (len(pieces) + 1) / 100)
    told.ended(100 + (len(pieces) + 2) / 100, by=by)
    return told.exchanges


def shape(exchange: Exchange) -> list[object]:
    """What was told, without times and headers."""
    return [
        (e.dir, e.name, e.event, e.raw, e.binary, {k: v for k, v in (e.data or {}).items() if k != "headers"})
        for e in exchange.entries
        if e.name != "eof"
    ]


class TestWebsocket:
    def test_a_session_in_order_with_times(self) -> None:
        """Handshake, messages, controls and the close stand with the times at which their bytes came."""
        (exchange,) = read(SESSION)
        told = [(e.t, e.dir, e.name or e.type or e.raw or e.binary) for e in exchange.entries]

        assert [
            (0.0, "note", "dial"),
            (0.01, "note", "request"),
            (0.02, "note", "upgraded"),
            (0.02, "in", "session.created"),
            (0.03, "out", "session.update"),
            (0.04, "note", "pong"),
            (0.05, "in", "session.updated"),
            (0.05, "in", "AAE="),
            (0.06, "in", "no json"),
            (0.07, "note", "close"),
            (0.08, "note", "close"),
            (0.09, "note", "eof"),
            (0.1, "note", "closed"),
        ] == told
        assert {"code": 1000, "reason": "bye", "by": "service"} == exchange.entries[-1].data
        assert "ws://here:1/api-ws/v1/realtime?model=m" == (exchange.entries[0].data or {})["url"]

    @given(cuts=st.lists(st.lists(st.integers(1, 400), max_size=6), min_size=len(SESSION), max_size=len(SESSION)))
    def test_where_the_stream_is_cut_makes_no_difference(self, cuts: list[list[int]]) -> None:
        """The same is read from the same bytes, in whatever pieces each direction came."""
        pieces = []
        for (way, data), places in zip(SESSION, cuts, strict=True):
            edges = [0, *sorted({p for p in places if p < len(data)}), len(data)]
            pieces += [(way, data[a:b]) for a, b in itertools.pairwise(edges)]

        assert shape(read(SESSION)[0]) == shape(read(pieces)[0])

    def test_refused(self) -> None:
        """A handshake that is answered with an error is told with status and body."""
        body = b'{"code":"InvalidApiKey"}'
        answer = b"HTTP/1.1 401 Unauthorized\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
        (exchange,) = read([("out", UPGRADE), ("in", answer)])

        (note,) = [e for e in exchange.entries if e.name == "refused"]
        assert (401, body.decode()) == ((note.data or {})["status"], (note.data or {})["body"])
        assert not exchange.upgraded

    def test_a_connection_that_breaks(self) -> None:
        """Without a close frame, who ended it is what the relay saw."""
        (exchange,) = read(SESSION[:5], by="network")

        assert {"code": None, "reason": "", "by": "network"} == exchange.entries[-1].data


class TestHttp:
    def test_several_exchanges_on_one_connection(self) -> None:
        """Each request has an exchange of its own, whose clock begins with it; JSON is an event, audio is bytes."""
        ask = b'POST /a HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nContent-Length: 7\r\n\r\n{"a":1}'
        wav = b"RIFF\0\1\2\xff"
        found = read(
            [
                ("out", ask[:30]),
                ("out", ask[30:]),
                ("in", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n" + b'{"b": 22}'),
                ("out", b"GET /b.wav HTTP/1.1\r\nHost: h\r\n\r\n"),
                ("in", b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n" + wav),
            ]
        )

        assert [("POST", "/a", 200), ("GET", "/b.wav", 200)] == [(x.method, x.target, x.status) for x in found]
        assert [{"a": 1}, {"b": 22}] == [e.event for e in found[0].entries if e.event]
        assert ["UklGRgABAv8="] == [e.binary for e in found[1].entries if e.binary]
        assert 0.0 == found[1].entries[0].t

    def test_an_event_stream_keeps_its_pieces(self) -> None:
        """Each event of a stream stands by itself, with the time at which it was complete."""
        head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
        parts = [b"data: 1\n\n", b"data: 2", b"\n\n"]
        chunks = [b"%x\r\n%s\r\n" % (len(p), p) for p in parts]
        (exchange,) = read(
            [("out", b"GET / HTTP/1.1\r\nHost: h\r\n\r\n"), ("in", head), *(("in", c) for c in (*chunks, b"0\r\n\r\n"))]
        )

        assert [(0.03, "data: 1\n\n"), (0.05, "data: 2\n\n")] == [(e.t, e.raw) for e in exchange.entries if e.raw]

    def test_compressed_bodies(self) -> None:
        """gzip is undone, so that keys inside can be found; what cannot be undone is left out."""
        packed = gzip.compress(b'{"x":1}')
        get = b"GET / HTTP/1.1\r\nHost: h\r\n\r\n"
        for coding, seen in ((b"gzip", [{"x": 1}]), (b"br", [])):
            head = b"HTTP/1.1 200 OK\r\nContent-Encoding: %s\r\nContent-Length: %d\r\n\r\n" % (coding, len(packed))
            (exchange,) = read([("out", get), ("in", head + packed)])

            assert seen == [e.event for e in exchange.entries if e.event]
            assert (not seen) is any(e.name == "unreadable" for e in exchange.entries)

    def test_an_answer_that_is_cut_off(self) -> None:
        """What came of it is kept, and that it was cut off is said."""
        head = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf of it"
        (exchange,) = read([("out", b"GET / HTTP/1.1\r\nHost: h\r\n\r\n"), ("in", head)], by="network")

        assert ["half of it"] == [e.raw for e in exchange.entries if e.raw]
        assert ["error", "closed"] == [e.name for e in exchange.entries if e.name in ("error", "closed")]


@given(pieces=st.lists(st.tuples(st.sampled_from(["out", "in"]), st.binary(max_size=120)), max_size=6))
def test_garbage_breaks_nothing(pieces: list[Piece]) -> None:
    """Whatever the parties send, reading it raises nothing."""
    for exchange in read(pieces):
        assert exchange.entries


@given(data=st.binary(max_size=200), at=st.integers(0, len(SESSION)))
def test_garbage_in_the_middle_of_a_session(data: bytes, at: int) -> None:
    """A session that turns into garbage keeps what it was before, and the garbage is told."""
    (exchange, *_) = read([*SESSION[:at], ("in", data), *SESSION[at:]]) or [Exchange(zero=0.0)]

    assert shape(read(SESSION[:at])[0])[: max(0, at)] == shape(exchange)[: max(0, at)] if at > 1 else True
