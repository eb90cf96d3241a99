"""Names and shapes of the events of the Qwen TTS Realtime protocol.

Source of every name and field: the vendor's client-event and server-event pages
(https://help.aliyun.com/en/model-studio/qwen-tts-realtime-client-events,
https://help.aliyun.com/zh/model-studio/qwen-tts-realtime-server-events).
Pure data: nothing here reads a clock, a socket or a random source.
"""

from __future__ import annotations

from typing import Any

__all__ = [
    "CLIENT_EVENTS",
    "SERVER_EVENTS",
    "append_text",
    "cancel_response",
    "clear_text",
    "commit_text",
    "finish_session",
    "update_session",
]

CLIENT_EVENTS = (
    "session.update",
    "input_text_buffer.append",
    "input_text_buffer.commit",
    "input_text_buffer.clear",
    "response.cancel",
    "session.finish",
)
"""What a client may send; ``response.cancel`` is undocumented but sent by both vendor SDKs."""

SERVER_EVENTS = (
    "session.created",
    "session.updated",
    "input_text_buffer.committed",
    "input_text_buffer.cleared",
    "response.created",
    "response.output_item.added",
    "response.content_part.added",
    "response.audio.delta",
    "response.audio.done",
    "response.content_part.done",
    "response.output_item.done",
    "response.done",
    "session.finished",
    "error",
)
"""What a service may send, in the order of a normal session."""

Event = dict[str, Any]


def update_session(event_id: str, session: dict[str, Any]) -> Event:
    """Set voice, mode, format, rate and the rest, before any text."""
    return {"event_id": event_id, "type": "session.update", "session": session}


def append_text(event_id: str, text: str) -> Event:
    """Add text to the buffer; the field is ``text``, not ``delta``."""
    return {"event_id": event_id, "type": "input_text_buffer.append", "text": text}


def commit_text(event_id: str) -> Event:
    """Speak what is buffered now."""
    return {"event_id": event_id, "type": "input_text_buffer.commit"}


def clear_text(event_id: str) -> Event:
    """Drop what is buffered and not yet committed."""
    return {"event_id": event_id, "type": "input_text_buffer.clear"}


def cancel_response(event_id: str) -> Event:
    """Stop the running response (undocumented)."""
    return {"event_id": event_id, "type": "response.cancel"}


def finish_session(event_id: str) -> Event:
    """No more text follows; the service speaks the rest, says ``session.finished`` and closes."""
    return {"event_id": event_id, "type": "session.finish"}
