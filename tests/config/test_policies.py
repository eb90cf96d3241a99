"""Policies in the configuration file, and what a policy sets in a run."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.config.configured import Configured
from ttsgate import judgement
from ttsgate.config.files import read_file
from ttsgate.config.policies import find_expectations, find_policy, policy_names, refuse_early
from ttsgate.errors import UsageError

ROOT = Path(__file__).resolve().parents[2]
EXPECTATION = """
[[expectations]]
check = "P-voice-echo"
reason = "r"
owner = "o"
ticket = "T-1"
first_seen = 2026-11-01
expires = 2026-12-01
"""


class TestFile:
    @pytest.mark.parametrize(
        ("text", "says"),
        [
            ("[policy]\nuse = 'mine'\nuze = 'x'", "unknown key 'uze' in [policy] of gate.toml; did you mean 'use'"),
            ("policy = 5", "policy in gate.toml"),
            ("expectations = 'none'", "write [[expectations]]"),
            ("[polcy.mine]\nextends = 'ci'", "unknown key 'polcy' in gate.toml; did you mean 'policy'"),
        ],
    )
    def test_refuses(self, configured: Configured, text: str, says: str) -> None:
        """What is no policy is refused, with the nearest name."""
        configured.gate(text)

        with pytest.raises(UsageError) as caught:
            configured()

        assert says in str(caught.value)

    def test_use(self, configured: Configured) -> None:
        """`use` names the policy in force; the command line wins."""
        configured.gate("[policy]\nuse = 'mine'\n[policy.mine]\nextends = 'ci'\n")

        assert ["mine", "nightly"] == [c.rules.name for c in (configured(), configured(policy="nightly")) if c.rules]

    def test_in_pyproject(self, configured: Configured) -> None:
        """`[tool.ttsgate.policy.NAME]` is the same."""
        (configured.folder / "pyproject.toml").write_text(
            "[tool.ttsgate.policy]\nuse = 'mine'\n[tool.ttsgate.policy.mine]\nextends = 'ci'\n", "utf-8"
        )

        assert "mine" == configured().policy

    def test_no_policy(self, configured: Configured) -> None:
        """Without a policy everything is as without policies, listed failures too."""
        configured.gate("[policy.mine]\nextends = 'ci'\n" + EXPECTATION)
        config = configured()

        assert (None, ()) == (config.rules, config.expectations)

    def test_expectations(self, configured: Configured) -> None:
        """Listed failures come with the policy, and a wrong one is refused with its number."""
        configured.gate(EXPECTATION)
        assert ["P-voice-echo"] == [e.check for e in configured(policy="ci").expectations]

        configured.gate(EXPECTATION + EXPECTATION.replace("P-voice-echo", "P-voice-ecko"))
        with pytest.raises(
            UsageError, match=r"expectation 2 of gate\.toml: unknown check 'P-voice-ecko'; did you mean"
        ):
            configured(policy="ci")


class TestInARun:
    def test_samples_and_caps(self, configured: Configured) -> None:
        """A policy sets the sessions of a cell and the caps, and the settings say that it did."""
        config = configured(policy="nightly", target="live", region="cn-beijing")
        origins = {s.name: s.origin for s in config.settings}

        assert (9, 120, 5000, 600, 0.5) == (
            config.repeat, config.max_sessions, config.max_chars, config.max_seconds, config.max_rate
        )  # fmt: skip
        assert "policy nightly" == origins["repeat"] == origins["max_rate"]

    def test_whoever_says_otherwise_wins(self, configured: Configured) -> None:
        """File, environment and command line are stronger than the policy's samples and caps."""
        configured.gate("max_chars = 900\n")
        config = configured({"TTSGATE_REPEAT": "2"}, policy="nightly", max_rate="1", target="live", region="cn-beijing")

        assert (2, 900, 1) == (config.repeat, config.max_chars, config.max_rate)

    def test_the_emulator_has_no_budget(self, configured: Configured) -> None:
        """Caps save money and a production quota; on the emulator there is neither, the samples stay."""
        config, without = configured(policy="nightly"), configured()

        assert (9, without.max_sessions, without.max_rate) == (config.repeat, config.max_sessions, config.max_rate)

    @pytest.mark.parametrize(
        ("given", "says"),
        [({}, "requires live evidence, but the target is emulator"),
         ({"target": "live", "region": "cn-beijing"}, "requires a subject")],
    )  # fmt: skip
    def test_refused_before_it_costs_anything(self, configured: Configured, given: dict[str, str], says: str) -> None:
        """A run whose evidence its policy could not accept does not begin."""
        with pytest.raises(UsageError, match=says):
            refuse_early(configured(policy="release", **given))

    def test_a_fitting_run_begins(self, configured: Configured) -> None:
        """Live and about a subject is fine, and so is any run without demands."""
        refuse_early(configured(policy="release", target="live", region="cn-beijing", subject="git:abcdef1234"))
        refuse_early(configured(policy="ci"))
        refuse_early(configured())


@pytest.mark.parametrize("path", ["gate.toml", "examples/gate.toml"])
def test_our_own_files(path: str) -> None:
    """The project's own gate and the example load, and every policy in them."""
    judgement.load_all()
    file = read_file(ROOT / path)

    assert len(policy_names(file)) > 3
    assert all(find_policy(name, file).blocks for name in policy_names(file))
    assert () == find_expectations(file)


def test_the_example_in_a_comment_works(tmp_path: Path) -> None:
    """The commented entry of the example is one that loads."""
    judgement.load_all()
    text = (ROOT / "examples/gate.toml").read_text("utf-8")
    entry = text[text.index("# [[expectations]]") :]
    (tmp_path / "gate.toml").write_text("".join(line.removeprefix("# ") for line in entry.splitlines(keepends=True)))

    assert ["P-voice-echo"] == [e.check for e in find_expectations(read_file(tmp_path / "gate.toml"))]
