"""Plain HTTP calls that are free of charge or touch voices: model lists, voice lists, create, delete.

Like the wire client, a call never raises for what the service does: the answer says what happened.
"""

from __future__ import annotations

import asyncio
import json
import ssl
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import aiohttp

from ttsgate.catalog import VOICE_SERVICES
from ttsgate.clients.route import DIRECT, Route

__all__ = ["HttpAnswer", "HttpClient"]

_PATIENCE_S = (1.1, 2.2)
"""Waits after 429 from voice customization, whose limits are by the second: a voice should not be left for that."""

MAX_BODY_BYTES = 4 * 2**20
"""Lists of 500 models are some hundred kilobytes."""


@dataclass(frozen=True, kw_only=True)
class HttpAnswer:
    """What came back, or why nothing did."""

    url: str
    ms: float
    """Duration, milliseconds, request written to body read."""
    status: int | None = None
    """None when there was no HTTP answer."""
    body: Any = None
    """Parsed JSON, or None."""
    text: str = ""
    """Body as text, at most 2000 characters."""
    error_class: str | None = None
    """Class of the exception when there was no answer."""
    error: str | None = None
    """Its message."""
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """An answer of the 2xx family that holds a JSON object."""
        return self.status is not None and 200 <= self.status < 300 and isinstance(self.body, dict)

    @property
    def code(self) -> str | None:
        """The service's own error code, in its native or its OpenAI-style wrapping."""
        return self._error_field("code")

    @property
    def message(self) -> str | None:
        """The service's own error message."""
        return self._error_field("message")

    def _error_field(self, name: str) -> str | None:
        if not isinstance(self.body, dict):
            return None
        wrapped = self.body.get("error")
        value = (wrapped if isinstance(wrapped, dict) else self.body).get(name)
        return str(value) if value else None


class HttpClient:
    """Calls against one service with one key."""

    def __init__(
        self,
        *,
        http_url: str,
        compatible_url: str,
        api_key: str,
        workspace: str | None = None,
        tls: ssl.SSLContext | None = None,
        timeout_s: float = 6.0,
        route: Route = DIRECT,
    ) -> None:
        self.http_url = http_url
        self.compatible_url = compatible_url
        self._tls = tls or route.tls
        self._route = route
        self._timeout_s = timeout_s
        self._headers = {"Authorization": f"Bearer {api_key}", "User-Agent": "ttsgate"}
        if workspace:
            self._headers["X-DashScope-WorkSpace"] = workspace

    async def models(self) -> HttpAnswer:
        """``GET /compatible-mode/v1/models``: key, region and visible models, free (protocol.md 6.3)."""
        return await self._call("GET", f"{self.compatible_url}/models")

    async def limits(self, *models: str) -> HttpAnswer:
        """``GET /api/v1/models/limits``: request rates of this key, free; nobody who told of it had tried it."""
        query = "&".join(f"model={quote(m, safe='')}" for m in models)
        return await self._call("GET", f"{self.http_url}/models/limits?page_size=100&{query}")

    async def temporary_key(self, seconds: int) -> HttpAnswer:
        """``POST /api/v1/tokens``: a key that lives that long, 1 to 1800 s; it cannot be revoked.

        https://help.aliyun.com/zh/model-studio/generate-temporary-api-key
        """
        return await self._call("POST", f"{self.http_url}/tokens?expire_in_seconds={seconds}")

    async def voices(self, kind: str, *, page: int = 0, size: int = 100) -> HttpAnswer:
        """One page of the account's custom voices; `kind` is ``design`` or ``clone``."""
        return await self._customize(kind, {"action": "list", "page_index": page, "page_size": size})

    async def all_voices(self, kind: str) -> list[dict[str, Any]] | None:
        """Every custom voice of a kind, at most 1000 (the account's own limit); None if the list fails."""
        found: list[dict[str, Any]] = []
        for page in range(10):
            answer = await self.voices(kind, page=page)
            output = answer.body.get("output") if answer.ok else None
            voices = output.get("voice_list") if isinstance(output, dict) else None
            if not isinstance(voices, list):
                return None
            found += [v for v in voices if isinstance(v, dict)]
            if len(voices) < 100:
                break
        return found

    async def create_voice(self, kind: str, **fields: Any) -> HttpAnswer:
        """Create a custom voice; a mutation that may be billed."""
        return await self._customize(kind, {"action": "create", **fields})

    async def delete_voice(self, kind: str, voice: str) -> HttpAnswer:
        """Delete a custom voice."""
        return await self._customize(kind, {"action": "delete", "voice": voice})

    async def speak(self, model: str, text: str, voice: str) -> bytes | None:
        """WAV bytes from a non-realtime model, or None; used to make a clone sample on the emulator."""
        answer = await self._call(
            "POST",
            f"{self.http_url}/services/aigc/multimodal-generation/generation",
            {"model": model, "input": {"text": text, "voice": voice}},
        )
        try:
            url = answer.body["output"]["audio"]["url"]
            timeout = aiohttp.ClientTimeout(total=self._timeout_s)
            async with (
                aiohttp.ClientSession(timeout=timeout, connector=self._route.connector()) as session,
                session.get(url, proxy=self._route.proxy_for(url), ssl=self._tls or True) as response,
            ):
                return await response.read() if response.status == 200 else None
        except (TypeError, KeyError, ValueError, aiohttp.ClientError, TimeoutError, OSError):
            return None

    async def _customize(self, kind: str, payload: dict[str, Any]) -> HttpAnswer:
        url, body = (
            f"{self.http_url}/services/audio/tts/customization",
            {"model": VOICE_SERVICES[kind], "input": payload},
        )
        for wait_s in _PATIENCE_S:
            answer = await self._call("POST", url, body)
            if answer.status != 429:
                return answer
            await asyncio.sleep(wait_s)
        return await self._call("POST", url, body)

    async def _call(self, method: str, url: str, payload: dict[str, Any] | None = None) -> HttpAnswer:
        began = time.perf_counter()

        def elapsed() -> float:
            return round((time.perf_counter() - began) * 1000, 3)

        timeout = aiohttp.ClientTimeout(total=self._timeout_s)
        try:
            async with (
                aiohttp.ClientSession(
                    timeout=timeout, headers=self._headers, connector=self._route.connector()
                ) as session,
                session.request(
                    method,
                    url,
                    json=payload,
                    ssl=self._tls or True,
                    allow_redirects=False,
                    proxy=self._route.proxy_for(url),
                ) as response,
            ):
                raw = b""
                async for piece in response.content.iter_chunked(2**16):
                    raw += piece
                    if len(raw) > MAX_BODY_BYTES:
                        raise ValueError(f"the answer is larger than {MAX_BODY_BYTES} bytes")
                ms = elapsed()
                text = raw.decode("utf-8", "replace")
                try:
                    body = json.loads(text)
                except (ValueError, RecursionError):
                    body = None
                headers = {k.lower(): v for k, v in response.headers.items()}
                return HttpAnswer(url=url, ms=ms, status=response.status, body=body, text=text[:2000], headers=headers)
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as exc:
            name = "TimeoutError" if isinstance(exc, TimeoutError) else type(exc).__name__
            words = str(exc) or f"no answer within {self._timeout_s:g} s"
            return HttpAnswer(url=url, ms=elapsed(), error_class=name, error=words)
