"""Every model over every client, two runtimes side by side, and the faults that must show in one check."""

from __future__ import annotations

import os
import sys
import sysconfig
import wave
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.command import FLASH, PLAIN, Ran, ttsgate
from ttsgate import catalog

CLIENTS = ("wire", "sdk-realtime", "sdk-http", "sdk-client")
SHORT = ("--text", "Good morning, this is a test.")
OTHER_PYTHON = "TTSGATE_TEST_OTHER_PYTHON"
"""An interpreter with another dashscope release, for whoever has one; read before `tests/conftest.py` cleans up."""
other_python = os.environ.get(OTHER_PYTHON)


@pytest.fixture(scope="module")
def all_cells(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """One run of all five models over all four clients on the embedded emulator."""
    words = [word for client in CLIENTS for word in ("--client", client)]
    return ttsgate("validate", *words, *SHORT, base=tmp_path_factory.mktemp("cells") / "out", timeout_s=170)


def cells(ran: Ran, client: str) -> list[dict[str, Any]]:
    """The cells of a client."""
    return [c for c in ran.result["cells"] if c["client"] == client]


def sessions(ran: Ran, client: str) -> list[dict[str, Any]]:
    """The sessions of a client."""
    ids = {c["id"] for c in cells(ran, client)}
    return [s for s in ran.result["sessions"] if s["cell"] in ids]


def test_twenty_cells_pass(all_cells: Ran) -> None:
    """Five models times four clients: each cell ran, passed, and has its transcript and its part of the evidence."""
    assert 0 == all_cells.exit, all_cells.out + all_cells.err
    ran = {(c["model"], c["client"]) for c in all_cells.result["cells"] if c["state"] == "pass" and c["sessions"]}
    assert {(m, c) for m in catalog.FIVE for c in CLIENTS} == ran
    for session in all_cells.result["sessions"]:
        assert (all_cells.bundle / session["transcript"]).stat().st_size > 0
    for model in catalog.FIVE:
        evidence = (all_cells.bundle / "evidence" / f"{model}.md").read_text("utf-8")
        assert all(client in evidence for client in CLIENTS)


@pytest.mark.parametrize("client", ["wire", "sdk-realtime", "sdk-client"])
def test_speech_is_kept(all_cells: Ran, client: str) -> None:
    """Each realtime session left a WAV of the rate that was asked for and the length that its record states."""
    for session in sessions(all_cells, client):
        rate = session["utterance"].get("sample_rate", 24_000)
        with wave.open(str(all_cells.bundle / session["audio"])) as file:
            assert rate == file.getframerate() == session["sample_rate"]
            assert abs(file.getnframes() / rate * 1000 - session["audio_ms"]) < 1
            assert session["audio_ms"] > 500
            assert any(file.readframes(file.getnframes()))


def test_http_refuses_and_the_sibling_speaks(all_cells: Ran) -> None:
    """A realtime model over HTTP: refused as expected, with the service's own words; the sibling's WAV is one."""
    found = sessions(all_cells, "sdk-http")
    assert 5 == len(found)
    for session in found:
        assert "refused_as_expected" == session["error_class"]
        assert (400, "InvalidParameter") == (session["http_status"], session["code"])
        assert session["message"]
        with wave.open(str(all_cells.bundle / session["audio"])) as file:
            assert file.getnframes() / file.getframerate() > 0.5
            assert any(file.readframes(file.getnframes()))


def test_custom_voices_were_made_for_their_model_and_deleted(all_cells: Ran) -> None:
    """vd and vc, and their siblings, spoke with voices of exactly their own; none is left."""
    mutations = all_cells.result["mutations"]
    assert {"deleted"} == {m["state"] for m in mutations}
    voices = {c["model"]: c["voice"] for c in cells(all_cells, "wire") if "-vd-" in c["model"] or "-vc-" in c["model"]}
    assert set(voices.values()) < {m["resource"] for m in mutations}
    assert 4 == len(mutations)


def second_environment(folder: Path) -> Path:
    """A venv that is a symlink to the interpreter of the tests and sees its packages; returns its Python."""
    base = Path(sys.executable).resolve()
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    site = folder / "lib" / f"python{version}" / "site-packages"
    site.mkdir(parents=True)
    site.joinpath("packages.pth").write_text(sysconfig.get_path("purelib") + "\n", "utf-8")
    folder.joinpath("pyvenv.cfg").write_text(f"home = {base.parent}\nversion = {version}\n", "utf-8")
    python = folder / "bin" / "python"
    python.parent.mkdir()
    python.symlink_to(base)
    return python


@pytest.mark.parametrize(
    "other",
    [
        "a second environment",
        pytest.param(
            other_python,
            marks=pytest.mark.skipif(other_python is None, reason=f"{OTHER_PYTHON} names no interpreter"),
            id="another release",
        ),
    ],
)
def test_two_runtimes_side_by_side(tmp_path: Path, other: str) -> None:
    """Two interpreters are judged in one run; cells, evidence and report say which was which."""
    second = second_environment(tmp_path / "venv") if other == "a second environment" else Path(other)
    words = ["--client", "sdk-realtime", "--model", FLASH, "--python", sys.executable, "--python", str(second)]

    ran = ttsgate("validate", *words, *SHORT, base=tmp_path / "out")

    assert 0 == ran.exit, ran.out + ran.err
    runtimes = {r["id"]: r for r in ran.result["runtimes"]}
    assert 2 == len(runtimes)
    assert all(r["given"] for r in runtimes.values())
    assert set(runtimes) == {c["runtime"] for c in ran.result["cells"]}
    commands = (ran.bundle / "commands.jsonl").read_text("utf-8")
    assert commands.count(str(second)) == 1
    report = (ran.bundle / "report.html").read_text("utf-8")
    for name, runtime in runtimes.items():
        assert name in ran.out
        assert name in report
        assert runtime["dashscope"] in report
    assert "the harness's own" not in ran.out


FAULTS = {
    "audio.silence": "A-silence",
    "audio.half": "A-coverage",
    "audio.rate": "A-rate",
    "timing.stall": "T-stall",
    "order.no-response-done": "P-response-done",
    "field.voice-echo": "P-voice-echo",
}
"""Fault and the one check that has to show it."""


@pytest.mark.parametrize("faults", [list(FAULTS)[:3], list(FAULTS)[3:]], ids=" ".join)
def test_each_fault_fails_its_check(tmp_path: Path, faults: list[str]) -> None:
    """Each of three models has a fault; each fails exactly the check that is there for it, over both clients."""
    broken = dict(zip(catalog.FIVE, faults, strict=False))
    words = ["--client", "wire", "--client", "sdk-realtime", *PLAIN]
    words += [word for model, fault in broken.items() for word in ("--model", model, "--fault", f"{fault}@{model}")]

    ran = ttsgate("validate", *words, base=tmp_path / "out")

    failed = {
        (c["model"], c["client"], c["check"])
        for c in ran.result["checks"]
        if c["outcome"] == "fail" and c["severity"] == "fail"
    }
    assert {(m, c, FAULTS[f]) for m, f in broken.items() for c in ("wire", "sdk-realtime")} == failed
    assert 8 == ran.exit, ran.out + ran.err
    assert {"service"} == {f["diagnosis"]["party"] for f in ran.result["findings"]}
    # Each failed session was repeated by two fresh ones, which failed as well.
    assert {3} == {len(c["sessions"]) for c in ran.result["cells"]}
    assert {"broken"} == {f["stability"] for f in ran.result["findings"]}
    assert "(broken: 6 of 6 failed)." in ran.out
