"""``ttsgate verify``: one line for each thing that does not hold."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.bundle.runs import MODEL, real_files, real_run, ttsgate, written


class TestVerify:
    def test_a_real_run(self) -> None:
        """Three parts and the demands, one line each; exit 0, and no doubt about what it is evidence of."""
        done = ttsgate("verify", str(real_run()), "--model", MODEL, "--max-age", "1d", "--require-target", "emulator")
        lines = done.stdout.splitlines()

        assert (0, "") == (done.returncode, done.stderr)
        assert ["integrity", "origin", "re-judgement", "demands", "ttsgate:"] == [line.split()[0] for line in lines]
        assert "unsigned, origin unknown" in lines[1]
        assert 'VERIFIED exit=0 verdict=pass target=emulator claim="emulated, not live"' in lines[-1]

    def test_latest(self) -> None:
        """`latest` is the newest run below the base; OUTPUT_DIR names it as it does for a run."""
        base = str(real_run().parents[2])

        assert 0 == ttsgate("verify", "latest", "--output-dir", base).returncode
        assert 0 == ttsgate("verify", "latest", OUTPUT_DIR=base).returncode

    def test_every_fault_has_a_line(self, tmp_path: Path) -> None:
        """Three files changed are three lines with their names, and exit 6."""
        files = real_files()
        files["summary.md"] += b"!"
        files["new.txt"] = b""
        del files["junit.xml"]
        done = ttsgate("verify", str(written(files, tmp_path / "run")))

        assert 6 == done.returncode
        assert {"summary.md", "new.txt", "junit.xml"} == {
            line.split()[1].rstrip(":") for line in done.stdout.splitlines() if line.startswith("  ✗")
        }
        assert done.stdout.splitlines()[-1].startswith("ttsgate: REFUSED exit=6")

    def test_emulated_is_not_live(self) -> None:
        """A demand for live evidence refuses emulated evidence, by option and by variable."""
        for done in (
            ttsgate("verify", str(real_run()), "--require-target", "live", "--json"),
            ttsgate("verify", str(real_run()), "--json", TTSGATE_REQUIRE_TARGET="live"),
        ):
            found = json.loads(done.stdout)
            assert (6, False, "emulator") == (done.returncode, found["verified"], found["target"])
            assert ["result.json: evidence about the target emulator, not live"] == found["demands"]["problems"]

    def test_no_archive(self, tmp_path: Path) -> None:
        """A file that is no archive is evidence that does not verify, not a wrong command line."""
        (tmp_path / "x.zip").write_bytes(b"PK\x03\x04nothing")
        done = ttsgate("verify", str(tmp_path / "x.zip"))

        assert 6 == done.returncode
        assert "x.zip: not an archive by `ttsgate bundle export`, or damaged" in done.stdout

    @pytest.mark.parametrize("arguments", [["--max-age", "soon"], ["--require-target", "real"], ["--signers", "/none"]])
    def test_usage(self, arguments: list[str]) -> None:
        """A demand that cannot be read is exit 2: nothing is verified by mistake."""
        done = ttsgate("verify", str(real_run()), *arguments)

        assert (2, "") == (done.returncode, done.stdout)
