"""The way to the service: the first step that fails names the cause, and blocks only what needs it."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator

import pytest

from tests.e2e.strange_service import strange_service
from ttsgate.clients.http import HttpClient
from ttsgate.clients.wire import WireSession
from ttsgate.emulator.process import EmulatorProcess, Endpoints
from ttsgate.probes.connectivity import Connectivity, planned_steps
from ttsgate.result.record import ConnectivityStep
from ttsgate.result.transcript import Utterance

ALL = ["name", "tcp", "models", "voices-design", "voices-clone", "session"]


@pytest.fixture(scope="module")
def service() -> Iterator[Endpoints]:
    """An emulator."""
    with EmulatorProcess(extra=["--unlimited"]) as process:
        assert process.endpoints is not None
        yield process.endpoints


def take(ws_url: str, key: str = "sk-emulator", timeout_s: float = 2.0) -> dict[str, ConnectivityStep]:
    """Take every step."""
    base = ws_url.replace("ws://", "http://").removesuffix("/api-ws/v1/realtime")
    probe = Connectivity(
        http=HttpClient(
            http_url=f"{base}/api/v1",
            compatible_url=f"{base}/compatible-mode/v1",
            api_key=key,
            timeout_s=timeout_s,
        ),
        session=WireSession(
            session="probe",
            ws_url=ws_url,
            model="qwen3-tts-flash-realtime",
            utterance=Utterance(text="x", voice="Cherry"),
            api_key=key,
            deadline_s=timeout_s,
        ),
    )
    return {step.name: step for step in asyncio.run(probe.run(ALL))}


def test_every_step_passes_and_is_timed(service: Endpoints) -> None:
    """On a good service each step passes, with its time and what it saw."""
    steps = take(service.ws_url)

    assert {"pass"} == {s.outcome for s in steps.values()}
    assert all(s.ms is not None and s.ms > 0 for s in steps.values())
    assert "qwen3-tts-flash-realtime" in steps["models"].facts["models"]
    assert ["127.0.0.1"] == steps["name"].facts["addresses"]


def test_a_refused_key_shows_at_each_door(service: Endpoints) -> None:
    """Lists and handshake each say 401 in the service's own words; the way itself is fine."""
    steps = take(service.ws_url, "sk-wrong")

    assert ["pass", "pass", "fail", "fail", "fail", "fail"] == [s.outcome for s in steps.values()]
    assert {401} == {s.status for s in steps.values() if s.outcome == "fail"}
    assert "InvalidApiKey" == steps["session"].code


def test_nothing_listens() -> None:
    """What needs a connection is blocked, not failed."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    steps = take(f"ws://127.0.0.1:{port}/api-ws/v1/realtime")

    assert ["pass", "fail", "blocked", "blocked", "blocked", "blocked"] == [s.outcome for s in steps.values()]
    assert "ConnectionRefusedError" == steps["tcp"].facts["error_class"]
    assert "needs step tcp" == steps["session"].detail


def test_a_name_that_does_not_exist() -> None:
    """The name is the first step, and everything needs it."""
    steps = take("ws://no-such-host.invalid/api-ws/v1/realtime")

    assert ["fail", *["blocked"] * 5] == [s.outcome for s in steps.values()]


@pytest.mark.parametrize("habit", ["mute", "html", "garbage", "prose", "echo-failure"])
def test_strange_services_fail_where_they_are_strange(habit: str) -> None:
    """TCP works, every door beyond fails with words; nothing raises."""
    with strange_service(habit) as url:
        steps = take(f"{url}/api-ws/v1/realtime", timeout_s=0.4)

    assert ["pass", "pass", "fail", "fail", "fail", "fail"] == [s.outcome for s in steps.values()]
    assert all(s.detail for s in steps.values())


def test_a_session_that_hangs_later_passes_here() -> None:
    """The free probe ends with session.created: what comes after is not its business."""
    with strange_service("mute-after-created") as url:
        steps = take(f"{url}/api-ws/v1/realtime")

    assert {"pass"} == {s.outcome for s in steps.values()}


def test_steps_follow_from_target_and_models() -> None:
    """TLS only for wss, voice lists only for kinds that the models need."""
    assert ["name", "tcp", "models", "session"] == planned_steps("ws://h/x", [])
    assert ["name", "tcp", "tls", "models", "voices-clone", "session"] == planned_steps("wss://h/x", ["clone"])
