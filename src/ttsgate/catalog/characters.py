"""How the service counts characters for billing."""

from __future__ import annotations

from bisect import bisect_right

__all__ = ["count_characters"]

# Code points of Unicode's script "Han" (Scripts.txt, Unicode 16.0), first and last.  The service says
# "Chinese characters, including Japanese kanji and Korean hanja" and gives no ranges, so that taking
# the script property, marks such as U+3005 included, is deduced:
# https://www.alibabacloud.com/help/ja/model-studio/qwen-tts
_HAN = (
    (0x2E80, 0x2E99), (0x2E9B, 0x2EF3), (0x2F00, 0x2FD5), (0x3005, 0x3005), (0x3007, 0x3007), (0x3021, 0x3029),
    (0x3038, 0x303B), (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFA6D), (0xFA70, 0xFAD9), (0x16FE2, 0x16FE3),
    (0x16FF0, 0x16FF1), (0x20000, 0x2A6DF), (0x2A700, 0x2B739), (0x2B740, 0x2B81D), (0x2B820, 0x2CEA1),
    (0x2CEB0, 0x2EBE0), (0x2EBF0, 0x2EE5D), (0x2F800, 0x2FA1D), (0x30000, 0x3134A), (0x31350, 0x323AF),
)  # fmt: skip
_STARTS = [first for first, _ in _HAN]


def _is_han(code: int) -> bool:
    place = bisect_right(_STARTS, code) - 1
    return place >= 0 and code <= _HAN[place][1]


def count_characters(text: str) -> int:
    """Billable characters of `text`: 2 for a Han character, 1 for every other code point.

    Letters, punctuation and spaces count 1 each; this is what ``usage.characters`` is compared with.
    """
    return len(text) + sum(_is_han(ord(c)) for c in text if c >= "\u2e80")
