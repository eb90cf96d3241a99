from __future__ import annotations

from tests.report.samples import SAMPLES, failing
from ttsgate.report import terminal
from ttsgate.result.record import Result


class TestClosingLine:
    def test_is_last_and_plain(self, result: Result) -> None:
        """The last line is never coloured, and starts as promised."""
        for color in (True, False):
            last = terminal.lines(result, color=color)[-1]
            assert last == terminal.closing(result)
            assert last.startswith("ttsgate: ")
            assert "\x1b" not in last
            assert "\n" not in last

    def test_in_full(self) -> None:
        """The line that scripts match."""
        assert (
            'ttsgate: FAIL exit=8 cause=service target=emulator claim="emulated, not live" '
            "checks=fail:5,skipped:1,pass:66 bundle=runs/20261122T020000Z-3f9a"
        ) == terminal.closing(failing())


class TestLines:
    def test_color_changes_no_word(self, result: Result) -> None:
        """Without the colour codes, the coloured text is the plain one."""
        plain = terminal.lines(result, color=False)
        colored = [_strip(line) for line in terminal.lines(result, color=True)]

        assert plain == colored
        assert not [line for line in plain if "\x1b" in line or "\n" in line or "\u202e" in line]

    def test_says_whose_fault_and_what_next(self) -> None:
        """A finding is shown with party, cause, what it may be confused with, and the next step."""
        text = "\n".join(terminal.lines(failing(), color=False))

        assert "✗ service · service.no-response-done" in text
        assert "cannot be told apart from: service.truncated, network.dropped" in text
        assert "next: Report the session ids" in text
        assert text.index("service.no-response-done") < text.index("sdk.stdout-noise")

    def test_shows_every_cell(self) -> None:
        """Twenty cells, each with client and state; a refusal that was expected is said to be one."""
        text = "\n".join(terminal.lines(SAMPLES["twenty"](), color=False))

        assert 14 == text.count("✓ passed")
        assert 5 == text.count("✓ refused, as expected")
        assert 1 == text.count("– skipped")
        assert "needs-voice" in text
        assert "(surveyed)" in text

    def test_a_broken_script_is_named_with_its_line(self) -> None:
        """File and line, as compilers give them."""
        assert "✗ tools/say.py:12  Python 3.11: SyntaxError: invalid syntax" in terminal.lines(
            SAMPLES["script"](), color=False
        )


def _strip(line: str) -> str:
    for code in ("32", "31", "33", "35", "2", "0"):
        line = line.replace(f"\x1b[{code}m", "")
    return line
