from __future__ import annotations

import re
import string
import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from tests.report.samples import HOSTILE
from ttsgate.report.safe import CAP, clean, code_span, file_name, link, markdown

ANYTHING = st.text(alphabet=st.characters(exclude_categories=[]), max_size=300)


class TestClean:
    @given(ANYTHING)
    def test_leaves_no_control_or_format_character(self, text: str) -> None:
        """Whatever comes in, no control, override or surrogate comes out, and it can be encoded."""
        out = clean(text)

        assert all(unicodedata.category(c) not in ("Cc", "Cs") for c in out)
        assert not set(out) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\ufeff")
        out.encode()

    @given(ANYTHING)
    def test_is_idempotent(self, text: str) -> None:
        """Cleaning twice is cleaning once, so no rendering can undo it."""
        assert clean(text) == clean(clean(text))

    def test_drops_terminal_escapes_whole(self) -> None:
        """Colours, titles and links for terminals go, the words stay."""
        assert "red end" == clean("\x1b[31mred\x1b[0m \x1b]0;evil\x07\x1b]8;;https://e.example\x1b\\end\x9b1m")

    def test_keeps_what_people_write(self) -> None:
        """Chinese, accents, emoji with joiners and Persian joiners are no attack."""
        for text in ("今天天气真好。", "naïve café", "👩\u200d💻", "می\u200cخواهم"):
            assert text == clean(text)

    def test_flattens_lines_unless_asked(self) -> None:
        """White space becomes one space; a block may keep its lines."""
        assert "a b c" == clean("a\r\nb\u2028 \t c")
        assert "a\nb\tc" == clean("a\r\nb\tc", lines=True)

    def test_caps_and_says_so(self) -> None:
        """A huge message is cut, and how much is missing is said."""
        out = clean("x" * 10_000_000)

        assert len(out) < CAP + 40
        assert out.endswith("(9,999,400 more characters)")

    def test_unpiles_accents(self) -> None:
        """A tower of accents cannot cover the line above."""
        assert len(clean("a" + "\u0301" * 500)) == 4

    def test_says_data_in_words(self) -> None:
        """Data that is no text is said without the programming language's notation."""
        assert "yes" == clean(True)
        assert "" == clean(None)
        assert "a, b" == clean(["a", "b"])
        assert "characters 30, cached no" == clean({"characters": 30, "cached": False})


class TestFileName:
    @given(ANYTHING)
    def test_is_always_a_plain_name(self, text: str) -> None:
        """Nothing but letters, digits, dot, underscore and dash; never hidden, empty or a parent."""
        name = file_name(text)

        assert re.fullmatch(r"[A-Za-z0-9_-][A-Za-z0-9._-]*", name)
        assert ".." not in name or ".." in text

    def test_keeps_a_model_string(self) -> None:
        """A real model string is its own file name."""
        assert "qwen3-tts-vd-realtime-2026-01-15" == file_name("qwen3-tts-vd-realtime-2026-01-15")

    def test_tells_apart_what_looks_alike(self) -> None:
        """Two names that become alike get different files."""
        assert file_name("a/b") != file_name("a:b")

    def test_a_name_cannot_pose_as_another(self) -> None:
        """The digest that a changed name carries depends on the name."""
        assert file_name("a/b") != file_name("a-b")


class TestLink:
    def test_only_below_the_bundle(self) -> None:
        """A link leads to a file of the bundle or nowhere."""
        assert "transcripts/a.b-1.jsonl" == link("transcripts/a.b-1.jsonl")
        for path in (
            "../x",
            "/etc/passwd",
            "javascript:alert(1)",
            "//e.example",
            "a/../b",
            "",
            None,
            "a b",
            "x?y",
            ".x",
        ):
            assert link(path) is None


class TestMarkdown:
    def test_hostile_text_is_shown(self) -> None:
        """No tag, link, mention, issue reference, table cell or code span comes of it."""
        out = markdown(HOSTILE)

        assert "<" not in out
        assert not re.search(r"(?<!\\)[|`\[\]*_~$]", out)
        assert "@octocat" not in out
        assert "#1" not in out
        assert "://" not in out
        assert "www.evil" not in out

    def test_numbers_stay_numbers(self) -> None:
        """Only what would begin a list is escaped."""
        assert "2.41 s" == markdown("2.41 s")
        assert "1\\. first" == markdown("1. first")
        assert "\\- item" == markdown("- item")


class TestCodeSpan:
    @given(st.text(alphabet=string.printable + "`|", max_size=60))
    def test_the_fence_is_longer_than_any_inside(self, text: str) -> None:
        """The content cannot close the span, nor leave its table cell."""
        out = code_span(text)
        if not out:
            return
        fence = re.match(r"`+", out)
        assert fence is not None
        inside = out[len(fence[0]) : -len(fence[0])]

        assert not re.search(rf"(?<!`){fence[0]}(?!`)", inside)
        assert not re.search(r"(?<!\\)\|", out)
