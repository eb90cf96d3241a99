"""Temporary keys."""

from __future__ import annotations

import pytest

from tests.emulator.http_service import Service, with_service


def test_a_temporary_key_works_until_it_ends() -> None:
    """It opens every door its maker can open, for as long as was asked."""

    async def scene(service: Service) -> None:
        made = (await service.post("/api/v1/tokens?expire_in_seconds=5")).json
        assert made == {"token": made["token"], "expires_at": int(service.clock.now) + 5}
        assert made["token"].startswith("st-")

        service.headers = {"Authorization": f"bearer {made['token']}"}
        assert (await service.speak(text="Hello.")).status == 200
        service.clock.now += 5
        assert (await service.speak(text="Hello.")).error == (401, "InvalidApiKey", "Invalid API-key provided.")

    with_service(scene)


@pytest.mark.parametrize(
    ("query", "seconds"),
    [("", 60), ("?expire_in_seconds=1", 1), ("?expire_in_seconds=1800", 1800), ("?expire_in_seconds=0", None),
     ("?expire_in_seconds=1801", None), ("?expire_in_seconds=-1", None), ("?expire_in_seconds=x", None),
     ("?expire_in_seconds=1.5", None), ("?expire_in_seconds=²", None)],
)  # fmt: skip
def test_life_in_seconds(query: str, seconds: int | None) -> None:
    """One minute unless asked otherwise, between one second and half an hour."""

    async def scene(service: Service) -> None:
        answer = await service.post(f"/api/v1/tokens{query}")
        if seconds is None:
            assert answer.error[:2] == (400, "InvalidParameter")
        else:
            assert answer.json["expires_at"] - int(service.clock.now) == seconds

    with_service(scene)


def test_a_wrong_key_makes_no_key() -> None:
    """The documented refusal."""

    async def scene(service: Service) -> None:
        service.headers = {"Authorization": "Bearer wrong"}
        assert (await service.post("/api/v1/tokens")).error == (401, "InvalidApiKey", "Invalid API-key provided.")

    with_service(scene)
