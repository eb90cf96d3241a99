"""Geometry of the report's pictures: numbers and path data, the markup stands in the templates."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ttsgate.report.words import milliseconds
from ttsgate.result.record import SessionRecord

__all__ = ["LANE_WIDTH", "WAVE_HEIGHT", "Lane", "Segment", "Waveform", "lane", "lanes_scale", "waveform"]

WAVE_HEIGHT = 150
_STEP = 3
_SILENCE = 1e-4
LANE_WIDTH = 1_000
"""Width of a lane in units of its own coordinate system."""


@dataclass(frozen=True, slots=True)
class Waveform:
    """A waveform as upright strokes, scaled to its own peak."""

    width: int
    path: str
    ticks: list[float]
    """Places of every half second."""
    peak: str
    """Peak level in words, since the drawing is scaled to it."""
    length: str
    rate: str


def waveform(session: SessionRecord) -> Waveform | None:
    """Draw the ``[low, high]`` columns of a session; None without columns."""
    columns = [c for c in session.waveform if len(c) == 2 and all(math.isfinite(v) for v in c)]
    if not columns:
        return None
    width = len(columns) * _STEP
    peak = max(max(abs(low), abs(high)) for low, high in columns)
    scale = (WAVE_HEIGHT / 2 - 2) / max(peak, _SILENCE)
    middle = WAVE_HEIGHT / 2
    strokes = []
    for number, (low, high) in enumerate(columns):
        top, bottom = middle - high * scale, middle - low * scale
        if bottom - top < 1:
            top, bottom = (top + bottom) / 2 - 0.5, (top + bottom) / 2 + 0.5
        strokes.append(f"M{number * _STEP + _STEP / 2:g} {top:.1f}V{bottom:.1f}")
    return Waveform(
        width=width,
        path="".join(strokes),
        ticks=_ticks(session.audio_ms, width),
        peak="digital silence" if peak == 0 else f"peak {20 * math.log10(peak):.1f} dBFS",
        length=milliseconds(session.audio_ms),
        rate=f"{session.sample_rate / 1000:g} kHz" if session.sample_rate else "rate unknown",
    )


def _ticks(audio_ms: float | None, width: int) -> list[float]:
    if not audio_ms or audio_ms > 30_000:
        return []
    return [round(t * width / audio_ms, 1) for t in range(500, math.ceil(audio_ms), 500)]


@dataclass(frozen=True, slots=True)
class Segment:
    """One stretch of a session's time."""

    kind: str
    """``connect``, ``create``, ``wait``, ``audio`` or ``close``: shape and colour."""
    x: float
    width: float
    says: str


@dataclass(frozen=True, slots=True)
class Lane:
    """A session's time from the dial on."""

    segments: list[Segment]


def lanes_scale(sessions: list[SessionRecord]) -> float:
    """Milliseconds that a lane's whole width stands for: the longest session, rounded up to half a second."""
    longest = max((s.timing.get("total_ms", 0.0) for s in sessions), default=0.0)
    return max(500.0, math.ceil(longest / 500) * 500)


def lane(session: SessionRecord, *, scale_ms: float) -> Lane | None:
    """Cut a session into stretches; None without the numbers that this takes."""
    timing = session.timing
    total = timing.get("total_ms")
    if total is None:
        return None
    first_audio = timing.get("cold_first_audio_ms")
    last_audio = first_audio + timing.get("deliver_ms", 0.0) if first_audio is not None else None
    moments = [
        ("connect", timing.get("connect_ms"), "connecting"),
        ("create", timing.get("session_ms"), "until session.created"),
        ("wait", first_audio, "waiting for the first audio"),
        ("audio", last_audio, "audio arriving"),
        ("close", total, "finishing and closing"),
    ]
    segments = []
    begin = 0.0
    for kind, end, words in moments:
        if end is None or end <= begin:
            continue
        x, width = begin / scale_ms * LANE_WIDTH, (end - begin) / scale_ms * LANE_WIDTH
        segments.append(Segment(kind, round(x, 1), round(max(width, 1.5), 1), f"{words}: {milliseconds(end - begin)}"))
        begin = end
    return Lane(segments) if segments else None
