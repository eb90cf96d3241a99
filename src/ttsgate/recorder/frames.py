"""Reading a websocket from outside: bytes of one direction in, messages and control frames out; nothing is answered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from websockets.extensions import Extension
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory, PerMessageDeflate
from websockets.frames import Close, Frame, Opcode
from websockets.headers import parse_extension
from websockets.protocol import Protocol, Side
from websockets.typing import ExtensionName

__all__ = ["Control", "FrameReader", "Message", "deflate_of"]


@dataclass(frozen=True, slots=True)
class Message:
    """A text or binary message, whole."""

    payload: bytes
    text: bool
    fragments: tuple[int, ...]
    """Bytes of each frame that carried it, as sent; one for a message in one piece."""
    compressed: bool
    """Whether it was compressed; `fragments` then counts compressed bytes."""


@dataclass(frozen=True, slots=True)
class Control:
    """A ping, a pong or a close."""

    kind: str
    """``ping``, ``pong`` or ``close``."""
    payload: bytes
    code: int | None = None
    """Of a close that has one."""
    reason: str = ""
    """Of a close."""


class FrameReader:
    """Reads the frames of one direction.

    Args:
        masked: Whether frames come from the client, which masks them.
        deflate: Parameters of permessage-deflate as the service accepted them; None without it.
    """

    def __init__(self, *, masked: bool, deflate: str | None = None) -> None:
        self._core = Protocol(Side.SERVER if masked else Side.CLIENT, max_size=None)
        self._sizes = _Sizes(deflate, from_client=masked)
        self._core.extensions = [self._sizes]
        self._parts: list[bytes] = []
        self._fragments: list[int] = []
        self._opcode = Opcode.TEXT
        self._compressed = False
        self.broken: str | None = None
        """What was no websocket any more, if so; nothing is read from then on."""

    def feed(self, data: bytes) -> list[Message | Control]:
        """What `data` completes."""
        if self.broken is not None:
            return []
        self._core.receive_data(data)
        self._core.data_to_send()  # what a peer would answer is none of our business
        found = [event for frame in self._core.events_received() if isinstance(frame, Frame)
                 for event in self._frame(frame)]  # fmt: skip
        if self._core.parser_exc is not None:
            self.broken = f"{type(self._core.parser_exc).__name__}: {self._core.parser_exc}"
        return found

    def _frame(self, frame: Frame) -> list[Message | Control]:
        size, compressed = self._sizes.take()
        data = bytes(frame.data)
        if frame.opcode is Opcode.CLOSE:
            close = Close.parse(data)
            return [Control("close", data, int(close.code) if data else None, close.reason)]
        if frame.opcode in (Opcode.PING, Opcode.PONG):
            return [Control("ping" if frame.opcode is Opcode.PING else "pong", data)]
        if frame.opcode is not Opcode.CONT:
            self._parts, self._fragments, self._opcode, self._compressed = [], [], frame.opcode, compressed
        self._parts.append(data)
        self._fragments.append(size)
        if not frame.fin:
            return []
        text = self._opcode is Opcode.TEXT
        return [Message(b"".join(self._parts), text, tuple(self._fragments), self._compressed)]


class _Sizes(Extension):
    """Notes how large each frame was on the wire, and undoes permessage-deflate if that was negotiated."""

    name = ExtensionName("sizes")

    def __init__(self, deflate: str | None, *, from_client: bool) -> None:
        self._inner = _inflater(deflate, from_client=from_client) if deflate is not None else None
        self._seen: list[tuple[int, bool]] = []

    def take(self) -> tuple[int, bool]:
        """Size of the next frame, and whether it was marked as compressed."""
        return self._seen.pop(0)

    def decode(self, frame: Frame, *, max_size: int | None = None) -> Frame:
        self._seen.append((len(frame.data), frame.rsv1))
        return self._inner.decode(frame, max_size=max_size) if self._inner is not None else frame

    def encode(self, frame: Frame) -> Frame:
        return frame


def deflate_of(header: str | None) -> str | None:
    """The permessage-deflate part of a ``Sec-WebSocket-Extensions`` header of a service; None if it has none."""
    for name, _ in _extensions(header):
        if name == "permessage-deflate":
            return header
    return None


def _extensions(header: str | None) -> list[tuple[str, Sequence[tuple[str, str | None]]]]:
    try:
        return [(str(name), params) for name, params in parse_extension(header)] if header else []
    except Exception:  # a header that cannot be read negotiates nothing
        return []


def _inflater(header: str, *, from_client: bool) -> PerMessageDeflate:
    """A decoder of one direction: a `PerMessageDeflate` seen from the receiving side."""
    params = next((p for n, p in _extensions(header) if n == "permessage-deflate"), [])
    offer = ClientPerMessageDeflateFactory(client_max_window_bits=True)
    agreed = offer.process_response_params(params, [])
    if not from_client:
        return agreed
    # The service's view of the same agreement.
    return PerMessageDeflate(
        agreed.local_no_context_takeover,
        agreed.remote_no_context_takeover,
        agreed.local_max_window_bits,
        agreed.remote_max_window_bits,
    )
