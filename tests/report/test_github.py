from __future__ import annotations

import json
import re

from tests.report.samples import SAMPLES, failing, script_error
from ttsgate.report import github
from ttsgate.result.record import Finding


def many(count: int, *, blocking: bool) -> list[Finding]:
    pattern = failing().findings[1]
    return [Finding(diagnosis=pattern.diagnosis, message=str(n), blocking=blocking) for n in range(count)]


class TestAnnotations:
    def test_a_pass_has_none(self) -> None:
        """Nothing to annotate where nothing is wrong."""
        assert [] == github.annotations(SAMPLES["pass"]())

    def test_errors_before_warnings(self) -> None:
        """What decides is an error, what does not is a warning after it; both say what the evidence is."""
        lines = github.annotations(failing())

        assert lines[0].startswith("::error title=service%3A service.no-response-done::Responses end without")
        assert lines[1].startswith("::warning title=dashscope SDK%3A sdk.stdout-noise::")
        assert all(line.endswith("[emulated, not live]") for line in lines)

    def test_a_script_is_annotated_in_place(self) -> None:
        """A syntax error stands at its file and line."""
        assert (
            "::error file=tools/say.py,line=12,title=script does not compile::" in github.annotations(script_error())[0]
        )

    def test_at_most_ten_of_a_kind(self) -> None:
        """GitHub shows ten; the tenth says how many more there are."""
        result = failing()
        result.findings = many(25, blocking=True) + many(11, blocking=False) + many(2, blocking=True)

        lines = github.annotations(result)

        errors = [line for line in lines if line.startswith("::error ")]
        warnings = [line for line in lines if line.startswith("::warning ")]
        assert (10, 10) == (len(errors), len(warnings))
        assert errors[-1].endswith("::and 18 more in the report")
        assert warnings[-1].endswith("::and 2 more in the report")

    def test_exactly_ten_are_all_shown(self) -> None:
        """Ten findings need no line about more."""
        result = failing()
        result.findings = many(10, blocking=True)

        assert not [line for line in github.annotations(result) if "more in the report" in line]

    def test_every_way_to_fail_leaves_an_error(self) -> None:
        """A verdict without a finding (nothing ran, a check of ours broke, interrupted) is annotated too."""
        for name in ("nothing", "harness", "inconclusive", "interrupted", "running"):
            assert github.annotations(SAMPLES[name]())[0].startswith("::error title=ttsgate")

    def test_hostile_text_starts_no_command(self) -> None:
        """One line a command; percent, line breaks and separators are escaped."""
        for line in github.annotations(SAMPLES["hostile"]()):
            head = re.match(r"::(error|warning) ([^:]*)::", line)
            assert head is not None
            assert "\n" not in line
            assert "\x1b" not in line
            assert not re.search(r"%(?!25|0D|0A|3A|2C)", line)
            assert len(line) < 5_000


class TestOutputs:
    def test_one_line_each(self) -> None:
        """Outputs are single lines, whatever the result holds."""
        for build in SAMPLES.values():
            values = github.outputs(build())

            assert not [v for v in values.values() if "\n" in v]
            assert {"pass", "fail", "error", "skipped", "blocked", "inconclusive"} >= set(json.loads(values["counts"]))

    def test_what_a_later_step_needs(self) -> None:
        """Verdict, code, cause, claim and where the report is."""
        values = github.outputs(failing())

        asked = ("verdict", "exit-code", "cause", "target")
        assert ["FAIL", "8", "service", "emulator"] == [values[name] for name in asked]
        assert "runs/20261122T020000Z-3f9a/report.html" == values["report"]
