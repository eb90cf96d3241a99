"""Checks of the stage conformance: which events come, how often and in what order.

Source: https://help.aliyun.com/zh/model-studio/qwen-tts-realtime-server-events and
https://help.aliyun.com/zh/model-studio/interactive-process-of-qwen-tts-realtime-synthesis
"""

from __future__ import annotations

from collections.abc import Iterator

from ttsgate.judgement.frames import Frame, ResponseView
from ttsgate.judgement.problems import problem
from ttsgate.judgement.registry import NotApplicable, Problem, check
from ttsgate.judgement.views import SessionView

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


_ANSWERS = {
    "session.updated": "session.update",
    "input_text_buffer.committed": "input_text_buffer.commit",
    "input_text_buffer.cleared": "input_text_buffer.clear",
}
"""Event that acknowledges, and what it acknowledges."""


@check(
    "P-unasked",
    sentence="Nothing is acknowledged more often than it was asked for.",
    why="Clients count answers to know what is in force and which text is being spoken. What server_commit commits by "
    "itself is left out: whether it is announced is not documented.",
    stage="conformance",
    severity="warn",
    levels=("frames",),
    needs=("C-open",),
)
def _unasked(view: SessionView) -> Iterator[Problem]:
    for answer, question in _ANSWERS.items():
        if answer == "input_text_buffer.committed" and view.asked.mode != "commit":
            continue
        came, asked = view.of(answer), len(view.sent(question))
        if len(came) > asked:
            yield problem(view, f"{len(came)} {answer} for {asked} {question}", came[asked])


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
    "P-error-event",
    sentence="The service sends no error event in a session that breaks no rule.",
    why="An error beside a finished session means that something was not done.",
    stage="conformance",
    needs=("C-finished",),
)
def _error_event(view: SessionView) -> Iterator[Problem]:
    for frame in view.of("error"):
        code, message = frame.error
        yield problem(view, f"error event {code}: {message}", frame, message, cause="service.error")
