"""The HTTP side of the emulator on a real socket, with a clock that tests move."""

from __future__ import annotations

import asyncio
import base64
import io
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import numpy as np
import soundfile
from aiohttp import web
from aiohttp.test_utils import TestServer
from numpy.typing import NDArray

from ttsgate.emulator.account import Account
from ttsgate.emulator.config import EmulatorConfig
from ttsgate.emulator.http_reply import Hook
from ttsgate.emulator.http_routes import http_routes
from ttsgate.emulator.speech import Speech

GENERATION = "/api/v1/services/aigc/multimodal-generation/generation"
CUSTOMIZATION = "/api/v1/services/audio/tts/customization"
VD = "qwen3-tts-vd-realtime-2026-01-15"
VC = "qwen3-tts-vc-realtime-2026-01-15"
FLASH = "qwen3-tts-flash"


@dataclass
class Clock:
    """Unix seconds that stand still until they are moved."""

    now: float = 1_767_261_600.0  # 2026-01-01 10:00:00 UTC

    def __call__(self) -> float:
        return self.now


@dataclass
class Answer:
    """What came back, whole."""

    status: int
    content: bytes
    headers: Mapping[str, str]

    @property
    def json(self) -> dict[str, Any]:
        """The JSON body."""
        document = json.loads(self.content)
        assert isinstance(document, dict)
        return document

    @property
    def error(self) -> tuple[int, str, str]:
        """Status, code and message of a refusal; checks that it names the request."""
        document = self.json
        assert document["request_id"] == self.headers["X-Request-Id"]
        return self.status, document["code"], document["message"]


@dataclass
class Service:
    """A running service and a client with the right key."""

    base: str
    account: Account
    clock: Clock
    session: aiohttp.ClientSession
    headers: dict[str, str] = field(default_factory=lambda: {"Authorization": "Bearer sk-emulator"})

    async def ask(self, method: str, path: str, **options: Any) -> Answer:
        """One request; ``path`` may be a whole URL."""
        url = path if path.startswith("http") else self.base + path
        headers = {**self.headers, **options.pop("headers", {})}
        async with self.session.request(method, url, headers=headers, **options) as response:
            return Answer(response.status, await response.read(), response.headers)

    async def post(self, path: str, body: Any = None, **headers: str) -> Answer:
        """POST a JSON document."""
        return await self.ask("POST", path, json=body, headers=headers)

    async def speak(self, model: str = FLASH, *, stream: bool = False, **given: Any) -> Answer:
        """One generation request; ``given`` replaces parts of a good ``input`` (None takes them out)."""
        wish = {"text": "Good morning.", "voice": "Cherry", **given}
        body = {"model": model, "input": {key: value for key, value in wish.items() if value is not None}}
        headers = {"X-DashScope-SSE": "enable"} if stream else {}
        return await self.ask("POST", GENERATION, json=body, headers=headers)

    async def design(self, **given: Any) -> Answer:
        """Create a designed voice; ``given`` replaces parts of a good ``input``, ``parameters`` apart."""
        parameters = given.pop("parameters", None)
        wish = {
            "action": "create", "target_model": VD, "preferred_name": "demo",
            "voice_prompt": "calm low voice", "preview_text": "Good evening.", **given,
        }  # fmt: skip
        body: dict[str, Any] = {"model": "qwen-voice-design", "input": {k: v for k, v in wish.items() if v is not None}}
        if parameters is not None:
            body["parameters"] = parameters
        return await self.post(CUSTOMIZATION, body)

    async def clone(self, data: str, **given: Any) -> Answer:
        """Create a cloned voice from a data URI or an address."""
        wish = {"action": "create", "target_model": VC, "preferred_name": "demo", "audio": {"data": data}, **given}
        body = {"model": "qwen-voice-enrollment", "input": {k: v for k, v in wish.items() if v is not None}}
        return await self.post(CUSTOMIZATION, body)

    async def voices(self, service: str, action: str, **given: Any) -> Answer:
        """List, query or delete."""
        return await self.post(CUSTOMIZATION, {"model": service, "input": {"action": action, **given}})


def with_service(
    scene: Callable[[Service], Awaitable[None]],
    *,
    hook: Hook | None = None,
    speech: Speech | None = None,
    extra_models: dict[str, str] | None = None,
    voice_quota: int = 1000,
    **config: Any,
) -> None:
    """Play a scene against a fresh service; rate limits are off unless the scene asks for them."""
    config = {"sessions_per_second": None, "sessions_per_minute": None, **config}

    async def play() -> None:
        settings = EmulatorConfig(**config)
        clock = Clock()
        account = Account(settings, clock, extra_models=extra_models, voice_quota=voice_quota)
        voice = speech or Speech(seed=settings.seed)
        app = web.Application()
        app.add_routes(http_routes(account, voice, settings, hook=hook))
        try:
            async with TestServer(app) as server, aiohttp.ClientSession() as session:
                await scene(Service(str(server.make_url("")).rstrip("/"), account, clock, session))
        finally:
            voice.close()

    asyncio.run(play())


def tone(seconds: float, *, rate: int = 24_000, channels: int = 1, level: float = 0.3) -> NDArray[np.float64]:
    """A steady tone, shape (frames, channels)."""
    sound = level * np.sin(2 * np.pi * 220 * np.arange(int(seconds * rate)) / rate)
    return np.repeat(sound[:, None], channels, axis=1)


def data_uri(sound: NDArray[np.float64], *, rate: int = 24_000, fmt: str = "WAV", media_type: str = "audio/wav") -> str:
    """A recording as the clone call takes it."""
    file = io.BytesIO()
    soundfile.write(file, sound, rate, format=fmt)
    return f"data:{media_type};base64,{base64.b64encode(file.getvalue()).decode()}"
