"""Addresses that are not doors."""

from __future__ import annotations

import pytest

from tests.emulator.http_service import FLASH, GENERATION, VD, Service, with_service

CHAT = "/compatible-mode/v1/chat/completions"
NATIVE = "/api/v1/services/aigc/text-generation/generation"
URL_ERROR = (400, "InvalidParameter", "url error, please check url！")


@pytest.mark.parametrize(
    ("path", "model", "expected"),
    [
        (NATIVE, FLASH, URL_ERROR),
        (NATIVE, VD, URL_ERROR),
        ("/api/v1/services/audio/tts/SpeechSynthesizer", FLASH, URL_ERROR),
        (NATIVE, "made-up", (400, "InvalidParameter", "Model not exist.")),
        ("/api/v1/apps/x/completion", FLASH, (404, "NotFound", "Not found!")),
    ],
)
def test_native_services_of_other_products(path: str, model: str, expected: tuple[int, str, str]) -> None:
    """A speech model at another native address is told that the address is wrong."""

    async def scene(service: Service) -> None:
        assert (await service.post(path, {"model": model, "input": {}})).error == expected

    with_service(scene)


@pytest.mark.parametrize(
    ("path", "model", "status", "code", "message"),
    [
        (CHAT, VD, 400, "InvalidParameter", "current user api does not support http call."),
        (CHAT, FLASH, 404, "model_not_supported", "Unsupported model `qwen3-tts-flash` for OpenAI compatibility mode."),
        (CHAT, "x", 404, "model_not_found", "The model `x` does not exist or you do not have access to it."),
        ("/compatible-mode/v1/audio/speech", FLASH, 404, "NotFound", "Not found!"),
    ],
)
def test_compatible_mode(path: str, model: str, status: int, code: str, message: str) -> None:
    """The OpenAI-style interface has no speech, and says so in its own shape."""

    async def scene(service: Service) -> None:
        answer = await service.post(path, {"model": model})
        error = answer.json["error"]
        assert (answer.status, error["code"], error["message"]) == (status, code, message)

    with_service(scene)


@pytest.mark.parametrize(
    ("method", "path"), [("GET", GENERATION), ("DELETE", "/api/v1/models"), ("PUT", "/api/v1/tokens")]
)
def test_wrong_method(method: str, path: str) -> None:
    """A door knows only its own method."""

    async def scene(service: Service) -> None:
        assert (await service.ask(method, path)).error[0] == 405

    with_service(scene)
