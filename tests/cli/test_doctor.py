"""``ttsgate doctor`` says what a run would need, and what to do where it is missing."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner, Result

from ttsgate.cli.doctor import Diagnosis, Examined, command


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty repository to stand in, without authorities of the caller's."""
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    return tmp_path


def doctor(*words: str, env: dict[str, str] | None = None) -> Result:
    """Run it; the exit code is what the command returns."""
    return CliRunner().invoke(command, [*words, "--json"], env=env, standalone_mode=False)


def found(done: Result) -> dict[str, Examined]:
    """What was examined, by name."""
    diagnosis = msgspec.json.decode(done.stdout, type=Diagnosis)
    assert done.return_value == diagnosis.exit_code
    assert diagnosis.fit == (diagnosis.exit_code == 0)
    assert all(e.remedy for e in diagnosis.examined if e.state in ("warn", "fail"))
    return {e.what: e for e in diagnosis.examined}


def test_a_fit_machine(folder: Path) -> None:
    """On the emulator everything is there; no file is left behind."""
    done = doctor()

    assert {"fail"}.isdisjoint(e.state for e in found(done).values()), done.stdout
    assert 0 == done.return_value
    assert [".git"] == [p.name for p in folder.iterdir()]


def test_only_the_key_is_missing(folder: Path) -> None:
    """Live without a key is 7 and names the places; everything else is fit."""
    done = doctor("--target", "live", "--region", "cn-beijing", env={"HOME": str(folder)})

    assert 7 == done.return_value
    assert "TTSGATE_API_KEY_CN_BEIJING" in found(done)["key"].seen


def test_a_key_shows_its_origin_and_fingerprint_only(folder: Path) -> None:
    """The key itself is nowhere in what is printed."""
    done = doctor("--target", "live", "--region", "cn-beijing", env={"DASHSCOPE_API_KEY": "sk-doctor-0123456789"})

    assert found(done)["key"].seen.startswith("environment DASHSCOPE_API_KEY, fingerprint ")
    assert "sk-doctor" not in done.stdout


def test_what_hinders_is_named(folder: Path) -> None:
    """A proxy of the wrong kind and an output folder that cannot be written fail with a remedy; nothing is guessed."""
    (folder / "file").write_text("", "utf-8")
    words = ("--target", "live", "--region", "cn-beijing")
    proxy = doctor(*words, env={"DASHSCOPE_API_KEY": "sk-doctor-0123456789", "HTTPS_PROXY": "socks5://127.0.0.1:1"})

    assert 2 == proxy.return_value
    assert "only http:// proxies can be used" in found(proxy)["network"].seen
    assert "fail" == found(doctor("--output-dir", "/proc/nowhere"))["output folder"].state


def test_for_people(folder: Path) -> None:
    """A sign and a line for each, and one line at the end that a script can read."""
    done = CliRunner().invoke(command, [], standalone_mode=False)

    assert done.output.splitlines()[-1] == "ttsgate: FIT exit=0"
    assert "✓ python" in done.output
