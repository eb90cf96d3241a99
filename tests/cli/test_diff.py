"""``ttsgate diff``: two runs side by side."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.bundle.runs import forged, real_files, real_run, ttsgate, written
from ttsgate.result.record import Result


@pytest.fixture
def worse(tmp_path: Path) -> Path:
    """The real run with a check that failed."""

    def change(result: Result) -> None:
        check = next(c for c in result.checks if c.check == "P-usage")
        check.outcome, check.message = "fail", "no usage"

    return written(forged(real_files(), change), tmp_path / "worse")


class TestDiff:
    def test_text(self, worse: Path) -> None:
        """Both runs, then what changed under its heading; exit 0, since nothing is decided here."""
        done = ttsgate("diff", str(real_run()), str(worse))

        assert (0, "") == (done.returncode, done.stderr)
        assert "Newly failing:" in done.stdout.splitlines()
        assert "P-usage on wire.qwen3-tts-flash-realtime.server_commit.pcm: pass -> fail (no usage)" in done.stdout

    def test_markdown_and_json(self, worse: Path) -> None:
        """The same as Markdown and as one JSON document."""
        shown = ttsgate("diff", str(real_run()), str(worse), "--format", "markdown").stdout
        found = json.loads(ttsgate("diff", str(worse), str(real_run()), "--format", "json").stdout)

        assert "### Newly failing" in shown
        assert ["P-usage"] == [c["check"] for c in found["fixed"]]

    def test_judged_again(self, worse: Path) -> None:
        """With --rejudge the recorded outcomes do not count: of one transcript judged twice nothing changed."""
        done = ttsgate("diff", str(real_run()), str(worse), "--rejudge")

        assert "  none" in done.stdout.splitlines()
