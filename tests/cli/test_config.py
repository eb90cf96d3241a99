"""``ttsgate config show``, through the real program."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

KEY = "sk-canary-0123456789abcdef"


def show(folder: Path, *args: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run it in that folder with those variables only."""
    return subprocess.run(
        [sys.executable, "-m", "ttsgate", "config", "show", *args],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "HOME": str(folder / "home"), **environ},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Root of a repository."""
    (tmp_path / ".git").mkdir()
    return tmp_path


def test_each_value_with_its_origin(folder: Path) -> None:
    """One line an option, then file, target and key."""
    (folder / "gate.toml").write_text("repeat = 2\n")
    shown = show(folder, "--mode", "commit", TTSGATE_FORMAT="wav\npcm")
    lines = {line.split()[0]: line for line in shown.stdout.splitlines() if line}
    assert (shown.returncode, shown.stderr) == (0, "")
    assert lines["repeat"].endswith("= 2  (file gate.toml)")
    assert lines["mode"].endswith('= ["commit"]  (command line)')
    assert lines["format"].endswith('= ["wav", "pcm"]  (environment TTSGATE_FORMAT)')
    assert lines["region"].endswith("= -  (default)")
    assert lines["target:"] == "target: emulator (emulated, not live)"
    assert "made up for the emulator" in lines["key:"]


@pytest.mark.parametrize("as_json", [(), ("--json",)])
def test_the_key_is_never_printed(folder: Path, as_json: tuple[str, ...]) -> None:
    """Not even when somebody put it where it does not belong."""
    args = ("--target", "live", "--region", "cn-beijing", "--instruction", f"say {KEY}", *as_json)
    shown = show(folder, *args, DASHSCOPE_API_KEY=KEY)
    assert shown.returncode == 0
    assert "canary" not in shown.stdout + shown.stderr
    assert "environment DASHSCOPE_API_KEY" in shown.stdout
    if as_json:
        document = json.loads(shown.stdout)
        assert document["settings"]["instruction"]["value"] == "say ***"
        assert document["target"]["ws_url"] == "wss://dashscope.aliyuncs.com/api-ws/v1/realtime"


def test_a_missing_key_is_said_not_raised(folder: Path) -> None:
    """Looking at the configuration needs no key."""
    shown = show(folder, "--target", "live", "--region", "cn-beijing")
    assert shown.returncode == 0
    assert "no API key for region cn-beijing; looked for, in this order: TTSGATE_API_KEY_CN_BEIJING" in shown.stdout


@pytest.mark.parametrize(
    ("args", "environ", "says"),
    [
        (["--target", ""], {}, "--target is set but empty"),
        ([], {"TTSGATE_TARGET": ""}, "TTSGATE_TARGET is set but empty"),
        (["--target", "lvie"], {}, "--target is 'lvie'; did you mean 'live'?"),
        (["--target", "live"], {}, "--target live needs --region"),
        (["--model", "qwen3-tts-flash-realtme"], {}, "did you mean 'qwen3-tts-flash-realtime'"),
        ([], {"TTSGATE_REGOIN": "x"}, "did you mean 'TTSGATE_REGION'"),
        (["--require-target", "live"], {}, "target live is required"),
    ],
)
def test_wrong_settings_are_one_sentence_and_exit_2(
    folder: Path, args: list[str], environ: dict[str, str], says: str
) -> None:
    """On stderr; nothing on stdout."""
    shown = show(folder, *args, **environ)
    assert (shown.returncode, shown.stdout) == (2, "")
    assert shown.stderr.startswith("ttsgate: ")
    assert says in shown.stderr
    assert len(shown.stderr.splitlines()) == 1


def test_the_policy_in_force_and_its_digest(folder: Path) -> None:
    """The digest that `gate --policy-sha256` wants is shown, in JSON with the whole policy."""
    (folder / "gate.toml").write_text("[policy]\nuse = 'mine'\n[policy.mine]\nextends = 'nightly'\nsamples = 12\n")
    text, document = show(folder).stdout, json.loads(show(folder, "--json").stdout)
    policy = document["policy"]
    assert f"policy: mine sha256:{policy['sha256']}, 0 known failures" in text.splitlines()
    assert (12, ["nightly"], 64) == (policy["samples"], policy["extends"], len(policy["sha256"]))
    assert {"value": 12, "origin": "policy mine"} == document["settings"]["repeat"]
