"""Going on with a run: what is kept, what must be the same, what is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.report.samples import SAMPLES
from ttsgate import catalog
from ttsgate.bundle.reading import open_bundle
from ttsgate.bundle.verifying import Demands, verify
from ttsgate.config import resolve
from ttsgate.errors import UsageError
from ttsgate.pipeline import Run
from ttsgate.pipeline.resuming import Begun, differences, find_begun
from ttsgate.result.record import Result
from ttsgate.store.holding import hold, is_held

FLASH = catalog.FIVE[0]
HOME = "aliyun-qwen-tts-realtime"


def run(tmp_path: Path, *, resume: str | None = None, **given: Any) -> Run:
    """A run of the wire client that has not begun."""
    options = {"client": ("wire",), "model": (FLASH,), "text": ("Hi.",), "compare": ("none",), "skip_probes": True}
    found = resolve({**options, "output_dir": str(tmp_path / "out"), **given}, {}, tmp_path)
    return Run(found, {}, ["ttsgate", "validate"], resume=resume)


def ask_everything(one: Run) -> None:
    """What the suites do."""
    for stage in ("compile", "connectivity", "synthesis", "conformance", "audio", "timing", "compatibility", "across"):
        for subject in one.subjects(stage):
            one.judge(subject)


class TestInterrupted:
    def test_is_gone_on_with(self, tmp_path: Path) -> None:
        """Its seal comes off, its sessions stay as they were, audio that is not to be kept goes only at the end."""
        first = run(tmp_path, keep_audio="none")
        first.open()
        ask_everything(first)
        interrupted = first.close(interrupted=True)
        (before,) = interrupted.sessions
        assert before.audio is not None
        assert (first.folder.path / before.audio).exists()

        second = run(tmp_path, resume="latest", keep_audio="none")
        second.open()
        assert not (first.folder.path / "manifest.json").exists()
        ask_everything(second)
        result = second.close()

        assert first.id == second.id
        (after,) = result.sessions
        assert (before.started, before.transcript_sha256) == (after.started, after.transcript_sha256)
        assert after.audio is None
        assert not (first.folder.path / "audio").exists()
        assert [("interrupted", 1)] == [(r.left, r.kept) for r in result.resumed]
        assert interrupted.started == result.started
        assert result.verdict is not None
        assert "pass" == result.verdict.name
        done = verify(open_bundle(str(first.folder.path), lambda: tmp_path), Demands(), now=_later(result))
        assert done.holds
        with pytest.raises(UsageError, match="is complete"):
            find_begun(tmp_path / "out", "latest")


def _later(result: Result) -> Any:
    from datetime import datetime

    assert result.finished is not None
    return datetime.fromisoformat(result.finished)


class TestFind:
    def folder(self, tmp_path: Path, name: str = "20261124T000000Z-0000") -> Path:
        """A run that was killed."""
        folder = tmp_path / HOME / "runs" / name
        folder.mkdir(parents=True)
        (folder / "result.json").write_bytes(msgspec.json.encode(SAMPLES["running"]()))
        return folder

    def test_by_name_folder_or_latest(self, tmp_path: Path) -> None:
        """The three ways to name a run."""
        folder = self.folder(tmp_path)
        for name in ("latest", folder.name, str(folder)):
            begun = find_begun(tmp_path, name)
            assert folder == begun.folder
            begun.hold.release()

    @pytest.mark.parametrize("name", ["20261124T000000Z-ffff", "/elsewhere/20261124T000000Z-0000", "../runs"])
    def test_none_of_that_name(self, tmp_path: Path, name: str) -> None:
        """Said with the place that was looked in."""
        self.folder(tmp_path)
        with pytest.raises(UsageError, match=r"there is no run .* in "):
            find_begun(tmp_path, name)

    def test_still_running(self, tmp_path: Path) -> None:
        """Whoever writes into it goes on alone."""
        folder = self.folder(tmp_path)
        held = hold(folder)
        assert held is not None
        with pytest.raises(UsageError, match="still running"):
            find_begun(tmp_path, "latest")
        held.release()
        assert not is_held(folder)

    def test_a_torn_line_is_a_session_that_runs_again(self, tmp_path: Path) -> None:
        """Lines before and behind it count."""
        folder = self.folder(tmp_path)
        one, two = SAMPLES["pass"]().sessions[:2]
        lines = [msgspec.json.encode(one), msgspec.json.encode(one)[:50], b"", msgspec.json.encode(two)]
        (folder / "sessions.jsonl").write_bytes(b"\n".join(lines))
        begun = find_begun(tmp_path, "latest")

        assert [one.id, two.id] == [s.id for s in begun.sessions]
        begun.hold.release()


def _setting(result: Result) -> None:
    next(s for s in result.settings if s.name == "repeat").value = 7


def _version(result: Result) -> None:
    result.engine["ttsgate"] = "9.9"


def _faults(result: Result) -> None:
    result.target.faults = ["audio.silence"]


def _cell(result: Result) -> None:
    result.cells.pop()


class TestDifferences:
    @pytest.fixture
    def one(self, tmp_path: Path) -> Run:
        """A run that has not begun."""
        return run(tmp_path)

    def begun(self, one: Run, tmp_path: Path) -> Begun:
        """The same run, as an earlier process left it."""
        old = msgspec.convert(msgspec.to_builtins(one.result), Result)
        held = hold(tmp_path)
        assert held is not None
        return Begun(folder=tmp_path, result=old, sessions=[], hold=held)

    def test_none(self, one: Run, tmp_path: Path) -> None:
        """What only says where and how to write may differ."""
        begun = self.begun(one, tmp_path)
        next(s for s in begun.result.settings if s.name == "quiet").value = True

        assert differences(begun, one.result, one.plan) is None

    @pytest.mark.parametrize(
        ("change", "says"),
        [
            (_setting, "repeat was 7, is 1"),
            (_version, "ttsgate was 9.9, is "),
            (_faults, "target faults was ['audio.silence'], is []"),
            (_cell, f"cell wire.{FLASH}.server_commit.pcm is new"),
        ],
    )
    def test_is_named(self, one: Run, tmp_path: Path, change: Callable[[Result], None], says: str) -> None:
        """In words, with both values."""
        begun = self.begun(one, tmp_path)
        change(begun.result)

        assert str(differences(begun, one.result, one.plan)).startswith(says)
