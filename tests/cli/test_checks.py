"""``ttsgate checks``."""

from __future__ import annotations

import json

from click.testing import CliRunner

from ttsgate.cli.checks import command
from ttsgate.judgement.registry import CHECKS


def test_every_check_is_listed_with_sentence_and_reason() -> None:
    """In the order of the stages."""
    out = CliRunner().invoke(command, []).output

    for check in CHECKS.values():
        assert check.id in out
        assert check.sentence in out
        assert check.why in out


def test_json() -> None:
    """As data, one stage only."""
    listed = json.loads(CliRunner().invoke(command, ["--json", "--stage", "timing"]).output)

    assert {"timing"} == {c["stage"] for c in listed}
    assert "T-stall" in {c["id"] for c in listed}
    assert all(c["sentence"] and c["why"] for c in listed)
