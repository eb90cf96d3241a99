from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.report.samples import FIVE, build, failing, hostile, running
from ttsgate import report
from ttsgate.errors import UsageError


class TestWriteAll:
    def test_leaves_the_files_of_a_bundle(self, tmp_path: Path) -> None:
        """Evidence for each model, page, summary, JUnit, CTRF and badge; what is returned is what is there."""
        written = report.write_all(build(), tmp_path / "run")

        expected = {"report.html", "summary.md", "junit.xml", "ctrf.json", "badge.json"}
        expected |= {f"evidence/{model}.{kind}" for model in FIVE for kind in ("json", "md")}
        there = {str(p.relative_to(tmp_path / "run")) for p in (tmp_path / "run").rglob("*") if p.is_file()}
        assert expected == there == {str(p.relative_to(tmp_path / "run")) for p in written}

    def test_hostile_names_stay_in_the_bundle(self, tmp_path: Path) -> None:
        """A model string that climbs out becomes a plain file name."""
        bundle = tmp_path / "a" / "b" / "run"
        report.write_all(hostile(), bundle)

        for path in (p for p in tmp_path.rglob("*") if p.is_file()):
            assert path.is_relative_to(bundle)
            assert re.fullmatch(r"[A-Za-z0-9._-]+", path.name)

    def test_audio_is_read_from_the_bundle_only(self, tmp_path: Path, recording: bytes) -> None:
        """A listening copy is made of a file of the bundle; a name that climbs out is not followed."""
        outside = tmp_path / "secret.wav"
        outside.write_bytes(recording)
        bundle = tmp_path / "run"
        (bundle / "audio").mkdir(parents=True)
        result = build()
        inside, climbing = result.sessions[0], result.sessions[1]
        assert inside.audio is not None
        (bundle / inside.audio).write_bytes(recording)
        climbing.audio = "../secret.wav"

        report.write_all(result, bundle)

        assert 1 == (bundle / "report.html").read_text().count("<audio ")

    def test_a_broken_template_leaves_nothing(self, tmp_path: Path) -> None:
        """All renderings are made before the first file is written."""
        (tmp_path / "report.html.j2").write_text("{% if %}")

        with pytest.raises(UsageError):
            report.write_all(build(), tmp_path / "run", templates=tmp_path)
        assert not (tmp_path / "run").exists()

    def test_rendering_again_gives_the_same_files(self, tmp_path: Path) -> None:
        """`ttsgate report` over a bundle changes no byte."""
        report.write_all(failing(), tmp_path)
        before = {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}
        report.write_all(failing(), tmp_path)

        assert before == {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}


class TestWriteLatest:
    def test_stands_where_the_design_says(self, tmp_path: Path) -> None:
        """The latest run's text lies below the base, one folder down."""
        path = report.write_latest(build(), tmp_path)

        assert tmp_path / "aliyun-qwen-tts-realtime" / "validate.txt" == path
        assert path.read_text().startswith("py_compile_ok\nverdict=PASS\nexit_code=0\n")

    def test_a_running_run_replaces_an_old_pass(self, tmp_path: Path) -> None:
        """As soon as a run starts, the pass of the one before is gone."""
        report.write_latest(build(), tmp_path)
        path = report.write_latest(running(), tmp_path)

        assert path.read_text().startswith("RUNNING\n")
        assert "py_compile_ok" not in path.read_text()
