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
    "audio_delta",
    "audio_done",
    "buffer_cleared",
    "buffer_committed",
    "cancel_response",
    "clear_text",
    "commit_text",
    "content_part_added",
    "content_part_done",
    "error",
    "finish_session",
    "output_item_added",
    "output_item_done",
    "response_created",
    "response_done",
    "session_created",
    "session_finished",
    "session_updated",
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


def session_created(event_id: str, session: dict[str, Any]) -> Event:
    """First event of a session: its id and the settings in force."""
    return {"event_id": event_id, "type": "session.created", "session": session}


def session_updated(event_id: str, session: dict[str, Any]) -> Event:
    """Answer to ``session.update``: the settings now in force."""
    return {"event_id": event_id, "type": "session.updated", "session": session}


def buffer_committed(event_id: str, item_id: str) -> Event:
    """Text was taken for synthesis; `item_id` is empty in the vendor's example."""
    return {"event_id": event_id, "type": "input_text_buffer.committed", "item_id": item_id}


def buffer_cleared(event_id: str) -> Event:
    """Answer to ``input_text_buffer.clear``."""
    return {"event_id": event_id, "type": "input_text_buffer.cleared"}


def response_created(event_id: str, response_id: str, voice: str) -> Event:
    """A response begins."""
    return {
        "event_id": event_id,
        "type": "response.created",
        "response": {
            "id": response_id,
            "object": "realtime.response",
            "conversation_id": "",
            "status": "in_progress",
            "voice": voice,
            "output": [],
        },
    }


def output_item_added(event_id: str, response_id: str, item_id: str) -> Event:
    """The response's one item begins."""
    return {
        "event_id": event_id,
        "type": "response.output_item.added",
        "response_id": response_id,
        "output_index": 0,
        "item": _item(item_id, "in_progress", []),
    }


def content_part_added(event_id: str, response_id: str, item_id: str) -> Event:
    """The item's one part begins."""
    return _of_part(event_id, "response.content_part.added", response_id, item_id) | {
        "part": {"type": "audio", "text": ""}
    }


def audio_delta(event_id: str, response_id: str, item_id: str, delta: str) -> Event:
    """A piece of encoded audio, Base64."""
    return {
        "event_id": event_id,
        "type": "response.audio.delta",
        "response_id": response_id,
        "item_id": item_id,
        "output_index": 0,
        "content_index": 0,
        "delta": delta,
    }


def audio_done(event_id: str, response_id: str, item_id: str) -> Event:
    """No more audio in this response."""
    return _of_part(event_id, "response.audio.done", response_id, item_id)


def content_part_done(event_id: str, response_id: str, item_id: str) -> Event:
    """The part ends."""
    return _of_part(event_id, "response.content_part.done", response_id, item_id) | {
        "part": {"type": "audio", "text": ""}
    }


def output_item_done(event_id: str, response_id: str, item_id: str, status: str) -> Event:
    """The item ends; its content is keyed ``text`` here and ``transcript`` in ``response.done``."""
    return {
        "event_id": event_id,
        "type": "response.output_item.done",
        "response_id": response_id,
        "output_index": 0,
        "item": _item(item_id, status, [{"type": "audio", "text": ""}]),
    }


def response_done(
    event_id: str, response_id: str, item_id: str, *, status: str, voice: str, usage: dict[str, Any]
) -> Event:
    """The response ends with ``completed``, ``incomplete`` or ``failed``, and what it cost."""
    return {
        "event_id": event_id,
        "type": "response.done",
        "response": {
            "id": response_id,
            "object": "realtime.response",
            "conversation_id": "",
            "status": status,
            "modalities": ["text", "audio"],
            "voice": voice,
            "output": [_item(item_id, status, [{"type": "audio", "transcript": ""}])],
            "usage": usage,
        },
    }


def session_finished(event_id: str) -> Event:
    """Last event: everything was spoken and the service closes."""
    return {"event_id": event_id, "type": "session.finished"}


def error(event_id: str, code: str, message: str, /, **detail: Any) -> Event:
    """Something was refused; `detail` holds what only older pages show (type, param, event_id)."""
    return {"event_id": event_id, "type": "error", "error": {"code": code, "message": message, **detail}}


def _of_part(event_id: str, kind: str, response_id: str, item_id: str) -> Event:
    return {
        "event_id": event_id,
        "type": kind,
        "response_id": response_id,
        "item_id": item_id,
        "output_index": 0,
        "content_index": 0,
    }


def _item(item_id: str, status: str, content: list[dict[str, str]]) -> dict[str, Any]:
    return {
        "id": item_id,
        "object": "realtime.item",
        "type": "message",
        "status": status,
        "role": "assistant",
        "content": content,
    }
