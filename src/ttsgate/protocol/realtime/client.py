"""The client's side of one realtime session, without I/O: events in, events to send out.

The reference order is the careful one: settings go out when ``session.created`` was read, text
when ``session.updated`` was read, the next text when the response before it was done.  A client
in production may pipeline; a reference must show which answer belongs to which request.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ttsgate.protocol.realtime import events
from ttsgate.protocol.realtime.events import Event

__all__ = ["ClientSession"]


class ClientSession:
    """Drives one session from ``session.created`` to ``session.finished``.

    Args:
        settings: The ``session`` object of ``session.update``.
        texts: One text per utterance; in ``commit`` mode each is committed by itself and the next
            waits for the response, in ``server_commit`` mode all are appended one after another.
        event_id: Gives a fresh ``event_id`` at each call.
    """

    def __init__(self, settings: dict[str, Any], texts: Sequence[str], *, event_id: Callable[[], str]) -> None:
        self._settings = settings
        self._texts = list(texts)
        self._event_id = event_id
        self._commit = settings.get("mode") == "commit"
        self.waiting_for = "session.created"
        """Type of the event that the session cannot go on without; for messages and deadlines."""
        self.finished = False
        """``session.finished`` was read: nothing more follows but the close."""
        self.error: dict[str, Any] | None = None
        """The ``error`` object of the first error event."""

    def receive(self, event: Event) -> list[Event]:
        """Take one server event; return what to send next."""
        kind = event.get("type")
        if kind == "error":
            error = event.get("error")
            self.error = self.error or (error if isinstance(error, dict) else {"message": str(error)})
        elif kind == "session.created" and self.waiting_for == kind:
            self.waiting_for = "session.updated"
            return [events.update_session(self._event_id(), self._settings)]
        elif kind == "session.updated" and self.waiting_for == kind:
            return self._speak()
        elif kind == "response.done" and self.waiting_for == kind:
            return self._speak()
        elif kind == "session.finished":
            self.finished = True
            self.waiting_for = "close"
        return []

    def _speak(self) -> list[Event]:
        out: list[Event] = []
        while self._texts:
            out.append(events.append_text(self._event_id(), self._texts.pop(0)))
            if self._commit:
                self.waiting_for = "response.done"
                return [*out, events.commit_text(self._event_id())]
        self.waiting_for = "session.finished"
        return [*out, events.finish_session(self._event_id())]
