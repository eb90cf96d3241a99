"""A client of Qwen TTS Realtime in Python with `websockets`: says one text, saves a WAV file.

    pip install websockets
    TTS_WS_URL=wss://... TTS_API_KEY=... TTS_TEXT="Good morning." TTS_OUTPUT=speech.wav python client.py

Every wait has an end, every failure a message and exit code 1. Try it:

    ttsgate test-client --command "python examples/clients/client.py"
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import sys
import uuid
import wave
from typing import Any

import websockets
from websockets.asyncio.client import ClientConnection

RATE = 24_000


class Failed(Exception):
    """The service refused, broke off or fell silent; the text is for people."""


async def send(connection: ClientConnection, kind: str, **members: Any) -> None:
    event = {"event_id": f"event_{uuid.uuid4().hex}", "type": kind, **members}
    await connection.send(json.dumps(event, ensure_ascii=False))


async def receive(connection: ClientConnection, timeout_s: float) -> dict[str, Any]:
    """The next event; an error event is a failure, whatever comes after it."""
    try:
        event = json.loads(await asyncio.wait_for(connection.recv(), timeout_s))
    except TimeoutError:
        raise Failed(f"nothing came for {timeout_s:g} s") from None
    except websockets.ConnectionClosed as exc:
        raise Failed(f"the connection ended too early: {exc}") from None
    if event.get("type") == "error":
        error = event.get("error", {})
        raise Failed(f"{error.get('code')}: {error.get('message')}")
    return dict(event)


async def speak(url: str, key: str, text: str, voice: str, timeout_s: float) -> bytes:
    """The audio of `text`: 16-bit mono PCM."""
    async with websockets.connect(
        url,
        additional_headers={"Authorization": f"Bearer {key}"},
        open_timeout=timeout_s,
        close_timeout=2,
        max_size=8 * 2**20,
    ) as connection:
        while (await receive(connection, timeout_s))["type"] != "session.created":
            pass
        settings = {"voice": voice, "mode": "server_commit", "response_format": "pcm", "sample_rate": RATE}
        await send(connection, "session.update", session=settings)
        await send(connection, "input_text_buffer.append", text=text)
        await send(connection, "session.finish")
        audio = bytearray()
        # Neither response.audio.done nor response.done is the end, and unknown events are none of our business.
        while (event := await receive(connection, timeout_s))["type"] != "session.finished":
            if event["type"] == "response.audio.delta":
                audio += base64.b64decode(event["delta"], validate=True)
            elif event["type"] == "response.done" and event["response"].get("status") != "completed":
                raise Failed(f"the response is {event['response'].get('status')}")
    if not audio:
        raise Failed("the session finished without any audio")
    return bytes(audio)


def main() -> None:
    """Speak what the environment says."""
    ours = os.environ
    url = f"{ours['TTS_WS_URL']}?model={ours.get('TTS_MODEL', 'qwen3-tts-flash-realtime')}"
    voice, timeout_s = ours.get("TTS_VOICE", "Cherry"), float(ours.get("TTS_TIMEOUT_S", "10"))
    try:
        audio = asyncio.run(speak(url, ours["TTS_API_KEY"], ours["TTS_TEXT"], voice, timeout_s))
    except (Failed, OSError, TimeoutError, websockets.WebSocketException) as exc:
        sys.exit(f"no speech: {exc or type(exc).__name__}")
    with wave.open(ours["TTS_OUTPUT"], "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(audio)


if __name__ == "__main__":
    main()
