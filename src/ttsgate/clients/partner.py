"""Who decides what our own websocket client says in a session."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from ttsgate.protocol.realtime.client import ClientSession

__all__ = ["CarefulPartner", "Partner"]

ERROR_GRACE_S = 2.0
"""How long a session may go on after an error event: protocol.md leaves open whether the service closes."""
CLOSE_GRACE_S = 3.0
"""How long the service may take to close after ``session.finished``."""


class Partner(Protocol):
    """Who decides what is said in a session, and when it is left."""

    @property
    def waiting_for(self) -> str:
        """What the session cannot go on without, for the note of a deadline."""

    @property
    def hang_up_after_s(self) -> float | None:
        """Seconds until we close: from now on where it changed, or where something was said; None to stay."""

    def receive(self, event: dict[str, Any]) -> Sequence[dict[str, Any] | str | bytes]:
        """Take one event; return what to send: events, text frames as they are, or binary frames."""


@dataclass(frozen=True)
class CarefulPartner:
    """The reference client: it stays a little after an error event, and after ``session.finished``."""

    session: ClientSession

    @property
    def waiting_for(self) -> str:
        return self.session.waiting_for

    @property
    def hang_up_after_s(self) -> float | None:
        if self.session.finished:
            return CLOSE_GRACE_S
        return ERROR_GRACE_S if self.session.error is not None else None

    def receive(self, event: dict[str, Any]) -> Sequence[dict[str, Any]]:
        return self.session.receive(event)
