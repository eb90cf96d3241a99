"""``ttsgate judge``: the verdict of a stored run, found again."""

from __future__ import annotations

import json
from pathlib import Path

from tests.bundle.runs import forged, real_files, real_run, ttsgate, written
from ttsgate.result.record import Result


class TestJudge:
    def test_a_real_run(self) -> None:
        """Same verdict, exit code of the run, and a last line like that of the run."""
        done = ttsgate("judge", str(real_run()))

        assert (0, "") == (done.returncode, done.stderr)
        assert "judged again: match; " in done.stdout
        assert done.stdout.splitlines()[-1].startswith("ttsgate: PASS exit=0 cause=none target=emulator")

    def test_says_where_it_differs(self, tmp_path: Path) -> None:
        """A recorded verdict that does not follow is shown against the one found, which decides the exit code."""

        def change(result: Result) -> None:
            assert result.verdict is not None
            result.verdict.name, result.verdict.exit_code = "fail", 8

        folder = written(forged(real_files(), change), tmp_path / "run")
        done = ttsgate("judge", str(folder), "--json")
        found = json.loads(done.stdout)

        assert (0, "mismatch") == (done.returncode, found["rejudgement"])
        assert ["verdict", "verdict exit_code"] == [d["where"] for d in found["differences"]]

    def test_writes_nothing(self, tmp_path: Path) -> None:
        """The bundle stays byte for byte, in a folder that cannot be written to as well."""
        folder = written(real_files(), tmp_path / "run")
        ttsgate("judge", str(folder))

        assert real_files() == {
            p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()
        }

    def test_a_damaged_bundle(self, tmp_path: Path) -> None:
        """A transcript that is not the recorded one is named, exit 6."""
        files = real_files()
        (name,) = (n for n in files if n.startswith("transcripts/"))
        done = ttsgate("judge", str(written({**files, name: files[name][:-1]}, tmp_path / "run")))

        assert (6, f"ttsgate: {name}: not the transcript that result.json names\n") == (done.returncode, done.stderr)

    def test_no_bundle(self, tmp_path: Path) -> None:
        """What is no bundle is exit 2."""
        assert 2 == ttsgate("judge", str(tmp_path)).returncode
        assert 2 == ttsgate("judge", "latest", "--output-dir", str(tmp_path)).returncode
