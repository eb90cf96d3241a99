"""Plain HTTP calls: the answer says what happened, also when there is none."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from tests.e2e.strange_service import strange_service
from ttsgate.clients.http import HttpAnswer, HttpClient
from ttsgate.emulator.process import EmulatorProcess, Endpoints


@pytest.fixture(scope="module")
def service() -> Iterator[Endpoints]:
    """An emulator."""
    with EmulatorProcess() as process:
        assert process.endpoints is not None
        yield process.endpoints


def client(service: Endpoints, key: str = "sk-emulator") -> HttpClient:
    """A client of it."""
    return HttpClient(http_url=service.http_url, compatible_url=service.compatible_url, api_key=key)


def strange(url: str) -> HttpClient:
    """A client of a strange service, with little patience."""
    base = f"http{url.removeprefix('ws')}"
    return HttpClient(
        http_url=f"{base}/api/v1", compatible_url=f"{base}/compatible-mode/v1", api_key="sk-x", timeout_s=0.4
    )


def test_a_list_is_read(service: Endpoints) -> None:
    """The model list: status, body and how long it took."""
    answer = asyncio.run(client(service).models())

    assert answer.ok
    assert "qwen3-tts-flash-realtime" in {m["id"] for m in answer.body["data"]}
    assert answer.ms > 0
    assert answer.error is None


def test_a_refusal_has_code_and_message(service: Endpoints) -> None:
    """Both wrappings of an error are read: the OpenAI-style one and the service's own."""
    wrong = client(service, "sk-wrong")
    models, voices = asyncio.run(wrong.models()), asyncio.run(wrong.voices("design"))

    assert (401, 401) == (models.status, voices.status)
    assert not models.ok
    assert models.code
    assert "InvalidApiKey" == voices.code
    assert voices.message
    assert None is asyncio.run(wrong.all_voices("design"))


def test_every_page_of_a_list(service: Endpoints) -> None:
    """An account without voices has an empty list, which is not the same as no answer."""
    assert [] == asyncio.run(client(service).all_voices("clone"))


def test_speech_from_a_sibling(service: Endpoints) -> None:
    """The non-realtime model's WAV comes as bytes; a refused one as nothing."""
    wav = asyncio.run(client(service).speak("qwen3-tts-flash", "Good morning.", "Cherry"))

    assert wav is not None
    assert b"RIFF" == wav[:4]
    assert None is asyncio.run(client(service, "sk-wrong").speak("qwen3-tts-flash", "Good morning.", "Cherry"))


@pytest.mark.parametrize(("habit", "error"), [("mute", "TimeoutError"), ("garbage", "ClientResponseError")])
def test_no_answer_is_an_answer(habit: str, error: str) -> None:
    """A service that hangs or talks no HTTP: no status, but a class and words."""
    with strange_service(habit) as url:
        answer = asyncio.run(strange(url).models())

    assert answer.status is None
    assert not answer.ok
    assert (error, True) == (answer.error_class, bool(answer.error))


def test_a_page_is_no_list() -> None:
    """HTML with status 200 is not ok, and its beginning is kept."""
    with strange_service("html") as url:
        answer = asyncio.run(strange(url).models())

    assert (200, None, False) == (answer.status, answer.body, answer.ok)
    assert answer.text.startswith("<!DOCTYPE html>")


@pytest.mark.parametrize("body", [None, [], "x", {"error": "words"}, {"error": {"code": None}}])
def test_odd_bodies_have_no_code(body: object) -> None:
    """Only text in its place is a code."""
    assert None is HttpAnswer(url="u", ms=1.0, status=400, body=body).code
