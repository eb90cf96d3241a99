"""Checks of the stage audio: how long nothing is said between two words."""

from __future__ import annotations

from collections.abc import Iterator

from ttsgate.judgement.audio import fault
from ttsgate.judgement.registry import NotApplicable, Problem, check
from ttsgate.judgement.views import SessionView
from ttsgate.measure.levels import FRAME_S, frame_levels, runs
from ttsgate.measure.pcm import to_float

__all__: list[str] = []

LONGEST_S = 2.0
"""Silence between two words: readers pause 0.2 to 0.4 s at a comma and 0.5 to 1 s at a full stop; after two seconds a
listener on the telephone takes the line for dead."""
SILENT_DB = -55.0
"""Level below which a frame is silence, the one that lead-in and tail are measured with."""


@check(
    "A-pause",
    sentence="No pause between two words is longer than two seconds.",
    why="The rest of the sentence comes when the listener has begun to speak; events and timing are those of a good "
    "session. Not read where an instruction may have asked for pauses.",
    stage="audio",
    needs=("A-silence",),
)
def _pause(view: SessionView) -> Iterator[Problem]:
    levels, samples = view.levels, view.samples
    if samples is None or levels.first_s is None or levels.last_s is None:
        raise NotApplicable
    if view.asked.instruction is not None and view.model.instructions:
        raise NotApplicable
    quiet = frame_levels(to_float(samples), view.rate) < SILENT_DB
    for start, end in runs(quiet).tolist():
        inside = start * FRAME_S > levels.first_s and end * FRAME_S < levels.last_s
        if inside and (end - start) * FRAME_S > LONGEST_S * max(1.0, 1 / (view.asked.speech_rate or 1.0)):
            yield fault(
                view,
                f"{(end - start) * FRAME_S:.1f} s without a sound between two words, at {start * FRAME_S:.1f} s",
                "service.audio",
                sample=round(start * FRAME_S * view.rate),
            )
