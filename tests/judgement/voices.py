"""Sessions with real speech, made on the spot, and what a broken service could make of it."""

from __future__ import annotations

import asyncio
import base64
from functools import cache

import numpy as np
import numpy.typing as npt
import soxr

from tests.judgement.written import MODEL, change, clean
from ttsgate import catalog
from ttsgate.collect.references import reference
from ttsgate.emulator.speech import Speech, timbre_of
from ttsgate.judgement.views import SessionView
from ttsgate.result.transcript import Entry, Transcript, Utterance

ENGLISH = "Please call the office before nine and ask for me by name."
CHINESE = "请在明天早上九点之前打电话到办公室。"
Samples = npt.NDArray[np.int16]


@cache
def speech(text: str = ENGLISH, voice: str = "Cherry", rate: int = 24000, **manner: float) -> Samples:
    """Speech of the emulator's voice; the same each time."""
    model = catalog.find(MODEL)
    made = asyncio.run(Speech().render(text, voice=timbre_of(model, voice), sample_rate=rate, **manner))  # type: ignore[arg-type]
    return np.array(made)


def resampled(samples: Samples, old: int, new: int) -> Samples:
    """The same sound at another sample rate."""
    made = soxr.resample(samples.astype(np.float64), old, new)
    new_samples: Samples = np.clip(made, -32768, 32767).astype(np.int16)
    return new_samples


@cache
def read(text: str) -> str | None:
    """The outline of a reference reading."""
    return reference(text, None)


def session(
    samples: Samples | bytes, text: str = ENGLISH, *, piece_ms: int = 100, name: str = "s1", **asked: object
) -> SessionView:
    """A session by the book that brings these samples, in pieces a little faster than they play."""
    data = samples if isinstance(samples, bytes) else samples.astype("<i2").tobytes()
    utterance = Utterance(**{"text": text, "voice": "Cherry", **asked})  # type: ignore[arg-type]
    _, entries = clean("clean-server-commit")
    first = next(i for i, e in enumerate(entries) if e.get("event", {}).get("type") == "response.audio.delta")
    model_event = entries[first]["event"]
    entries = [e for e in entries if e.get("event", {}).get("type") != "response.audio.delta"]
    size = 2 * (utterance.rate * piece_ms // 1000)
    pieces = [data[i : i + size] for i in range(0, len(data), size)]
    for n, piece in enumerate(pieces):
        event = {**model_event, "event_id": f"a{n}", "delta": base64.b64encode(piece).decode()}
        entries.insert(first + n, {"t": round(0.6 + n * piece_ms * 0.0008, 6), "dir": "in", "event": event})
    late = 0.6 + len(pieces) * piece_ms * 0.0008 - 1.11
    entries = change(entries, {"type": "response.audio.done", "late": round(late, 6)})
    transcript = Transcript(
        session=name,
        level="frames",
        model=str(asked.pop("model", MODEL)),
        client="wire",
        utterance=utterance,
        started="2026-11-22T00:00:00Z",
        entries=[Entry(**e) for e in entries],
    )
    return SessionView(transcript, catalog.find(transcript.model), reference=read(text))
