"""Who is let in at the realtime door, and what follows."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from tests.emulator.realtime_service import COMMIT, FINISH, FLASH, Talk, address, append, one, run, running, talk
from ttsgate.emulator.realtime import THROTTLED


def alone(
    model: str = FLASH, *, messages: list[Any] | None = None, key: str | None = "sk-emulator", **settings: Any
) -> Talk:
    """One session with an emulator of its own."""
    headers = settings.pop("headers", None)
    within_s = settings.pop("within_s", 20.0)

    async def go() -> Talk:
        async with running(**settings) as emulator:
            return await talk(
                address(emulator, model),
                one() if messages is None else messages,
                key=key,
                headers=headers,
                within_s=within_s,
            )

    seen: Talk = run(go())
    return seen


def refusal(seen: Talk) -> tuple[int, str]:
    """Status and code of a refused handshake; the body names the request."""
    body = json.loads(seen.body)
    assert set(body) == {"code", "message", "request_id"}
    assert body["request_id"]
    return seen.status, body["code"]


class TestKeys:
    @pytest.mark.parametrize("key", [None, "", "sk-wrong", "sk-emulator2", "st-0000"])
    def test_refused(self, key: str | None) -> None:
        """Without a valid key the handshake is refused with 401 and the service's own words."""
        seen = alone(key=key)

        assert (401, "InvalidApiKey") == refusal(seen)

    def test_switched_status(self) -> None:
        """Both statuses of the error page can be had, apart for missing and wrong keys."""
        switches = {"missing-key": "403", "bad-key": "401"}

        assert 403 == alone(key=None, switches=switches).status
        assert 401 == alone(key="sk-wrong", switches=switches).status

    def test_lower_case_scheme(self) -> None:
        """Older SDK releases write bearer in lower case and are let in."""
        assert 1000 == alone(key=None, headers={"Authorization": "bearer sk-emulator"}).code

    def test_given_keys(self) -> None:
        """Keys given to the emulator replace its own."""
        assert 1000 == alone(key="sk-b", api_keys=("sk-a", "sk-b")).code
        assert 401 == alone(api_keys=("sk-a", "sk-b")).status

    def test_temporary_key(self) -> None:
        """A temporary key opens a session."""

        async def go() -> Talk:
            async with running() as emulator:
                token, _ = emulator.account.issue_token(60)
                return await talk(address(emulator), one(), key=token)

        assert 1000 == run(go()).code

    def test_workspace(self) -> None:
        """A workspace that does not exist is refused, an existing one is let in."""
        for workspace, status in (("ws-1", 101), ("ws-2", 401)):
            seen = alone(workspaces=("ws-1",), headers={"X-DashScope-WorkSpace": workspace})

            assert status == seen.status


class TestModels:
    @pytest.mark.parametrize("name", ["qwen9-tts", "", "qwen3-tts-vd-realtime", "%E4%BD%A0", "a" * 2000])
    def test_unknown(self, name: str) -> None:
        """An unknown model gets session.created and then a close without a word or a code."""
        seen = alone(name)

        assert ["session.created"] == seen.types
        assert 1005 == seen.code

    @pytest.mark.parametrize(
        ("value", "types", "code"),
        [
            ("close-1000", ["session.created"], 1000),
            ("drop", ["session.created"], None),
            ("error", ["session.created", "error"], 1000),
        ],
    )
    def test_unknown_switched(self, value: str, types: list[str], code: int | None) -> None:
        """The other ends of an unknown model can be had."""
        seen = alone("qwen9-tts", switches={"unknown-model": value})

        assert (types, code) == (seen.types, seen.code)

    def test_unknown_refused(self) -> None:
        """An unknown model can be refused at the handshake, too."""
        assert (404, "ModelNotFound") == refusal(alone("qwen9-tts", switches={"unknown-model": "refuse-404"}))

    def test_retired_and_absent(self) -> None:
        """A retired model ends like an unknown one; one that the key may not use is refused."""
        assert (["session.created"], 1005) == _end(alone(model_states={FLASH: "retired"}))
        assert (403, "Model.AccessDenied") == refusal(alone(model_states={FLASH: "absent"}))
        assert ["session.created", "error"] == _end(
            alone(model_states={FLASH: "retired"}, switches={"retired-model": "error"})
        )[0]

    def test_other_protocols(self) -> None:
        """A model of plain HTTP is accepted and never speaks."""
        seen = alone("qwen3-tts-flash")

        assert ["session.created", "session.finished"] == [t for t in seen.types if t != "error"]

    def test_extra_model(self) -> None:
        """A string that the catalogue does not have can be served like one that it has."""
        assert 1000 == alone("qwen9-tts", extra_models={"qwen9-tts": FLASH}).code


def _end(seen: Talk) -> tuple[list[str], int | None]:
    return seen.types, seen.code


class TestLimits:
    def _fourth(self, **switches: str) -> list[Talk]:
        async def go() -> list[Talk]:
            async with running(sessions_per_second=3, switches=switches) as emulator:
                return list(await asyncio.gather(*(talk(address(emulator), one()) for _ in range(4))))

        seen: list[Talk] = run(go())
        return [s for s in seen if s.code != 1000 or "response.done" not in s.types]

    def test_throttled(self) -> None:
        """The fourth new session of a second is closed with 1011 in the service's own spelling."""
        (seen,) = self._fourth()

        assert (["session.created"], 1011) == _end(seen)
        assert THROTTLED.startswith("To many requests. Your requests are being throttled")
        assert THROTTLED[:100] == seen.reason[:100]

    def test_throttled_otherwise(self) -> None:
        """It can also be refused with 429 or by an error event."""
        (refused,) = self._fourth(throttled="refuse-429")
        (told,) = self._fourth(throttled="error")

        assert 429 == refusal(refused)[0]
        assert "Throttling.RateQuota" == told.of("error")[0]["error"]["code"]

    def test_arrears(self) -> None:
        """An overdue account is refused at the handshake, or by an error event."""
        assert (400, "Arrearage") == refusal(alone(arrears=True))
        assert "Arrearage" == alone(arrears=True, switches={"unpaid": "error"}).of("error")[0]["error"]["code"]

    def test_free_tier(self) -> None:
        """When the free tier is used up in the middle of a session, the next text is refused."""
        messages: list[Any] = [{"type": "session.update", "session": {"mode": "commit"}}]
        messages += [append("Hello."), COMMIT, append("Hello again."), COMMIT, FINISH]
        seen = alone(messages=messages, free_tier=5)

        assert 1 == len(seen.of("response.done"))
        assert "AllocationQuota.FreeTierOnly" == seen.of("error")[0]["error"]["code"]


class TestFaultsByHeader:
    def test_one_request(self) -> None:
        """A fault named by a header strikes that session and no other."""

        async def go() -> tuple[Talk, Talk]:
            async with running() as emulator:
                header = {"X-Ttsgate-Fault": "no-response-done; voice-echo:voice=Ryan"}
                return await talk(address(emulator), one(), headers=header), await talk(address(emulator), one())

        struck, spared = run(go())

        assert [] == struck.of("response.done")
        assert "Ryan" == struck.of("session.updated")[0]["session"]["voice"]
        assert [1, 1] == [len(spared.of(kind)) for kind in ("response.done", "session.updated")]
        assert "Ethan" == spared.of("session.updated")[0]["session"]["voice"]

    def test_unknown(self) -> None:
        """An unknown fault in a header is refused with the nearest name."""
        seen = alone(headers={"X-Ttsgate-Fault": "stal"})

        assert 400 == seen.status
        assert b"stall" in seen.body

    def test_no_handshake(self) -> None:
        """A plain GET of the path is refused in words."""

        async def go() -> bytes:
            async with running() as emulator:
                reader, writer = await asyncio.open_connection("127.0.0.1", emulator.port)
                writer.write(b"GET /api-ws/v1/realtime?model=x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                return await reader.read()

        assert b"400" in run(go()).split(b"\r\n")[0]


class TestAsProxy:
    def test_browser_client(self) -> None:
        """As the proxy of browser clients it takes any path prefix, no key, and brings the model."""

        async def go() -> tuple[Talk, Talk]:
            async with running(proxy_model=FLASH) as emulator:
                url = f"ws://127.0.0.1:{emulator.port}/some/proxy/api-ws/v1/realtime"
                return await talk(url, one(), key=None), await talk(url, one(), key="sk-wrong")

        served, refused = run(go())

        assert (1000, FLASH) == (served.code, served.of("session.created")[0]["session"]["model"])
        assert 401 == refused.status

    def test_not_by_default(self) -> None:
        """Otherwise such a path is not there."""

        async def go() -> Talk:
            async with running() as emulator:
                return await talk(f"ws://127.0.0.1:{emulator.port}/some/proxy/api-ws/v1/realtime", one())

        assert 404 == run(go()).status
