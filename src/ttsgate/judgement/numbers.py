"""Numbers of a session that need its samples."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ttsgate.measure.identity import coverage
from ttsgate.measure.text import language_of
from ttsgate.measure.words import error_rate, words_of

if TYPE_CHECKING:
    from ttsgate.judgement.views import SessionView

__all__ = ["AUDIO_METRICS", "AUDIO_NUMBERS", "understood"]

AUDIO_METRICS: dict[str, str] = {
    "audio_ms": "length of the audio at the sample rate that was asked for",
    "peak_dbfs": "largest sample against full scale, dB",
    "active_dbfs": "mean level of the sounding parts against full scale, dB",
    "lead_in_ms": "from the first sample to the first 10 ms above -55 dBFS",
    "tail_ms": "from the last 10 ms above -55 dBFS to the last sample",
    "speech_ms": "what the speech detector takes for speech",
    "syllables_per_s": "syllable nuclei a second of sound, pauses taken out",
    "pitch_hz": "median fundamental frequency",
    "tract": "third formant against 2500 Hz, the one of a 17.5 cm vocal tract",
    "agreement": "how well the sound fits a reference reading of the text: about 0 for other words",
    "mos_ovrl": "overall rating that DNSMOS predicts, 1 to 5 (`--quality`)",
    "mos_sig": "the same for the speech alone",
    "mos_bak": "the same for the background",
    "word_errors": "share of words, or of syllables of Chinese, that a recogniser took for others (`--asr`)",
    "coverage": "share of the text that was spoken, estimated from nuclei and time",
}
"""Name of each number that needs the samples, and what it is; times count from the first sample."""


def _opinion(view: SessionView, name: str, key: str) -> float | None:
    found = view.record.opinions.get(name) if view.record else None
    return found.numbers.get(key) if found else None


def understood(view: SessionView) -> tuple[list[str], list[str]] | None:
    """Words, or syllables of Chinese, that were to be said, and those that a recogniser wrote down.

    None where it was not asked, and for languages other than English and Chinese.
    """
    found = view.record.opinions.get("asr") if view.record else None
    if found is None or found.missing is not None:
        return None
    if found.expected is not None and found.syllables is not None:
        return found.expected, found.syllables
    if language_of(view.text, view.asked.language_type) == "English":
        return words_of(view.text), words_of(found.text)
    return None


AUDIO_NUMBERS: dict[str, Callable[[SessionView], float | None]] = {
    "peak_dbfs": lambda v: v.levels.peak_db,
    "active_dbfs": lambda v: v.levels.active_db,
    "lead_in_ms": lambda v: None if v.levels.first_s is None else v.levels.first_s * 1000,
    "tail_ms": lambda v: None if v.levels.last_s is None else (v.levels.seconds - v.levels.last_s) * 1000,
    "speech_ms": lambda v: v.activity.speech_s * 1000,
    "syllables_per_s": lambda v: v.speech.nuclei / v.speech.active_s if v.speech.active_s else None,
    "pitch_hz": lambda v: v.speech.pitch_hz,
    "tract": lambda v: v.speech.tract,
    "agreement": lambda v: None if v.agreement is None else v.agreement.score,
    "mos_ovrl": lambda v: _opinion(v, "quality", "ovrl"),
    "mos_sig": lambda v: _opinion(v, "quality", "sig"),
    "mos_bak": lambda v: _opinion(v, "quality", "bak"),
    "word_errors": lambda v: None if (words := understood(v)) is None else error_rate(*words),
    "coverage": lambda v: coverage(v.speech, v.expected, speech_rate=v.asked.speech_rate or 1.0),
}
"""How each of them is worked out."""
