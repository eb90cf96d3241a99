from __future__ import annotations

from pathlib import Path

import pytest

from tests.report.samples import HOSTILE
from ttsgate.errors import UsageError
from ttsgate.report.templating import Kind, kept, read_asset, render


def show(tmp_path: Path, source: str, *, kind: Kind = "html", **context: object) -> str:
    (tmp_path / "t.j2").write_text(source)
    return render("t.j2", context, kind=kind, templates=tmp_path)


class TestSandbox:
    @pytest.mark.parametrize(
        "source",
        [
            "{{ x.__class__.__mro__ }}",
            "{{ ''.__class__ }}",
            "{{ cycler.__init__.__globals__ }}",
            "{{ x.append(1) }}",
            "{% include '../../etc/passwd' %}",
        ],
    )
    def test_a_template_reaches_nothing_but_its_data(self, tmp_path: Path, source: str) -> None:
        """Python's insides, changes of the data and files elsewhere are refused, in one sentence."""
        with pytest.raises(UsageError, match="template"):
            show(tmp_path, source, x=[])

    def test_an_unknown_name_is_an_error(self, tmp_path: Path) -> None:
        """A typing error in a template does not become an empty cell."""
        with pytest.raises(UsageError, match="'verdit' is undefined"):
            show(tmp_path, "{{ verdit }}")

    def test_a_broken_template_names_its_line(self, tmp_path: Path) -> None:
        """File and line of a syntax error."""
        with pytest.raises(UsageError, match=r"t\.j2, line 2"):
            show(tmp_path, "ok\n{% if %}")


class TestInert:
    def test_every_expression_is_cleaned_by_itself(self, tmp_path: Path) -> None:
        """A template that forgets to escape is safe all the same, in every format."""
        page = show(tmp_path, "{{ x }}", x=HOSTILE)
        text = show(tmp_path, "{{ x }}", kind="text", x="a\nverdict=PASS")
        markdown = show(tmp_path, "{{ x }} {{ x|code }}", kind="markdown", x="<b>|`")

        assert "<script>" not in page
        assert "\x1b" not in page
        assert "a verdict=PASS" == text
        assert "&lt;b&gt;\\|\\` `` <b>\\|` ``" == markdown

    def test_what_is_kept_is_still_escaped_in_html(self, tmp_path: Path) -> None:
        """`kept` spares shortening, not escaping."""
        out = show(tmp_path, "{{ x }}", x=kept("<" + "x" * 5_000))

        assert out == "&lt;" + "x" * 5_000

    def test_a_block_keeps_its_lines(self, tmp_path: Path) -> None:
        """The filter for blocks of text keeps line feeds and drops the rest."""
        assert "a\nb&lt;" == show(tmp_path, "{{ x|pre }}", x="a\n\x1b[1mb<")


class TestFolders:
    def test_a_missing_folder_is_named(self, tmp_path: Path) -> None:
        """A mistyped --templates is a usage error."""
        with pytest.raises(UsageError, match="nowhere"):
            render("summary.md.j2", {}, kind="markdown", templates=tmp_path / "nowhere")

    def test_a_changed_template_is_seen(self, tmp_path: Path) -> None:
        """Templates are kept compiled, but not against a newer file."""
        import os

        assert "one" == show(tmp_path, "one")
        (tmp_path / "t.j2").write_text("two")
        os.utime(tmp_path / "t.j2", (1, 1))
        assert "two" == render("t.j2", {}, kind="html", templates=tmp_path)

    def test_assets_come_from_the_users_folder_first(self, tmp_path: Path) -> None:
        """Style sheets are found like templates; an unknown one is refused."""
        (tmp_path / "report.css").write_text("mine")

        assert "mine" == read_asset("report.css", templates=tmp_path)
        assert "prefers-color-scheme" in read_asset("report.css")
        with pytest.raises(UsageError, match=r"none\.css"):
            read_asset("none.css", templates=tmp_path)
