"""``ttsgate report``: a stored run, rendered again."""

from __future__ import annotations

from pathlib import Path

from tests.bundle.runs import real_files, real_run, ttsgate, written


class TestReport:
    def test_gives_the_same_renderings(self, tmp_path: Path) -> None:
        """Rendered by the same ttsgate, every file is the one in the bundle; validate.txt comes along."""
        done = ttsgate("report", str(real_run()), str(tmp_path / "out"))
        made = {p.relative_to(tmp_path / "out").as_posix(): p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}

        assert (0, "") == (done.returncode, done.stderr)
        assert b"py_compile_ok" == made.pop("validate.txt").splitlines()[0]
        assert {"report.html", "summary.md", "junit.xml", "ctrf.json", "badge.json"} < set(made)
        assert {name: real_files()[name] for name in made} == made

    def test_a_bundle_is_never_written_to(self, tmp_path: Path) -> None:
        """Into a bundle, its own or another, nothing is rendered: that would break its seal."""
        folder = written(real_files(), tmp_path / "run")
        done = ttsgate("report", str(folder), str(folder))

        assert (2, True) == (done.returncode, "holds a bundle" in done.stderr)
        assert real_files()["report.html"] == (folder / "report.html").read_bytes()
