"""The doorway: keys, bodies, hooks, and what a hostile client can do to it."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.emulator.http_service import CUSTOMIZATION, FLASH, GENERATION, VC, VD, Clock, Service, with_service
from ttsgate.emulator import http_errors
from ttsgate.emulator.account import Account, Principal
from ttsgate.emulator.config import EmulatorConfig
from ttsgate.emulator.http_customization import Customization
from ttsgate.emulator.http_errors import ApiError
from ttsgate.emulator.http_files import FileStore
from ttsgate.emulator.http_generation import Generation
from ttsgate.emulator.http_reply import MAX_BODY, Call, Doorway, Handler, Reply
from ttsgate.emulator.speech import Speech

BODY_INVALID = (400, "InvalidParameter", "Required body invalid, please check the request body format.")


async def raw(service: Service, request: bytes, *, leave: bool = False) -> bytes:
    """The head of the answer to bytes of our own making; nothing if we leave at once."""
    host, port = service.base.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(request)
    await writer.drain()
    try:
        return b"" if leave else await reader.readuntil(b"\r\n\r\n")
    finally:
        writer.close()


class TestKeys:
    @pytest.mark.parametrize("path", [GENERATION, CUSTOMIZATION, "/api/v1/tokens", "/api/v1/services/x", "/api/v1/x"])
    def test_the_key_comes_first(self, path: str) -> None:
        """Without a key nothing is said about the request, however wrong it is."""

        async def scene(service: Service) -> None:
            service.headers = {}
            answer = await service.ask("POST", path, data=b"{")
            assert answer.error == (401, "InvalidApiKey", "No API-key provided.")

        with_service(scene)

    def test_workspace(self) -> None:
        """An unknown workspace is refused at the door."""

        async def scene(service: Service) -> None:
            wrong = await service.post(GENERATION, {}, **{"X-DashScope-WorkSpace": "ws-2"})
            right = await service.post(GENERATION, {}, **{"x-dashscope-workspace": "ws-1"})
            assert wrong.error[:2] == (401, "NOT AUTHORIZED")
            assert right.status == 400

        with_service(scene, workspaces=("ws-1",))

    def test_hidden_reasons(self) -> None:
        """As on a workspace's own host, the reason can be left out."""

        async def scene(service: Service) -> None:
            for answer in (await service.speak("nothing"), await service.speak("nothing", stream=True)):
                assert (answer.status, answer.json) == (400, {})

        with_service(scene, switches={"error-bodies": "hidden"})


class TestBodies:
    @pytest.mark.parametrize(
        "body",
        [
            b"{", b"[]", b'"text"', b"null", b"\xff\xfe", b'{"a":' * 100_000, b'{"a":' + b"1" * 5000 + b"}",
            b'{"model":"\\ud800"}', b"model=qwen3-tts-flash",
        ],
        ids=["cut", "list", "string", "null", "no utf-8", "deep", "long number", "half a character", "form"],
    )  # fmt: skip
    def test_what_is_no_json_object(self, body: bytes) -> None:
        """Whatever is not a JSON object gets the same clear refusal."""

        async def scene(service: Service) -> None:
            assert (await service.ask("POST", GENERATION, data=body)).error == BODY_INVALID

        with_service(scene)

    def test_no_body(self) -> None:
        """An empty body lacks its parameters."""

        async def scene(service: Service) -> None:
            assert (await service.ask("POST", GENERATION)).error[:2] == (400, "InvalidParameter")

        with_service(scene)

    def test_characters_beyond_the_plane(self) -> None:
        """A character that JSON writes in two halves is one character."""

        async def scene(service: Service) -> None:
            body = json.dumps({"model": FLASH, "input": {"text": "Hi 😀", "voice": "Cherry"}}, ensure_ascii=True)
            answer = await service.ask("POST", GENERATION, data=body.encode())
            assert answer.json["usage"]["characters"] == 4

        with_service(scene)

    def test_an_announced_giant_is_not_read(self) -> None:
        """A body announced as too large is refused before it is sent."""

        async def scene(service: Service) -> None:
            head = (
                f"POST {GENERATION} HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer sk-emulator\r\n"
                f"Content-Length: {MAX_BODY + 1}\r\n\r\n"
            )
            answer = await raw(service, head.encode())
            assert answer.startswith(b"HTTP/1.1 413 ")
            assert b"Connection: close" in answer

        with_service(scene)

    def test_an_unannounced_giant_is_cut(self) -> None:
        """A body without a length is read up to the bound and not beyond."""

        async def scene(service: Service) -> None:
            sent = 0

            async def endless() -> Any:
                nonlocal sent
                while sent < 4 * MAX_BODY:
                    sent += 1 << 20
                    yield bytes(1 << 20)

            try:
                answer = await service.ask("POST", GENERATION, data=endless())
                assert answer.status == 413
            except aiohttp.ClientError:
                pass  # the connection was closed while we were still sending
            assert sent < 2 * MAX_BODY
            assert (await service.speak(text="Hello.")).status == 200

        with_service(scene)

    def test_a_client_that_leaves_mid_body(self, caplog: pytest.LogCaptureFixture) -> None:
        """Half a request, then nothing: no traceback, and others are served."""

        async def scene(service: Service) -> None:
            head = f"POST {GENERATION} HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer sk-emulator\r\n"
            await raw(service, f"{head}Content-Length: 1000\r\n\r\n{{".encode(), leave=True)
            assert b" 400 " in await raw(service, f"{head}Transfer-Encoding: chunked\r\n\r\nzz\r\n".encode())
            assert (await service.speak(text="Hello.")).status == 200

        with_service(scene)
        assert [record for record in caplog.records if record.name.startswith("ttsgate")] == []

    def test_a_body_that_never_comes(self) -> None:
        """A body that stays away is given up after the configured time."""

        async def scene(service: Service) -> None:
            head = f"POST {GENERATION} HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer sk-emulator\r\n"
            answer = await raw(service, f"{head}Content-Length: 1000\r\n\r\n".encode())
            assert answer.startswith(b"HTTP/1.1 408 ")

        with_service(scene, send_timeout_s=0.05)

    def test_bodies_in_flight_are_bounded_together(self) -> None:
        """When too many bodies are held at once the next is refused as busy, and room comes back."""

        async def play() -> None:
            async def handler(call: Call) -> Reply:
                return Reply(document={"length": len(call.document["a"])})

            doorway = Doorway(Account(EmulatorConfig(), Clock()), max_in_flight=1000)
            app = web.Application()
            app.add_routes([web.post("/", doorway.endpoint("test", handler))])
            headers = {"Authorization": "Bearer sk-emulator"}
            async with TestServer(app) as server, aiohttp.ClientSession(headers=headers) as session:
                for size, status in ((900, 200), (1100, 503), (900, 200)):
                    async with session.post(server.make_url("/"), json={"a": "x" * size}) as response:
                        assert response.status == status
            assert doorway._in_flight == 0

        asyncio.run(play())

    @settings(max_examples=150, deadline=None)
    @given(
        model=st.sampled_from(["qwen-voice-design", "qwen-voice-enrollment", FLASH, "qwen3-tts-vd-2026-01-26"]),
        wish=st.dictionaries(
            st.sampled_from([
                "action", "voice", "text", "target_model", "preferred_name", "audio", "page_index", "page_size",
                "language", "language_type", "voice_prompt", "preview_text", "instructions", "sample_rate",
            ]),
            st.recursive(
                st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
                | st.sampled_from(["create", "list", "query", "delete", "Cherry", VD, VC, "data:audio/wav;base64,AA"]),
                lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.just("data"), inner),
                max_leaves=3,
            ),
        ),
    )  # fmt: skip
    def test_no_input_breaks_a_handler(self, model: str, wish: dict[str, Any]) -> None:
        """Whatever JSON stands in `input` and `parameters`, the outcome is a success or a refusal as of bad input."""
        config = EmulatorConfig(sessions_per_second=None, sessions_per_minute=None)
        account, speech = Account(config, Clock()), Speech()
        call = Call(
            family="", path="", request_id="r", principal=Principal(), headers={}, query={},
            document={"model": model, "input": wish, "parameters": wish}, origin="http://h", dialect="dashscope",
        )  # fmt: skip
        handlers = (Generation(account, speech, FileStore(account)).post, Customization(account, speech).post)
        for handler in handlers:
            outcome = asyncio.run(_outcome(handler, call))
            assert outcome.status in (200, 400)
        speech.close()


async def _outcome(handler: Handler, call: Call) -> Reply | ApiError:
    return await handler(call)


class TestHook:
    def test_sees_and_replaces_every_reply(self) -> None:
        """The hook gets the finished reply with its family and model, refusals too, and what it returns is sent."""
        seen: list[tuple[str, str, int]] = []

        async def hook(call: Call, reply: Reply) -> Reply:
            seen.append((call.family, call.model, reply.status))
            return replace(reply, status=503) if call.family == "tokens" else reply

        async def scene(service: Service) -> None:
            await service.speak(text="Hello.")
            await service.speak(voice=None)
            assert (await service.post("/api/v1/tokens")).status == 503
            await service.ask("GET", "/api/v1/nowhere")

        with_service(scene, hook=hook)
        assert seen == [
            ("generation", FLASH, 200), ("generation", FLASH, 400), ("tokens", "", 200), ("elsewhere", "", 404),
        ]  # fmt: skip

    @pytest.mark.parametrize("stream", [False, True])
    def test_cuts_the_connection(self, *, stream: bool) -> None:
        """A reply can be cut after so many bytes of its body."""

        async def hook(call: Call, reply: Reply) -> Reply:
            return replace(reply, cut_after=40)

        async def scene(service: Service) -> None:
            with pytest.raises(aiohttp.ClientPayloadError):
                await service.speak(stream=stream)

        with_service(scene, hook=hook)

    def test_its_own_failure_is_an_internal_error(self) -> None:
        """A hook that raises, or a handler, gives the documented 500 and no traceback in the body."""

        async def hook(call: Call, reply: Reply) -> Reply:
            raise RuntimeError("secret detail")

        async def scene(service: Service) -> None:
            answer = await service.speak()
            internal = http_errors.INTERNAL
            assert answer.error == (internal.status, internal.code, internal.message)

        with_service(scene, hook=hook)


def test_a_client_that_leaves_mid_stream(caplog: pytest.LogCaptureFixture) -> None:
    """A reader that goes away during a stream harms nobody."""

    async def scene(service: Service) -> None:
        body = {"model": FLASH, "input": {"text": "Good morning. " * 20, "voice": "Cherry"}}
        headers = {**service.headers, "X-DashScope-SSE": "enable"}
        async with service.session.post(service.base + GENERATION, json=body, headers=headers) as response:
            await response.content.readline()
            response.close()
        assert (await service.speak(text="Hello.")).status == 200

    with_service(scene)
    assert [record for record in caplog.records if record.name.startswith("ttsgate")] == []
