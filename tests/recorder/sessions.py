"""Sessions written by hand, and recordings of them."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

from ttsgate.recorder.capture import Capture, asked, new_recording
from ttsgate.result.recording import Recording, Source
from ttsgate.result.transcript import Entry, Transcript

__all__ = ["MODEL", "PATH", "event", "note", "recorded", "spoken"]

MODEL = "qwen3-tts-flash-realtime"
PATH = "/api-ws/v1/realtime"
SOURCE = Source(kind="live", claim="live", ws_url="wss://dashscope.aliyuncs.com" + PATH, region="cn-beijing")


def event(t: float, way: Any, kind: str, **fields: Any) -> Entry:
    """A frame with an event."""
    return Entry(t=t, dir=way, event={"event_id": f"e{t}", "type": kind, **fields})


def note(t: float, name: str, **data: Any) -> Entry:
    """An observation."""
    return Entry(t=t, dir="note", name=name, data=data)


def spoken(
    text: str = "Good morning.",
    *,
    session: str = "0001",
    model: str = MODEL,
    agent: str = "ttsgate",
    sess: str = "sess_1",
    gap: float = 0.01,
    **settings: Any,
) -> Transcript:
    """A session that ends well: settings, one text, one response of two deltas, finish."""
    setting = {"voice": "Cherry", "mode": "server_commit", "response_format": "pcm", "sample_rate": 24000, **settings}
    commit = setting["mode"] == "commit"
    delta = base64.b64encode(bytes(range(240)) * 4).decode()
    target = f"{PATH}?model={model}"
    headers = {"host": "dashscope.aliyuncs.com", "user-agent": agent, "authorization": "***"}
    said: list[tuple[Any, str, dict[str, Any]]] = [
        ("in", "session.created", {"session": {"id": sess, "model": model}}),
        ("out", "session.update", {"session": setting}),
        ("in", "session.updated", {"session": {"id": sess, **setting}}),
        ("out", "input_text_buffer.append", {"text": text}),
        *([("out", "input_text_buffer.commit", {})] if commit else [("out", "session.finish", {})]),
        ("in", "input_text_buffer.committed", {"item_id": ""}),
        ("in", "response.created", {"response": {"id": "resp_1", "status": "in_progress"}}),
        ("in", "response.audio.delta", {"response_id": "resp_1", "delta": delta}),
        ("in", "response.audio.delta", {"response_id": "resp_1", "delta": delta}),
        ("in", "response.audio.done", {"response_id": "resp_1"}),
        ("in", "response.done", {"response": {"id": "resp_1", "status": "completed", "usage": {"characters": 13}}}),
        *([("out", "session.finish", {})] if commit else []),
        ("in", "session.finished", {}),
    ]
    entries = [
        note(0.0, "dial", url=f"wss://dashscope.aliyuncs.com{target}"),
        note(0.001, "request", method="GET", target=target, headers=headers),
        note(0.002, "upgraded", status=101, headers={}),
    ]
    for way, kind, fields in said:
        t = entries[-1].t + gap
        fields = {"event_id": f"event_{len(entries)}", "type": kind, **fields}
        entries.append(Entry(t=round(t, 6), dir=way, event=fields))
    end = round(entries[-1].t + gap, 6)
    entries.append(note(end, "close", dir="in", code=1000, reason=""))
    entries.append(note(end, "closed", code=1000, reason="", by="service"))
    return Transcript(
        session=session,
        level="frames",
        model=model,
        client="recorded",
        utterance=asked(entries),
        started="2026-11-20T02:00:00.000Z",
        entries=entries,
    )


def recorded(folder: Path, *transcripts: Transcript, expires: str | None = None) -> Recording:
    """Write a recording of `transcripts`."""
    capture = Capture(folder, new_recording(SOURCE, how="proxy", expires=expires))
    for transcript in transcripts:
        capture.keep(transcript)
    return capture.close()
