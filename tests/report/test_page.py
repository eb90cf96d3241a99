from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.report.samples import FIVE, SAMPLES, build, failing, hostile, session, twenty_cells, wav
from ttsgate.errors import UsageError
from ttsgate.report import render
from ttsgate.report.page import MOST_SESSIONS

ALLOWED = set(
    "html head meta title style body div span svg symbol path circle use rect header p h1 h2 h3 h4 strong dl dt dd "
    "small nav a main section b article code details summary ul ol li table thead tbody tr th td q figure "
    "figcaption audio blockquote footer".split()
)
"""Elements that our own template uses; anything else came from data."""

VOID = {"meta", "path", "circle", "use", "rect"}


class Page(HTMLParser):
    """Walks a page, holding it against what the content policy and good order ask for."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.style = ""
        self.words: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "style":
            self.style += data
        else:
            self.words.append(data)

    def attributes(self, name: str) -> list[str]:
        return [attrs[name] or "" for _, attrs in self.tags if name in attrs]


def page(name: str, **options: object) -> str:
    return render.html(SAMPLES[name](), audio=lambda _: None, **options)  # type: ignore[arg-type]


class TestPolicy:
    @pytest.mark.parametrize("name", list(SAMPLES))
    def test_nothing_runs_and_nothing_is_fetched(self, name: str, recording: bytes) -> None:
        """No script, handler, style attribute, frame or address outside the bundle; well-formed throughout."""
        parsed = Page(render.html(SAMPLES[name](), audio=lambda _: recording))

        assert [] == parsed.open
        assert {tag for tag, _ in parsed.tags} <= ALLOWED
        for _tag, attrs in parsed.tags:
            assert not [a for a in attrs if a.startswith("on") or a in ("style", "srcset", "action", "formaction")]
        for address in parsed.attributes("href"):
            assert re.fullmatch(r"#[A-Za-z0-9._-]+|[A-Za-z0-9_-][A-Za-z0-9._/-]*", address), address
        for address in parsed.attributes("src"):
            assert address.startswith("data:audio/mpeg;base64,")

    def test_the_policy_names_our_style_by_its_digest(self) -> None:
        """A browser applies our style sheet and no other, and loads nothing."""
        parsed = Page(page("fail"))
        policy = next(a["content"] or "" for t, a in parsed.tags if a.get("http-equiv") == "Content-Security-Policy")
        digest = base64.b64encode(hashlib.sha256(parsed.style.encode()).digest()).decode()

        assert policy.startswith("default-src 'none'; ")
        assert f"style-src 'sha256-{digest}';" in policy
        assert "unsafe" not in policy
        assert "script" not in policy

    def test_ids_are_unique_and_every_anchor_leads_somewhere(self) -> None:
        """Links inside of the page have one target each."""
        parsed = Page(page("twenty"))
        ids = parsed.attributes("id")

        assert len(ids) == len(set(ids))
        assert {a[1:] for a in parsed.attributes("href") if a.startswith("#")} <= set(ids)


class TestHostility:
    def test_strings_of_others_are_shown_and_nothing_else(self) -> None:
        """What looks like markup comes out as words, without escapes, overrides or endless text."""
        text = render.html(hostile(), audio=lambda _: None)
        words = " ".join(Page(text).words)

        assert "<script>alert(1)</script>" in words
        assert "\x1b" not in text
        assert "\u202e" not in text
        assert "\x00" not in text
        assert "(9,999,400 more characters)" in words
        assert len(text) < 600_000

    def test_a_path_outside_of_the_bundle_is_no_link(self) -> None:
        """A transcript or audio name that leaves the bundle is shown, not linked."""
        links = Page(render.html(hostile(), audio=lambda _: None)).attributes("href")

        assert not [a for a in links if "passwd" in a and not a.startswith("evidence/")]
        assert not [a for a in links if "javascript" in a or ".." in a]


class TestContent:
    def test_findings_come_first_and_blocking_ones_before_warnings(self) -> None:
        """What decides is what one reads first."""
        text = page("fail")

        assert text.index("Responses end without") < text.index("dashscope prints")
        assert text.index('id="findings"') < text.index('id="matrix"') < text.index('id="sessions"')

    def test_every_section_carries_the_claim(self) -> None:
        """A picture of any section shows what the evidence is."""
        text = page("pass")

        for heading in re.findall(r"<h2.*?</h2>", text, re.DOTALL):
            assert "emulated, not live" in heading

    def test_which_runtime_was_which(self) -> None:
        """Two SDK releases side by side: both versions, and which one was given."""
        text = page("two-runtimes")

        assert "dashscope 1.25.11" in text
        assert "dashscope 2.0.2" in text
        assert text.count("given by --python") == 1
        assert text.count("the harness&#39;s own") == 1

    def test_an_expected_refusal_shows_the_services_own_words(self) -> None:
        """Code and message of the refusal stand in the report."""
        text = page("pass")

        assert text.count("Refusal, in the service's own words") == len(FIVE)
        assert "InvalidParameter" in text
        assert "Invalid message type:" in text

    def test_the_sdks_own_number_stands_beside_ours(self) -> None:
        """A column of its own, with its clock; absent when no SDK took part."""
        alone = build(clients=("wire",))

        assert "197 ms" in page("pass")
        assert "SDK's own" in page("pass")
        assert "SDK's own" not in render.html(alone, audio=lambda _: None)

    def test_injected_faults_are_named(self) -> None:
        """A run with faults says so in its head."""
        assert "no-response-done" in page("fail").split("</header>")[0]

    def test_contested_life_cycle(self) -> None:
        """Claims about retirement are shown with source and date."""
        text = page("pass")

        assert "third-party transcription of notices 2000 and 2009" in text
        assert "2026-10-03" in text

    def test_waveforms_are_drawn(self) -> None:
        """Every session with audio has a drawing made of one path."""
        text = page("pass")

        assert text.count('class="waveform"') == 10
        assert len(re.findall(r'class="strokes" d="(M[^"]{2000,})"', text)) == 10

    def test_an_empty_run_says_so_in_each_section(self) -> None:
        """Nothing is silently absent."""
        text = page("nothing")

        for words in ("No cell was planned", "No session ran", "Nothing was timed", "No check was selected"):
            assert words in text


class TestSize:
    def test_twenty_cells_with_audio_stay_below_three_megabytes(self) -> None:
        """A full survey with players can be mailed."""
        sound = wav(seconds=2.5)

        text = render.html(twenty_cells(), audio=lambda _: sound)

        assert text.count("<audio ") == 14
        assert len(text) < 3_000_000

    def test_many_sessions_show_troubled_cells_first(self) -> None:
        """Of more sessions than fit, those of cells that did not pass are kept, and the rest is counted."""
        result = failing()
        healthy, troubled = result.cells[1], result.cells[0]
        result.sessions = [session(healthy, id=f"h{i}") for i in range(MOST_SESSIONS + 40)]
        result.sessions += [session(troubled, id="troubled-1")]
        for s in result.sessions:
            s.cell = troubled.id if s.id == "troubled-1" else healthy.id

        text = render.html(result, audio=lambda _: None)

        assert 'data-session="troubled-1"' in text
        assert text.count("data-session=") == MOST_SESSIONS
        assert f"{MOST_SESSIONS} of {MOST_SESSIONS + 41} sessions are shown" in text

    def test_no_cell_is_left_out_for_the_repetitions_of_another(self) -> None:
        """Where all passed, each cell is shown with its first sessions."""
        result = build()
        spoken = [c for c in result.cells if c.expectation == "speech"]
        result.sessions = [session(c, id=f"{c.id}-{n}", attempt=n) for c in spoken for n in range(1, 101)]

        text = render.html(result, audio=lambda _: None)

        assert all(f'data-session="{c.id}-1"' in text for c in spoken)
        assert text.count("data-session=") == MOST_SESSIONS


class TestTemplates:
    def test_a_users_template_stands_in_by_name(self, tmp_path: Path) -> None:
        """One file overrides one template; the others stay."""
        (tmp_path / "report.html.j2").write_text("{{ result.run }}: {{ index.headline.name }} {{ css|length > 9 }}")

        assert "20261122T020000Z-3f9a: PASS yes" == render.html(build(), audio=lambda _: None, templates=tmp_path)

    def test_a_users_style_is_pinned_too(self, tmp_path: Path) -> None:
        """The policy follows the style sheet that is used; one that would end the element is refused."""
        (tmp_path / "report.css").write_text("body { color: red }\n")
        parsed = Page(page("pass", templates=tmp_path))
        digest = base64.b64encode(hashlib.sha256(parsed.style.encode()).digest()).decode()

        assert "color: red" in parsed.style
        assert digest in page("pass", templates=tmp_path)

        (tmp_path / "report.css").write_text("</style><script>")
        with pytest.raises(UsageError, match="must not contain"):
            page("pass", templates=tmp_path)
