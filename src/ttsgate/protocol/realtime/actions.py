"""What the service's side of a session asks of whoever drives it."""

from __future__ import annotations

from dataclasses import dataclass

from ttsgate.protocol.realtime.events import Event
from ttsgate.protocol.realtime.settings import Settings

__all__ = ["Action", "Close", "Segment", "Send", "Speak", "Stop"]


@dataclass(frozen=True, slots=True)
class Segment:
    """Text that is spoken as one response, or as the next piece of one."""

    text: str
    settings: Settings
    response_id: str
    item_id: str
    characters: int
    """Billed characters."""
    index: int
    """1 for the session's first response."""
    announced: bool
    """Whether ``input_text_buffer.committed`` was sent for it."""
    first: bool = True
    """Whether its response begins with it."""
    last: bool = True
    """Whether its response ends with it; it may be empty then."""


@dataclass(frozen=True, slots=True)
class Send:
    """Send this event."""

    event: Event


@dataclass(frozen=True, slots=True)
class Speak:
    """Synthesise this, pass the audio through `ServerSession.audio`, then call `ServerSession.spoken`."""

    segment: Segment


@dataclass(frozen=True, slots=True)
class Stop:
    """Stop speaking at once; what follows already closes the response."""


@dataclass(frozen=True, slots=True)
class Close:
    """Close the connection; None closes without a status code."""

    code: int | None = 1000
    reason: str = ""
    abruptly: bool = False
    """Reset it without a closing handshake."""


Action = Send | Speak | Stop | Close
