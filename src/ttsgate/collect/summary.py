"""A session in a few fields: what the result keeps beside the transcript."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from ttsgate.catalog import Model
from ttsgate.judgement.views import SessionView
from ttsgate.measure.pcm import read_wav, samples_of
from ttsgate.measure.playback import playback_metrics
from ttsgate.measure.timing import session_metrics, text_sent_at
from ttsgate.measure.waveform import waveform
from ttsgate.result.record import Cell, SessionRecord
from ttsgate.result.response import finish_reason, normalise
from ttsgate.result.transcript import AUDIO_DELTA, Transcript

__all__ = ["measure", "summarise", "summarise_connection"]


def summarise(
    transcript: Transcript, cell: Cell, model: Model, *, attempt: int, probe: dict[str, Any] | None = None
) -> SessionRecord:
    """Summarise a session; numbers that need decoded audio are filled in when it is judged.

    Args:
        transcript: What was seen.
        cell: Cell it belongs to.
        model: Capabilities of its model.
        attempt: 1 for the first session of the cell.
        probe: The stand-alone script's JSON, for SDK clients.
    """
    response = normalise(transcript, instructions=model.instructions)
    last = transcript.entries[-1].t if transcript.entries else 0.0
    ended = datetime.fromisoformat(transcript.started) + timedelta(seconds=last)
    record = SessionRecord(
        id=transcript.session,
        cell=cell.id,
        attempt=attempt,
        level=transcript.level,
        utterance=transcript.utterance,
        started=transcript.started,
        ended=ended.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        finish_reason=finish_reason(transcript),
        sample_rate=response.sample_rate,
        audio_bytes=len(transcript.audio()),
        chunks=sum(1 for _ in transcript.received(AUDIO_DELTA)),
        instruction_ignored=response.instruction_ignored,
        service_ids=_ids(transcript),
        timing=session_metrics(transcript),
        usage=_usage(transcript),
        probe=probe or {},
    )
    _what_went_wrong(record, transcript)
    return record


def summarise_connection(transcript: Transcript, cell: Cell, model: Model, *, attempt: int) -> SessionRecord:
    """Summarise a connection of a program as the emulator saw it: without times, which would be the emulator's own."""
    record = summarise(transcript, cell, model, attempt=attempt)
    record.timing = {}
    return record


def measure(view: SessionView, *, fallback: bytes | None) -> None:
    """Fill in the numbers of `view.record` that need the samples: those of the fallback where there is one.

    Args:
        view: The session with its record.
        fallback: The WAV file that the fallback wrote.
    """
    record = view.record
    assert record is not None
    record.timing = dict(view.metrics)
    record.audio_ms = record.timing.pop("audio_ms", None)
    if view.format == "pcm":
        asked_at = text_sent_at(view.transcript)
        record.timing |= playback_metrics(view.pieces, rate=view.rate, asked_at=asked_at)
    samples = view.samples
    if fallback is not None and (wav := read_wav(fallback)) is not None:
        samples = samples_of(fallback[wav.start : wav.start + wav.size])
        record.audio_bytes, record.sample_rate = wav.size, wav.sample_rate
        record.audio_ms = round(len(samples) / max(wav.sample_rate, 1) * 1000, 3)
    if samples is not None and len(samples):
        record.waveform = waveform(samples)


def _ids(transcript: Transcript) -> dict[str, list[str]]:
    ids: dict[str, list[str]] = {}
    for kind, member in (("session.created", "session"), ("response.created", "response")):
        for entry in transcript.received(kind):
            value = (entry.event or {}).get(member)
            if isinstance(value, dict) and isinstance(value.get("id"), str):
                ids.setdefault(member, []).append(value["id"])
    for entry in transcript.received("response.output_item.added"):
        item = (entry.event or {}).get("item")
        if isinstance(item, dict) and isinstance(item.get("id"), str):
            ids.setdefault("item", []).append(item["id"])
    for note in transcript.notes("response", "refused"):
        body = (note.data or {}).get("body")
        try:
            body = msgspec.json.decode(body) if isinstance(body, str) else body
        except msgspec.MsgspecError:
            continue
        if isinstance(body, dict) and isinstance(body.get("request_id"), str):
            ids.setdefault("request", []).append(body["request_id"])
    return ids


def _usage(transcript: Transcript) -> dict[str, Any]:
    usage: dict[str, Any] = {}
    for entry in transcript.received("response.done"):
        response = (entry.event or {}).get("response")
        value = response.get("usage") if isinstance(response, dict) else None
        if isinstance(value, dict):
            for name, number in value.items():
                before = usage.get(name, 0)
                both = isinstance(number, int | float) and isinstance(before, int | float)
                usage[name] = before + number if both else number
    return usage


def _what_went_wrong(record: SessionRecord, transcript: Transcript) -> None:
    """First the service's own words, then the SDK probe's, then the connection's."""
    for entry in transcript.received("error"):
        error = (entry.event or {}).get("error")
        if isinstance(error, dict):
            record.code, record.message = _text(error.get("code")), _text(error.get("message"))
            record.error_class, record.error = "error_event", record.message
            break
    for note in transcript.notes("refused"):
        data = note.data or {}
        record.http_status = data.get("status") if isinstance(data.get("status"), int) else None
        record.error_class, record.error = "handshake_refused", f"HTTP {data.get('status')}"
    for note in transcript.notes("closed"):
        code = (note.data or {}).get("code")
        record.close_code = code if isinstance(code, int) else None
    told = record.probe.get("http_probe" if transcript.level == "http" else "realtime_probe")
    if isinstance(told, dict):
        record.error_class = record.error_class or _text(told.get("error_class"))
        record.error = record.error or _text(told.get("error"))
        record.code = record.code or _text(told.get("code"))
        record.message = record.message or _text(told.get("message"))
        if record.http_status is None and isinstance(told.get("http_status"), int):
            record.http_status = told["http_status"]
    for note in transcript.notes("error", "deadline"):
        data = note.data or {}
        words = data.get("message") or f"gave up after {data.get('after_s')} s waiting for {data.get('waiting_for')}"
        record.error_class = record.error_class or _text(data.get("class")) or "deadline"
        record.error = record.error or _text(words)


def _text(value: object) -> str | None:
    return value[:500] if isinstance(value, str) and value else None
