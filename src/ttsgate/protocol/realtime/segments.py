"""Where running text may be cut into pieces that are spoken one after the other.

The service's own rules are not published; these are ours.  A Latin mark ends a sentence only
before white space ("3.14" is one number), a Chinese or Japanese mark ends it at once; and a
piece is cut only once more text follows it, so that an explicit commit after an append always
finds something in the buffer.
"""

from __future__ import annotations

import re
from collections.abc import Callable

__all__ = ["cut_segment"]

_CLOSERS = "\"'”’」』）)\\]"
_SENTENCE = re.compile(rf"(?:[。！？；…]+[{_CLOSERS}]*|[.!?;]+[{_CLOSERS}]*(?=\s)|\n)")
_CLAUSE = re.compile(rf"(?:[。！？；…，、：]+[{_CLOSERS}]*|[.!?;,:]+[{_CLOSERS}]*(?=\s)|\n)")

_INK = re.compile(r"\S")

Weigh = Callable[[str], int]


def cut_segment(text: str, *, kind: str, least: int, most: int, weigh: Weigh) -> tuple[str, str] | None:
    """Cut a first piece off `text` as a server that commits by itself would.

    Args:
        text: What is buffered.
        kind: ``sentence``, ``clause``, or ``none`` (never cut).
        least: Weight that a piece must have before an end of sentence cuts it.
        most: Weight above which `text` is cut even without an end of sentence.
        weigh: Weight of a text, in billed characters.

    Returns:
        The piece and the rest, or None while it is better to wait.
    """
    if kind == "none" or not text:
        return None
    # A character weighs at least 1, so that nothing beyond `most` characters has to be looked at.
    for match in (_SENTENCE if kind == "sentence" else _CLAUSE).finditer(text, 0, most + 2):
        at = match.end()
        if at < len(text) and _INK.search(text, at) and _INK.search(text, 0, at) and weigh(text[:at]) >= least:
            return (text[:at], text[at:]) if weigh(text[:at]) <= most else _cut_by_weight(text, most=most, weigh=weigh)
    return _cut_by_weight(text, most=most, weigh=weigh) if weigh(text[: most + 1]) > most else None


def _cut_by_weight(text: str, *, most: int, weigh: Weigh) -> tuple[str, str]:
    """Cut near weight `most`: after a clause, else at white space, else anywhere."""
    low, high = 1, min(len(text), max(1, most))
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if weigh(text[:middle]) <= most else (low, middle - 1)
    ends = [m.end() for m in _CLAUSE.finditer(text, 0, low) if m.end() > low // 2]
    at = ends[-1] if ends else text.rfind(" ", low // 2, low) + 1
    at = at if 0 < at < len(text) and text[:at].strip() else low
    return text[:at], text[at:]
