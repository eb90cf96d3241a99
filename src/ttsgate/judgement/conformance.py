"""Checks of the stage conformance: session events, echo, order.  Source of the rules: protocol pages of the vendor,
https://help.aliyun.com/zh/model-studio/qwen-tts-realtime-server-events and
https://help.aliyun.com/zh/model-studio/interactive-process-of-qwen-tts-realtime-synthesis
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from ttsgate.judgement.registry import NotApplicable, Problem, check
from ttsgate.judgement.views import Frame, ResponseView, SessionView

__all__ = ["CHAIN"]

CHAIN = (
    "response.created",
    "response.output_item.added",
    "response.content_part.added",
    "response.audio.delta",
    "response.audio.done",
    "response.content_part.done",
    "response.output_item.done",
    "response.done",
)
"""Events of one response, in order; the delta repeats, the others come once."""


MAX_MESSAGE = 2**20
"""Characters; https://websockets.readthedocs.io/en/stable/reference/asyncio/client.html, ``max_size``."""


def problem(
    view: SessionView, message: str, frame: Frame | int | None, quote: Any = None, *, cause: str = ""
) -> Problem:
    """A broken rule of the protocol, with the frame that breaks it."""
    return Problem(message, (view.where(frame, quote=quote),), cause=cause or "service.protocol", party="service")


@check(
    "P-text-frames",
    sentence="Every message from the service is a text frame that holds one JSON object.",
    why="The official SDK logs an error on a binary frame and raises inside its callback on anything else.",
    stage="conformance",
    levels=("frames",),
    needs=("C-open",),
)
def _text_frames(view: SessionView) -> Iterator[Problem]:
    for number, entry in enumerate(view.transcript.entries):
        if entry.dir == "in" and entry.raw is not None:
            yield problem(view, f"text frame {number} holds no JSON object", number, entry.raw)
        elif entry.dir == "in" and entry.binary is not None:
            yield problem(view, f"frame {number} is binary", number)
        elif entry.dir == "in" and entry.event is not None and _holds_no_number(entry.event):
            yield problem(view, f"frame {number} holds NaN or Infinity, which JSON does not have", number)


def _holds_no_number(value: Any, depth: int = 0) -> bool:
    if isinstance(value, float):
        return not math.isfinite(value)
    if depth > 8:
        return False
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return any(_holds_no_number(v, depth + 1) for v in inside)


@check(
    "P-frame-size",
    sentence="No message is larger than 1 MiB.",
    why="It is the default limit of the common websocket libraries, which drop the connection on a larger one; "
    "documented deltas are a few kilobytes.",
    stage="conformance",
    levels=("frames",),
    needs=("C-open",),
)
def _frame_size(view: SessionView) -> Iterator[Problem]:
    for number, entry in enumerate(view.transcript.entries):
        if entry.dir != "in":
            continue
        size = len(entry.raw or entry.binary or "") + _length(entry.event)
        if size > MAX_MESSAGE:
            yield problem(view, f"frame {number} holds {size / 2**20:.1f} MiB", number)


def _length(value: Any) -> int:
    """Characters of the strings in a value: what its JSON has at least."""
    if isinstance(value, str):
        return len(value)
    if isinstance(value, dict):
        return sum(_length(k) + _length(v) for k, v in value.items())
    return sum(_length(v) for v in value) if isinstance(value, list) else 0


@check(
    "P-first-event",
    sentence="The first event is session.created.",
    why="Clients take the session's id and defaults from it. session.updated may race with it, as a production client "
    "notes (https://github.com/Project-N-E-K-O/N.E.K.O), so that it is accepted in its place.",
    stage="conformance",
    needs=("C-open",),
)
def _first_event(view: SessionView) -> Iterator[Problem]:
    first = view.frames[0]
    if first.type not in ("session.created", "session.updated"):
        yield problem(view, f"the first event is {first.type!r}, not session.created", first)
    created = view.of("session.created")
    if len(created) > 1:
        yield problem(view, f"session.created came {len(created)} times", created[1])


@check(
    "P-session-model",
    sentence="session.created names the model that was asked for.",
    why="The model is chosen by the query alone; another name here means that something else will speak.",
    stage="conformance",
    needs=("C-open",),
)
def _session_model(view: SessionView) -> Iterator[Problem]:
    for frame in view.of("session.created", "session.updated"):
        named = frame.get("session", "model")
        if named is not None and named != view.transcript.model:
            yield problem(
                view,
                f"{frame.type} names model {named!r}, asked was {view.transcript.model!r}",
                frame,
                named,
                cause="service.setting",
            )


@check(
    "P-session-updated",
    sentence="Every session.update is answered by session.updated.",
    why="Without the answer nobody knows which settings are in force.",
    stage="conformance",
    needs=("C-open",),
    metrics=("updated_ms",),
)
def _session_updated(view: SessionView) -> Iterator[Problem]:
    sent, answered = len(view.sent("session.update")), len(view.of("session.updated"))
    if view.of("error"):
        raise NotApplicable
    if not sent and view.level == "frames":
        raise NotApplicable
    if answered < max(sent, 1):
        yield problem(view, f"{max(sent, 1)} session.update, but {answered} session.updated", None)


def _echo(view: SessionView, key: str, asked: Any) -> Iterator[Problem]:
    updates = view.of("session.updated")
    if asked is None or not updates:
        raise NotApplicable
    frame = updates[-1]
    session = frame.get("session")
    if not isinstance(session, dict) or key not in session:
        raise NotApplicable
    told = session[key]
    same = told == asked and isinstance(told, bool) == isinstance(asked, bool)
    if not same:
        yield problem(
            view, f"asked for {key} {asked!r}, session.updated says {told!r}", frame, told, cause="service.setting"
        )


_ECHO_WHY = (
    "On models of the same endpoint the service acknowledged settings that it did not apply; what it echoes is the "
    "only thing a client can check before it is billed."
)


@check(
    "P-voice-echo",
    sentence="session.updated echoes the voice that was asked for.",
    why="A customer hears another voice than was chosen. " + _ECHO_WHY,
    stage="conformance",
    needs=("P-session-updated",),
)
def _voice_echo(view: SessionView) -> Iterator[Problem]:
    yield from _echo(view, "voice", view.asked.voice)


@check(
    "P-rate-echo",
    sentence="session.updated echoes the sample rate that was asked for.",
    why="A player set to another rate plays too fast or too slow. " + _ECHO_WHY,
    stage="conformance",
    needs=("P-session-updated",),
)
def _rate_echo(view: SessionView) -> Iterator[Problem]:
    yield from _echo(view, "sample_rate", view.asked.rate)


@check(
    "P-format-echo",
    sentence="session.updated echoes the audio format that was asked for.",
    why="A player that expects PCM plays a compressed stream as noise. " + _ECHO_WHY,
    stage="conformance",
    needs=("P-session-updated",),
)
def _format_echo(view: SessionView) -> Iterator[Problem]:
    yield from _echo(view, "response_format", view.asked.format)


@check(
    "P-mode-echo",
    sentence="session.updated echoes the commit mode that was asked for.",
    why="In the other mode text is spoken too early, or never. " + _ECHO_WHY,
    stage="conformance",
    needs=("P-session-updated",),
)
def _mode_echo(view: SessionView) -> Iterator[Problem]:
    yield from _echo(view, "mode", view.asked.mode)


@check(
    "P-setting-echo",
    sentence="Further settings that session.updated echoes (language, speed, pitch, volume, bit rate, instructions) "
    "are those that were asked for.",
    why=_ECHO_WHY,
    stage="conformance",
    needs=("P-session-updated",),
)
def _setting_echo(view: SessionView) -> Iterator[Problem]:
    asked: dict[str, Any] = {
        "language_type": view.asked.language_type,
        "speech_rate": view.asked.speech_rate,
        "pitch_rate": view.asked.pitch_rate,
        "volume": view.asked.volume,
        "bit_rate": view.asked.bit_rate,
        "instructions": view.asked.instruction if view.model.instructions else None,
    }
    said = 0
    for key, value in asked.items():
        try:
            yield from _echo(view, key, value)
            said += 1
        except NotApplicable:
            continue
    if not said:
        raise NotApplicable


@check(
    "P-committed",
    sentence="In commit mode every commit is answered by input_text_buffer.committed before its response is created.",
    why="A client counts answers to know which text is being spoken; strict clients refuse a response out of turn.",
    stage="conformance",
    levels=("frames",),
    needs=("C-open",),
)
def _committed(view: SessionView) -> Iterator[Problem]:
    if view.asked.mode != "commit" or not view.sent("input_text_buffer.commit"):
        raise NotApplicable
    seen = 0
    for frame in view.frames:
        if frame.type == "input_text_buffer.committed":
            seen += 1
        elif frame.type == "response.created":
            seen -= 1
            if seen < 0:
                yield problem(view, "response.created without an input_text_buffer.committed before it", frame)
                return


@check(
    "P-response-created",
    sentence="Every response begins with response.created.",
    why="It brings the id by which all later events are told apart.",
    stage="conformance",
    needs=("C-open",),
)
def _response_created(view: SessionView) -> Iterator[Problem]:
    if not view.responses:
        raise NotApplicable
    first = view.responses[0]
    if first.created is None:
        yield problem(view, f"{first.frames[0].type} came before any response.created", first.frames[0])
    ids = [(r.created, r.created.get("response", "id")) for r in view.responses if r.created]
    seen: set[str] = set()
    for frame, name in ids:
        if isinstance(name, str) and name in seen:
            yield problem(view, f"response.created came twice for {name}", frame, name)
        if isinstance(name, str):
            seen.add(name)


@check(
    "P-response-done",
    sentence="Every response ends with exactly one response.done.",
    why="It alone carries status and usage; a client that waits for it, as several do, hangs without it.",
    stage="conformance",
    needs=("C-open",),
    metrics=("response_ms",),
)
def _response_done(view: SessionView) -> Iterator[Problem]:
    if not view.responses:
        raise NotApplicable
    for response in view.responses:
        done = response.of("response.done")
        if len(done) > 1:
            yield problem(view, f"response {response.number + 1} has {len(done)} response.done", done[1])
        ended = (
            bool(response.of("response.audio.done", "response.output_item.done")) or response is not view.responses[-1]
        )
        if not done and (ended or view.of("session.finished")):
            yield problem(
                view, f"response {response.number + 1} ended without response.done", response.frames[-1].number
            )


@check(
    "P-chain",
    sentence="A response holds each event of its chain exactly once, the audio delta as often as needed.",
    why="Clients open and close their players on these events.",
    stage="conformance",
    needs=("P-response-created", "C-finished"),
)
def _chain(view: SessionView) -> Iterator[Problem]:
    if not view.responses:
        raise NotApplicable
    for response in view.responses:
        if _failed(response):
            continue
        for kind in CHAIN:
            if kind in ("response.created", "response.done", "response.audio.delta"):
                continue  # named by checks of their own
            found = response.of(kind)
            if not found:
                yield problem(view, f"response {response.number + 1} has no {kind}", response.frames[-1])
            elif len(found) > 1:
                yield problem(view, f"response {response.number + 1} has {len(found)} {kind}", found[1])


def _failed(response: ResponseView) -> bool:
    return response.done is not None and response.done.get("response", "status") not in ("completed", None)


@check(
    "P-order",
    sentence="The events of a response come in the documented order.",
    why="A delta after audio.done is lost by a player that has already closed.",
    stage="conformance",
    needs=("P-response-created",),
)
def _order(view: SessionView) -> Iterator[Problem]:
    if not view.responses:
        raise NotApplicable
    place = {kind: n for n, kind in enumerate(CHAIN)}
    for response in view.responses:
        highest, name = -1, ""
        for frame in response.frames:
            here = place.get(frame.type)
            if here is None:
                continue
            if here < highest:
                yield problem(view, f"{frame.type} came after {name} in response {response.number + 1}", frame)
                break
            highest, name = here, frame.type


@check(
    "P-status",
    sentence="Every response.done has the status completed.",
    why="failed and incomplete mean that part of the text was not spoken although it may be billed.",
    stage="conformance",
    needs=("P-response-done",),
)
def _status(view: SessionView) -> Iterator[Problem]:
    done = view.of("response.done")
    if not done:
        raise NotApplicable
    for frame in done:
        status = frame.get("response", "status")
        if status != "completed":
            yield problem(
                view, f"response.done has status {status!r}, not 'completed'", frame, status, cause="service.error"
            )
            return
    for frame in view.of("response.output_item.done"):
        if (status := frame.get("item", "status")) not in ("completed", None):
            yield problem(view, f"output_item.done has status {status!r} in a completed response", frame, status)


@check(
    "P-after-end",
    sentence="Nothing follows session.finished, and nothing of a response follows its response.done.",
    why="What comes after the end is heard by nobody, or turns up in the next utterance.",
    stage="conformance",
    needs=("C-open",),
)
def _after_end(view: SessionView) -> Iterator[Problem]:
    over: Frame | None = None
    for frame in view.frames:
        if over is not None:
            yield problem(view, f"{frame.type} came after session.finished", frame)
            return
        if frame.type == "session.finished":
            over = frame


@check(
    "P-close",
    sentence="After session.finished the service closes with code 1000.",
    why="Any other code makes clients report an error after a good session.",
    stage="conformance",
    levels=("frames",),
    needs=("C-finished",),
    metrics=("close_ms",),
)
def _close(view: SessionView) -> Iterator[Problem]:
    if not view.of("session.finished"):
        raise NotApplicable
    for number, note in view.notes("closed"):
        data = note.data or {}
        code = data.get("code")
        # Without a code (1005) or without a closing handshake the audio is whole all the same: P-close-handshake.
        if isinstance(code, int) and code not in (1000, 1005, 1006) and data.get("by") == "service":
            yield problem(view, f"closed with code {code} {data.get('reason')!r} after session.finished", number)


@check(
    "P-close-handshake",
    sentence="After session.finished the service closes by itself and with a closing handshake.",
    why="A socket that stays open holds one of the account's connections; one that is cut looks like a network fault.",
    stage="conformance",
    severity="warn",
    levels=("frames",),
    needs=("C-finished",),
)
def _close_handshake(view: SessionView) -> Iterator[Problem]:
    if not view.of("session.finished"):
        raise NotApplicable
    closed = next(iter(view.notes("closed")), None)
    if closed is None:
        yield problem(view, "the connection was not closed within the time we waited", None)
        return
    number, note = closed
    data = note.data or {}
    if data.get("by") == "client":
        yield problem(view, "the service left it to the client to close", number)
    elif data.get("by") == "network" or data.get("code") in (None, 1005, 1006):
        yield problem(view, f"cut without a closing handshake (code {data.get('code')})", number)


@check(
    "P-error-event",
    sentence="The service sends no error event in a session that breaks no rule.",
    why="An error beside a finished session means that something was not done.",
    stage="conformance",
    needs=("C-finished",),
)
def _error_event(view: SessionView) -> Iterator[Problem]:
    for frame in view.of("error"):
        code, message = frame.get("error", "code"), frame.get("error", "message")
        yield problem(view, f"error event {code}: {message}", frame, message, cause="service.error")
