"""Where running text is cut."""

from __future__ import annotations

import hypothesis.strategies as st
import pytest
from hypothesis import given

from ttsgate.catalog import count_characters
from ttsgate.protocol.realtime.segments import cut_segment


def cut(text: str, *, kind: str = "sentence", least: int = 1, most: int = 300) -> tuple[str, str] | None:
    return cut_segment(text, kind=kind, least=least, most=most, weigh=count_characters)


class TestCutSegment:
    @pytest.mark.parametrize(
        ("text", "head"),
        [
            ("One. Two", "One."),
            ("你好。再见", "你好。"),
            ("你好！”她说", "你好！”"),
            ('He said "no." Then', 'He said "no."'),
            ("Wait... what", "Wait..."),
            ("One\nTwo", "One\n"),
        ],
    )
    def test_ends_of_sentences(self, text: str, head: str) -> None:
        """A sentence ends at its mark and what closes behind it."""
        found = cut(text)

        assert found is not None
        assert (head, text) == (found[0], "".join(found))

    @pytest.mark.parametrize(
        "text", ["One.", "One. ", "3.14 is a number", "www.example.com is", "你好。", "no end", ""]
    )
    def test_waits(self, text: str) -> None:
        """Nothing is cut inside numbers and names, nor before more text follows."""
        assert cut(text) is None

    def test_short_sentences_wait(self) -> None:
        """A sentence below the least weight is joined to the next one."""
        assert ("Hi. How are you today?", " I") == cut("Hi. How are you today? I", least=10)

    def test_clauses(self) -> None:
        """Clauses end a piece only when asked for."""
        assert cut("First this, then that") is None
        assert ("First this,", " then that") == cut("First this, then that", kind="clause")

    def test_never(self) -> None:
        """Without segmentation nothing is cut, however long."""
        assert cut("One. Two. " * 1000, kind="none") is None

    def test_too_long(self) -> None:
        """Text without an end is cut at a clause, else at white space, else anywhere."""
        assert ("aaaa aaaa, ".rstrip(), " aaaa aaaa aaaa") == cut("aaaa aaaa, aaaa aaaa aaaa", most=18)
        assert ("aaaa aaaa ", "aaaa aaaa") == cut("aaaa aaaa aaaa aaaa", most=13)
        assert ("a" * 20, "a" * 5) == cut("a" * 25, most=20)
        assert ("你" * 10, "你" * 3) == cut("你" * 13, most=20)

    @given(
        st.text(alphabet="ab .,!?。，\n你3", max_size=120),
        st.sampled_from(["sentence", "clause"]),
        st.integers(0, 30),
        st.integers(1, 60),
    )
    def test_nothing_is_lost(self, text: str, kind: str, least: int, most: int) -> None:
        """However it is cut, the pieces joined are the text, and each makes progress."""
        pieces, rest = [], text
        while found := cut(rest, kind=kind, least=least, most=most):
            assert found[0]
            assert len(found[1]) < len(rest)
            pieces.append(found[0])
            rest = found[1]

        assert text == "".join((*pieces, rest))
        assert all(count_characters(p) <= max(most, 2) for p in pieces)
