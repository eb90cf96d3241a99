"""Events of a transcript as rules read them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

__all__ = ["Frame", "ResponseView"]


@dataclass(frozen=True, slots=True)
class Frame:
    """One event that came from the service."""

    number: int
    """Entry number in the transcript, 0-based."""
    t: float
    """Seconds on the session's clock."""
    type: str
    """Its ``type``, empty when that is missing or no string."""
    event: dict[str, Any]
    """The event."""

    def get(self, *path: str | int) -> Any:
        """The value at that path, None when there is nothing."""
        here: Any = self.event
        for step in path:
            if isinstance(here, dict) and isinstance(step, str):
                here = here.get(step)
            elif isinstance(here, list) and isinstance(step, int) and -len(here) <= step < len(here):
                here = here[step]
            else:
                return None
        return here

    @property
    def error(self) -> tuple[str | None, str | None]:
        """Code and message of an error event, also where they stand at its top or the error is a mere string."""
        error = self.event.get("error")
        inside = error if isinstance(error, dict) else self.event
        code, message = (inside.get(name) for name in ("code", "message"))
        if isinstance(error, str):
            message = error
        return _word(code), _word(message)


def _word(value: object) -> str | None:
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) and value != "" else None


@dataclass(frozen=True, slots=True)
class ResponseView:
    """The events from one ``response.created`` up to the next."""

    number: int
    """0-based."""
    created: Frame | None
    """None for events that came before any ``response.created``."""
    frames: tuple[Frame, ...]
    """All ``response.*`` events of it in order, `created` included."""

    def of(self, *types: str) -> list[Frame]:
        """Its events of these types."""
        return [f for f in self.frames if f.type in types]

    @property
    def done(self) -> Frame | None:
        """Its ``response.done``."""
        return next(iter(self.of("response.done")), None)
