"""What a check on a program is given: the connections that it made as the service saw them, and what it left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ttsgate.result.record import Evidence
from ttsgate.result.transcript import Entry, Transcript
from ttsgate.result.trials import TrialRecord

__all__ = ["CLIENT_EVENTS", "Connection", "TrialView"]

APPEND = "input_text_buffer.append"
COMMIT = "input_text_buffer.commit"
FINISH = "session.finish"
CLIENT_EVENTS = frozenset(
    ("session.update", APPEND, COMMIT, "input_text_buffer.clear", FINISH, "response.cancel"),
)
"""What a client may send; https://help.aliyun.com/en/model-studio/qwen-tts-realtime-client-events, and
``response.cancel``, which both vendor SDKs can send."""
QUOTE = 160


@dataclass
class Connection:
    """One connection of the program."""

    transcript: Transcript
    """As the service saw it: ``out`` came from the program."""

    @property
    def id(self) -> str:
        """Our id of it."""
        return self.transcript.session

    @cached_property
    def sent(self) -> list[tuple[int, Entry]]:
        """Frames from the program with their entry numbers."""
        return [(n, e) for n, e in enumerate(self.transcript.entries) if e.dir == "out"]

    def sent_of(self, *types: str) -> list[tuple[int, Entry]]:
        """Events from the program of these types."""
        return [(n, e) for n, e in self.sent if e.type in types]

    def first(self, way: str, *types: str) -> int | None:
        """Entry number of the first event of these types that went that way."""
        return next(
            (n for n, e in enumerate(self.transcript.entries) if e.dir == way and e.type in types),
            None,
        )

    def note(self, name: str) -> dict[str, Any] | None:
        """Facts of the first note of that name, None when there is none."""
        return next((e.data or {} for e in self.transcript.notes(name)), None)

    @property
    def url(self) -> str:
        """Path and query that were asked for."""
        return str((self.note("dial") or {}).get("url", ""))

    @property
    def upgraded(self) -> bool:
        """Whether the handshake was accepted."""
        return self.note("upgraded") is not None

    @cached_property
    def finished(self) -> bool:
        """Whether ``session.finished`` was sent to the program."""
        return self.first("in", "session.finished") is not None

    @cached_property
    def reasons(self) -> list[str]:
        """What the service gave as its reason: codes and words of error events, close code and words, status."""
        found: list[str] = []
        for entry in self.transcript.received("error"):
            error = (entry.event or {}).get("error")
            found += [str(error.get(n) or "") for n in ("code", "message")] if isinstance(error, dict) else []
        refused, closed = self.note("refused"), self.note("closed") or {}
        if refused is not None and (status := int(refused.get("status") or 0)) >= 400:
            found.append(str(status))
        if closed.get("by") == "service" and closed.get("code") not in (None, 1000, 1006):
            found += [str(closed.get("code")), str(closed.get("reason") or "")]
        return found

    @cached_property
    def settings(self) -> dict[str, Any]:
        """Settings in force as the service confirmed them last."""
        found: dict[str, Any] = {}
        for entry in self.transcript.received("session.created", "session.updated"):
            session = (entry.event or {}).get("session")
            found = session if isinstance(session, dict) else found
        return found

    @cached_property
    def audio(self) -> bytes:
        """Everything that was sent to the program, decoded delta by delta."""
        return self.transcript.audio()

    @cached_property
    def text(self) -> str:
        """Everything that the program asked to be said, without what it cleared."""
        said: list[str] = []
        waiting: list[str] = []
        for _, entry in self.sent:
            value = (entry.event or {}).get("text")
            if entry.type == APPEND and isinstance(value, str):
                waiting.append(value)
            elif entry.type in (COMMIT, FINISH):
                said, waiting = said + waiting, []
            elif entry.type == "input_text_buffer.clear":
                waiting = []
        return "".join(said + waiting)

    def where(self, number: int | None, quote: str | None = None) -> Evidence:
        """A pointer into the transcript."""
        return Evidence(file=f"transcripts/{self.id}.jsonl", frame=number, quote=quote[:QUOTE] if quote else None)


@dataclass
class TrialView:
    """One program under one scenario."""

    record: TrialRecord
    transcripts: Sequence[Transcript]
    """One a connection, in order."""
    output: bytes | None
    """What it saved; None when it saved nothing, or it was not kept."""

    @property
    def id(self) -> str:
        """Name of the scenario."""
        return self.record.id

    @cached_property
    def connections(self) -> list[Connection]:
        """Its connections, in order."""
        return [Connection(t) for t in self.transcripts]

    @property
    def ended(self) -> bool:
        """Whether it ended by itself."""
        return self.record.exit is not None

    @property
    def succeeded(self) -> bool:
        """Whether it says that all went well."""
        return self.record.exit == 0

    @property
    def must_be_whole(self) -> bool:
        """Whether everything has to have been said and kept."""
        return self.record.expects == "speech" or (self.record.expects == "either" and self.succeeded)

    @cached_property
    def spoken(self) -> list[Connection]:
        """The connections that count: those that came to their end, else the last one with audio, else the last.

        A connection that broke and was made again does not count, so that audio that is kept twice is found.
        """
        finished = [c for c in self.connections if c.finished]
        with_audio = [c for c in self.connections if c.audio]
        return finished or with_audio[-1:] or self.connections[-1:]

    def said(self) -> Evidence:
        """The program's own last words."""
        return Evidence(file=f"logs/{self.id}.err", quote=self.record.said[-QUOTE:] or None)
