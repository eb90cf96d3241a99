"""Text before it is spoken: which language, where to cut. Pure functions.

The language is taken from `language_type` when the session names one, else from the script of the text. A run of
characters that the chosen language cannot read (Han characters in English text, Cyrillic in Chinese text) goes to
the language of its own script, because eSpeak NG would otherwise spell it out ("Chinese letter").
"""

from __future__ import annotations

import re
from collections.abc import Iterator

__all__ = ["LANGUAGES", "language_of", "pause_after", "runs", "segments", "speakable", "spoken_width"]

LANGUAGES: dict[str, str] = {
    "Chinese": "cmn",
    "English": "en-us",
    "German": "de",
    "Italian": "it",
    "Portuguese": "pt-br",
    "Spanish": "es",
    "Japanese": "ja",
    "Korean": "ko",
    "French": "fr",
    "Russian": "ru",
}
"""`language_type` of the service (protocol: ten names and `Auto`) -> the language asked of a back end."""

_SCRIPTS: tuple[tuple[str, str, str], ...] = (
    ("kana", "ja", "\u3040-\u30ff\u31f0-\u31ff\uff66-\uff9d"),
    ("hangul", "ko", "\u1100-\u11ff\u3130-\u318f\uac00-\ud7a3"),
    ("han", "cmn", "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f々〇"),
    ("cyrillic", "ru", "\u0400-\u052f"),
    ("latin", "en-us", "A-Za-z\u00c0-\u024f"),
)
_RUN = re.compile("|".join(f"(?P<{name}>[{chars}]+)" for name, _, chars in _SCRIPTS))
_OF_SCRIPT = {name: language for name, language, _ in _SCRIPTS}
# What one eSpeak language reads well by itself. Japanese is without `han`: eSpeak NG 1.52 has no kanji readings.
_READS: dict[str, frozenset[str]] = {
    "cmn": frozenset({"han", "latin"}),
    "yue": frozenset({"han", "latin"}),
    "ja": frozenset({"kana"}),
    "ko": frozenset({"hangul", "latin"}),
    "ru": frozenset({"cyrillic", "latin"}),
}
_READS_LATIN = frozenset({"latin"})

_STRONG = "。！？!?…；;\n"
_WEAK = "，,、：:"
_CLOSERS = "\"'”’」』）)】]》"
_WIDE = re.compile("[" + "".join(chars for name, _, chars in _SCRIPTS if name in ("kana", "hangul", "han")) + "]")

_SOFT_WIDTH = 24
"""From this width on a comma ends a segment."""
_HARD_WIDTH = 240
"""At this width a segment ends at the next space, or here when there is none."""


def language_of(text: str, language_type: str | None = None) -> str:
    """The language to speak `text` in: `LANGUAGES[language_type]`, or by script for `None`, `Auto` and unknown names.

    Kana anywhere means Japanese, hangul Korean; else Han wins over Cyrillic and Latin; nothing readable is English.
    """
    if language_type in LANGUAGES:
        return LANGUAGES[language_type]
    found = {match.lastgroup for match in _RUN.finditer(text)}
    return next((language for name, language, _ in _SCRIPTS if name in found), "en-us")


def runs(text: str, language: str, *, chinese: str = "cmn") -> Iterator[tuple[str, str]]:
    """Cut `text` into (language, piece), each in a language that can read the piece's script; joined it is `text`.

    `chinese` (`cmn` or `yue`) is what the voice makes of Chinese.
    """
    language = chinese if language == "cmn" else language
    reads = _READS.get(language, _READS_LATIN)
    start, current = 0, language
    for match in _RUN.finditer(text):
        script = match.lastgroup or ""
        wanted = language if script in reads else chinese if script == "han" else _OF_SCRIPT[script]
        if wanted != current:
            if text[start : match.start()].strip():
                yield current, text[start : match.start()]
                start = match.start()
            current = wanted
    if start < len(text):
        yield current, text[start:]


def speakable(text: str) -> bool:
    """Whether there is anything to say: a letter or a digit of any script."""
    return any(c.isalnum() for c in text)


def segments(text: str, language: str | None = None) -> list[str]:
    """Cut `text` where a speaker would pause; `"".join(segments(t)) == t`.

    Sentence ends always cut; commas and colons once the piece is about 1.5 s long; a piece without punctuation is cut
    at a space (or hard) after about 15 s. `language` is accepted for symmetry with `render`; the rules look at the
    characters only. A full stop counts when white space or the end follows, so that `3.14` stays whole.
    """
    del language
    out: list[str] = []
    start, width, words, cut = 0, 0, False, False
    for i, c in enumerate(text):
        if cut and not (c.isspace() or c in _CLOSERS or c in _STRONG or c == "."):
            out.append(text[start:i])
            start, width, words, cut = i, 0, False, False
        width += _width(c)
        words = words or c.isalnum()
        ends = c in _STRONG or (c == "." and (i + 1 == len(text) or text[i + 1].isspace()))
        pauses = c in _WEAK and width >= _SOFT_WIDTH and not _between_digits(text, i)
        full = width >= _HARD_WIDTH and (c.isspace() or width >= 2 * _HARD_WIDTH)
        cut = cut or (words and (ends or pauses or full))
    if start < len(text):
        if out and not speakable(text[start:]):
            out[-1] += text[start:]
        else:
            out.append(text[start:])
    return out


def spoken_width(text: str) -> int:
    """A rough measure of the time a text takes: a wide character counts 3, any other 1, white space nothing."""
    return sum(_width(c) for c in text if not c.isspace())


def _width(c: str) -> int:
    return 3 if _WIDE.match(c) else 1


def _between_digits(text: str, i: int) -> bool:
    return 0 < i < len(text) - 1 and text[i - 1].isdigit() and text[i + 1].isdigit()


def pause_after(segment: str) -> float:
    """Seconds of silence that belong to the end of `segment` at normal rate."""
    last = segment.rstrip().rstrip(_CLOSERS)[-1:]
    if last and last in _WEAK:
        return 0.10
    return 0.22 if last and last in _STRONG + "." else 0.04
