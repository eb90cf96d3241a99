"""Reading a reaction out of a transcript that was written by hand."""

from __future__ import annotations

from typing import Any

import pytest

from ttsgate.probes.reactions import after_id, normal, observe, prepared_id
from ttsgate.probes.wrong import PROBES, Probe
from ttsgate.result.record import Observation
from ttsgate.result.transcript import Entry, Transcript, Utterance

COMMIT, VOICE, LATE, KEY, MODEL, JSON = (
    PROBES[i] for i in ("empty-commit", "unknown-voice", "late-update", "bad-key", "unknown-model", "bad-json")
)


def note(name: str, **data: Any) -> Entry:
    """A note of our own client."""
    return Entry(t=0, dir="note", name=name, data=data)


def heard(kind: str, **more: Any) -> Entry:
    """An event from the service."""
    return Entry(t=0, dir="in", event={"type": kind, **more})


def error(message: str, code: str = "invalid_value") -> Entry:
    """An error event."""
    return heard("error", error={"code": code, "message": message})


def asked(probe: Probe) -> list[Entry]:
    """A request, and the harmless question after it."""
    message = probe.marked
    frame = (
        Entry(t=0, dir="out", event=message) if isinstance(message, dict) else Entry(t=0, dir="out", raw=str(message))
    )
    after = {"event_id": after_id(probe), "type": "input_text_buffer.clear"}
    return [frame, Entry(t=0, dir="out", event=after)]


CREATED, CLEARED = heard("session.created", session={}), heard("input_text_buffer.cleared")
OPEN = [note("dial"), note("upgraded", status=101), CREATED]
BY_SERVICE = note("closed", code=1000, reason="", by="service")


def seen(probe: Probe, *entries: Entry) -> Observation:
    """What is read when these came one after another, ten milliseconds apart."""
    numbered = [Entry(i / 100, e.dir, e.event, e.raw, e.binary, e.name, e.data) for i, e in enumerate(entries)]
    return observe(
        probe,
        "m",
        Transcript(
            session="probe",
            level="frames",
            model="m",
            client="wire",
            utterance=Utterance(text="", voice="none"),
            started="2026-11-24T00:00:00Z",
            entries=numbered,
        ),
    )


@pytest.mark.parametrize(
    ("entries", "outcome", "after"),
    [
        ([error("no"), CLEARED], "error", "open"),
        ([error("no")], "error", "silent"),
        ([error("no"), BY_SERVICE], "error", "closed"),
        ([CLEARED], "ignored", "open"),
        ([BY_SERVICE], "closed", "closed"),
        ([heard("input_text_buffer.committed"), CLEARED], "accepted", "open"),
        ([note("closed", code=1000, reason="", by="client")], "silent", "silent"),
    ],
)
def test_reactions_in_a_session(entries: list[Entry], outcome: str, after: str) -> None:
    """First answer and what became of the session are two things; our own close is neither."""
    found = seen(COMMIT, *OPEN, *asked(COMMIT), *entries)

    assert (outcome, after) == (found.outcome, found.after)
    assert found.model == "m"


def test_an_answer_belongs_to_its_own_request() -> None:
    """Of two requests on one connection each keeps its answer, with the time from its own frame."""
    entries = [*OPEN, *asked(COMMIT), error("empty"), CLEARED, *asked(JSON), CLEARED]

    assert ("error", "empty", 20.0) == (seen(COMMIT, *entries).outcome, seen(COMMIT, *entries).message, 20.0)
    assert 20.0 == seen(COMMIT, *entries).ms
    assert "ignored" == seen(JSON, *entries).outcome


def test_refused_handshakes() -> None:
    """A refusal of the wrong key is the observation; of anything else it is none."""
    refused = note("refused", status=403, body='{"code":"InvalidApiKey","message":"Invalid API-key provided."}')

    found = seen(KEY, note("dial"), refused)
    assert ("refused", 403, "InvalidApiKey") == (found.outcome, found.http_status, found.code)
    assert "not-observed" == seen(COMMIT, note("dial"), refused).outcome
    assert "refused" == seen(MODEL, note("dial"), note("refused", status=404, body="{}")).outcome


@pytest.mark.parametrize(
    "entry",
    [
        note("refused", status=503, body='{"code":"ModelServingError","message":"Too many requests."}'),
        note("refused", status=429, body='{"code":"Throttling.RateQuota","message":"Requests rate limit exceeded"}'),
        note("error", **{"class": "ConnectionResetError", "message": "reset", "where": "handshake"}),
        note("deadline", after_s=12, waiting_for="handshake"),
    ],
)
def test_the_day_is_no_answer(entry: Entry) -> None:
    """A busy service, a lost connection and silence at the door say nothing about the request."""
    found = seen(KEY, note("dial"), entry)

    assert "not-observed" == found.outcome
    assert found.detail


def test_a_model_that_is_unknown_is_closed_on() -> None:
    """The silent close counts from session.created on, also where it came before anything was sent."""
    found = seen(MODEL, *OPEN, note("closed", code=None, reason="", by="service"))
    assert ("closed", None) == (found.outcome, found.close_code)
    throttled = note("closed", code=1011, reason="To many requests. Your requests are being throttled", by="service")
    assert "not-observed" == seen(MODEL, *OPEN, throttled).outcome


def test_a_preparation_that_is_refused() -> None:
    """Where commit mode cannot be had no text goes out, and nothing was observed."""
    before = Entry(t=0, dir="out", event={"event_id": prepared_id(LATE), "type": "session.update"})
    found = seen(LATE, *OPEN, before, error("Session update error: no"))

    assert ("not-observed", "what has to come before it was refused: Session update error: no") == (
        found.outcome,
        found.detail,
    )


def test_speech_that_nobody_asked_for_is_counted() -> None:
    """What is spoken without a commit counts as the service counts it, or as it should."""
    spoken = [heard("response.created", response={"id": "r"}), heard("response.audio.delta", delta="AAAA")]

    assert 3 == seen(LATE, *OPEN, *asked(LATE), *spoken).characters
    done = heard("response.done", response={"usage": {"characters": 7}})
    assert 7 == seen(LATE, *OPEN, *asked(LATE), *spoken, done).characters
    assert 0 == seen(LATE, *OPEN, *asked(LATE), heard("session.updated"), CLEARED).characters
    for odd in ("r", {"usage": 7}, {"usage": {"characters": "7"}}):
        assert 3 == seen(LATE, *OPEN, *asked(LATE), *spoken, heard("response.done", response=odd)).characters


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("request 11111111-2222-3333-4444-555555555555 failed", "request 99999999-aaaa-bbbb-cccc-dddddddddddd failed"),
        ("request failed at 1790000000.", "request  failed at 1790000017."),
        ("id req_0f3a9c11aa77 unknown", "id req_77b1c0ffee99 unknown"),
    ],
)
def test_what_differs_each_time_is_left_out(one: str, other: str) -> None:
    """Ids and times are no change of behaviour; words and limits are."""
    assert normal(one) == normal(other)
    assert normal("request timeout after 23 seconds.") != normal("request timeout after 60 seconds.")
    assert normal(one) != normal(one.replace("request", "demand").replace("unknown", "gone"))
    assert normal("") is None is normal({"not": "text"})


@pytest.mark.parametrize("hostile", [{"error": "x"}, {"error": {"code": 7, "message": ["x"]}}, {}, {"error": None}])
def test_nothing_that_a_service_sends_breaks_the_reading(hostile: dict[str, Any]) -> None:
    """An error event of any shape is still an error event."""
    found = seen(VOICE, *OPEN, *asked(VOICE), heard("error", **hostile))

    assert ("error", None) == (found.outcome, found.code)
