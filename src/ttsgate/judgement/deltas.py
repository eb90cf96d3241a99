"""Checks of the stage conformance: does every delta hold decodable audio."""

from __future__ import annotations

import base64
from collections.abc import Iterator

from ttsgate.judgement.problems import problem
from ttsgate.judgement.registry import Blocked, NotApplicable, Problem, check
from ttsgate.judgement.views import SessionView
from ttsgate.measure.pcm import container_of

__all__: list[str] = []


@check(
    "P-base64",
    sentence="Every delta is canonical Base64.",
    why="Lenient decoders skip what they do not know and shift the samples behind it: noise.",
    stage="conformance",
    needs=("C-open",),
)
def _base64(view: SessionView) -> Iterator[Problem]:
    deltas = view.of("response.audio.delta")
    if not deltas:
        raise NotApplicable
    for frame in deltas:
        text = frame.get("delta")
        if not isinstance(text, str):
            continue
        try:
            good = base64.b64encode(base64.b64decode(text, validate=True)).decode() == text
        except ValueError:
            good = False
        if not good:
            yield problem(view, f"the delta in frame {frame.number} is no canonical Base64", frame, text[:40])


@check(
    "P-delta-empty",
    sentence="No delta is empty.",
    why="Strict clients abort on it; others take it for the first audio and report a time that nobody heard.",
    stage="conformance",
    severity="warn",
    needs=("P-base64",),
)
def _delta_empty(view: SessionView) -> Iterator[Problem]:
    for frame in view.of("response.audio.delta"):
        if frame.get("delta") == "":
            yield problem(view, f"the delta in frame {frame.number} is empty", frame)


@check(
    "P-even-bytes",
    sentence="Every PCM delta holds whole 16-bit samples: an even number of bytes.",
    why="A player that plays each delta by itself shifts by a byte: full-scale noise.",
    stage="conformance",
    needs=("P-base64",),
)
def _even_bytes(view: SessionView) -> Iterator[Problem]:
    if view.format != "pcm" or not view.pieces:
        raise NotApplicable
    if container_of(view.audio[:4096]) is not None:
        raise Blocked("A-container")
    for piece in view.pieces:
        if len(piece.data) % 2:
            yield problem(
                view, f"the delta in frame {piece.frame} holds {len(piece.data)} bytes, an odd number", piece.frame
            )
