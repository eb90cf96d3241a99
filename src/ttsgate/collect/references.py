"""Reference readings: what a text sounds like, for the check that it was the one spoken.

Made once a text by the emulator's eSpeak NG while sessions are collected; the outline goes into the result, so
that judging, and judging again, needs no synthesiser.
"""

from __future__ import annotations

import numpy as np

from ttsgate.emulator.speech import Timbre, open_synth, segments
from ttsgate.emulator.speech.synth import MASTER_RATE
from ttsgate.emulator.speech.text import language_of, runs, speakable
from ttsgate.errors import MissingExtra
from ttsgate.measure.alignment import FRAMES_PER_S, encoded, outline

__all__ = ["LONGEST_S", "reference"]

LONGEST_S = 30
"""Longest reading that is compared, seconds of sound: the work grows with the square of it."""
_READER = Timbre("reference", f0_hz=140.0)
_KANJI = "ja", "cmn"


def reference(text: str, language_type: str | None) -> str | None:
    """Base64 of the outline of a reading; None where there is none to be had.

    That is: eSpeak NG is not installed, the text is longer than `LONGEST_S`, or it holds what eSpeak NG reads
    otherwise than people do (kanji, or digits for more than a tenth of it: years, prices and telephone numbers
    are read in many ways).
    """
    spoken = language_of(text, language_type)
    letters = [c for c in text if c.isalnum()]
    if not letters or sum(c.isdigit() for c in letters) > len(letters) / 10:
        return None
    try:
        synth = open_synth("espeak")
    except MissingExtra:
        return None
    parts = []
    for piece in segments(text):
        for language, run in runs(piece, spoken) if speakable(piece) else ():
            if (spoken, language) == _KANJI:
                return None
            parts.append(synth.speak(run, language, _READER, rate=1.0, f0_hz=_READER.f0_hz, range_=1.0, seed=7))
    found = outline(np.concatenate(parts), MASTER_RATE)
    return encoded(found) if len(found) <= LONGEST_S * FRAMES_PER_S else None
