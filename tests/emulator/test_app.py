"""One port for everything: admin, HTTP faults, TLS, plain refusals."""

from __future__ import annotations

import asyncio
import ssl
import time
from typing import Any

import aiohttp
import pytest
import websockets

from tests.emulator.realtime_service import DELTA, Talk, address, one, run, running, talk
from ttsgate.emulator.app import Emulator, steady_clock
from ttsgate.emulator.config import EmulatorConfig
from ttsgate.emulator.tls import ThrowAwayAuthority
from ttsgate.errors import UsageError

KEY = {"Authorization": "Bearer sk-emulator"}
GENERATION = "/api/v1/services/aigc/multimodal-generation/generation"
SPEECH = {"model": "qwen3-tts-flash", "input": {"text": "Good morning.", "voice": "Cherry"}}


async def ask(emulator: Emulator, method: str, path: str, **options: Any) -> tuple[int, Any]:
    """Status and body (JSON where it is JSON) of one HTTP call."""
    async with aiohttp.ClientSession() as client:
        url = f"http://127.0.0.1:{emulator.port}{path}"
        async with client.request(method, url, **{"headers": KEY, **options}) as answer:
            if answer.content_type == "application/json":
                return answer.status, await answer.json()
            return answer.status, await answer.read()


class TestAdmin:
    def test_off_by_default(self) -> None:
        """Without --admin there is no admin endpoint."""

        async def go() -> int:
            async with running() as emulator:
                return (await ask(emulator, "GET", "/admin/state"))[0]

        assert 404 == run(go())

    def test_faults(self) -> None:
        """Faults can be read, replaced and removed while the emulator runs; a bad one changes nothing."""

        async def go() -> tuple[list[Any], list[int]]:
            async with running(admin=True, faults=("silence",)) as emulator:
                answers, dones = [], []
                for method, body in (("GET", None), ("PUT", ["no-response-done"]), ("PUT", ["nope"]), ("DELETE", None)):
                    answers.append(await ask(emulator, method, "/admin/faults", json=body))
                    dones.append(len((await talk(address(emulator), one())).of("response.done")))
                return answers, dones

        answers, dones = run(go())

        assert [(200, ["silence"]), (200, ["no-response-done"])] == answers[:2]
        assert (400, []) == (answers[2][0], answers[3][1])
        assert "unknown fault 'nope'" in answers[2][1]["error"]
        assert [1, 0, 0, 1] == dones

    @pytest.mark.parametrize("body", ["{", '{"a":1}', '["a",5]', "5"])
    def test_bad_bodies(self, body: str) -> None:
        """What is no list of faults is refused."""

        async def go() -> int:
            async with running(admin=True) as emulator:
                return (await ask(emulator, "PUT", "/admin/faults", data=body))[0]

        assert 400 == run(go())

    def test_figures(self) -> None:
        """The emulator's own figures of each session, and its state, can be read but not written."""

        async def go() -> list[Any]:
            async with running(admin=True) as emulator:
                seen = await talk(address(emulator), one())
                answers: list[Any] = [len(seen.audio), len(seen.of(DELTA))]
                answers += [await ask(emulator, "GET", f"/admin/{what}") for what in ("sessions", "state", "nope")]
                return [*answers, await ask(emulator, "POST", "/admin/state")]

        size, deltas, sessions, state, nothing, posted = run(go())

        assert [(size, "finished")] == [(s["audio_bytes"], s["ended"]) for s in sessions[1]]
        assert (0, 1, deltas) == (
            state[1]["sessions_open"],
            state[1]["sessions_opened"],
            state[1]["lateness"]["deltas"],
        )
        assert {"documented", "field", "inferred"} == set(state[1]["fidelity"])
        assert [404, 405] == [nothing[0], posted[0]]


class TestHttpFaults:
    def call(self, fault: str, method: str = "GET", path: str = "/compatible-mode/v1/models", **options: Any) -> Any:
        async def go() -> Any:
            async with running(faults=(fault,)) as emulator:
                return await ask(emulator, method, path, **options)

        return run(go())

    def test_refusals(self) -> None:
        """A refusal takes the place of the answer, for one family or for all."""
        assert 401 == self.call("http.bad-key")[0]
        assert 200 == self.call("http.bad-key:on=generation")[0]
        assert 401 == self.call("http.bad-key:on=generation", "POST", GENERATION, json=SPEECH)[0]

    def test_by_model(self) -> None:
        """A fault of HTTP can be kept to calls that name a model."""
        assert 500 == self.call("http.internal-error@qwen3-tts-flash", "POST", GENERATION, json=SPEECH)[0]
        assert 200 == self.call("http.internal-error@other", "POST", GENERATION, json=SPEECH)[0]

    def test_reset_and_cut(self) -> None:
        """Connections that are reset before or in the middle of an answer look like it."""
        for fault in ("http.reset", "http.cut"):
            with pytest.raises(aiohttp.ClientError):
                self.call(fault)

    def test_late(self) -> None:
        """An answer can be made late."""
        start = time.monotonic()

        assert 200 == self.call("http.hang:for=0.3s")[0]
        assert time.monotonic() - start > 0.3

    def test_changed_answer(self) -> None:
        """Fields of a good answer can be taken away."""
        status, body = self.call("http.no-url", "POST", GENERATION, json=SPEECH)

        assert 200 == status
        assert "url" not in body["output"]["audio"]

    def test_stream(self) -> None:
        """Server-sent events can be silenced and left unfinished."""
        sse = {"headers": {**KEY, "X-DashScope-SSE": "enable"}, "json": SPEECH}
        clean = self.call("http.no-url@none", "POST", GENERATION, **sse)[1]

        assert b'"stop"' in clean
        assert b'"stop"' not in self.call("http.stream-unfinished", "POST", GENERATION, **sse)[1]
        assert b"AAAAAAAAAAAAAAAA" in self.call("http.stream-silent", "POST", GENERATION, **sse)[1]

    def test_by_header(self) -> None:
        """A request can ask for its own fault; an unknown one is refused by name."""
        good: dict[str, Any] = {"headers": {**KEY, "X-Ttsgate-Fault": "http.busy"}}
        bad: dict[str, Any] = {"headers": {**KEY, "X-Ttsgate-Fault": "http.bussy"}}

        assert 503 == self.call("http.busy@none", **good)[0]
        status, body = self.call("http.busy@none", **bad)
        assert 400 == status
        assert "http.busy" in body["message"]


class TestClock:
    def test_never_steps_back(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """It starts at the time of day and does not follow when that is set back."""
        clock = steady_clock()
        before = clock()
        monkeypatch.setattr("time.time", lambda: 0.0)

        assert before > 1_700_000_000
        assert clock() >= before


class TestStarting:
    def test_port_taken(self) -> None:
        """A port that is taken is a usage error that names it."""

        async def go() -> None:
            async with running() as emulator:
                await Emulator(EmulatorConfig(port=emulator.port)).start()

        with pytest.raises(UsageError, match=r"cannot listen on 127\.0\.0\.1:"):
            run(go())

    def test_unknown_fault(self) -> None:
        """An unknown fault is refused before anything is listened on."""
        with pytest.raises(UsageError, match="did you mean 'stall'"):
            Emulator(EmulatorConfig(faults=("stal",)))

    def test_tls(self) -> None:
        """Over TLS a client that trusts the throw-away authority is served, and the file goes away afterwards."""

        async def go() -> tuple[str | bytes, bool]:
            authority = ThrowAwayAuthority("127.0.0.1")
            emulator = Emulator(EmulatorConfig(tls=True, pace=100.0))
            await emulator.start(tls=authority.context)
            try:
                trusted = ssl.create_default_context(cafile=str(authority.path))
                url = address(emulator).replace("ws://", "wss://")
                async with websockets.connect(url, ssl=trusted, additional_headers=KEY, proxy=None) as ws:
                    first = await ws.recv()
                with pytest.raises(ssl.SSLError):
                    await websockets.connect(url, additional_headers=KEY, proxy=None)
            finally:
                await emulator.stop()
                authority.close()
            return first, authority.path.exists()

        first, left = run(go())

        assert "session.created" in str(first)
        assert not left

    def test_not_found(self) -> None:
        """An address that nothing answers gets a plain 404."""

        async def go() -> int:
            async with running() as emulator:
                return (await ask(emulator, "GET", "/nothing/here"))[0]

        assert 404 == run(go())

    def test_stops_with_open_sessions(self) -> None:
        """Stopping ends sessions that are still speaking."""

        async def go() -> Talk:
            async with running(pace=0.5) as emulator:
                speaking = asyncio.ensure_future(talk(address(emulator), one()))
                while not emulator.door.lateness.as_dict()["deltas"]:
                    await asyncio.sleep(0.01)
            return await speaking

        assert "session.finished" not in run(go()).types
