"""Instructions to delivery."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ttsgate.emulator.speech.directions import NEUTRAL, delivery_of


@pytest.mark.parametrize("text", ["Speak fast.", "语速要快", "Quickly, please", "说话急促"])
def test_fast(text: str) -> None:
    """Words for haste raise the rate."""
    assert delivery_of(text).rate > 1.15


@pytest.mark.parametrize("text", ["Speak slowly.", "语速缓慢", "慢一点", "an unhurried pace"])
def test_slow(text: str) -> None:
    """Words for leisure lower the rate."""
    assert delivery_of(text).rate < 0.85


@pytest.mark.parametrize(("text", "louder"), [("Loud!", True), ("大声喊", True), ("whisper", False), ("轻声", False)])
def test_level(text: str, *, louder: bool) -> None:
    """Words for loudness move the level in their direction."""
    assert (delivery_of(text).gain_db > 2) is louder
    assert abs(delivery_of(text).gain_db) > 2


@pytest.mark.parametrize(
    ("text", "higher"), [("a high voice", True), ("高亢", True), ("deep voice", False), ("声音低沉", False)]
)
def test_pitch(text: str, *, higher: bool) -> None:
    """Words for height move the pitch in their direction."""
    assert (delivery_of(text).pitch > 1.1) is higher
    assert abs(delivery_of(text).pitch - 1) > 0.1


def test_mood_changes_the_melody() -> None:
    """Lively is wider than flat."""
    assert delivery_of("非常开心").range_ > 1.3 > 0.7 > delivery_of("monotone").range_


@pytest.mark.parametrize("text", ["Don't speak too fast", "不要太快", "别说太快", "not fast", "愉快"])
def test_negated_or_part_of_another_word(text: str) -> None:
    """What is ruled out is not done."""
    assert delivery_of(text).rate != 1.25


def test_words_inside_words_do_not_count() -> None:
    """`follow` is not `low`: the wording counts as one without key words."""
    assert delivery_of("follow") != delivery_of("low")


@pytest.mark.parametrize("text", [None, "", "  \n"])
def test_nothing_asked(text: str | None) -> None:
    """No instructions leave everything as it is."""
    assert delivery_of(text) == NEUTRAL


@given(st.text(min_size=1).filter(lambda t: bool(t.strip())))
def test_any_wording_is_heard_and_bearable(text: str) -> None:
    """Every wording changes something that can be measured, and none leaves the speakable range."""
    d = delivery_of(text)
    assert abs(d.rate - 1) >= 0.1 or abs(d.pitch - 1) >= 0.1 or abs(d.gain_db) >= 2 or d.range_ <= 0.5
    assert 0.6 <= d.rate <= 1.6
    assert 0.6 <= d.pitch <= 1.6
    assert -8 <= d.gain_db <= 5
    assert delivery_of(text) == d
