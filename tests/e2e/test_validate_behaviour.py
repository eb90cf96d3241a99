"""Observed behaviour, comparisons and repeats in whole runs: what changes is told, what comes and goes is named so."""

from __future__ import annotations

import json
import socket
import sys
from pathlib import Path

import pytest

from tests.e2e.command import FLASH, QUICK, Ran, ttsgate
from ttsgate.emulator.process import EmulatorProcess
from ttsgate.probes.wrong import PROBES

SHORT = ("--client", "wire", "--model", FLASH, "--text", "Good morning.")


def stage(ran: Ran, name: str) -> dict[tuple[str, str], str]:
    """Outcomes of a stage of the newest run, by check and subject."""
    newest = max((ran.home / "runs").iterdir())
    result = json.loads((newest / "result.json").read_bytes())
    return {(c["check"], c["subject"]): c["outcome"] for c in result["checks"] if c["stage"] == name}


def test_a_change_of_behaviour_warns(tmp_path: Path) -> None:
    """Two runs against one address, behind which the service changes: shown in every rendering and by diff."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    runs = []
    for switch in ("malformed-json=error", "malformed-json=close-1007"):
        extra = ["--port", str(port), "--unlimited", "--switch", switch]
        with EmulatorProcess(api_keys=["sk-right"], pace=8, extra=extra) as process:
            assert process.endpoints is not None
            words = ("--ws-url", process.endpoints.ws_url, "--compare", "none")
            runs.append(
                ttsgate("validate", *SHORT, *words, base=tmp_path / "out", env={"DASHSCOPE_API_KEY": "sk-right"})
            )
    before, after = runs
    old, new = sorted((after.home / "runs").iterdir())

    assert (0, 0) == (before.exit, after.exit), after.out + after.err
    assert "service.changed" not in before.out
    assert "service.changed" in after.out
    asked = {(c, p) for c, p in stage(after, "negative") if c == "O-changed"}
    assert {("O-changed", p) for p in PROBES} == asked
    assert [("O-changed", "bad-json")] == [k for k, v in stage(after, "negative").items() if v == "fail" and k in asked]
    assert "answered otherwise than before" in (new / "summary.md").read_text("utf-8")
    assert "closes the connection without a word (Invalid JSON.), code 1007" in (new / "report.html").read_text("utf-8")
    assert "negative" in (new / "junit.xml").read_text("utf-8")
    told = ttsgate("diff", old, new, base=tmp_path / "out")
    assert "bad-json: outcome: error -> closed" in told.out
    judged = ttsgate("judge", new, base=tmp_path / "out")
    assert 0 == judged.exit, judged.out


def test_what_comes_and_goes(tmp_path: Path) -> None:
    """One of three sessions fails: intermittent, all three in the bundle, on connections of their own."""
    # The first session of the model is the handshake of the stage connectivity.
    ran = ttsgate("validate", *QUICK, "--fault", "session.close-mid:skip=1,first=1", base=tmp_path / "out")

    assert 8 == ran.exit, ran.out + ran.err
    (cell,) = ran.result["cells"]
    assert 3 == len(cell["sessions"])
    assert ["intermittent"] == list({f["stability"] for f in ran.result["findings"]})
    assert "(intermittent: 1 of 3 failed" in ran.out
    ids = [s["service_ids"]["session"][0] for s in ran.result["sessions"]]
    assert 3 == len(set(ids))
    assert all((ran.bundle / s["transcript"]).exists() for s in ran.result["sessions"])


def test_repeats_keep_to_the_caps(tmp_path: Path) -> None:
    """Where the cap leaves room for one, one is made, and what was left out is said."""
    ran = ttsgate("validate", *QUICK, "--fault", "silence", "--max-sessions", "2", base=tmp_path / "out")

    assert 8 == ran.exit, ran.out + ran.err
    assert 2 == len(ran.result["sessions"])
    assert "1 failed sessions were not repeated: the caps leave no room" in ran.out


@pytest.mark.parametrize("words", [("--skip-probes", "--compare", "none"), ("--compare", "rate")])
def test_options(tmp_path: Path, words: tuple[str, ...]) -> None:
    """Both can be left out; a comparison is a cell of its own, whose name says what it varies."""
    ran = ttsgate("validate", *SHORT, *words, base=tmp_path / "out")

    assert 0 == ran.exit, ran.out + ran.err
    probed = "--skip-probes" not in words
    assert probed == bool(ran.result["observations"])
    assert probed == bool(stage(ran, "negative"))
    assert ([None, "rate"] if probed else [None]) == [c["variant"] for c in ran.result["cells"]]
    assert 0 == sum(o["characters"] for o in ran.result["observations"])


def test_an_interpreter_that_only_other_machines_have(tmp_path: Path) -> None:
    """Listed in a file: its cells are skipped with that reason, the others are judged; under CI it is an error."""
    listed = json.dumps([sys.executable, "python3.99"])
    (tmp_path / "gate.toml").write_text(f"python = {listed}\n", "utf-8")
    words = ("--client", "sdk-realtime", "--model", FLASH, "--text", "Good morning.")

    ran = ttsgate("validate", *words, base=tmp_path / "out", cwd=tmp_path)
    assert 0 == ran.exit, ran.out + ran.err
    assert ["pass", "skipped"] == [c["state"] for c in ran.result["cells"]]
    assert [("interpreter", True)] == [(s["code"], "python3.99" in s["why"]) for s in ran.result["skips"]]
    under_ci = ttsgate("validate", *words, base=tmp_path / "ci", cwd=tmp_path, env={"CI": "true"})
    assert 2 == under_ci.exit
    assert "python3.99" in under_ci.err
