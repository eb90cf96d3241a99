"""Counting billable characters."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ttsgate.catalog import count_characters


@pytest.mark.parametrize(
    ("text", "characters"),
    [
        ("", 0),
        ("Hello there.", 12),
        ("你好", 4),
        ("你好，world!", 4 + 1 + 6),
        ("漢字かな", 4 + 2),
        ("大韓民國 한국", 8 + 1 + 2),
        ("𠮷", 2),
        ("\uf900", 2),
        ("🙂", 1),
        ("Ｑ１", 2),
        ("。「」", 3),
    ],
)
def test_han_characters_count_two_and_all_others_one(text: str, characters: int) -> None:
    """Simplified, traditional, kanji and hanja count 2; letters, kana, hangul, punctuation and spaces count 1."""
    assert count_characters(text) == characters


@given(st.text(), st.text())
def test_counting_is_additive_and_bounded(first: str, second: str) -> None:
    """A text costs what its parts cost, between one and two a code point."""
    assert count_characters(first + second) == count_characters(first) + count_characters(second)
    assert len(first) <= count_characters(first) <= 2 * len(first)
