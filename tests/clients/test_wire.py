"""Our own websocket client: whatever the other side does becomes an entry, never an exception."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator

import pytest

from tests.e2e.strange_service import strange_service
from ttsgate.clients.wire import WireSession, open_and_close, session_settings, synthesize
from ttsgate.emulator.process import EmulatorProcess
from ttsgate.result.transcript import AUDIO_DELTA, Transcript, Utterance

HELLO = Utterance(text="Good morning.", voice="Cherry")
PATH = "/api-ws/v1/realtime"


@pytest.fixture(scope="module")
def ws_url() -> Iterator[str]:
    """The websocket URL of an emulator."""
    with EmulatorProcess(pace=20, extra=["--unlimited"]) as process:
        assert process.endpoints is not None
        yield process.endpoints.ws_url


def plan(ws_url: str, utterance: Utterance = HELLO, **more: object) -> WireSession:
    """A session of the first model."""
    fields: dict[str, object] = {"model": "qwen3-tts-flash-realtime", "api_key": "sk-emulator", "deadline_s": 10.0}
    return WireSession(session="s", ws_url=ws_url, utterance=utterance, **{**fields, **more})  # type: ignore[arg-type]


def spoken(session: WireSession) -> Transcript:
    """Run it."""
    return asyncio.run(synthesize(session))


def notes(transcript: Transcript) -> list[str | None]:
    """Names of the notes, in order."""
    return [entry.name for entry in transcript.notes()]


def test_a_session_is_seen_in_both_directions(ws_url: str) -> None:
    """Every event that was sent and received stands in the transcript, with times that only grow."""
    seen = spoken(plan(ws_url))

    received = [e.event["type"] for e in seen.entries if e.dir == "in" and e.event]
    assert ("session.created", "session.finished") == (received[0], received[-1])
    sent = [e.event["type"] for e in seen.entries if e.dir == "out" and e.event]
    assert ["session.update", "input_text_buffer.append", "session.finish"] == sent
    times = [e.t for e in seen.entries]
    assert sorted(times) == times
    assert times[0] == 0.0
    assert ["dial", "resolved", "tcp", "upgraded"] == notes(seen)[:4]
    assert "closed" == notes(seen)[-1]
    assert len(seen.audio()) > 20_000


@pytest.mark.parametrize("rate", [8_000, 16_000, 48_000])
def test_rates(ws_url: str, rate: int) -> None:
    """The rate that was asked for is asked for, and as much audio comes as it takes."""
    base = len(spoken(plan(ws_url)).audio()) / 24_000
    seen = spoken(plan(ws_url, Utterance(text="Good morning.", voice="Cherry", sample_rate=rate)))

    assert abs(len(seen.audio()) / rate - base) < 0.1


def test_commit_mode_and_several_texts(ws_url: str) -> None:
    """In commit mode each text is a response of its own on the same socket."""
    seen = spoken(
        plan(ws_url, Utterance(text="", voice="Cherry", mode="commit"), texts=["Good morning.", "Good night."])
    )

    assert 2 == sum(1 for _ in seen.received("response.done"))
    assert 2 == len({(e.event or {}).get("response_id") for e in seen.received(AUDIO_DELTA)})


def test_a_refused_handshake_is_kept_whole(ws_url: str) -> None:
    """A wrong key: status, headers and body of the refusal are there to be read."""
    seen = spoken(plan(ws_url, api_key="sk-wrong"))

    (refused,) = seen.notes("refused")
    assert refused.data is not None
    assert 401 == refused.data["status"]
    assert "InvalidApiKey" in refused.data["body"]


def test_an_unknown_model_is_a_silent_close(ws_url: str) -> None:
    """The service greets and goes: the transcript says so, and no error is made up."""
    seen = spoken(plan(ws_url, model="no-such-model"))

    assert 1 == sum(1 for _ in seen.received("session.created"))
    assert [] == list(seen.notes("error"))
    (closed,) = seen.notes("closed")
    assert closed.data is not None
    assert "service" == closed.data["by"]


def test_nobody_listens() -> None:
    """A refused connection is a note with the class of what happened."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    (error,) = spoken(plan(f"ws://127.0.0.1:{port}{PATH}")).notes("error")

    assert error.data is not None
    assert ("ConnectionRefusedError", "connect") == (error.data["class"], error.data["where"])


@pytest.mark.parametrize(("habit", "waiting"), [("mute", "handshake"), ("mute-after-created", "session.updated")])
def test_a_service_that_hangs(habit: str, waiting: str) -> None:
    """At the deadline the session is over, and what it waited for is noted."""
    with strange_service(habit) as url:
        (note,) = spoken(plan(url + PATH, deadline_s=0.4)).notes("deadline")

    assert {"after_s": 0.4, "waiting_for": waiting} == note.data


def test_an_answer_that_is_no_http() -> None:
    """Bytes that are no HTTP are nonsense, though the connection ends right behind them."""
    with strange_service("garbage") as url:
        (error,) = spoken(plan(url + PATH, deadline_s=4.0)).notes("error")

    assert error.data is not None
    assert ("InvalidMessage", "handshake") == (error.data["class"], error.data["where"])


def test_words_that_are_no_events_are_kept_as_they_came() -> None:
    """Text that is no JSON object, an event without a name, a binary frame: all there, in order."""
    with strange_service("prose") as url:
        seen = spoken(plan(url + PATH, deadline_s=4.0))

    came = [e for e in seen.entries if e.dir == "in"]
    assert ["hello", "[1, 2"] == [e.raw for e in came][:2]
    assert any(e.binary for e in came)


def test_the_free_probe_sends_nothing(ws_url: str) -> None:
    """Connectivity reads session.created and closes; no text goes out."""
    seen = asyncio.run(open_and_close(plan(ws_url)))

    assert [] == [e for e in seen.entries if e.dir == "out"]
    assert 1 == sum(1 for _ in seen.received("session.created"))


def test_instructions_go_to_models_that_take_them() -> None:
    """`instruction` travels as `instructions`, and only where it is understood."""
    asked = Utterance(text="x", voice="Cherry", instruction="Whisper.", speech_rate=1.2)

    assert "Whisper." == session_settings(asked, instructions=True)["instructions"]
    assert "instructions" not in session_settings(asked, instructions=False)
    assert 1.2 == session_settings(asked, instructions=False)["speech_rate"]
