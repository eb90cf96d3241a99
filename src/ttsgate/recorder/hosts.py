"""Putting the service's own name into the ``Host`` header of requests that were sent to the relay."""

from __future__ import annotations

import re

import h11

__all__ = ["HostRewriter"]

_HOST = re.compile(rb"(?im)^(host[ \t]*:[ \t]*)[^\r\n]*")
_MAX_HEAD = 1 << 16


class HostRewriter:
    """Passes a client's bytes on with another ``Host``; everything else stays as it is.

    `host` is what the header is to say.
    """

    def __init__(self, host: str) -> None:
        self._host = host.encode("ascii")
        self._head = b""
        self._body: h11.Connection | None = None
        self._through = False

    def feed(self, data: bytes) -> bytes:
        """What is to be sent on now; an unfinished head is held back until it is complete."""
        out = b""
        while data and not self._through:
            if self._body is None:
                data, sent = self._in_head(data)
            else:
                data, sent = self._in_body(data)
            out += sent
        return out + data

    def _in_head(self, data: bytes) -> tuple[bytes, bytes]:
        self._head += data
        end = self._head.find(b"\r\n\r\n")
        if end < 0:
            if len(self._head) <= _MAX_HEAD:
                return b"", b""
            self._through = True  # no HTTP: passed on as it is
            held, self._head = self._head, b""
            return b"", held
        head, rest, self._head = self._head[: end + 4], self._head[end + 4 :], b""
        core = h11.Connection(h11.SERVER, max_incomplete_event_size=_MAX_HEAD)
        try:
            core.receive_data(head)
            request = core.next_event()
        except h11.RemoteProtocolError:
            self._through = True
            return rest, head
        if isinstance(request, h11.Request) and any(n == b"upgrade" for n, _ in request.headers):
            self._through = True  # frames follow
        line, fields = head.split(b"\r\n", 1)
        changed = line + b"\r\n" + _HOST.sub(lambda m: m[1] + self._host, fields, count=1)
        self._body = core if self._more(core) else None
        return rest, changed

    def _in_body(self, data: bytes) -> tuple[bytes, bytes]:
        assert self._body is not None
        core = self._body
        try:
            core.receive_data(data)
            if self._more(core):
                return b"", data
        except h11.RemoteProtocolError:
            self._through = True
            return b"", data
        self._body = None
        rest = core.trailing_data[0]
        return rest, data[: len(data) - len(rest)]

    @staticmethod
    def _more(core: h11.Connection) -> bool:
        """Whether the request's body goes on."""
        while True:
            event = core.next_event()
            if isinstance(event, h11.EndOfMessage):
                return False
            if not isinstance(event, h11.Data):
                return event is h11.NEED_DATA
