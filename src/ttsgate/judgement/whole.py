"""Checks of the stage audio: is the sound in one piece - no holes, copies or seams."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ttsgate.judgement.audio import fault
from ttsgate.judgement.registry import NotApplicable, Problem, check
from ttsgate.judgement.views import SessionView
from ttsgate.measure.integrity import breaks, clicks, dropouts, repeats, seams

__all__: list[str] = []

HOLE_S = 0.01
"""Shortest hole that is heard as a click or gap in a vowel: ten milliseconds, one pitch period of a man."""
SEAM = 5.0
"""Prediction error across a border against its neighbourhood.  On good speech 999 in 1000 places stay below 4 (glottal
pulses); a join of waveforms that do not belong together has a median of 7."""
BAD_SEAM = 12.0
"""A single seam this bad is a click by itself: good speech does not reach 6."""
BREAK = 6.0
"""Prediction error anywhere against its neighbourhood.  One place in a few hundred seconds of good natural speech
gets there; a place where 50 ms were cut out does so two times in five, for the rest ends join by chance."""
BREAKS, BREAKS_PER_S = 4, 0.5
"""Fewest breaks, and fewest a second: a raw formant synthesiser clicks up to three times in a sentence by itself."""
CLICKS_PER_S = 1.5
"""Isolated spikes a second.  Of 250 clips of good speech two in a hundred held any, and none more than three."""
COPY_S = 0.04
"""Shortest copy: two pitch periods of a deep voice; equal to the last bit it cannot happen by chance."""


def _plain(view: SessionView) -> None:
    if view.samples is None or view.format not in ("pcm", "wav") or len(view.samples) < view.rate // 4:
        raise NotApplicable


@check(
    "A-dropout",
    sentence="No hole of digital silence is cut into the sound.",
    why="A lost buffer is a gap in a word; counting silence does not show it, since pauses are silent too.",
    stage="audio",
    needs=("A-byte-order",),
)
def _dropout(view: SessionView) -> Iterator[Problem]:
    _plain(view)
    assert view.samples is not None
    for start, end in dropouts(view.samples, view.rate, least_s=HOLE_S):
        yield fault(
            view,
            f"{(end - start) / view.rate * 1000:.0f} ms of zeros cut into the sound at {start / view.rate:.2f} s",
            "service.audio",
            sample=start,
        )


@check(
    "A-repeat",
    sentence="No stretch of sound comes twice.",
    why="A buffer sent twice is a stutter; its events are those of a good session.",
    stage="audio",
    needs=("A-byte-order", "A-noise"),
)
def _repeat(view: SessionView) -> Iterator[Problem]:
    _plain(view)
    assert view.samples is not None
    for copy in repeats(view.samples, view.rate, least_s=COPY_S):
        yield fault(
            view,
            f"{copy.length / view.rate * 1000:.0f} ms at {copy.at / view.rate:.2f} s are a copy of those at "
            f"{copy.of / view.rate:.2f} s",
            "service.audio",
            sample=copy.at,
        )


@check(
    "A-continuity",
    sentence="The sound goes on smoothly from one delta to the next.",
    why="A lost or swapped delta leaves a click at the border, and a hole in a word.",
    stage="audio",
    needs=("A-byte-order", "A-noise", "A-repeat", "P-even-bytes"),
)
def _continuity(view: SessionView) -> Iterator[Problem]:
    _plain(view)
    assert view.samples is not None
    if len(view.pieces) < 2 or view.format != "pcm":
        raise NotApplicable
    borders = np.cumsum([len(p.data) for p in view.pieces])[:-1] // 2
    ends = {i for i in range(len(view.pieces) - 1) if view.pieces[i].response != view.pieces[i + 1].response}
    values = seams(view.samples, borders, view.rate)
    bad = [i for i in np.flatnonzero(values > SEAM).tolist() if i not in ends]
    if len(bad) >= 2 or any(values[i] > BAD_SEAM for i in bad):
        for i in bad:
            yield fault(
                view,
                f"the sound breaks between two deltas at {borders[i] / view.rate:.2f} s ({values[i]:.0f} times "
                "the usual prediction error)",
                "service.audio",
                sample=int(borders[i]),
                frame=view.pieces[i + 1].frame,
            )


@check(
    "A-clicks",
    sentence="There are no clicks in the sound.",
    why="Single wrong samples are heard as crackling.",
    stage="audio",
    needs=("A-byte-order", "A-noise", "A-continuity"),
)
def _clicks(view: SessionView) -> Iterator[Problem]:
    _plain(view)
    assert view.samples is not None
    found = clicks(view.samples, view.rate)
    if len(found) > max(4.0, CLICKS_PER_S * len(view.samples) / view.rate):
        yield fault(
            view,
            f"{len(found)} isolated spikes, the first at {found[0] / view.rate:.2f} s",
            "service.audio",
            sample=found[0],
        )


@check(
    "A-splice",
    sentence="Nothing was cut out of the sound.",
    why="Lost pieces make the speech hasty and rough; neither silence nor the borders of deltas show where they were.",
    stage="audio",
    needs=("A-byte-order", "A-noise", "A-repeat", "A-continuity", "A-clicks", "A-dropout"),
)
def _splice(view: SessionView) -> Iterator[Problem]:
    _plain(view)
    assert view.samples is not None
    seconds = len(view.samples) / view.rate
    found = breaks(view.samples, view.rate, times=BREAK)
    if len(found) >= BREAKS and len(found) > BREAKS_PER_S * seconds:
        yield fault(
            view,
            f"the sound breaks off and goes on elsewhere at {len(found)} places in {seconds:.1f} s, the first at "
            f"{found[0] / view.rate:.2f} s",
            "service.audio",
            sample=found[0],
        )
