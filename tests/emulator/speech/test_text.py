"""Languages and cutting."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ttsgate.emulator.speech.text import LANGUAGES, language_of, pause_after, runs, segments, speakable

TEXT = st.text(
    alphabet=st.one_of(st.characters(), st.sampled_from("。，！？.,!? \n今天我们好abcАБВ가나かな0123456789"))
)


@given(TEXT)
def test_segments_lose_nothing(text: str) -> None:
    """Joined they are the text, and none but a text without words is unspeakable."""
    parts = segments(text)
    assert "".join(parts) == text
    assert all(speakable(part) for part in parts) or len(parts) == 1


@given(TEXT, st.sampled_from([*LANGUAGES.values(), "yue"]))
def test_runs_lose_nothing(text: str, language: str) -> None:
    """Joined the runs are the text, each in a language that some back end knows."""
    parts = list(runs(text, language))
    assert "".join(piece for _, piece in parts) == text
    assert {tongue for tongue, _ in parts} <= {*LANGUAGES.values(), "yue"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Hello.", ["Hello."]),
        ("Hello. You there?", ["Hello. ", "You there?"]),
        ("It is 3.14 or 1,000.", ["It is 3.14 or 1,000."]),
        ("你好。再见！", ["你好。", "再见！"]),
        ("他说：“好。”然后走了。", ["他说：“好。”", "然后走了。"]),
        ("Well... yes", ["Well... ", "yes"]),
        ("一二三四五六七八九十，一二三四五六七八九十。", ["一二三四五六七八九十，", "一二三四五六七八九十。"]),
        ("嗯，好。", ["嗯，好。"]),
        ("...", ["..."]),
        ("", []),
    ],
)
def test_cuts(text: str, expected: list[str]) -> None:
    """Sentence ends cut; commas only after a while; numbers stay whole."""
    assert segments(text) == expected


def test_endless_text_is_cut() -> None:
    """Words without punctuation are cut at a space, letters without a space at the hard limit."""
    words = segments("word " * 400)
    assert max(map(len, words)) < 260
    assert all(part.endswith("word ") for part in words)
    assert max(map(len, segments("x" * 5000))) <= 480


@pytest.mark.parametrize("text", ["!" * 100_000, "a" * 100_000, "，" * 100_000, "好" * 100_000, "a\n" * 50_000])
def test_cutting_takes_linear_time(text: str) -> None:
    """A hostile text of 100 000 characters is cut in well under a second of processor time."""
    started = time.process_time()
    assert "".join(segments(text)) == text
    assert time.process_time() - started < 1


@pytest.mark.parametrize(
    ("text", "language_type", "expected"),
    [
        ("Hello", None, "en-us"),
        ("Hello 今天", "Auto", "cmn"),
        ("今日はいい天気", None, "ja"),
        ("안녕하세요", None, "ko"),
        ("Доброе утро", None, "ru"),
        ("12345", None, "en-us"),
        ("12345", "Chinese", "cmn"),
        ("Guten Tag", "German", "de"),
        ("Hello", "Klingon", "en-us"),
    ],
)
def test_language(text: str, language_type: str | None, expected: str) -> None:
    """The session's language wins; else the script decides."""
    assert language_of(text, language_type) == expected


def test_runs_by_script() -> None:
    """What a language cannot read goes to the language of its script; Cantonese voices keep their Chinese."""
    assert list(runs("Hello 今天 world", "en-us")) == [("en-us", "Hello "), ("cmn", "今天 "), ("en-us", "world")]
    assert list(runs("Hello 今天", "en-us", chinese="yue")) == [("en-us", "Hello "), ("yue", "今天")]
    assert list(runs("今天 Hello", "cmn", chinese="yue")) == [("yue", "今天 Hello")]


def test_pauses() -> None:
    """A sentence ends in a longer pause than a clause, a clause than a word."""
    assert pause_after("Hello. ") > pause_after("你好，") > pause_after("Hello")
    assert pause_after("“你好。”") == pause_after("你好。")
