"""What a transcript shows of the service's reaction to a wrong request."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Sequence
from typing import Any

from ttsgate import catalog
from ttsgate.judgement.causes import cause_of_error
from ttsgate.probes.wrong import Probe
from ttsgate.result.record import Observation, Reaction
from ttsgate.result.transcript import Entry, Transcript

__all__ = ["CLEARED", "after_id", "normal", "observe", "prepared_id", "unseen"]

CLEARED = "input_text_buffer.cleared"
"""Documented answer to ``input_text_buffer.clear``: the harmless question that follows every wrong request."""
_LONGEST = 200
_ONE_OFF = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4,12})+|\b(?=[\w-]*\d)[\w-]{10,}|\d{7,}", re.IGNORECASE)
"""Request ids and times, which differ from one answer to the next; small numbers are limits and part of the answer."""
_PASSING = ("quota.", "arrears", "service.overloaded", "network.")
"""Causes that speak of the account, the day or the way: such an answer is none to the request."""


def prepared_id(probe: Probe) -> str:
    """Id of the legal ``session.update`` before a probe."""
    return f"event_before-{probe.id}"


def after_id(probe: Probe) -> str:
    """Id of the question after a probe."""
    return f"event_after-{probe.id}"


def unseen(probe: Probe, model: str, why: str) -> Observation:
    """An observation that was not made."""
    return Observation(probe=probe.id, model=model, sent=probe.sent, outcome="not-observed", detail=why)


def normal(message: object) -> str | None:
    """The service's words without what differs from one answer to the next; None where there are none."""
    if not isinstance(message, str) or not message.strip():
        return None
    return _ONE_OFF.sub("#", " ".join(message.split()))[:_LONGEST]


def observe(probe: Probe, model: str, transcript: Transcript) -> Observation:
    """Read one reaction out of the transcript of the connection that the probe was made on; pure.

    Args:
        probe: What was asked.
        model: Model that the run asks for everything else.
        transcript: Of the connection.
    """
    entries = transcript.entries
    for note in transcript.notes("refused"):
        return _refused(probe, model, note)
    created = next((i for i, e in enumerate(entries) if e.dir == "in" and e.type == "session.created"), None)
    upgraded = next((i for i, e in enumerate(entries) if e.dir == "note" and e.name == "upgraded"), None)
    start = next((i for i, e in enumerate(entries) if e.dir == "out" and _is(e, probe)), None)
    if start is None:
        # A handshake that was wrong by itself is answered from the moment that it stands.
        start = (created if created is not None else upgraded) if probe.at_the_door else None
    if start is None:
        return unseen(probe, model, _why(probe, transcript))
    end = next((i for i in range(start + 1, len(entries)) if _next_request(entries[i], probe)), len(entries))
    return _reaction(probe, model, entries[start], entries[start + 1 : end])


def _refused(probe: Probe, model: str, note: Entry) -> Observation:
    data = note.data or {}
    status, body = data.get("status"), str(data.get("body") or "")
    told = _object(body)
    code, message = _text(told.get("code")), told.get("message")
    known = status if isinstance(status, int) else None
    cause = cause_of_error(code, normal(message), known, body)
    if not probe.at_the_door or cause.startswith(_PASSING) or not isinstance(status, int) or status >= 500:
        return unseen(probe, model, f"the handshake was answered with HTTP {status}")
    return Observation(
        probe=probe.id,
        model=model,
        sent=probe.sent,
        outcome="refused",
        http_status=status,
        code=code,
        message=normal(message if told else body),
        ms=round(note.t * 1000, 3),
    )


def _reaction(probe: Probe, model: str, request: Entry, window: Sequence[Entry]) -> Observation:
    heard = [e for e in window if e.dir == "in" and e.type not in (None, CLEARED, "session.created")]
    closed = next((e for e in window if e.dir == "note" and e.name == "closed" and _by(e) != "client"), None)
    hears = any(e.dir == "in" and e.type == CLEARED for e in window)
    answer = heard[0] if heard else None
    error = _error(answer)
    outcome: Reaction = "silent"
    if answer is not None:
        outcome = "error" if answer.type == "error" else "accepted"
    elif hears:
        outcome = "ignored"
    elif closed is not None:
        outcome = "closed"
    elif any(e.dir == "note" and e.name in ("deadline", "error") for e in window):
        return unseen(probe, model, "the connection broke or took too long")
    said = error if answer is not None else {"message": (closed.data or {}).get("reason")} if closed else {}
    code, close_code = _text(error.get("code")), (closed.data or {}).get("code") if closed else None
    if cause_of_error(code, normal(said.get("message"))).startswith(_PASSING):
        return unseen(probe, model, f"the service was busy with something else: {normal(said.get('message'))}")
    until = answer or closed
    return Observation(
        probe=probe.id,
        model=model,
        sent=probe.sent,
        outcome=outcome,
        after="open" if hears else "closed" if closed is not None else "silent",
        code=code,
        message=normal(said.get("message")),
        close_code=close_code if isinstance(close_code, int) else None,
        ms=round((until.t - request.t) * 1000, 3) if until else None,
        characters=_spoken(probe, heard),
    )


def _spoken(probe: Probe, heard: Sequence[Entry]) -> int:
    """Characters of responses that nobody had asked for: as the service counts them, else as it should."""
    if not any((e.type or "").startswith("response.") for e in heard):
        return 0
    counted = 0
    for entry in heard:
        here: object = entry.event if entry.type == "response.done" else None
        for name in ("response", "usage", "characters"):
            here = here.get(name) if isinstance(here, dict) else None
        counted += here if isinstance(here, int) else 0
    return max(counted, catalog.count_characters(probe.text))


def _is(entry: Entry, probe: Probe) -> bool:
    message = probe.marked
    if isinstance(message, bytes):
        return entry.binary == base64.b64encode(message).decode()
    if isinstance(message, str):
        return entry.raw == message
    return entry.event is not None and entry.event.get("event_id") == message["event_id"]


def _next_request(entry: Entry, probe: Probe) -> bool:
    return entry.dir == "out" and (entry.event or {}).get("event_id") != after_id(probe)


def _why(probe: Probe, transcript: Transcript) -> str:
    prepared = next((e for e in transcript.sent() if (e.event or {}).get("event_id") == prepared_id(probe)), None)
    if prepared is not None:
        refusal = next((e for e in transcript.received("error") if e.t >= prepared.t), None)
        said = _error(refusal).get("message") if refusal else "commit mode was not confirmed"
        return f"what has to come before it was refused: {normal(said)}"
    for note in transcript.notes("error", "deadline", "closed"):
        data = note.data or {}
        if note.name == "deadline":
            return f"nothing within {data.get('after_s')} s, waiting for {data.get('waiting_for')}"
        return f"{note.name}: {data.get('class') or data.get('code')} {normal(data.get('message')) or ''}".strip()
    return "the session did not begin"


def _text(value: object) -> str | None:
    return value[:_LONGEST] if isinstance(value, str) and value else None


def _by(entry: Entry) -> object:
    return (entry.data or {}).get("by")


def _error(entry: Entry | None) -> dict[str, Any]:
    error = (entry.event or {}).get("error") if entry is not None and entry.type == "error" else None
    return error if isinstance(error, dict) else {}


def _object(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
