"""The normalised interface ``tts.realtime`` as a function: text in, chunks, rate and finish reason out."""

from __future__ import annotations

import asyncio
import os
import secrets
import ssl

import certifi

from ttsgate import catalog
from ttsgate.clients.wire import WireSession
from ttsgate.clients.wire import synthesize as run_session
from ttsgate.config import allowed_host
from ttsgate.errors import CredentialError, TargetUnreachable, UsageError
from ttsgate.result.response import Response, normalise
from ttsgate.result.transcript import Transcript, Utterance

__all__ = ["asynthesize", "synthesize"]


async def asynthesize(
    text: str,
    voice: str,
    *,
    instruction: str | None = None,
    sample_rate: int | None = None,
    model: str = "qwen3-tts-flash-realtime",
    region: str | None = None,
    ws_url: str | None = None,
    api_key: str | None = None,
    deadline_s: float = 60.0,
) -> Response:
    """Speak one text over one realtime session; billed when it reaches the live service.

    Args:
        text: What to say.
        voice: Voice name, or id of a custom voice.
        instruction: How to say it; sent to instruct models only, elsewhere the response says ``instruction_ignored``.
        sample_rate: Hz; the service's default is 24000.
        model: Exact model string.
        region: Region of the live service, e.g. ``cn-beijing``; needed unless `ws_url` is given.
        ws_url: Websocket URL of another target, e.g. of ``ttsgate serve``.
        api_key: The key; ``DASHSCOPE_API_KEY`` of the environment if left out.
        deadline_s: Seconds for the whole session.

    Returns:
        The normalised response; ``finish_reason`` is ``stop`` only for a completed response.

    Raises:
        UsageError: unknown model or region, or neither region nor URL.
        CredentialError: no key, a key that may not travel to that host, or one that was refused.
        TargetUnreachable: no session came about; says what was seen instead.
    """
    known = catalog.find(model)
    if ws_url is None:
        if region is None:
            raise UsageError("name a region (e.g. region='cn-beijing') or give ws_url: a key belongs to one region")
        ws_url = catalog.endpoints(region).ws_url
    key = api_key or os.environ.get("DASHSCOPE_API_KEY")
    if not key:
        raise CredentialError("no API key: pass api_key= or set DASHSCOPE_API_KEY")
    if not allowed_host(ws_url, custom=api_key is not None):
        raise CredentialError(f"the key of the environment may not go to {ws_url}: pass api_key= for that host")
    transcript = await run_session(
        WireSession(
            session=f"synthesize-{secrets.token_hex(4)}",
            ws_url=ws_url,
            model=model,
            utterance=Utterance(text=text, voice=voice, instruction=instruction, sample_rate=sample_rate),
            api_key=key,
            instructions=known.instructions,
            deadline_s=deadline_s,
            tls=ssl.create_default_context(cafile=certifi.where()) if ws_url.startswith("wss") else None,
        )
    )
    if next(transcript.received("session.created", "session.updated"), None) is None:
        raise _refused(transcript, ws_url)
    return normalise(transcript, instructions=known.instructions)


def synthesize(
    text: str,
    voice: str,
    *,
    instruction: str | None = None,
    sample_rate: int | None = None,
    model: str = "qwen3-tts-flash-realtime",
    region: str | None = None,
    ws_url: str | None = None,
    api_key: str | None = None,
    deadline_s: float = 60.0,
) -> Response:
    """`asynthesize` for callers without an event loop of their own."""
    return asyncio.run(
        asynthesize(
            text,
            voice,
            instruction=instruction,
            sample_rate=sample_rate,
            model=model,
            region=region,
            ws_url=ws_url,
            api_key=api_key,
            deadline_s=deadline_s,
        )
    )


def _refused(transcript: Transcript, ws_url: str) -> CredentialError | TargetUnreachable:
    for note in transcript.notes("refused"):
        status = (note.data or {}).get("status")
        if status in (401, 403):
            return CredentialError(f"the key was refused with HTTP {status}: invalid, or a key of another region")
        return TargetUnreachable(f"{ws_url} answered the handshake with HTTP {status}")
    for note in transcript.notes("error", "deadline"):
        data = note.data or {}
        words = data.get("message") or f"nothing within {data.get('after_s')} s"
        return TargetUnreachable(f"{ws_url}: {words}")
    return TargetUnreachable(f"{ws_url}: the connection was closed before session.created")
