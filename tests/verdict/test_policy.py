"""Policies are read strictly: inheritance, names, and limits that their samples can bear."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from ttsgate.collect.plan import make_plan
from ttsgate.config import resolve, resolve_target
from ttsgate.config.policies import find_policy, policy_names, shipped_policies
from ttsgate.errors import UsageError
from ttsgate.result.record import Runtime
from ttsgate.verdict.limits import needed_samples, parse_limit
from ttsgate.verdict.policy import Policy, json_schema, load_policy

OWN = {"mine": {"extends": "ci"}}


def load(name: str = "mine", **own: Mapping[str, Any]) -> Policy:
    """A policy of the user's tables over the shipped ones."""
    return load_policy(name, own, shipped_policies(), source="gate.toml")


class TestShipped:
    def test_names(self) -> None:
        """Three policies come with ttsgate."""
        assert ["ci", "nightly", "release"] == policy_names(None)

    @pytest.mark.parametrize("name", ["ci", "nightly", "release"])
    def test_loads_under_its_own_caps(self, name: str, tmp_path: Path) -> None:
        """The default plan of a live run under the policy fits its caps, and its pace leaves time for it."""
        (tmp_path / ".git").mkdir()
        words = {"target": "live", "region": "cn-beijing", "policy": name, "subject": "app=git:abcdef1234"}
        config = resolve(words, {}, tmp_path)
        plan = make_plan(config, resolve_target(config), [Runtime(id="rt", python="3.11", executable="python")])
        caps = find_policy(name, None).caps

        assert caps.sessions is not None
        assert caps.seconds is not None
        assert config.max_sessions == caps.sessions >= plan.intent.sessions > 5 * 2 * config.repeat
        assert "unknown" != plan.intent.worst_cost
        busiest = max(sum(s.cell.model == m for s in plan.sessions) for m in config.models)
        assert busiest / config.max_rate <= caps.seconds

    @pytest.mark.parametrize("name", ["ci", "nightly", "release"])
    def test_its_samples_decide_its_limits(self, name: str) -> None:
        """Each shipped limit can hold, in one bundle."""
        policy = find_policy(name, None)

        assert all(1 == rule.history for rule in policy.limits)
        assert all(
            (needed_samples(parse_limit(r.limit), policy.confidence) or 99) <= policy.samples for r in policy.limits
        )

    def test_who_blocks(self) -> None:
        """ci lets an incident of the service pass with a warning; the others do not."""
        blocks = {name: set(find_policy(name, None).blocks) for name in ("ci", "nightly", "release")}

        assert {"service", "network"} == blocks["release"] - blocks["ci"]
        assert blocks["nightly"] == blocks["release"]

    def test_release_is_strict(self) -> None:
        """Live evidence about a subject, nothing skipped, doubt fails."""
        policy = find_policy("release", None)

        assert ("live", True, 24) == (policy.requires.target, policy.requires.subject, policy.requires.age_hours)
        assert ((), "fail", "fail") == (policy.skips, policy.inconclusive, policy.intermittent)


class TestInheritance:
    def test_keys_are_worked_in(self) -> None:
        """What a table does not say it takes from what it extends, in tables below it too."""
        policy = load(mine={"extends": "release", "samples": 12, "requires": {"age_hours": 48}})

        assert (12, 48, True) == (policy.samples, policy.requires.age_hours, policy.requires.subject)
        assert ("release", "nightly") == policy.extends

    def test_a_name_of_ours_can_be_extended_by_itself(self) -> None:
        """`[policy.ci]` with `extends = "ci"` starts from the shipped one."""
        assert 3 == load("ci", ci={"extends": "ci", "samples": 3}).samples

    def test_shipped_policies_do_not_change_under_ours(self) -> None:
        """A table of the user's called nightly does not change what the shipped release extends."""
        assert 9 == load("release", nightly={"extends": "nightly", "samples": 5}).samples

    def test_lists_replace(self) -> None:
        """A list is taken whole."""
        assert ["failures == 0"] == [
            r.limit for r in load(mine={"extends": "nightly", "limits": ["failures == 0"]}).limits
        ]

    def test_comparison_can_be_switched_off(self) -> None:
        """`regression = false` takes it out."""
        assert load(mine={"extends": "nightly", "regression": False}).regression is None

    def test_digest(self) -> None:
        """The digest follows what decides, however it was written."""
        same = load(mine={"extends": "nightly"}).sha256(), load(mine={"extends": "nightly", "samples": 9}).sha256()

        assert same[0] == same[1]
        assert same[0] != load(mine={"extends": "nightly", "samples": 10}).sha256()
        assert same[0] != load(mine={"extends": "nightly"}).sha256(["something is excused"])


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ({}, "is empty"),
        ({"samples": 3}, "lets nobody block"),
        ({"extends": "ci", "blocks": []}, "lets nobody block"),
        (
            {"extends": "ci", "blcoks": ["sdk"]},
            "unknown key 'blcoks' in [policy.mine] of gate.toml; did you mean 'blocks'",
        ),
        ({"extends": "ci", "blocks": ["sevice"]}, "unknown 'sevice'; did you mean 'service'"),
        ({"extends": "ci", "requires": {"age": 3}}, "unknown key 'age' in [policy.mine] of gate.toml, requires"),
        ({"extends": "ci", "limits": [{"limit": "failures == 0", "modle": "x"}]}, "unknown key 'modle'"),
        ({"extends": "ci", "limits": [{"limit": "failures == 0", "model": "qwen3-tts-flsh-realtime"}]}, "did you mean"),
        ({"extends": "ci", "limits": ["first_adio_ms.p50 < 9"]}, "did you mean 'first_audio_ms'"),
        (
            {"extends": "ci", "limits": ["first_audio_ms.p50 < 9"]},
            "needs 5 samples a cell at a confidence of 0.95, but 1",
        ),
        ({"extends": "nightly", "limits": ["first_audio_ms.p95 < 900"]}, "needs 59 samples"),
        ({"extends": "nightly", "limits": ["success.rate >= 0.99"]}, "needs 299 samples"),
        (
            {"extends": "nightly", "limits": [{"limit": "gap_max_ms.max < 9", "together": True}]},
            "cannot be taken together",
        ),
        ({"extends": "nightly", "limits": ["success.rate >= 1"]}, "can never be shown to hold"),
        ({"extends": "ci", "samples": 0}, ">= 1"),
        ({"extends": "ci", "samples": "many"}, "Expected `int`"),
        ({"extends": "ci", "skips": ["need-voice"]}, "did you mean 'needs-voice'"),
        ({"extends": "ci", "skips": "needs-voice"}, "must be a list"),
        ({"extends": "ci", "requirements": "2020-01-01"}, "unknown '2020-01-01'"),
        ({"extends": "ci", "requires": {"models": ["qwen"]}}, "unknown 'qwen'"),
        ({"extends": "ci", "requires": {"regions": ["beijing"]}}, "unknown 'beijing'; did you mean 'cn-beijing'"),
        ({"extends": "ci", "requires": {"signers": ["me"]}}, "no public key"),
        ({"extends": "ci", "lifecycle": {"retired": "explode"}}, "Invalid enum value"),
        ({"extends": "ci", "regression": {"metrics": ["failures"]}}, "unknown 'failures'"),
        ({"extends": "nihgtly"}, "unknown policy 'nihgtly', which 'mine' extends; did you mean 'nightly'"),
        ({"extends": "mine"}, "extends itself"),
        ({"extends": "other"}, "in a circle"),
        ({"extends": 5}, "must be the name of a policy"),
    ],
)
def test_refuses(table: dict[str, Any], says: str) -> None:
    """What is wrong with a policy is told, with the nearest name."""
    with pytest.raises(UsageError) as caught:
        load(mine=table, other={"extends": "mine"})

    assert says in str(caught.value)


def test_unknown_policy() -> None:
    """An unknown name is told with the nearest."""
    with pytest.raises(UsageError, match="did you mean 'release'"):
        load("relase")


def test_tails_over_several_bundles() -> None:
    """A tail is admitted when it is judged over enough bundles."""
    policy = load(mine={"extends": "nightly", "limits": [{"limit": "first_audio_ms.p95 < 1200", "history": 7}]})

    assert 7 == policy.limits[0].history


def test_schema_knows_every_key() -> None:
    """The JSON Schema refuses what the reader refuses."""
    schema = json_schema()
    table = schema["$defs"][schema["$ref"].rpartition("/")[2]]

    assert table["additionalProperties"] is False
    assert {"blocks", "limits", "requires", "regression", "lifecycle", "skips", "samples"} <= set(table["properties"])
