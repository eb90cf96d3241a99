"""The service's side of one session, without I/O: messages in, actions out.

Who drives it sends what it says, speaks when it asks, and reports back; it never reads a
clock, a socket or a random source.  What the documentation leaves open is decided by `Rules`.
Sources: the vendor's client-event and server-event pages (see `events`).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

import msgspec

from ttsgate import catalog
from ttsgate.protocol.realtime import events
from ttsgate.protocol.realtime.actions import Action, Close, Segment, Send, Speak, Stop
from ttsgate.protocol.realtime.events import Event
from ttsgate.protocol.realtime.segments import cut_segment
from ttsgate.protocol.realtime.settings import Refusal, Rules, Settings, read_settings

__all__ = [
    "LATE_UPDATE",
    "Action",
    "Close",
    "Refusal",
    "Rules",
    "Segment",
    "Send",
    "ServerSession",
    "Settings",
    "Speak",
    "Stop",
]

LATE_UPDATE = "Session update error: session already started or finished or failed."
"""Documented text for a session.update that comes too late."""


Allow = Callable[[str], Refusal | None]
Spend = Callable[[int], Refusal | None]


def _allow_all(_: object) -> None:
    return None


@dataclass(slots=True)
class ServerSession:
    """State of one session.

    Args:
        model: Model string of the query, repeated in ``session.created``.
        new_id: Gives a fresh id for a prefix, e.g. ``new_id("event_")``.
        voice: Says why a voice cannot be used, if so.
        spend: Says why that many more characters cannot be spoken, if so; called once a segment.
        rules: Model traits and undocumented choices.
    """

    model: str
    new_id: Callable[[str], str]
    voice: Allow = _allow_all
    spend: Spend = _allow_all
    rules: Rules = field(default_factory=Rules)
    settings: Settings = field(default_factory=Settings)
    id: str = ""
    speaking: Segment | None = None
    """The segment that is being spoken."""
    closed: bool = False
    """Nothing more is said."""
    failed: bool = False
    """Refused for good: only ``session.finish`` is still heard."""
    responses: int = 0
    """Responses begun or queued so far."""
    _buffer: list[str] = field(default_factory=list)
    _buffered: int = 0
    _queue: deque[Segment] = field(default_factory=deque)
    _joining: Segment | None = None
    """The last segment of a response that more text will join."""
    _spent: int = 0
    _heard_s: float = 0.0
    _started: bool = False
    _finishing: bool = False
    _voice_checked: str | None = None
    _cause: str | None = None

    # -- what the driver calls ---------------------------------------------------------------

    def open(self) -> list[Action]:
        """The connection stands."""
        self.id = self.new_id("sess_")
        shown = self._shown("object", "mode", "model", "voice", "response_format", "sample_rate", "id")
        return [Send(events.session_created(self._event_id(), shown))]

    @property
    def idle(self) -> bool:
        """True while the session waits for its client."""
        return self.speaking is None and not self._queue and not self.closed

    def receive(self, message: str | bytes) -> list[Action]:
        """A text frame came."""
        if self.closed:
            return []
        try:
            event = msgspec.json.decode(message)
        except (msgspec.MsgspecError, UnicodeError, RecursionError):
            return self._malformed("Invalid JSON.")
        if not isinstance(event, dict):
            return self._malformed("A JSON object is expected.")
        return self.handle(event)

    def receive_binary(self, size: int) -> list[Action]:
        """A binary frame of `size` bytes came; the protocol has none in this direction."""
        if self.closed:
            return []
        return self._error("invalid_value", f"Binary frames are not supported ({size} bytes).")

    def handle(self, event: Event) -> list[Action]:
        """A client event came."""
        if self.closed:
            return []
        identity = event.get("event_id")
        self._cause = identity if isinstance(identity, str) else None
        kind = event.get("type")
        try:
            match kind:
                case "session.update":
                    return self._update(event.get("session"))
                case "session.finish":
                    return self._finish()
                case "input_text_buffer.append" | "input_text_buffer.commit" | "input_text_buffer.clear":
                    if self.failed:
                        return []
                    if self._finishing:
                        return self._error("invalid_value", "Session already finished: no more text may follow.")
                    if kind == "input_text_buffer.append":
                        return self._append(event.get("text"))
                    return self._commit() if kind == "input_text_buffer.commit" else self._clear()
                case "response.cancel":
                    return self._cancel()
                case str():
                    return self._error("invalid_value", f"Unknown event type '{kind[:80]}'.")
                case _:
                    return self._error("invalid_value", "The event has no type.")
        finally:
            self._cause = None

    def audio(self, segment: Segment, delta: str) -> Event:
        """The event that carries a piece of audio of `segment`, Base64."""
        return events.audio_delta(self._event_id(), segment.response_id, segment.item_id, delta)

    def spoken(self, segment: Segment, *, audio_s: float, status: str = "completed") -> list[Action]:
        """`segment` was spoken to its end (or `status` says how far)."""
        if self.speaking is not segment:
            return []
        self.speaking = None
        self._heard_s += audio_s
        return [*(self._ending(segment, status=status) if segment.last else []), *self._advance()]

    def broke(self, refusal: Refusal, *, audio_s: float = 0.0) -> list[Action]:
        """Speaking failed: says so and ends the response as ``failed``."""
        segment, self.speaking = self.speaking, None
        if segment is None:
            return []
        said = self._error(refusal.code, refusal.message)
        self._heard_s += audio_s
        self._leave(segment)
        return [*said, *self._ending(segment, status="failed"), *self._advance()]

    def time_out(self, seconds: int, *, announce: bool) -> list[Action]:
        """The client was silent for `seconds`."""
        if self.closed:
            return []
        said = self._error("InvalidParameter", f"request timeout after {seconds} seconds.") if announce else []
        self.closed = True
        return [*(a for a in said if isinstance(a, Send)), Close(1000)]

    def fail(self, refusal: Refusal) -> list[Action]:
        """Refuse everything from now on."""
        self.failed = True
        self._buffer.clear()
        self._buffered = 0
        self._queue.clear()
        self._joining = None
        return self._error(refusal.code, refusal.message)

    # -- client events -----------------------------------------------------------------------

    def _update(self, session: object) -> list[Action]:
        late = self._finishing or self.failed or self._underway is not None
        if late or (self.rules.late_update == "once-started" and self._started):
            return self._error("invalid_value", LATE_UPDATE)
        if not isinstance(session, dict):
            return self._reject(Refusal("invalid_value", "Session update error: session must be an object."))
        settings = read_settings(session, self.settings, self.rules)
        if isinstance(settings, Refusal):
            return self._reject(settings)
        if self.rules.voice_check == "update" and "voice" in session:
            refusal = self.voice(settings.voice)
            if refusal is not None:
                return self._reject(refusal)
            self._voice_checked = settings.voice
        self.settings = settings
        keys = ["id", "object", "model", "voice", "language_type", "mode", "response_format", "sample_rate"]
        if self.rules.echo == "all":
            keys += ["speech_rate", "volume", "pitch_rate", "bit_rate", "instructions", "optimize_instructions"]
        return [Send(events.session_updated(self._event_id(), self._shown(*keys))), *self._cut()]

    def _append(self, text: object) -> list[Action]:
        if not isinstance(text, str):
            if self.rules.append_without_text == "ignored":
                return []
            return self._error("invalid_value", "input_text_buffer.append needs a string 'text'.")
        if self._buffered + len(text) > self.rules.max_buffered_text:
            return self._error("invalid_value", f"More than {self.rules.max_buffered_text} characters are waiting.")
        if text:
            self._buffer.append(text)
            self._buffered += len(text)
        return self._cut()

    def _commit(self) -> list[Action]:
        if len(self._queue) >= self.rules.max_queued:
            return self._error("invalid_value", f"More than {self.rules.max_queued} responses are waiting.")
        text = self._take()
        if not text.strip() and self._joining is None:
            if self.rules.empty_commit == "ignored":
                return []
            return self._error("invalid_value", "Input text buffer is empty.")
        return [self._committed(self._new_segment(text, announced=True)), *self._advance()]

    def _clear(self) -> list[Action]:
        self._take()
        return [Send(events.buffer_cleared(self._event_id()))]

    def _finish(self) -> list[Action]:
        if self._finishing:
            return []
        self._finishing = True
        text = self._take()
        if not self.failed and (text.strip() or self._joining is not None):
            self._new_segment(text, announced=not text.strip())
        return self._advance()

    def _cancel(self) -> list[Action]:
        segment = self.speaking or self._joining
        if segment is None or self.rules.cancel == "ignored":
            return []
        stop: list[Action] = [Stop()] if self.speaking is not None else []
        self.speaking = None
        self._leave(segment)
        return [*stop, *self._ending(segment, status="incomplete"), *self._advance()]

    # -- responses ---------------------------------------------------------------------------

    @property
    def _underway(self) -> Segment | None:
        return self.speaking or self._joining or (self._queue[0] if self._queue else None)

    def _cut(self) -> list[Action]:
        """In server_commit, start what is long enough."""
        if self.settings.mode != "server_commit" or self.rules.segmentation == "none" or not self._buffer:
            return []
        text = "".join(self._buffer)
        rules, weigh = self.rules, catalog.count_characters
        least, most = rules.segment_min, rules.segment_max
        while len(self._queue) < rules.max_queued:
            cut = cut_segment(text, kind=rules.segmentation, least=least, most=most, weigh=weigh)
            if cut is None:
                break
            self._new_segment(cut[0], announced=False, last=rules.auto_responses == "separate")
            text = cut[1]
        self._buffer, self._buffered = [text], len(text)
        return self._advance()

    def _take(self) -> str:
        text = "".join(self._buffer)
        self._buffer.clear()
        self._buffered = 0
        return text

    def _new_segment(self, text: str, *, announced: bool, last: bool = True) -> Segment:
        self._started = True
        before = self._joining
        self.responses += before is None
        segment = Segment(
            text=text,
            settings=self.settings,
            response_id=before.response_id if before else self.new_id("resp_"),
            item_id=before.item_id if before else self.new_id("item_"),
            characters=catalog.count_characters(text),
            index=self.responses,
            announced=announced or not self.rules.auto_committed,
            first=before is None,
            last=last,
        )
        self._joining = None if last else segment
        self._queue.append(segment)
        return segment

    def _leave(self, segment: Segment) -> None:
        """Forget what else was to be spoken in the response of `segment`."""
        self._queue = deque(s for s in self._queue if s.response_id != segment.response_id)
        if self._joining is not None and self._joining.response_id == segment.response_id:
            self._joining = None

    def _advance(self) -> list[Action]:
        """Begin the next response, or end the session when nothing is left."""
        if self.speaking is not None or self.closed:
            return []
        if self._queue:
            refusal = self._refusal(self._queue[0])
            segment = self._queue.popleft()
            if refusal is not None:
                said = self.fail(refusal)
                begun = [] if segment.first else self._ending(segment, status="failed")
                return [*said, *begun, *self._advance()]
            self.speaking = segment
            if segment.first:
                self._spent, self._heard_s = 0, 0.0
            self._spent += segment.characters
            return [
                *([] if segment.announced else [self._committed(segment)]),
                *self._beginning(segment),
                Speak(segment),
            ]
        if self._finishing:
            self.closed = True
            return [Send(events.session_finished(self._event_id())), Close(1000)]
        return []

    def _beginning(self, segment: Segment) -> list[Action]:
        if not segment.first:
            return []
        response, item = segment.response_id, segment.item_id
        return [
            Send(events.response_created(self._event_id(), response, segment.settings.voice)),
            Send(events.output_item_added(self._event_id(), response, item)),
            Send(events.content_part_added(self._event_id(), response, item)),
        ]

    def _refusal(self, segment: Segment) -> Refusal | None:
        if segment.settings.voice != self._voice_checked:
            refusal = self.voice(segment.settings.voice)
            if refusal is not None:
                return refusal
            self._voice_checked = segment.settings.voice
        return self.spend(segment.characters)

    def _committed(self, segment: Segment) -> Send:
        item = segment.item_id if self.rules.committed_item == "id" else ""
        return Send(events.buffer_committed(self._event_id(), item))

    def _ending(self, segment: Segment, *, status: str) -> list[Action]:
        response, item = segment.response_id, segment.item_id
        done = events.response_done(
            self._event_id(),
            response,
            item,
            status=status,
            voice=segment.settings.voice,
            usage=self._usage(),
        )
        if self.rules.done_response_id:
            done["response_id"] = response
        return [
            Send(events.audio_done(self._event_id(), response, item)),
            Send(events.content_part_done(self._event_id(), response, item)),
            Send(events.output_item_done(self._event_id(), response, item, status)),
            Send(done),
        ]

    def _usage(self) -> dict[str, Any]:
        if not self.rules.counts_tokens:
            return {"characters": self._spent}
        # The legacy model bills 50 audio tokens a second, at least 50.
        heard, read = max(50, round(self._heard_s * 50)), max(1, self._spent // 2)
        return {
            "total_tokens": read + heard,
            "input_tokens": read,
            "output_tokens": heard,
            "input_tokens_details": {"text_tokens": read},
            "output_tokens_details": {"text_tokens": 0, "audio_tokens": heard},
        }

    # -- settings ----------------------------------------------------------------------------

    def _reject(self, refusal: Refusal) -> list[Action]:
        if self.rules.rejected_update == "fails-session":
            return self.fail(refusal)
        return self._error(refusal.code, refusal.message)

    def _shown(self, *keys: str) -> dict[str, Any]:
        known = {**asdict(self.settings), "object": "realtime.session", "model": self.model, "id": self.id}
        return {key: known[key] for key in keys}

    # -- errors ------------------------------------------------------------------------------

    def _malformed(self, message: str) -> list[Action]:
        if self.rules.malformed_json == "close-1007":
            self.closed = True
            return [Close(1007, message)]
        return self._error("invalid_value", message)

    def _error(self, code: str, message: str) -> list[Action]:
        detail: dict[str, Any] = {}
        if self.rules.error_detail == "full":
            detail = {"type": "invalid_request_error", "param": None, "event_id": self._cause}
        said: list[Action] = [Send(events.error(self._event_id(), code, message, **detail))]
        if self.rules.after_error == "close":
            self.closed = True
            said.append(Close(1000))
        return said

    def _event_id(self) -> str:
        return self.new_id("event_")
