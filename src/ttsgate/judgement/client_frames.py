"""Checks on a program: what it sends, in which order, and what it waits for."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

from ttsgate.judgement.registry import NotApplicable, Problem, check
from ttsgate.judgement.trials import APPEND, CLIENT_EVENTS, COMMIT, FINISH, Connection, TrialView

__all__: list[str] = []

_EVENTS = "https://help.aliyun.com/en/model-studio/qwen-tts-realtime-client-events"
_RANGES: dict[str, tuple[float, float]] = {"speech_rate": (0.5, 2), "pitch_rate": (0.5, 2), "volume": (0, 100)}
_CHOICES = {"mode": ("server_commit", "commit"), "response_format": ("pcm", "wav", "mp3", "opus")}


def _problem(one: Connection, message: str, frame: int | None, quote: Any = None, *, cause: str = "") -> Problem:
    words = None if quote is None else quote if isinstance(quote, str) else json.dumps(quote, ensure_ascii=False)
    return Problem(f"{one.id}: {message}", (one.where(frame, words),), cause=cause or "client.protocol", party="client")


def _open(view: TrialView) -> list[Connection]:
    """Connections whose handshake was accepted."""
    found = [c for c in view.connections if c.upgraded]
    if not found:
        raise NotApplicable
    return found


def _spoken(view: TrialView) -> list[Connection]:
    """The connections that count, where all of the speech was to come."""
    if not view.must_be_whole or not any(c.upgraded for c in view.spoken):
        raise NotApplicable
    return view.spoken


@check(
    "B-asked",
    sentence="The program asks for the model and the voice that it was given.",
    why="A model that is built in cannot be exchanged on the day on which it is retired.",
    stage="client",
    subject="trial",
    severity="warn",
    levels=(),
    needs=("B-connects",),
)
def _asked(view: TrialView) -> Iterator[Problem]:
    for one in _open(view):
        models = parse_qs(urlsplit(one.url).query).get("model", [])
        if models != [view.record.model]:
            yield _problem(
                one, f"asks for model {', '.join(models) or '(none)'}, given {view.record.model}", 0, one.url
            )
        for number, entry in one.sent_of("session.update"):
            session = (entry.event or {}).get("session")
            voice = session.get("voice") if isinstance(session, dict) else None
            if voice is not None and voice != view.record.voice:
                yield _problem(one, f"asks for voice {voice!r}, given {view.record.voice!r}", number)


@check(
    "B-frames",
    sentence="Every frame is text and holds one event that a client may send.",
    why=f"The protocol is JSON in text frames, six types of them; {_EVENTS}",
    stage="client",
    subject="trial",
    levels=(),
    needs=("B-connects",),
)
def _frames(view: TrialView) -> Iterator[Problem]:
    for one in _open(view):
        for number, entry in one.sent:
            if entry.binary is not None:
                yield _problem(one, "a binary frame", number, entry.binary)
            elif entry.event is None:
                yield _problem(one, "a text frame that holds no JSON object", number, entry.raw)
            elif entry.type not in CLIENT_EVENTS:
                yield _problem(one, f"an event of type {entry.event.get('type')!r}", number)


@check(
    "B-fields",
    sentence="Events carry what belongs to them, within its range.",
    why=f"An append whose text stands under another name is accepted by nobody, and no audio comes; {_EVENTS}",
    stage="client",
    subject="trial",
    levels=(),
    needs=("B-frames",),
)
def _fields(view: TrialView) -> Iterator[Problem]:
    for one in _open(view):
        for number, entry in one.sent:
            event = entry.event or {}
            if entry.type == APPEND and not isinstance(event.get("text"), str):
                yield _problem(one, "an append without a string `text`", number, event)
            elif entry.type == "session.update":
                session = event.get("session")
                if not isinstance(session, dict):
                    yield _problem(one, "session.update without an object `session`", number, event)
                    continue
                for name, wrong in _wrong_settings(session):
                    yield _problem(one, f"session.{name} is {wrong!r}", number)


def _wrong_settings(session: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in session.items():
        if value is None:
            continue
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if name in _RANGES and not (number and _RANGES[name][0] <= value <= _RANGES[name][1]):
            yield name, value
        elif name in _CHOICES and value not in _CHOICES[name]:
            yield name, value
        elif (name == "sample_rate" and not number) or (name == "voice" and not isinstance(value, str)):
            yield name, value


@check(
    "B-event-id",
    sentence="Every event has an event_id of its own.",
    why="Errors name the event that they answer by it; documented as required, though the service bears it missing; "
    f"{_EVENTS}",
    stage="client",
    subject="trial",
    severity="warn",
    levels=(),
    needs=("B-frames",),
)
def _event_id(view: TrialView) -> Iterator[Problem]:
    for one in _open(view):
        seen: set[str] = set()
        for number, entry in one.sent:
            value = (entry.event or {}).get("event_id")
            if not isinstance(value, str) or not value:
                yield _problem(one, f"{entry.type} without event_id", number)
            elif value in seen:
                yield _problem(one, f"event_id {value!r} for the second time", number)
            else:
                seen.add(value)


@check(
    "B-waits",
    sentence="No text is sent before session.created has come.",
    why="Until then there is no session that could take it; whether the service keeps what comes earlier is "
    "written nowhere. The vendor's SDKs do not wait either: a warning.",
    stage="client",
    subject="trial",
    severity="warn",
    levels=(),
    needs=("B-connects",),
)
def _waits(view: TrialView) -> Iterator[Problem]:
    for one in _open(view):
        early = one.first("out", APPEND, COMMIT, FINISH)
        created = one.first("in", "session.created")
        if early is not None and (created is None or early < created):
            kind = one.transcript.entries[early].type
            yield _problem(one, f"{kind} before session.created was sent", early)


@check(
    "B-refused",
    sentence="The service has no error for anything that the program sends.",
    why="In this scenario the service is in order: an error event answers a request that is not.",
    stage="client",
    subject="trial",
    levels=(),
    needs=("B-connects",),
)
def _refused(view: TrialView) -> Iterator[Problem]:
    if view.record.faults:
        raise NotApplicable
    for one in _open(view):
        for number, entry in enumerate(one.transcript.entries):
            if entry.dir == "in" and entry.type == "error":
                error = (entry.event or {}).get("error")
                told = error if isinstance(error, dict) else {}
                yield _problem(one, f"answered with {told.get('code')}: {told.get('message')}", number)
    for one in view.connections:
        refused = one.note("refused")
        if refused is not None:
            yield _problem(one, f"its handshake was refused with {refused.get('status')}", None)


@check(
    "B-text",
    sentence="The service gets the whole text, once, as it was given.",
    why="Quotation marks, line breaks and letters outside of ASCII are where text is lost on its way into JSON.",
    stage="client",
    subject="trial",
    levels=(),
    needs=("B-connects", "B-fields"),
)
def _text(view: TrialView) -> Iterator[Problem]:
    spoken = _spoken(view)
    given, sent = view.record.text, "".join(c.text for c in spoken)
    if _bare(given) == _bare(sent):
        return
    one = spoken[-1]
    frame = one.first("out", APPEND)
    if not sent:
        yield _problem(one, "no text was sent", frame)
    elif _bare(sent) == _bare(given) * 2:
        yield _problem(one, "the text was sent twice", frame)
    else:
        yield _problem(one, f"{len(sent)} characters were sent, {len(given)} given, and they differ", frame, sent)


def _bare(text: str) -> str:
    """Where a client cuts text, it may move white space."""
    return "".join(text.split())


@check(
    "B-finish",
    sentence="The program says session.finish when it has sent its text, once.",
    why="What the service still holds is spoken then; without it the last sentence may never come, and the session "
    f"stays open until it times out; {_EVENTS}",
    stage="client",
    subject="trial",
    levels=(),
    needs=("B-connects",),
)
def _finish(view: TrialView) -> Iterator[Problem]:
    for one in _spoken(view):
        count = len(one.sent_of(FINISH))
        if count == 0 and one.text:
            yield _problem(one, "text was sent, session.finish never", None)
        elif count > 1:
            yield _problem(one, f"session.finish {count} times", one.sent_of(FINISH)[1][0])


@check(
    "B-after-finish",
    sentence="Nothing is sent after session.finish.",
    why=f"The session takes no more text then; {_EVENTS}",
    stage="client",
    subject="trial",
    levels=(),
    needs=("B-connects",),
)
def _after_finish(view: TrialView) -> Iterator[Problem]:
    for one in _open(view):
        finish = one.first("out", FINISH)
        for number, entry in one.sent:
            if finish is not None and number > finish and entry.type != FINISH:
                yield _problem(one, f"{entry.type or 'a frame'} after session.finish", number)


@check(
    "B-stays",
    sentence="The program stays until session.finished has come.",
    why="Neither response.audio.done nor response.done is the end: more responses may follow; session.finished is.",
    stage="client",
    subject="trial",
    levels=(),
    needs=("B-connects", "B-ends"),
)
def _stays(view: TrialView) -> Iterator[Problem]:
    for one in _spoken(view):
        closed = one.note("closed") or {}
        if one.finished or closed.get("by") != "client" or one.first("out", FINISH) is None:
            continue
        last = [e.type for e in one.transcript.entries if e.dir == "in" and e.type]
        if view.record.expects == "either":
            continue  # session.finished was not going to come
        yield _problem(
            one,
            f"it left before session.finished; the last event was {last[-1] if last else 'none'}",
            len(one.transcript.entries) - 1,
        )


@check(
    "B-empty-commit",
    sentence="Nothing is committed where nothing was appended.",
    why=f"Committing an empty buffer is documented as an error; {_EVENTS}",
    stage="client",
    subject="trial",
    levels=(),
    needs=("B-connects",),
)
def _empty_commit(view: TrialView) -> Iterator[Problem]:
    for one in _open(view):
        waiting = False
        for number, entry in one.sent:
            if entry.type == APPEND:
                waiting = True
            elif entry.type == COMMIT:
                if not waiting:
                    yield _problem(one, "a commit with nothing appended before it", number)
                waiting = False
            elif entry.type == "input_text_buffer.clear":
                waiting = False
