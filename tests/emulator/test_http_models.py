"""The lists of models and limits."""

from __future__ import annotations

import pytest

from tests.emulator.http_service import FLASH, VD, Service, with_service
from ttsgate import catalog


def test_compatible_list() -> None:
    """The OpenAI-style list names every model that this key can call, and no other."""

    async def scene(service: Service) -> None:
        listed = (await service.ask("GET", "/compatible-mode/v1/models")).json
        names = [item["id"] for item in listed["data"]]

        assert listed["object"] == "list"
        assert {item["object"] for item in listed["data"]} == {"model"}
        assert set(names) == set(catalog.MODELS) - {FLASH}
        assert (await service.ask("GET", f"/compatible-mode/v1/models/{VD}")).json["id"] == VD
        missing = await service.ask("GET", f"/compatible-mode/v1/models/{FLASH}")
        assert (missing.status, missing.json["error"]["code"]) == (404, "model_not_found")

    with_service(scene, model_states={FLASH: "absent", VD: "retiring"})


def test_compatible_wrong_key() -> None:
    """A wrong key is refused in the OpenAI-style wrapper."""

    async def scene(service: Service) -> None:
        service.headers = {"Authorization": "Bearer wrong"}
        answer = await service.ask("GET", "/compatible-mode/v1/models")
        error = answer.json["error"]

        assert (answer.status, error["code"]) == (401, "invalid_api_key")
        assert error["message"].startswith("Incorrect API key provided")

    with_service(scene)


def test_native_list_in_pages() -> None:
    """The native list pages from one and filters by repeated keys."""

    async def scene(service: Service) -> None:
        async def names(query: str) -> list[str]:
            output = (await service.ask("GET", f"/api/v1/models?{query}")).json["output"]
            return [model["model"] for model in output["models"]]

        realtime = "capabilities=Realtime-Text-to-Speech"
        assert await names("page_no=1&page_size=5") == list(catalog.FIVE)
        assert await names(f"{realtime}&page_size=200") == [n for n, m in catalog.MODELS.items() if m.realtime]
        assert await names(f"{realtime}&capabilities=TTS&page_size=200") == list(catalog.MODELS)
        assert await names(f"model={VD}&page_no=1&page_size=1") == [VD]
        assert await names("providers=other") == []
        assert await names("page_no=99") == []

    with_service(scene)


def test_native_entry() -> None:
    """An alias names its snapshot, and the price is the catalogue's."""

    async def scene(service: Service) -> None:
        listed = await service.ask("GET", "/api/v1/models?model=qwen3-tts-flash-realtime")
        (entry,) = listed.json["output"]["models"]

        assert entry["equivalent_snapshot"] == "qwen3-tts-flash-realtime-2025-11-27"
        assert entry["prices"] == [{"price": "1", "currency": "CNY"}]

    with_service(scene)


@pytest.mark.parametrize("query", ["page_no=0", "page_size=0", "page_size=201", "page_no=x", "page_size=1e3"])
def test_bad_pages(query: str) -> None:
    """A page that cannot be is refused."""

    async def scene(service: Service) -> None:
        assert (await service.ask("GET", f"/api/v1/models?{query}")).error[:2] == (400, "InvalidParameter")

    with_service(scene)


def test_catalogue_with_and_without_key() -> None:
    """Whether the native list needs a key is contested: it does unless told otherwise."""

    async def scene(service: Service) -> None:
        service.headers = {}
        answer = await service.ask("GET", "/api/v1/models")
        assert answer.status == (200 if service.account.behaviour("catalogue-auth") == "open" else 401)

    with_service(scene)
    with_service(scene, switches={"catalogue-auth": "open"})


def test_limits() -> None:
    """The limits are those that are enforced, with the caller's workspace; a retiring model has less."""

    async def scene(service: Service) -> None:
        service.headers["X-DashScope-WorkSpace"] = "ws-1"
        listed = await service.ask("GET", "/api/v1/models/limits?page_size=200")
        quotas = {quota["model"]: quota for quota in listed.json["output"]["quotas"]}

        def per_minute(model: str) -> int:
            limit = quotas[model]["model_limit"]
            assert limit["request_limit_period"] == 60
            assert isinstance(limit["request_limit"], int)
            return limit["request_limit"]

        assert per_minute("qwen3-tts-flash-realtime") == 180
        assert per_minute("qwen3-tts-flash-realtime-2025-09-18") == 10
        assert per_minute(VD) == 18
        assert {quota["workspace_id"] for quota in quotas.values()} == {"ws-1"}
        one = await service.ask("GET", f"/api/v1/models/limits?model={VD}")
        assert [quota["model"] for quota in one.json["output"]["quotas"]] == [VD]

    with_service(scene, model_states={VD: "retiring"}, sessions_per_second=3, sessions_per_minute=180)
