"""Where a fault can reach into the emulator, and how several of them compose.

A fault is a set of small transforms, each on one thing that flows through a session: the
handshake, what the client sends, what is to be spoken, the rendered samples, what goes out,
and an HTTP answer.  The emulator itself knows no fault by name.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ttsgate.protocol.realtime.events import Event

__all__ = ["Context", "Handshake", "Hooks", "HttpCall", "Injection", "OnlyResponse", "Outgoing", "Samples", "Utter"]

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Samples = NDArray[np.int16]
else:
    Samples = Any  # numpy would cost a third of the time to the first line
"""Mono samples, int16."""


@dataclass(slots=True)
class Context:
    """What a fault may know about the session (or HTTP call) that it is in."""

    model: str
    """Model string asked for."""
    key: str = ""
    """The key that the client sent, for faults that leak it."""
    number: int = 1
    """1 for the emulator's first session."""
    response: int = 0
    """1 during the session's first response, 0 before it."""
    position_s: float = 0.0
    """Seconds of audio of this response that were sent before the item at hand."""
    sample_rate: int = 24_000
    """Hz in force."""
    format: str = "pcm"
    """Format in force."""
    rng: random.Random = field(default_factory=lambda: random.Random(0))
    """Seeded by the emulator's seed and the session's number."""


@dataclass(slots=True)
class Handshake:
    """What a websocket handshake is answered with; as it stands, it is accepted."""

    status: int | None = None
    """HTTP status of a refusal."""
    body: Any = None
    """Body of a refusal: an object (sent as JSON), or a string."""
    headers: dict[str, str] = field(default_factory=dict)
    """Headers added to the answer, be it 101 or a refusal."""
    wait_s: float = 0.0
    """Wait this long before answering."""
    raw: bytes | None = None
    """Answer with exactly these bytes, then close."""
    drop: bool = False
    """Reset the connection instead of answering."""


@dataclass(slots=True)
class HttpCall:
    """An HTTP exchange whose answer a fault may change before it is written."""

    family: str
    """``generation``, ``customization``, ``models``, ``tokens``, ``files`` or ``elsewhere``."""
    path: str
    request: dict[str, Any]
    """The request's JSON body, empty without one."""
    key: str = ""
    """The key that the client sent, for faults that leak it."""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    document: dict[str, Any] | None = None
    """The answer's JSON, if it is JSON."""
    content: bytes = b""
    """The answer's body, if it is not JSON."""
    streaming: bool = False
    """Whether the answer is a stream of server-sent events."""
    wait_s: float = 0.0
    """Wait before answering."""
    cut_at: int | None = None
    """Reset the connection after so many bytes of the body."""

    @property
    def model(self) -> str:
        """Model that the request names, or an empty string."""
        model = self.request.get("model")
        return model if isinstance(model, str) else ""

    def answer(self, status: int, document: dict[str, Any]) -> None:
        """Answer with this JSON instead."""
        self.status, self.document, self.content, self.headers = status, document, b"", {}
        self.streaming = False

    def answer_bytes(self, status: int, content: bytes, content_type: str) -> None:
        """Answer with these bytes instead."""
        self.status, self.document, self.content = status, None, content
        self.headers = {"Content-Type": content_type}
        self.streaming = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Utter:
    """What is to be spoken, and how it is sent."""

    text: str
    voice: str
    sample_rate: int
    """Hz of the encoded audio."""
    render_rate: int
    """Hz at which speech is made; differs from `sample_rate` only in faults."""
    format: str
    language: str | None = None
    speech_rate: float = 1.0
    pitch_rate: float = 1.0
    volume: int = 50
    instructions: str | None = None
    bit_rate: int = 128
    delta_ms: float = 100.0
    """Milliseconds of audio in a delta."""
    pace: float = 1.25
    """Audio is sent this many times faster than it plays."""
    first_audio_s: float = 0.0
    """Added before the first delta."""


@dataclass(slots=True)
class Outgoing:
    """One thing on its way to the client: an event, a raw frame, or the end."""

    event: Event | None = None
    """An event, sent as JSON in a text frame."""
    data: bytes | None = None
    """Payload of a frame, instead of an event."""
    opcode: int = 1
    """Opcode of a raw frame: 1 text, 2 binary, 8 close, 9 ping, 10 pong."""
    wire: bytes | None = None
    """Bytes written past the websocket framing, instead of an event."""
    wait_s: float = 0.0
    """Wait before sending it."""
    shift: bool = True
    """Whether later audio moves by `wait_s`, too; else it catches up."""
    close: tuple[int | None, str] | None = None
    """Close with this code (None: no status) and reason."""
    drop: bool = False
    """End the connection without a close frame."""
    reset: bool = False
    """With `drop`: by a TCP reset instead of an orderly end."""

    @property
    def type(self) -> str:
        """The event's type, or an empty string."""
        kind = self.event.get("type") if self.event is not None else None
        return kind if isinstance(kind, str) else ""


class Hooks:
    """Base of every fault: each method leaves what it is given as it is."""

    ctx: Context

    def attach(self, ctx: Context) -> None:
        """Called once, before anything else."""
        self.ctx = ctx

    def handshake(self, shake: Handshake) -> None:
        """Change the answer to the websocket handshake."""

    def incoming(self, event: Event) -> Iterable[Event]:
        """What the service hears instead of a client's event."""
        return (event,)

    def speech(self, utter: Utter) -> Utter:
        """What is spoken instead."""
        return utter

    def samples(self, samples: Samples) -> Samples:
        """The audio of a response, whole, at ``Utter.render_rate``."""
        return samples

    def outgoing(self, item: Outgoing) -> Iterable[Outgoing]:
        """What leaves instead of an item."""
        return (item,)

    def http(self, call: HttpCall) -> None:
        """Change an HTTP answer."""

    def http_event(self, document: dict[str, Any]) -> Iterable[dict[str, Any]]:
        """What a stream of server-sent events carries instead of one document."""
        return (document,)


class OnlyResponse(Hooks):
    """Restricts the hooks of a response to the session's n-th response."""

    def __init__(self, inner: Hooks, number: int) -> None:
        self.inner, self.number = inner, number

    def attach(self, ctx: Context) -> None:
        super().attach(ctx)
        self.inner.attach(ctx)

    def _here(self) -> bool:
        return self.ctx.response == self.number

    def handshake(self, shake: Handshake) -> None:
        self.inner.handshake(shake)

    def incoming(self, event: Event) -> Iterable[Event]:
        return self.inner.incoming(event) if self._here() else (event,)

    def speech(self, utter: Utter) -> Utter:
        return self.inner.speech(utter) if self._here() else utter

    def samples(self, samples: Samples) -> Samples:
        return self.inner.samples(samples) if self._here() else samples

    def outgoing(self, item: Outgoing) -> Iterable[Outgoing]:
        return self.inner.outgoing(item) if self._here() else (item,)


def _overriding(hooks: Sequence[Hooks], name: str) -> list[Any]:
    return [getattr(h, name) for h in hooks if getattr(type(h), name) is not getattr(Hooks, name)]


class Injection:
    """The faults of one session, applied in the order in which they were named."""

    def __init__(self, hooks: Sequence[Hooks], ctx: Context) -> None:
        self.ctx = ctx
        self.hooks = tuple(hooks)
        for hook in hooks:
            hook.attach(ctx)
        self._handshake: list[Callable[[Handshake], None]] = _overriding(hooks, "handshake")
        self._incoming: list[Callable[[Event], Iterable[Event]]] = _overriding(hooks, "incoming")
        self._speech: list[Callable[[Utter], Utter]] = _overriding(hooks, "speech")
        self._samples: list[Callable[[Samples], Samples]] = _overriding(hooks, "samples")
        self._outgoing: list[Callable[[Outgoing], Iterable[Outgoing]]] = _overriding(hooks, "outgoing")

    @property
    def needs_whole_audio(self) -> bool:
        """Whether a response must be rendered whole before its first delta."""
        return bool(self._samples)

    @property
    def touches_output(self) -> bool:
        """Whether anything may change what is sent."""
        return bool(self._outgoing)

    def handshake(self) -> Handshake:
        """The answer to the handshake."""
        shake = Handshake()
        for hook in self._handshake:
            hook(shake)
        return shake

    def incoming(self, event: Event) -> list[Event]:
        """What the session hears."""
        heard = [event]
        for hook in self._incoming:
            heard = [out for one in heard for out in hook(one)]
        return heard

    @property
    def touches_input(self) -> bool:
        """Whether anything may change what is heard."""
        return bool(self._incoming)

    def speech(self, utter: Utter) -> Utter:
        """What is spoken."""
        for hook in self._speech:
            utter = hook(utter)
        return utter

    def samples(self, samples: Samples) -> Samples:
        """The audio that is encoded."""
        for hook in self._samples:
            samples = hook(samples)
        return samples

    def outgoing(self, item: Outgoing) -> Iterator[Outgoing]:
        """What is sent for `item`."""
        items: Iterable[Outgoing] = (item,)
        for hook in self._outgoing:
            items = [out for one in items for out in self._through(hook, one)]
        yield from items

    def _through(self, hook: Callable[[Outgoing], Iterable[Outgoing]], item: Outgoing) -> Iterable[Outgoing]:
        """What a fault makes of an item; the item itself where another fault left nothing of what this one changes."""
        if len(self.hooks) == 1:
            return hook(item)
        try:
            return list(hook(item))
        except (AttributeError, IndexError, KeyError, TypeError, ValueError):
            return (item,)
