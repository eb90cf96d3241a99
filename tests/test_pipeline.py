"""One run from inside: what it leaves before it is over, what it asks of a subject, how it ends when it breaks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ttsgate import catalog
from ttsgate.config import resolve
from ttsgate.errors import CredentialError, UsageError
from ttsgate.pipeline import Run

FLASH = catalog.FIVE[0]


def run(tmp_path: Path, **given: Any) -> Run:
    """A run of the wire client that has not begun."""
    options: dict[str, Any] = {"client": ("wire",), "model": (FLASH,), "text": ("Good morning.",)}
    options |= {"compare": ("none",), "skip_probes": True, "output_dir": str(tmp_path / "out")}
    return Run(resolve({**options, **given}, {}, tmp_path), {}, ["ttsgate", "validate"])


def latest(tmp_path: Path) -> str:
    """`validate.txt`."""
    return (tmp_path / "out" / "aliyun-qwen-tts-realtime" / "validate.txt").read_text("utf-8")


def test_a_run_judges_what_it_is_asked_and_seals(tmp_path: Path) -> None:
    """RUNNING from its beginning; subjects are collected once; the end has a verdict, renderings and a manifest."""
    one = run(tmp_path)
    one.open()
    assert latest(tmp_path).startswith("RUNNING\n")
    subjects = one.subjects("synthesis")
    assert {f"wire.{FLASH}.server_commit.pcm-1"} == {s.id for s in subjects}
    records = [one.judge(s) for s in subjects]
    assert {"pass"} == {r.outcome for r in records if r}
    assert 1 == len(one.result.sessions)
    result = one.close()

    assert result.verdict is not None
    assert ("pass", 0) == (result.verdict.name, result.verdict.exit_code)
    assert latest(tmp_path).startswith("py_compile_ok\n")
    assert {"manifest.json", "SHA256SUMS", "report.html", "result.json"} <= {p.name for p in one.folder.path.iterdir()}


def test_a_run_that_breaks_says_so(tmp_path: Path) -> None:
    """Usage errors keep their code, others are ours, an interruption is neither; none of them is a pass."""
    for why, code, word in (
        (UsageError("no"), 2, "ERROR"),
        (ZeroDivisionError("x"), 3, "ERROR"),
        (KeyboardInterrupt(), 130, "INTERRUPTED"),
    ):
        one = run(tmp_path)
        one.abandon(why)
        assert latest(tmp_path).startswith(f"{word}\n")
        assert f"exit_code={code}\n" in latest(tmp_path)
        assert not (one.folder.path / "manifest.json").exists()


def test_an_interrupted_run_has_no_verdict(tmp_path: Path) -> None:
    """It is rendered with what it had, and says INTERRUPTED."""
    one = run(tmp_path)
    one.open()
    result = one.close(interrupted=True)

    assert result.verdict is None
    assert latest(tmp_path).startswith("INTERRUPTED\n")
    assert (one.folder.path / "report.html").exists()


def test_no_key_no_run(tmp_path: Path) -> None:
    """Live without a key fails before a folder is made."""
    with pytest.raises(CredentialError):
        run(tmp_path, target="live", region="cn-beijing")
    assert not (tmp_path / "out").exists()


def test_users_tests_keep_their_worst_outcome(tmp_path: Path) -> None:
    """Two tests whose names become one id: the failure is not covered up by the pass."""
    one = run(tmp_path)
    one.record_user_test("mine", "fail", "no")
    one.record_user_test("mine", "pass", "")
    result = one.close()

    assert [("U-mine", "fail")] == [(c.check, c.outcome) for c in result.checks if c.stage == "user"]
    assert result.verdict is not None
    assert 1 == result.verdict.exit_code


def test_nothing_judged_is_no_pass(tmp_path: Path) -> None:
    """A run of which nobody asked anything is not a pass."""
    result = run(tmp_path).close()

    assert result.verdict is not None
    assert 5 == result.verdict.exit_code
