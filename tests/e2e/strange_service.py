"""Services that nobody would want to meet: one port, raw sockets, one habit each."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import re
import socketserver
import struct
import threading
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

__all__ = ["HABITS", "strange_service"]

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
CREATED = {
    "event_id": "event_1",
    "type": "session.created",
    "session": {"id": "sess_1", "object": "realtime.session", "model": "qwen3-tts-flash-realtime", "voice": "Cherry"},
}


class Talk:
    """One connection, its request read."""

    def __init__(self, stream: BinaryIO, out: BinaryIO, over: threading.Event) -> None:
        self._in, self._out, self.over = stream, out, over
        self.head = self._head()
        length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", self.head)
        self.body = stream.read(int(length[1])) if length else b""

    def _head(self) -> bytes:
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            line = self._in.readline(65_536)
            if not line:
                break
            head += line
        return head

    @property
    def websocket(self) -> bool:
        """Whether a websocket was asked for."""
        return b"upgrade: websocket" in self.head.lower()

    @property
    def key(self) -> str:
        """What stood in Authorization, whole."""
        found = re.search(rb"(?i)\r\nauthorization: *([^\r]*)", self.head)
        return found[1].decode() if found else ""

    def answer(self, status: str, body: str, kind: str = "application/json") -> None:
        """A whole HTTP answer; the connection ends with it."""
        data = body.encode()
        head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(data)}\r\nConnection: close\r\n\r\n"
        self.write(head.encode() + data)

    def write(self, data: bytes) -> None:
        self._out.write(data)
        self._out.flush()

    def upgrade(self) -> None:
        """Accept the websocket."""
        asked = re.search(rb"(?i)\r\nsec-websocket-key: *([^\r]*)", self.head)
        accept = base64.b64encode(hashlib.sha1((asked[1] if asked else b"") + _GUID).digest())
        self.write(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n"
        )

    def frame(self, payload: bytes, opcode: int = 1) -> None:
        """One unmasked frame, as a server sends it."""
        count = len(payload)
        if count < 126:
            size = struct.pack("!B", count)
        else:
            size = struct.pack("!BH", 126, count) if count < 1 << 16 else struct.pack("!BQ", 127, count)
        self.write(bytes([0x80 | opcode]) + size + payload)

    def event(self, value: Any) -> None:
        """One text frame of JSON."""
        self.frame(json.dumps(value).encode())

    def close(self, code: int, reason: str) -> None:
        """A close frame."""
        self.frame(struct.pack("!H", code) + reason.encode()[:120], opcode=8)

    def wait(self) -> None:
        """Stay connected and silent until the test is over or the other side goes."""
        while not self.over.is_set() and self._in.read(1):
            pass


def _html(talk: Talk) -> None:
    talk.answer("200 OK", "<!DOCTYPE html><html><body>Welcome to the guest network</body></html>", "text/html")


def _garbage(talk: Talk) -> None:
    talk.write(bytes(range(256)) * 8)


def _prose(talk: Talk) -> None:
    if not talk.websocket:
        talk.answer("200 OK", '{"answer": 42}')
        return
    talk.upgrade()
    for words in (b"hello", b"[1, 2", b'{"type": 7}', b'"session.created"', b"null"):
        talk.frame(words)
    talk.frame(b"\xff\xfe", opcode=2)
    talk.close(1000, "")


def _mute(talk: Talk) -> None:
    talk.wait()


def _models(talk: Talk) -> None:
    if "/models" in talk.head.decode("latin-1").split("\r\n")[0]:
        talk.answer("200 OK", '{"object": "list", "data": [{"id": "qwen3-tts-flash-realtime", "object": "model"}]}')
    elif b"customization" in talk.head:
        talk.answer("200 OK", '{"output": {"voice_list": [], "page_index": 0}, "request_id": "r"}')
    else:
        talk.wait()


def _mute_after_created(talk: Talk) -> None:
    if not talk.websocket:
        _models(talk)
        return
    talk.upgrade()
    talk.event(CREATED)
    talk.wait()


def _echo_refusal(talk: Talk) -> None:
    body = {"code": "InvalidApiKey", "message": f"bad header Authorization: {talk.key}", "request_id": talk.key[7:]}
    talk.answer("401 Unauthorized", json.dumps(body))


def _echo_failure(talk: Talk) -> None:
    talk.answer("500 Internal Server Error", f"<pre>{talk.head.decode('latin-1')}</pre>", "text/html")


def _echo_event(talk: Talk) -> None:
    if b"multimodal-generation" in talk.head:
        _echo_failure(talk)
        return
    if not talk.websocket:
        _models(talk)
        return
    talk.upgrade()
    talk.event({**CREATED, "session": {**CREATED["session"], "debug": talk.key}})  # type: ignore[dict-item]
    talk.event(
        {"event_id": "e", "type": "error", "error": {"code": "InternalError", "message": f"no {talk.key}", talk.key: 1}}
    )
    talk.frame(f"not JSON: {talk.key}".encode())
    talk.close(1011, f"bad {talk.key}")


HABITS: dict[str, Callable[[Talk], None]] = {
    "html": _html,
    "garbage": _garbage,
    "prose": _prose,
    "mute": _mute,
    "mute-after-created": _mute_after_created,
    "echo-refusal": _echo_refusal,
    "echo-failure": _echo_failure,
    "echo-event": _echo_event,
}
"""``html``: a portal's page for everything.  ``garbage``: bytes.  ``prose``: right HTTP and websocket, wrong words.
``mute``: accepts and never answers.  ``mute-after-created``: lists answer, sessions hang.  ``echo-*``: the key that
was sent comes back in refusals, error pages, error events and close reasons."""


@contextlib.contextmanager
def strange_service(habit: str) -> Iterator[str]:
    """Serve with that habit; gives the ``ws://`` URL without a path."""
    over = threading.Event()

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            with contextlib.suppress(OSError):
                HABITS[habit](Talk(self.rfile, self.wfile, over))  # type: ignore[arg-type]

    class Server(socketserver.ThreadingTCPServer):
        allow_reuse_address = True
        daemon_threads = True
        block_on_close = False
        request_queue_size = 64

        def handle_error(self, request: Any, client_address: Any) -> None:
            """A connection that breaks is what these tests are about."""

    with Server(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield f"ws://127.0.0.1:{server.server_address[1]}"
        finally:
            over.set()
            server.shutdown()
            thread.join()
