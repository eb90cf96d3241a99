"""Syllables and seconds of a text, in ten languages."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ttsgate.catalog import LANGUAGES
from ttsgate.measure.text import RATES, expect, language_of


@pytest.mark.parametrize(
    ("text", "syllables", "slack"),
    [
        ("Hello there.", 3, 0),
        ("The quick brown fox jumps over the lazy dog.", 11, 0),
        ("We tested several voices and every one of them finished.", 16, 1),
        ("今天天气很好，我们一起去公园散步吧。", 16, 0),
        ("Guten Morgen, bitte rufen Sie das Büro vor neun Uhr an.", 16, 1),
        ("Por favor, llame a la oficina antes de las nueve.", 17, 1),
        ("Veuillez appeler le bureau avant neuf heures.", 12, 1),
        ("La volpe marrone veloce salta sopra il cane pigro.", 18, 1),
        ("Por favor, ligue para o escritório antes das nove.", 17, 1),
        ("Пожалуйста, позвоните в офис до девяти часов.", 17, 1),
        ("안녕하세요.", 5, 0),
        ("こんにちは。", 3, 1.2),
        ("您好，欢迎使用 Hello World 语音服务。", 13, 0),
    ],
)
def test_syllables(text: str, syllables: int, slack: float) -> None:
    """Counted by hand; the rules may be off by one in seventeen."""
    assert abs(expect(text).syllables - syllables) <= slack


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Please call the office.", "English"),
        ("今日はいい天気です。", "Japanese"),
        ("今天天气很好。", "Chinese"),
        ("내일 만나요.", "Korean"),
        ("Доброе утро.", "Russian"),
        ("Bitte rufen Sie an.", "German"),
        ("Gracias por su llamada.", "Spanish"),
        ("Merci pour votre appel.", "French"),
    ],
)
def test_language_by_script_and_small_words(text: str, language: str) -> None:
    """Told apart by script, then by letters and the commonest words."""
    assert language == language_of(text)


def test_a_named_language_wins() -> None:
    """What the session was told is not guessed."""
    assert "Italian" == language_of("Ciao", "Italian")
    assert "English" == language_of("Ciao", "Auto")


def test_every_language_of_the_protocol_has_a_rate() -> None:
    """The ten and no other."""
    assert set(LANGUAGES) - {"Auto"} == set(RATES)


@given(st.text(max_size=60), st.sampled_from([None, *RATES]))
def test_any_text(text: str, language: str | None) -> None:
    """Nothing raises, nothing is negative, more text is never less speech."""
    one, two = expect(text, language=language), expect(text + " 你好", language=language)

    assert 0 <= one.syllables <= two.syllables
    assert one.seconds >= 0
