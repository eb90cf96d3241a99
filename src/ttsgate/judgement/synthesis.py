"""Checks of the stages synthesis and compatibility: did the session open, did it come to its end."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from ttsgate.judgement.causes import CAUSES, cause_of_error, cause_of_step
from ttsgate.judgement.frames import Frame
from ttsgate.judgement.registry import Blocked, NotApplicable, Problem, check
from ttsgate.judgement.views import SessionView
from ttsgate.measure.pcm import read_wav
from ttsgate.result.transcript import AUDIO_DELTA, Entry

__all__: list[str] = []

MIN_AUDIO_S = 0.3
"""Shortest audio that counts as speech: one spoken syllable with its onset lasts 0.2 to 0.3 s."""


STILL_COMING_S = 2.5
"""Audio that came this shortly before we gave up was late, not stopped."""


def _problem(message: str, cause: str, view: SessionView, frame: int | None = None, quote: Any = None) -> Problem:
    return Problem(message, (view.where(frame, quote=quote),), cause=cause, party=CAUSES[cause].party)


def body_of(text: object) -> dict[str, Any]:
    """The JSON object in an HTTP body; empty when there is none.  The compatible mode wraps it in ``error``."""
    if isinstance(text, dict):
        value: Any = text
    else:
        try:
            value = json.loads(str(text))
        except (ValueError, RecursionError):
            return {}
    if isinstance(value, dict) and isinstance(value.get("error"), dict):
        value = value["error"]
    return value if isinstance(value, dict) else {}


@check(
    "C-runtime",
    sentence="The interpreter under test can import the SDK and run the stand-alone script.",
    why="An SDK that cannot be imported there fails every user of that Python; no service is to blame.",
    stage="synthesis",
    levels=("sdk-events", "http"),
)
def _runtime(view: SessionView) -> Iterator[Problem]:
    if view.runtime is None:
        raise NotApplicable
    told = view.probe.get("realtime_probe")
    told = told if isinstance(told, dict) else {}
    unusable = str(told.get("error_class")).startswith(("sdk_missing", "sdk_import", "sdk_lacks"))
    if view.runtime.error or unusable:
        words = view.runtime.error or told.get("error")
        yield _problem(f"Python {view.runtime.python}: {words}", "sdk.missing", view)
    elif not view.probe and not view.transcript.entries:
        words = (view.record.error if view.record else None) or "it gave no report and left no event"
        yield _problem(f"the stand-alone script: {words}", "script.failed", view)


@check(
    "C-open",
    sentence="The websocket handshake is accepted and the service opens a session.",
    why="Everything else needs it; a refusal is quoted with the service's own status, code and message.",
    stage="synthesis",
    needs=("C-runtime",),
    metrics=("connect_ms", "session_ms"),
)
def _open(view: SessionView) -> Iterator[Problem]:
    if view.first("session.created", "session.updated") is not None:
        return
    for number, note in view.notes("refused"):
        data = note.data or {}
        body = body_of(data.get("body"))
        code, message = _text(body.get("code")), _text(body.get("message"))
        status = data.get("status") if isinstance(data.get("status"), int) else None
        cause = cause_of_error(code, message, status, str(data.get("body") or ""))
        said = f"{code}: {message}" if code else str(data.get("body") or "no body")[:120]
        yield _problem(f"handshake refused with HTTP {status}: {said}", cause, view, number, data.get("body"))
        return
    if (error := view.first("error")) is not None:
        yield _error_event(view, error)
        return
    for number, note in view.notes("error"):
        yield _exception(view, number, note)
        return
    if view.frames or any(e.raw is not None or e.binary is not None for e in view.transcript.entries):
        number, seen = _first_message(view)
        yield _problem(f"no session.created; the service said {seen} instead", "service.nonsense", view, number, seen)
        return
    for number, note in view.notes("deadline", "closed"):
        data = note.data or {}
        if note.name == "deadline":
            waiting = data.get("waiting_for", "session.created")
            reached = view.level != "frames" or view.note("tcp") is not None
            cause = "service.hang" if reached else "network.timeout"
            words = f"nothing came within {data.get('after_s', '?')} s while waiting for {waiting}"
        else:
            cause = _cause_of_close(data.get("code"), str(data.get("reason") or ""), unserved=False)
            words = f"closed with code {data.get('code')} {str(data.get('reason') or '')!r} before session.created"
        yield _problem(words, cause, view, number)
        return
    yield _problem("nothing was heard of the session", "client.deadline", view)


@check(
    "C-finished",
    sentence="The session comes to its end: session.finished.",
    why="Only session.finished is terminal (one session can hold several responses); a client that never sees it waits "
    "for ever or plays half a sentence.",
    stage="synthesis",
    needs=("C-open",),
    metrics=("finish_ms", "total_ms"),
)
def _finished(view: SessionView) -> Iterator[Problem]:
    if view.of("session.finished"):
        return
    for error in view.of("error"):
        yield _error_event(view, error)
        return
    deadline = next(iter(view.notes("deadline")), None)
    if deadline is not None:
        number, note = deadline
        waiting = str((note.data or {}).get("waiting_for", "session.finished"))
        last = view.responses[-1] if view.responses else None
        if last is not None and last.done is None and last.of("response.audio.done", "response.output_item.done"):
            # All of the audio came; the client waited for the one event that P-response-done names.
            raise Blocked("P-response-done")
        heard = f"the last event was {view.frames[-1].type}" if view.frames else "nothing was heard"
        after = (note.data or {}).get("after_s", "?")
        if view.pieces and note.t - view.pieces[-1].t < STILL_COMING_S and view.frames[-1].type == AUDIO_DELTA:
            words = f"gave up after {after} s while audio was still coming: {len(view.audio)} bytes so far"
            yield _problem(words, "service.timing", view, number)
            return
        yield _problem(f"gave up after {after} s waiting for {waiting}; {heard}", "service.hang", view, number)
        return
    for number, note in view.notes("error"):
        if (note.data or {}).get("class") == "EOFError":
            break  # the connection ended inside a frame: the close tells it
        if (note.data or {}).get("where") in ("frame", "receive", "on_message"):
            yield _problem(
                f"the service broke the framing: {(note.data or {}).get('message')}", "service.protocol", view, number
            )
            return
    for number, note in view.notes("closed"):
        data = note.data or {}
        code, reason = data.get("code"), str(data.get("reason") or "")
        if data.get("by") == "client":
            continue
        silent = not view.pieces and not view.of("response.created")
        cause = _cause_of_close(code, reason, unserved=silent)
        what = "before any audio" if silent else f"after {len(view.audio)} bytes of audio"
        yield _problem(f"the session ended with close code {code} {reason!r} {what}", cause, view, number)
        return
    for number, note in view.notes("error"):
        yield _exception(view, number, note)
        return
    last_type = view.frames[-1].type if view.frames else "nothing"
    yield _problem(f"no session.finished; the last event was {last_type}", "service.hang", view)


@check(
    "C-http-refusal",
    sentence="A realtime model called over HTTP is refused with the service's own code and message.",
    why="A common mistake; the service answers HTTP 400 InvalidParameter "
    "(https://github.com/AstrBotDevs/AstrBot/issues/6045). Serving it, or failing in another way, means that the door "
    "has changed and users' error handling with it.",
    stage="compatibility",
    levels=("http",),
    needs=("C-runtime",),
)
def _http_refusal(view: SessionView) -> Iterator[Problem]:
    if view.expectation != "refusal":
        raise NotApplicable
    answer = http_answer(view)
    if answer is None:
        for number, note in view.notes("error"):
            yield _exception(view, number, note)
            return
        yield _problem("the call brought no HTTP answer", "client.deadline", view)
        return
    status, code, message = answer
    said = f"HTTP {status}, code {code!r}, message {message!r}"
    if status is not None and 200 <= status < 300:
        yield Problem(
            f"the service served a realtime model over HTTP ({said}); a refusal with 400 was expected",
            (view.where(quote=said),),
            cause="service.protocol",
            party="service",
        )
    elif status != 400 or not code:
        cause = cause_of_error(code, message, status, message or "")
        yield _problem(f"refused, but not as expected (400 with a code): {said}", cause, view, quote=said)


@check(
    "C-fallback-wav",
    sentence="The non-realtime fallback delivers a WAV that a player can open.",
    why="The fallback is there for the day on which realtime fails; a link to an error page is no speech.",
    stage="compatibility",
    levels=("http", "sdk-events"),
    needs=("C-runtime",),
)
def _fallback(view: SessionView) -> Iterator[Problem]:
    wav_bytes = view.files.get("fallback.wav")
    told = view.probe.get("fallback")
    told = told if isinstance(told, dict) else {}
    if wav_bytes is None and not told:
        raise NotApplicable
    if wav_bytes is None:
        if told.get("ok"):
            raise NotApplicable
        words = _text(told.get("error")) or _text(told.get("message")) or "no WAV"
        cause = cause_of_error(_text(told.get("code")), words, _int(told.get("http_status")), words)
        if cause in ("service.error", "service.nonsense"):  # the words are the script's, about what it was given
            cause = "service.fallback"
        yield _problem(f"fallback with {told.get('model')}: {words}", cause, view, quote=words)
        return
    wav = read_wav(wav_bytes)
    if wav is None:
        yield _problem("the fallback's file is no WAV", "service.fallback", view, quote=wav_bytes[:24].hex())
    elif (
        wav.channels * wav.bits * wav.sample_rate == 0
        or wav.size * 8 / (wav.channels * wav.bits * wav.sample_rate) < MIN_AUDIO_S
    ):
        yield _problem(f"the fallback's WAV holds only {wav.size} bytes of samples", "service.fallback", view)


def http_answer(view: SessionView) -> tuple[int | None, str | None, str | None] | None:
    """Status, code and message of the HTTP answer: from the transcript, else from the probe's JSON."""
    for _, note in view.notes("response"):
        data = note.data or {}
        body = body_of(data.get("body"))
        return _int(data.get("status")), _text(body.get("code")), _text(body.get("message"))
    told = view.probe.get("http_probe")
    told = told if isinstance(told, dict) else {}
    status = told.get("http_status")
    if status is None and view.record is not None and view.record.http_status is not None:
        return view.record.http_status, view.record.code, view.record.message
    if status is None:
        return None
    return _int(status), _text(told.get("code")), _text(told.get("message"))


def _first_message(view: SessionView) -> tuple[int, str]:
    for number, entry in enumerate(view.transcript.entries):
        if entry.dir != "in":
            continue
        if entry.event is not None:
            return number, f"event {entry.type!r}"
        return number, repr((entry.raw or "")[:80]) if entry.raw is not None else "a binary frame"
    return 0, "nothing"


def _error_event(view: SessionView, frame: Frame) -> Problem:
    code, message = frame.error
    cause = cause_of_error(code, message)
    return _problem(f"the service sent an error event: {code}: {message}", cause, view, frame.number, message)


def _exception(view: SessionView, number: int, note: Entry) -> Problem:
    data = note.data or {}
    kind, message, where = str(data.get("class")), str(data.get("message")), str(data.get("where"))
    cause = cause_of_step(where, kind, status=None, code=None, message=message)
    if view.level == "http" and "timeout" in kind.lower():
        # Our own client's HTTP calls came through, or this session would have been blocked.
        cause = "service.hang"
    elif view.level != "frames" and cause in ("network.timeout", "service.hang", "service.nonsense"):
        cause = "sdk.connect" if not view.frames else "sdk.behaviour"
    return _problem(f"{where}: {kind}: {message}", cause, view, number, message)


def _cause_of_close(code: object, reason: str, *, unserved: bool) -> str:
    """`unserved`: a session was granted, but nothing was spoken, which is how a model looks that is not served."""
    if "throttled" in reason.lower() or "many requests" in reason.lower():
        return "service.overloaded"
    if reason and (found := cause_of_error(None, reason)) != "service.error":
        return found
    if unserved and code in (None, 1000, 1005, 1006):
        return "lifecycle.unavailable"
    return "network.dropped" if code is None or code == 1006 else "service.dropped"


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _int(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
