"""``ttsgate prune``: old runs go, and what went is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bundle.runs import ttsgate


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """The folder of three sealed runs of long ago."""
    folder = tmp_path / "aliyun-qwen-tts-realtime" / "runs"
    for day in (1, 2, 3):
        run = folder / f"2026010{day}T000000Z-0000"
        run.mkdir(parents=True)
        (run / "result.json").write_text("{}")
        (run / "manifest.json").write_text("{}")
    return folder


class TestPrune:
    def test_deletes(self, runs: Path, tmp_path: Path) -> None:
        """What goes is named and gone; the newest stays and is named."""
        done = ttsgate("prune", "--older-than", "1d", "--output-dir", str(tmp_path))

        assert (0, "") == (done.returncode, done.stderr)
        assert "kept     20260103T000000Z-0000  (the newest run)" in done.stdout
        assert done.stdout.endswith("2 of 3 runs deleted\n")
        assert ["20260103T000000Z-0000"] == [p.name for p in runs.iterdir()]

    def test_only_says(self, runs: Path, tmp_path: Path) -> None:
        """--dry-run deletes nothing."""
        done = ttsgate("prune", "--keep", "1", "--dry-run", "--output-dir", str(tmp_path))

        assert "2 of 3 runs would be deleted" in done.stdout
        assert 3 == len(list(runs.iterdir()))

    def test_needs_a_rule(self, runs: Path, tmp_path: Path) -> None:
        """Without a rule nothing is deleted, exit 2."""
        done = ttsgate("prune", "--output-dir", str(tmp_path))

        assert (2, True) == (done.returncode, "--keep N, --older-than AGE" in done.stderr)
        assert 3 == len(list(runs.iterdir()))
