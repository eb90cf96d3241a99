"""Edit distance over words."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ttsgate.measure.words import distance, error_rate, words_of

WORDS = st.lists(st.sampled_from(["a", "b", "c", "d"]), max_size=12)


def test_case_punctuation_and_numbers_do_not_count() -> None:
    """What a recogniser writes otherwise than a person is left out on both sides."""
    assert words_of("Don’t call before 9, at Nine: CALL!") == words_of("don't call before nine at 9 call")


@given(WORDS, WORDS)
def test_distance_is_a_metric(one: list[str], other: list[str]) -> None:
    """Zero for the same words only, the same both ways, and no more than writing all of the longer one."""
    found = distance(one, other)
    assert (found == 0) == (one == other)
    assert distance(other, one) == found
    assert abs(len(one) - len(other)) <= found <= max(len(one), len(other))


@given(WORDS, WORDS, WORDS)
def test_no_detour_is_shorter(one: list[str], other: list[str], third: list[str]) -> None:
    """The triangle inequality."""
    assert distance(one, third) <= distance(one, other) + distance(other, third)


@given(WORDS, st.integers(0, 11))
def test_one_lost_word_is_one_error(one: list[str], place: int) -> None:
    """Wherever it was lost."""
    if place < len(one):
        assert distance(one, one[:place] + one[place + 1 :]) == 1


@given(WORDS, WORDS)
def test_rate_is_a_share(one: list[str], other: list[str]) -> None:
    """Repeating itself makes a recogniser no more wrong than wholly."""
    assert 0.0 <= error_rate(one, other * 3) <= 1.0
