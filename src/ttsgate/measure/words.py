"""How far what was understood is from what was to be said: edit distance over words or syllables."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

__all__ = ["distance", "error_rate", "words_of"]

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_NUMBERS = frozenset(
    (
        *("zero", "oh", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven"),
        *("twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty"),
        *("thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety", "hundred", "thousand", "million"),
    )
)
"""Words for numbers: one side may have digits where the other has words."""


def words_of(text: str) -> list[str]:
    """Words in lower case, without punctuation, without numbers in digits or English words."""
    words = _WORD.findall(unicodedata.normalize("NFKC", text).lower().replace("’", "'"))
    return [w for w in words if w not in _NUMBERS]


def distance(expected: Sequence[str], heard: Sequence[str]) -> int:
    """Fewest insertions, deletions and substitutions between the two (Levenshtein)."""
    row = list(range(len(heard) + 1))
    for i, one in enumerate(expected, 1):
        before, row[0] = row[0], i
        for j, other in enumerate(heard, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (one != other))
    return row[-1]


def error_rate(expected: Sequence[str], heard: Sequence[str]) -> float:
    """`distance` as a share of what was expected, at most 1: a recogniser that repeats itself proves nothing more."""
    return min(1.0, distance(expected, heard) / len(expected)) if expected else float(bool(heard))
