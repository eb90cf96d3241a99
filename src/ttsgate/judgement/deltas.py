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


_CHUNKS = (b"fmt ", b"data")
"""Ids of the parts of a WAV header (RIFF, https://www.mmsp.ece.mcgill.ca/Documents/AudioFormats/WAVE/WAVE.html)."""
HEADER = 64
"""Bytes at the start of a stream in which what is left of a header is looked for: a plain WAV header has 44."""


@check(
    "P-delta-bare",
    sentence="PCM deltas hold samples only: no header of a file within the stream.",
    why="A header in the middle is a click of 22 samples; half of one at the start is, too. Four given bytes come "
    "about by chance at one place in four thousand million.",
    stage="conformance",
    needs=("P-base64",),
)
def _delta_bare(view: SessionView) -> Iterator[Problem]:
    if view.format != "pcm" or not view.pieces:
        raise NotApplicable
    if container_of(view.audio[:4096]) is not None:
        raise Blocked("A-container")
    if any(chunk in view.audio[:HEADER] for chunk in _CHUNKS):
        yield problem(view, "the stream begins with part of a WAV header", view.pieces[0].frame, cause="service.audio")
    for piece in view.pieces[1:]:
        if piece.data[:4] in (b"RIFF", b"OggS", b"fLaC"):
            seen = f"the delta in frame {piece.frame} begins with {piece.data[:4].decode()}"
            yield problem(view, seen, piece.frame, cause="service.audio")
