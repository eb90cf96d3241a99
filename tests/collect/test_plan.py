"""The plan: cells, sessions, caps, voices; worked out before a byte leaves."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from ttsgate import catalog
from ttsgate.collect.plan import Plan, make_plan, planned_runtimes, utterance
from ttsgate.config import Config, resolve, resolve_target
from ttsgate.errors import UsageError


def configured(tmp_path: Path, **given: object) -> Config:
    """A configuration as the command line would give it."""
    return resolve(given, {}, tmp_path)


def planned(config: Config) -> Plan:
    """Its plan."""
    return make_plan(config, resolve_target(config), planned_runtimes(config))


def test_defaults_are_five_models_over_three_clients(tmp_path: Path) -> None:
    """Each model once over each client; what HTTP is expected to do with a realtime model is to refuse it."""
    plan = planned(configured(tmp_path))

    assert {(m, c) for m in catalog.FIVE for c in ("wire", "sdk-realtime", "sdk-http")} == {
        (c.model, c.client) for c in plan.cells
    }
    assert 15 == sum(c.variant is None for c in plan.cells)
    assert len(plan.cells) == len(plan.sessions)
    assert {"refusal"} == {c.expectation for c in plan.cells if c.client == "sdk-http"}
    assert ["design", "clone"] == plan.voice_kinds
    assert plan.intent.mutating
    assert plan.intent.worst_cost is None


def test_comparisons_are_sessions_of_their_own(tmp_path: Path) -> None:
    """Beside the plain cells: another instruction, voice and rate, each once, over our own client, first text only."""
    plan = planned(configured(tmp_path, text=("One.", "Two."), repeat="4"))
    varied = [s for s in plan.sessions if s.cell.variant is not None]
    plain = {c.id for c in plan.cells if c.variant is None}

    assert ["instruction", "voice", "rate"] == [s.cell.variant for s in varied]
    assert {("wire", "One.")} == {(s.cell.client, s.text) for s in varied}
    assert {f"{i}.{s.cell.variant}" for i in plain for s in varied} > {s.cell.id for s in varied}
    assert [] == [c for c in planned(configured(tmp_path, compare=("none",))).cells if c.variant is not None]


def test_wrong_requests_count_as_sessions_without_characters(tmp_path: Path) -> None:
    """They are in the number of sessions and in its cap, and add nothing to the characters."""
    plan = planned(configured(tmp_path))
    without = planned(configured(tmp_path, skip_probes=True))

    assert len(plan.sessions) + len(plan.probes) == plan.intent.sessions > without.intent.sessions
    assert plan.intent.characters == without.intent.characters
    assert catalog.FIVE[0] == plan.probed
    assert () == planned(configured(tmp_path, client=("sdk-realtime",))).probes
    with pytest.raises(UsageError, match="--skip-probes"):
        planned(configured(tmp_path, max_sessions=str(plan.intent.sessions - 1)))


def test_repeats_and_texts_multiply_sessions_but_not_refusals(tmp_path: Path) -> None:
    """Every text, every repeat; a refusal is asked for once."""
    given = {"model": (catalog.FIVE[0],), "text": ("One.", "Two."), "repeat": "3", "compare": ("none",)}
    plan = planned(configured(tmp_path, **given))

    count = {c.client: sum(s.cell is c for s in plan.sessions) for c in plan.cells}
    assert {"wire": 6, "sdk-realtime": 6, "sdk-http": 1} == count
    assert len({s.id for s in plan.sessions}) == len(plan.sessions)


def test_caps_are_read_before_the_run(tmp_path: Path) -> None:
    """A plan over a cap is a usage error that names the cap."""
    with pytest.raises(UsageError, match="--max-sessions 14"):
        planned(configured(tmp_path, max_sessions="14"))
    with pytest.raises(UsageError, match="--max-chars 10"):
        planned(configured(tmp_path, max_chars="10"))
    with pytest.raises(UsageError, match="--max-cost"):
        planned(configured(tmp_path, target="live", region="cn-beijing", max_cost="0.0001CNY"))


def test_live_has_a_price_and_changes_nothing_unless_allowed(tmp_path: Path) -> None:
    """The worst-case price is stated with its currency; voices are made only where that was allowed."""
    plan = planned(configured(tmp_path, target="live", region="cn-beijing"))

    assert plan.intent.worst_cost is not None
    assert plan.intent.worst_cost.endswith(" CNY")
    assert not plan.intent.mutating
    assert planned(configured(tmp_path, target="live", region="cn-beijing", allow_mutating=True)).intent.mutating


def test_a_named_voice_needs_none_made(tmp_path: Path) -> None:
    """A voice that was named is used; the sibling needs one of its own."""
    vd = "qwen3-tts-vd-realtime-2026-01-15"
    plan = planned(configured(tmp_path, model=(vd,), client=("wire",), voice=(f"{vd}=mine",)))

    assert {} == plan.voice_targets
    assert "mine" in plan.intent.identifiers


def test_the_same_versions_twice_are_two_runtimes(tmp_path: Path) -> None:
    """Two interpreters that look alike stay apart: no cell of one hides a cell of the other."""
    same = f"{Path(sys.executable).parent}/../bin/{Path(sys.executable).name}"
    plan = planned(configured(tmp_path, python=(sys.executable, same), client=("sdk-realtime",)))

    first, second = (r.id for r in plan.runtimes)
    assert second == f"{first}-2"
    assert 10 == len({c.id for c in plan.cells})


def test_the_sdk_clients_speak_plain_pcm(tmp_path: Path) -> None:
    """Formats multiply wire cells only."""
    plan = planned(configured(tmp_path, model=(catalog.FIVE[0],), format=("pcm", "mp3"), compare=("none",)))

    assert ["pcm", "mp3"] == [c.format for c in plan.cells if c.client == "wire"]
    assert {"pcm"} == {c.format for c in plan.cells if c.client != "wire"}


def test_an_utterance_asks_for_what_was_configured(tmp_path: Path) -> None:
    """Text, voice, rate, mode and instruction arrive in the session."""
    config = configured(tmp_path, text=("Hello.",), sample_rate="16000", instruction="Be calm.", client=("wire",))
    spoken = utterance(config, planned(config).sessions[0], "Cherry")

    assert ("Hello.", "Cherry", 16_000, "Be calm.", "server_commit") == (
        spoken.text,
        spoken.voice,
        spoken.sample_rate,
        spoken.instruction,
        spoken.mode,
    )
