"""What judging costs: CPU a second of audio, stage by stage, on speech made on the spot.

    python -m benchmarks.judging [--repeat 5]

CPU time (`time.process_time`), the best of several runs; on a busy machine compare the shares rather than the figures.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import sys
import time
from collections.abc import Callable

from ttsgate import catalog, judgement
from ttsgate.collect.references import reference
from ttsgate.emulator.speech import Speech, timbre_of
from ttsgate.judgement.engine import judge_session
from ttsgate.judgement.views import SessionView
from ttsgate.measure import alignment, integrity
from ttsgate.measure.activity import speech_probabilities
from ttsgate.measure.levels import levels_of
from ttsgate.measure.pcm import to_float
from ttsgate.measure.spectrum import band_of
from ttsgate.measure.speech import analyse
from ttsgate.result.transcript import Entry, Transcript, Utterance

MODEL, RATE, PIECE = "qwen3-tts-flash-realtime", 24_000, 4_800
TEXTS = (
    "Good morning, the gate is open.",
    "请在明天早上九点之前打电话到办公室。",
    "The train to the airport leaves in ten minutes from platform four, please have your ticket ready.",
)
VOICES = ("Cherry", "Ethan", "Bunny")


def view_of(text: str, voice: str) -> SessionView:
    """A session that brought this text in this voice, in pieces of 0.1 s."""
    speech = Speech()
    made = asyncio.run(speech.render(text, voice=timbre_of(catalog.find(MODEL), voice), sample_rate=RATE))
    speech.close()
    data = made.astype("<i2").tobytes()
    events: list[dict[str, object]] = [{"type": "session.created", "session": {}}, {"type": "response.created"}]
    events += [
        {"type": "response.audio.delta", "delta": base64.b64encode(data[i : i + PIECE]).decode()}
        for i in range(0, len(data), PIECE)
    ]
    events += [{"type": "response.done"}, {"type": "session.finished"}]
    entries = [Entry(t=n * 0.08, dir="in", event=e) for n, e in enumerate(events)]
    transcript = Transcript(
        session="s",
        level="frames",
        model=MODEL,
        client="wire",
        utterance=Utterance(text=text, voice=voice),
        started="2026-01-01T00:00:00Z",
        entries=entries,
    )
    return SessionView(transcript, catalog.find(MODEL), reference=reference(text, None))


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeat", type=int, default=5)
    repeat = parser.parse_args().repeat
    judgement.load_all()
    views = [view_of(text, voice) for text in TEXTS for voice in VOICES]
    sounds = [(v, v.samples, to_float(v.samples)) for v in views if v.samples is not None]
    seconds = sum(len(s) for _, s, _ in sounds) / RATE
    outlines = {v.text: alignment.decoded(v.reference) for v in views}

    def laid_over() -> None:
        for v, _, x in sounds:
            outline = outlines[v.text]
            if outline is not None:
                alignment.agreement(x, RATE, outline)

    stages: dict[str, Callable[[], object]] = {
        "levels": lambda: [levels_of(s, RATE) for _, s, _ in sounds],
        "speech detector": lambda: [speech_probabilities(x, RATE) for _, _, x in sounds],
        "rhythm, pitch, tract": lambda: [analyse(s, RATE) for _, s, _ in sounds],
        "band": lambda: [band_of(x, RATE) for _, _, x in sounds],
        "holes": lambda: [integrity.dropouts(s, RATE) for _, s, _ in sounds],
        "copies": lambda: [integrity.repeats(s, RATE) for _, s, _ in sounds],
        "seams": lambda: [integrity.seams(s, list(range(PIECE // 2, len(s), PIECE // 2)), RATE) for _, s, _ in sounds],
        "breaks": lambda: [integrity.breaks(s, RATE, times=6.0) for _, s, _ in sounds],
        "reference reading": laid_over,
        "everything": lambda: [judge_session(SessionView(v.transcript, v.model, reference=v.reference)) for v in views],
    }
    spent = {name: min(_cpu_s(work) for _ in range(repeat)) / seconds * 1000 for name, work in stages.items()}
    whole = spent["everything"]
    sys.stdout.write(f"{len(views)} sessions, {seconds:.0f} s of audio\n")
    for name, ms in spent.items():
        sys.stdout.write(f"{name:22} {ms:6.1f} ms CPU a second of audio   {ms / whole * 100:4.0f} %\n")
    return 0


def _cpu_s(work: Callable[[], object]) -> float:
    before = time.process_time()
    work()
    return time.process_time() - before


if __name__ == "__main__":
    sys.exit(main())
