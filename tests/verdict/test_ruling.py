"""What a policy makes of a run: one table of cases, each with its exit code, cause and sentence."""

from __future__ import annotations

from datetime import date
from typing import Any

import msgspec
import pytest

from tests.verdict.judged import FLASH, INSTRUCT, judged
from ttsgate import judgement
from ttsgate.config.policies import shipped_policies
from ttsgate.result.record import CheckRecord, Outcome, Result, Skip, Verdict
from ttsgate.verdict.conclude import conclude
from ttsgate.verdict.expectations import load_expectations
from ttsgate.verdict.policy import Policy, load_policy
from ttsgate.verdict.ruling import in_force, rule, under_policy

TODAY = date(2026, 11, 24)
KNOWN = {
    "check": "C-finished",
    "reason": "hangs up",
    "owner": "speech",
    "ticket": "T-1",
    "first_seen": date(2026, 11, 1),
    "expires": date(2026, 12, 1),
}
FAST = [500.0 + i for i in range(9)]
SLOW = [1800.0 + i for i in range(9)]
EDGE = [1000.0, 1100.0, 1200.0, 1300.0, 1400.0, 1600.0, 1700.0, 1800.0, 1900.0]


@pytest.fixture(scope="module", autouse=True)
def _checks() -> None:
    judgement.load_all()


def policy(extends: str = "nightly", **changes: Any) -> Policy:
    """A policy of one's own; without requirements of evidence, which are tested with the gate."""
    table = {"extends": extends, **changes}
    return load_policy("mine", {"mine": table}, shipped_policies(), source="gate.toml")


def times(n: int, outcome: Outcome) -> list[Outcome]:
    """The outcome `n` times."""
    return [outcome] * n


def cells(*outcomes: Outcome, model: str = FLASH, client: str = "wire", **kwargs: Any) -> Result:
    """One cell with those outcomes."""
    return judged({(model, client): list(outcomes)}, **kwargs)


def skipped(code: str) -> Result:
    """A run in which one cell was left out."""
    result = cells(*times(9, "pass"))
    result.skips.append(Skip(subject="wire.other", code=code, why="because"))
    return result


def with_check(check: str, outcome: Outcome, **fields: Any) -> Result:
    """A good run with one more check."""
    result = cells(*times(9, "pass"))
    subject = "mine" if check.startswith("U-") else result.sessions[0].id
    result.checks.append(
        CheckRecord(
            check=check,
            stage="audio",
            subject=subject,
            outcome=outcome,
            model=FLASH,
            client="wire",
            cell=result.cells[0].id,
            message="seen",
            **fields,
        )
    )
    conclude(result, stopped=None)
    return result


def decided(result: Result, rules: Policy, *known: dict[str, Any], ci: bool = False) -> Verdict:
    """The verdict on one run."""
    entries = load_expectations(known, source="gate.toml")
    return rule([result], rules, entries, today=TODAY, ci=ci).verdict


CASES = {
    "healthy": (cells(*times(9, "pass"), times=FAST), policy(), 0, "none", "every demand of policy mine is met"),
    "broken service": (cells(*times(9, "fail")), policy(), 8, "service", "ended the session"),
    "broken service under ci": (cells("pass", "fail"), policy("ci"), 0, "none", "met, 1 warning"),
    "broken through the SDK alone": (
        judged({(FLASH, "wire"): times(3, "pass"), (FLASH, "sdk-realtime"): times(3, "fail")}),
        policy("ci"),
        1,
        "sdk",
        "this SDK release only",
    ),
    "intermittent": (cells("fail", *times(8, "pass")), policy(), 0, "none", "met, 1 warning"),
    "intermittent through the SDK": (
        judged({(FLASH, "wire"): times(9, "pass"), (FLASH, "sdk-realtime"): [*times(8, "pass"), "fail"]}),
        policy(),
        0,
        "none",
        "met, 1 warning",
    ),
    "2 of 3 is intermittent": (cells("fail", "fail", "pass"), policy(), 0, "none", "warning"),
    "3 of 3 is broken": (cells("fail", "fail", "fail"), policy(), 8, "service", ""),
    "1 of 1 cannot be told": (cells("fail"), policy(), 8, "service", ""),
    "intermittent, too often": (
        cells(*times(4, "fail"), *times(5, "pass")),
        policy(),
        1,
        "policy",
        "failures <= 3 in qwen3-tts-flash-realtime wire cn-beijing: 4 in 9 sessions",
    ),
    "intermittent where that fails": (
        cells("fail", *times(8, "pass")), policy(intermittent="fail"), 8, "service", "ended the session"
    ),
    "intermittent everywhere": (
        judged(
            {
                (model, client): [*times(2, "fail"), *times(7, "pass")]
                for model in (FLASH, INSTRUCT)
                for client in ("wire", "sdk-realtime")
            }
        ),
        policy(),
        1,
        "policy",
        "failures <= 7 in all cells: 8 in 36 sessions",
    ),
    "slow": (cells(*times(9, "pass"), times=SLOW), policy(), 1, "policy", "first_audio_ms.p50 < 1500"),
    "perhaps slow, warns": (cells(*times(9, "pass"), times=EDGE), policy(), 0, "none", "1 warning"),
    "perhaps slow, fails": (
        cells(*times(9, "pass"), times=EDGE), policy(inconclusive="fail"), 1, "policy", "undecided"
    ),
    "slow on loopback": (cells(*times(9, "pass"), times=SLOW, kind="emulator"), policy(), 0, "none", "met"),
    "metric that never occurred": (
        cells(*times(9, "pass"), times=FAST), policy(limits=["tls_ms.p50 < 100"]), 1, "policy", "occurred in no session"
    ),
    "unallowed skip": (skipped("needs-voice"), policy(skips=[]), 1, "policy", "needs-voice: because"),
    "allowed skip": (skipped("needs-voice"), policy(), 0, "none", "met"),
    "budget": (skipped("budget"), policy(), 1, "policy", "budget"),
    "nothing judged": (judged({(FLASH, "wire"): []}), policy(), 5, "nothing-ran", "nothing was judged"),
    "all skipped": (cells("skipped"), policy(), 5, "nothing-ran", "nothing was judged"),
    "all blocked": (cells("blocked"), policy("ci"), 5, "nothing-ran", "nothing was judged"),
    "undecided check fails": (
        with_check("A-rate", "inconclusive"), policy(inconclusive="fail"), 1, "policy", "A-rate"
    ),
    "undecided check warns": (with_check("A-rate", "inconclusive"), policy(), 0, "none", "1 warning"),
    "check newer than the requirement set": (
        with_check("A-from-the-future", "fail", cause="service.audio"), policy(), 0, "none", "1 warning"
    ),
    "the same without a set": (
        with_check("A-from-the-future", "fail", cause="service.audio"),
        load_policy("mine", {"mine": {"blocks": ["service"]}}, {}, source="gate.toml"),
        8,
        "service",
        "",
    ),
    "a test of the user's own": (with_check("U-mine", "fail", cause="service.audio"), policy(), 8, "service", ""),
    "our own error": (with_check("A-rate", "error"), policy("ci"), 3, "harness", "ttsgate itself"),
    "retired": (cells(*times(3, "fail"), cause="lifecycle.retired"), policy(), 8, "service", "retired"),
    "retired, only warned": (
        judged({(FLASH, "wire"): times(3, "fail"), (INSTRUCT, "wire"): times(3, "pass")}, cause="lifecycle.retired"),
        policy(lifecycle={"retired": "warn"}, limits=[]),
        0,
        "none",
        "1 warning",
    ),
    "required model not judged": (
        cells(*times(9, "pass")),
        policy(requires={"models": [INSTRUCT]}),
        1,
        "policy",
        f"{INSTRUCT} judged in wire: no session of it was judged",
    ),
    "required client not judged": (
        cells(*times(9, "pass")),
        policy(requires={"models": [FLASH], "clients": ["sdk-realtime"]}),
        1,
        "policy",
        "sdk-realtime",
    ),
    "required SDK not judged": (
        cells(*times(9, "pass"), client="sdk-realtime"),
        policy(requires={"sdk": [">=3"]}),
        1,
        "policy",
        "dashscope >=3 judged",
    ),
    "required SDK judged": (
        cells(*times(9, "pass"), client="sdk-realtime"), policy(requires={"sdk": [">=2,<3"]}), 0, "none", "met"
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_verdict(case: str) -> None:
    """Exit code, cause and sentence of each case."""
    result, rules, code, cause, says = CASES[case]
    result = msgspec.convert(msgspec.to_builtins(result), Result)

    verdict = decided(result, rules)

    assert (code, cause) == (verdict.exit_code, verdict.cause), verdict.summary
    assert says in verdict.summary
    assert (verdict.name == "pass") is (code == 0)


def test_intermittent_is_told_with_its_rate() -> None:
    """A check that speaks of the whole cell names the sessions that failed, not none of nine."""
    result = cells("fail", *times(8, "pass"))
    cell = result.cells[0]
    result.checks.append(
        CheckRecord(
            check="X-intermittent",
            stage="across",
            subject=cell.id,
            outcome="fail",
            cause="service.intermittent",
            model=FLASH,
            client="wire",
            cell=cell.id,
        )
    )
    conclude(result, stopped=None)
    ruling = rule([result], policy(), today=TODAY)

    assert 0 == ruling.verdict.exit_code
    assert {f"{cell.id} intermittent: 1 of 9 failed (0.6% to 42.9%)"} == {
        r.why for r in ruling.rows if r.kind == "stability"
    }


class TestKnownFailures:
    def test_excused(self) -> None:
        """A listed failure passes, with a warning."""
        result = judged({(FLASH, "wire"): ["fail"], (INSTRUCT, "wire"): ["pass"]})

        assert 0 == decided(result, policy(), {**KNOWN, "model": FLASH}).exit_code

    def test_stale(self) -> None:
        """A listed failure that passes fails."""
        verdict = decided(cells(*times(9, "pass")), policy(), KNOWN)

        assert (1, "policy") == (verdict.exit_code, verdict.cause)
        assert "stale: it failed in 0 of 9: remove the entry" in verdict.summary

    def test_expired(self) -> None:
        """A listed failure whose end has passed fails, with its end."""
        verdict = decided(cells("fail"), policy(), {**KNOWN, "expires": date(2026, 11, 20)})

        assert 1 == verdict.exit_code
        assert "expired on 2026-11-20" in verdict.summary

    def test_everything_excused_is_still_judged(self) -> None:
        """Listed failures count as judged, so that a listed run is not an empty one."""
        assert 0 == decided(cells("fail"), policy(), KNOWN).exit_code


class TestPrerequisites:
    def test_under_ci(self) -> None:
        """A missing interpreter cannot be allowed under CI, elsewhere it can."""
        rules = policy(skips=["interpreter"])

        assert [0, 1] == [decided(skipped("interpreter"), rules, ci=ci).exit_code for ci in (False, True)]


class TestInTheResult:
    def test_deciding_again_gives_the_same(self) -> None:
        """The policy stays in the result; a bundle that is judged again is decided by it, again and again."""
        result = cells("fail", *times(8, "pass"))
        entries = load_expectations([{**KNOWN, "pass_rate": 0.9}], source="gate.toml")
        result.policy = in_force(policy(), entries, ci=False)

        verdicts, notes = [], []
        for _ in range(2):
            verdicts.append(under_policy(result))
            notes.append(list(result.notes))
            result = msgspec.json.decode(msgspec.json.encode(result), type=Result)

        assert verdicts[0] == verdicts[1]
        assert notes[0] == notes[1]

    def test_stopped(self) -> None:
        """A run that its budget stopped is inconclusive, whatever was judged before."""
        result = cells(*times(9, "pass"))
        result.policy = in_force(policy(), (), ci=False)

        assert 9 == under_policy(result, stopped="budget").exit_code

    def test_without_a_policy_nothing_changes(self) -> None:
        """A run without policy is decided as before: everybody blocks."""
        result = cells("fail", *times(8, "pass"))
        conclude(result, stopped=None)

        assert result.verdict is not None
        assert 8 == result.verdict.exit_code
        assert {} == result.policy
