"""The emulator on a real socket, and a client that is not ours to talk to it."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import websockets
from websockets.asyncio.client import ClientConnection, connect

from ttsgate.emulator.app import Emulator
from ttsgate.emulator.config import EmulatorConfig
from ttsgate.emulator.speech import Speech

FLASH = "qwen3-tts-flash-realtime"
INSTRUCT = "qwen3-tts-instruct-flash-realtime"
VD = "qwen3-tts-vd-realtime-2026-01-15"
VC = "qwen3-tts-vc-realtime-2026-01-15"
KEY = "sk-emulator"
TEXT = "Good morning, it is half past nine."
DELTA = "response.audio.delta"


@dataclass
class Talk:
    """What a client saw of one session."""

    messages: list[str | bytes] = field(default_factory=list)
    status: int = 101
    """HTTP status of the handshake."""
    body: bytes = b""
    """Body of a refused handshake."""
    code: int | None = None
    """Close code received; None without a closing handshake."""
    reason: str = ""

    @property
    def events(self) -> list[dict[str, Any]]:
        """Text messages that hold JSON objects."""
        found = []
        for message in self.messages:
            try:
                event = json.loads(message)
            except (ValueError, RecursionError):
                continue
            if isinstance(event, dict):
                found.append(event)
        return found

    def of(self, kind: str) -> list[dict[str, Any]]:
        """Events of one type."""
        return [e for e in self.events if e.get("type") == kind]

    @property
    def types(self) -> list[str]:
        """Types of all events, runs of audio as one."""
        types: list[str] = []
        for event in self.events:
            kind = str(event.get("type"))
            if kind != DELTA or types[-1:] != [DELTA]:
                types.append(kind)
        return types

    @property
    def audio(self) -> bytes:
        """The audio, decoded piece by piece."""
        return b"".join(base64.b64decode(e["delta"], validate=True) for e in self.of(DELTA))


@cache
def _speech(seed: int) -> Speech:
    """One voice for all tests, so that a text is rendered once."""
    return Speech(seed=seed)


@asynccontextmanager
async def running(**settings: Any) -> AsyncIterator[Emulator]:
    """An emulator without rate limits that sends much faster than real time."""
    limits: dict[str, Any] = {"sessions_per_second": None, "sessions_per_minute": None, "pace": 100.0}
    config = EmulatorConfig(**{**limits, **settings})
    emulator = Emulator(config, speech=_speech(config.seed))
    await emulator.start()
    try:
        yield emulator
    finally:
        await emulator.stop()


def address(emulator: Emulator, model: str = FLASH) -> str:
    """Websocket URL with the query."""
    return f"ws://127.0.0.1:{emulator.port}/api-ws/v1/realtime?model={model}"


def update(**session: Any) -> dict[str, Any]:
    return {"type": "session.update", "session": session}


def append(text: Any) -> dict[str, Any]:
    return {"type": "input_text_buffer.append", "text": text}


COMMIT = {"type": "input_text_buffer.commit"}
FINISH = {"type": "session.finish"}


def one(text: str = TEXT, **session: Any) -> list[dict[str, Any]]:
    """The messages of one utterance."""
    return [update(**{"voice": "Ethan", "mode": "commit", **session}), append(text), COMMIT, FINISH]


async def talk(
    url: str,
    messages: Iterable[dict[str, Any] | str | bytes] = (),
    *,
    key: str | None = KEY,
    headers: dict[str, str] | None = None,
    within_s: float = 20.0,
    meanwhile: Callable[[ClientConnection, Talk], Awaitable[None]] | None = None,
) -> Talk:
    """Send everything at once, then listen until the end (or `within_s`); `meanwhile` runs after each message."""
    seen = Talk()
    extra = dict(headers or {})
    if key is not None:
        extra["Authorization"] = f"Bearer {key}"
    try:
        async with asyncio.timeout(within_s):
            async with connect(url, additional_headers=extra, max_size=None, proxy=None) as ws:
                try:
                    for message in messages:
                        await ws.send(json.dumps(message) if isinstance(message, dict) else message)
                    while True:
                        seen.messages.append(await ws.recv())
                        if meanwhile is not None:
                            await meanwhile(ws, seen)
                except websockets.ConnectionClosed as closed:
                    if closed.rcvd is not None:
                        seen.code, seen.reason = closed.rcvd.code, closed.rcvd.reason
                    while True:
                        # Closing while we were still sending leaves unread messages.
                        seen.messages.append(await ws.recv())
    except websockets.InvalidStatus as refused:
        seen.status, seen.body = refused.response.status_code, bytes(refused.response.body or b"")
    except (websockets.WebSocketException, OSError) as exc:
        seen.reason = seen.reason or f"{type(exc).__name__}: {exc}"
    except TimeoutError:
        seen.reason = "deadline"
    return seen


def run(work: Awaitable[Any]) -> Any:
    """Run a coroutine to its end; no test may take longer than a minute."""

    async def bounded() -> Any:
        async with asyncio.timeout(60):
            return await work

    return asyncio.run(bounded())
