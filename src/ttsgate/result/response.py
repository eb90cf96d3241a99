"""The normalised interface ``tts.realtime``: one shape whatever client spoke."""

from __future__ import annotations

from typing import Any

import msgspec

from ttsgate.result.transcript import AUDIO_DELTA, Transcript

__all__ = ["Response", "finish_reason", "normalise"]


class Response(msgspec.Struct, kw_only=True):
    """What came back for one utterance."""

    audio_base64_pcm_chunks: list[str]
    """Audio as it arrived, Base64, one string a delta; PCM is 16-bit little-endian mono."""
    sample_rate: int
    """Hz, as the service confirmed it in ``session.updated``, else as asked."""
    finish_reason: str | None
    """``stop`` when the response's status is completed, else the service's own status; None if it never ended."""
    instruction_ignored: bool = False
    """An instruction was given, but the model takes none and it was not sent."""


def normalise(transcript: Transcript, *, instructions: bool) -> Response:
    """Read the normalised response out of a transcript.

    Args:
        transcript: Any realtime transcript.
        instructions: Whether the model takes instructions.
    """
    return Response(
        audio_base64_pcm_chunks=[
            e.event["delta"]
            for e in transcript.received(AUDIO_DELTA)
            if e.event is not None and isinstance(e.event.get("delta"), str)
        ],
        sample_rate=_confirmed_rate(transcript) or transcript.utterance.rate,
        finish_reason=finish_reason(transcript),
        instruction_ignored=bool(transcript.utterance.instruction) and not instructions,
    )


def finish_reason(transcript: Transcript) -> str | None:
    """``stop`` for a completed response, else its status; the last response counts, the first bad one wins."""
    reason = None
    for entry in transcript.received("response.done"):
        status = _member(entry.event, "response").get("status")
        if status != "completed":
            return str(status)
        reason = "stop"
    return reason


def _confirmed_rate(transcript: Transcript) -> int | None:
    rate = None
    for entry in transcript.received("session.updated"):
        value = _member(entry.event, "session").get("sample_rate")
        rate = value if isinstance(value, int) and value > 0 else rate
    return rate


def _member(event: dict[str, Any] | None, name: str) -> dict[str, Any]:
    value = (event or {}).get(name)
    return value if isinstance(value, dict) else {}
