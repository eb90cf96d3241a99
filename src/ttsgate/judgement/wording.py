"""Checks of the stage audio: are the words those of the text."""

from __future__ import annotations

from collections.abc import Iterator

from ttsgate.judgement.audio import fault
from ttsgate.judgement.registry import NotApplicable, Problem, check
from ttsgate.judgement.spoken import KNOWN, directed, judged_text, laid_over
from ttsgate.judgement.views import SessionView

__all__: list[str] = []

OTHER_WORDS = 0.07
"""Agreement with the reference reading below which something else was said.

Other text is as far from the right order of sounds as from any wrong one, so that its agreement is 0, and a little
more because the best of six vocal tracts counts and because every reading is a row of vowels and closures.  Right text
has its own sounds in their own order, whatever the voice.  Between the two is room, and the limit lies near the lower
end of it, because a false alarm costs more than a miss: measured rates stand in docs/explanation/audio.md.
"""
SWAPPED = 0.03
"""How much better the sound must fit the reading with its halves exchanged than as it is; text in its own order fits
that worse by more than a tenth."""
DIRECTED_WORDS = 0.03
"""The same where an instruction may have asked for whispering, singing or shouting."""


@check(
    "A-text",
    sentence="The sound fits a reference reading of the text.",
    why="Another text of the same length, an apology of the service for instance, has the right events and level.",
    stage="audio",
    needs=("A-rate", "A-speech", "A-coverage", "A-excess"),
    metrics=("agreement",),
)
def _text(view: SessionView) -> Iterator[Problem]:
    judged_text(view)
    found = laid_over(view)
    if found is None:
        raise NotApplicable
    if found.swapped > SWAPPED and found.score + found.swapped > KNOWN:
        yield fault(view, "the second half of the text comes before the first", "service.text", sample=0)
    elif found.backwards > SWAPPED and found.score + found.backwards > KNOWN:
        yield fault(view, "the sound fits the text read backwards better than the text", "service.text", sample=0)
    elif found.score < (DIRECTED_WORDS if directed(view) else OTHER_WORDS):
        yield fault(
            view,
            f"{found.sound_s:.1f} s of speech do not sound like the text: agreement with a reference reading "
            f"{found.score:.2f}, readings of it have 0.15 to 0.6",
            "service.text",
            sample=0,
        )
