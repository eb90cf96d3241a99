"""``ttsgate plan`` and ``ttsgate cleanup``, as far as no service is needed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from ttsgate import catalog
from ttsgate.cli import cleanup, plan
from ttsgate.errors import CredentialError, UsageError


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a folder of its own."""
    monkeypatch.chdir(tmp_path)


def shown(*words: str) -> str:
    """What `ttsgate plan WORDS` prints."""
    done = CliRunner().invoke(plan.command, words, catch_exceptions=False)
    assert done.exit_code == 0
    return done.stdout


def test_a_live_plan_needs_no_key_and_states_the_price() -> None:
    """Region, endpoint, identifiers, changes, caps and the worst price, before anybody has a key."""
    text = shown("--target", "live", "--region", "cn-beijing", "--workspace", "ws-1")

    for part in ("cn-beijing", "ws-1", "wss://", " CNY", "read-only", "--allow-mutating", *catalog.FIVE):
        assert part in text
    assert text.count("\n1 x ") == 18
    assert text.count("(to compare the ") == 3
    assert f"10 for wrong requests to {catalog.FIVE[0]}, without characters" in text
    assert "2 more for each that fails" in text


def test_json_is_one_document() -> None:
    """Everything for programs: target, intent, steps, cells, voices."""
    document = json.loads(shown("--json", "--client", "wire", "--repeat", "2"))

    assert [2] * 5 == [c["sessions"] for c in document["cells"] if c["variant"] is None]
    assert ["instruction", "voice", "rate"] == [c["variant"] for c in document["cells"] if c["variant"]]
    assert 10 == len(document["wrong_requests"]["probes"])
    assert {} == json.loads(shown("--json", "--client", "wire", "--skip-probes"))["wrong_requests"]
    assert {"design", "clone"} == set(document["temporary_voices"].values())
    assert document["intent"]["mutating"]
    assert "session" == document["steps"][-1]


def test_nothing_is_left_behind(tmp_path: Path) -> None:
    """A plan writes no file."""
    shown("--client", "wire")

    assert [] == list(tmp_path.iterdir())


def test_a_plan_over_a_cap_is_the_error_that_the_run_would_be() -> None:
    """Exit 2 with the cap's name."""
    with pytest.raises(UsageError, match="--max-sessions 3"):
        shown("--max-sessions", "3")


def test_a_key_in_the_wrong_place_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever puts the key into a text or a workspace does not find it in the plan."""
    monkeypatch.setenv("DASHSCOPE_API_KEY", "sk-canary-0123456789")

    assert "canary" not in shown("--target", "live", "--region", "cn-beijing", "--workspace", "sk-canary-0123456789")


def test_cleanup_has_no_business_with_the_embedded_emulator() -> None:
    """Its voices are gone with it; the remedy names the options."""
    with pytest.raises(UsageError, match="--ws-url"):
        CliRunner().invoke(cleanup.command, [], catch_exceptions=False)


def test_cleanup_needs_a_key_before_anything_is_read() -> None:
    """Without one it lists the places."""
    with pytest.raises(CredentialError, match="DASHSCOPE_API_KEY"):
        CliRunner().invoke(cleanup.command, ["--ws-url", "ws://127.0.0.1:9"], catch_exceptions=False)


def test_cleanup_without_a_journal(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nothing was ever made: nothing is asked of the service."""
    monkeypatch.setenv("DASHSCOPE_API_KEY", "sk-x")
    done = CliRunner().invoke(cleanup.command, ["--ws-url", "ws://127.0.0.1:9"], catch_exceptions=False)

    assert "nothing to clean up\n" == done.stdout
