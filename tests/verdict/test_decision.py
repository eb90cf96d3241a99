"""The release decision: what is refused, what is accepted, and what its first three lines say."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from tests.verdict.judged import FLASH, INSTRUCT, SUBJECT, bundle, judged
from ttsgate import judgement
from ttsgate.catalog import FIVE
from ttsgate.config.policies import find_policy, shipped_policies
from ttsgate.result.record import Outcome, Result
from ttsgate.verdict.decision import Decision, decision_schema, make_decision
from ttsgate.verdict.evidence import Bundle
from ttsgate.verdict.policy import Policy, load_policy
from ttsgate.verdict.telling import tell

NOW = datetime(2026, 11, 24, 6, tzinfo=UTC)
ALL = [(m, c) for m in FIVE for c in ("wire", "sdk-realtime")]


@pytest.fixture(scope="module", autouse=True)
def _checks() -> None:
    judgement.load_all()


def full(**changes: Any) -> Result:
    """A night as the release policy wants it."""
    return judged(
        {key: ["pass"] * 9 for key in ALL}, **{"times": [500.0 + i for i in range(9)], "subject": SUBJECT, **changes}
    )


def policy(name: str = "release", **changes: Any) -> Policy:
    """A shipped policy with changes."""
    return load_policy(name, {name: {"extends": name, **changes}}, shipped_policies(), source="gate.toml")


def gate(*bundles: Bundle, rules: Policy | None = None, **kwargs: Any) -> Decision:
    """Decide under release."""
    return make_decision(bundles, rules or find_policy("release", None), now=NOW, **kwargs)


class TestAccepted:
    def test_live_evidence(self) -> None:
        """Fresh live evidence of everything about a subject is accepted."""
        decision = gate(bundle(full()))

        assert ("accepted", 0) == (decision.decision, decision.verdict.exit_code)

    def test_shards_are_joined(self) -> None:
        """Two bundles that each lack something are enough together."""
        halves = [judged({k: ["pass"] * 9 for k in part}, times=[500.0] * 9, subject=SUBJECT, run=f"run-{i}")
                  for i, part in enumerate((ALL[:5], ALL[5:]))]  # fmt: skip

        assert 1 == gate(bundle(halves[0])).verdict.exit_code
        assert 0 == gate(*map(bundle, halves)).verdict.exit_code

    def test_samples_of_shards_add_up(self) -> None:
        """A cell in two shards has the sessions of both; the median is then decided."""
        shards = [judged({(FLASH, "wire"): ["pass"] * 3}, times=[500.0] * 3, run=f"run-{i}") for i in range(2)]
        rules = policy("nightly", inconclusive="fail")

        assert 1 == gate(bundle(shards[0]), rules=rules).verdict.exit_code
        assert 0 == gate(*map(bundle, shards), rules=rules).verdict.exit_code


@pytest.mark.parametrize(
    ("bundles", "code", "says"),
    [
        ([], 5, "no bundle was given"),
        ([bundle(full(), verified=False)], 6, "do not verify"),
        ([bundle(full(kind="emulator"))], 1, "live evidence in 20261124T020000Z-0001: it is emulator, not live"),
        ([bundle(full(kind="custom"))], 1, "live evidence"),
        ([bundle(full(subject=None))], 1, "no bundle names one"),
        ([bundle(full(started="2026-11-22T02:00:00Z"))], 1, "no older than 24 hours"),
        ([bundle(full(started="2026-11-25T02:00:00Z"))], 1, "no older than 24 hours"),
        ([bundle(full()), bundle(full())], 1, "given more than once"),
        ([bundle(full()), bundle(full(run="b", kind="emulator"))], 1, "live evidence in b"),
        ([bundle(full()), bundle(full(run="b", subject={"name": "x", "git": "1234567"}))], 1, "different subjects"),
        ([bundle(judged(subject=SUBJECT))], 1, "judged"),
        ([bundle(judged({k: [] for k in ALL}, subject=SUBJECT))], 1, "no session of it was judged"),
        ([bundle(judged({k: ["skipped"] for k in ALL}, subject=SUBJECT))], 1, "no session of it was judged"),
    ],
)
def test_refused(bundles: list[Bundle], code: int, says: str) -> None:
    """Empty, unverified, of the wrong kind, old, twice, about something else, or incomplete: never a pass."""
    copies = [
        msgspec.structs.replace(b, result=msgspec.convert(msgspec.to_builtins(b.result), Result)) for b in bundles
    ]

    decision = gate(*copies)

    assert ("refused", code) == (decision.decision, decision.verdict.exit_code), decision.verdict.summary
    assert says in decision.verdict.summary


def test_a_surveyed_model_that_is_required_decides() -> None:
    """A run that had only surveyed a model, or says so, cannot carry its failure past a policy that requires it."""
    result = judged({k: ["fail" if k[0] == FLASH else "pass"] * 9 for k in ALL}, subject=SUBJECT)
    for record in result.checks:
        record.decides = record.model != FLASH
    for model in result.models:
        model.required = model.name != FLASH

    assert 8 == gate(bundle(result)).verdict.exit_code


class TestSigners:
    KEY = "ab" * 32

    @pytest.mark.parametrize(("signers", "code"), [((), 1), (("cd" * 32,), 1), ((KEY,), 0)])
    def test_required(self, signers: tuple[str, ...], code: int) -> None:
        """A policy that names keys refuses what none of them signed."""
        rules = policy(requires={"signers": [self.KEY]})

        assert code == gate(bundle(full(), signers=signers), rules=rules).verdict.exit_code


class TestBaseline:
    @staticmethod
    def night(n: int, factor: float = 1.0) -> Bundle:
        """A night with noise."""
        rng = random.Random(n)
        outcomes: dict[tuple[str, str], list[Outcome]] = {(m, "wire"): ["pass"] * 9 for m in (FLASH, INSTRUCT)}
        times = [rng.lognormvariate(6.2, 0.2) * factor for _ in range(9)]
        started = (NOW - timedelta(days=40 - n)).isoformat()
        return bundle(judged(outcomes, times=times, run=f"night-{n}", started=started))

    def test_slower(self) -> None:
        """Half as slow again is refused, with the factor and the test."""
        baseline = [self.night(n) for n in range(14)]
        decision = gate(self.night(20, 1.5), rules=find_policy("nightly", None), baseline=baseline,
                        history=[self.night(n, 1.5) for n in (18, 19)])  # fmt: skip

        assert (1, "policy") == (decision.verdict.exit_code, decision.verdict.cause)
        assert "times the baseline" in decision.verdict.summary
        assert decision.test is not None
        assert "van Elteren" in decision.test

    def test_as_before(self) -> None:
        """A night like the others is accepted."""
        baseline = [self.night(n) for n in range(14)]

        assert 0 == gate(self.night(20), rules=find_policy("nightly", None), baseline=baseline).verdict.exit_code

    def test_not_with_itself(self) -> None:
        """A bundle in its own baseline is left out of it."""
        tonight = self.night(20, 1.5)
        decision = gate(tonight, rules=find_policy("nightly", None), baseline=[tonight])

        assert ["n/a"] == [r.state for r in decision.rows if r.kind == "comparison"]

    def test_required(self) -> None:
        """A policy that requires a comparison refuses without one."""
        rules = policy("nightly", requires={"baseline": True})

        decision = gate(self.night(20), rules=rules)

        assert 1 == decision.verdict.exit_code
        assert "no baseline was given" in decision.verdict.summary

    def test_nothing_in_common(self) -> None:
        """A baseline of other models proves nothing and is said to."""
        other = bundle(judged({("qwen3-tts-vc-realtime-2026-01-15", "wire"): ["pass"] * 9}, times=[500.0] * 9, run="x"))
        decision = gate(self.night(20), rules=policy("nightly", inconclusive="fail"), baseline=[other])

        assert 1 == decision.verdict.exit_code
        assert "in common" in decision.verdict.summary


class TestHistory:
    def test_tails(self) -> None:
        """A tail is decided over several bundles, and left open without them."""
        rules = policy("nightly", limits=[{"limit": "first_audio_ms.p95 < 900", "history": 7}])
        nights = [judged({(FLASH, "wire"): ["pass"] * 9}, times=[500.0] * 9, run=f"n{i}",
                         started=f"2026-11-{10 + i}T02:00:00Z") for i in range(7)]  # fmt: skip

        alone, together = (
            gate(bundle(nights[6]), rules=rules),
            gate(bundle(nights[6]), rules=rules, history=[bundle(n) for n in nights[:6]]),
        )

        assert ["n/a"] == [r.state for r in alone.rows if r.kind == "limit"]
        assert [("ok", "63 sessions")] == [(r.state, r.why[-11:]) for r in together.rows if r.kind == "limit"]


class TestTelling:
    def test_three_lines_say_it_all(self) -> None:
        """Decision, subject and policy; evidence; reason: in that order, before everything else."""
        lines = tell(gate(bundle(full(kind="emulator")))).splitlines()

        assert lines[0].startswith("REFUSED  app git:abcdef1234  by policy release (")
        assert lines[1].startswith(
            "evidence  emulator, not live: 1 bundle, 90 sessions, begun 2026-11-24T02:00:00.000Z"
        )
        assert lines[2].startswith("because  policy release refuses: live evidence")
        assert lines[2].endswith("[exit 1, cause policy]")
        assert "" == lines[3]

    def test_accepted(self) -> None:
        """An acceptance says about what, on which evidence."""
        lines = tell(gate(bundle(full(), signers=("ab" * 32,)))).splitlines()

        assert lines[0].startswith("ACCEPTED  app git:abcdef1234")
        assert "live, cn-beijing: 1 bundle, 90 sessions" in lines[1]
        assert lines[1].endswith("verified, 1 signed")

    def test_no_control_characters(self) -> None:
        """What a service sends does not reach the terminal as an escape sequence."""
        result = full()
        result.target.claim = "live\x1b[2J"

        assert "\x1b" not in tell(gate(bundle(result)))

    def test_stability_is_named(self) -> None:
        """One of nine is intermittent, nine of nine broken, none of nine no more than none seen."""
        outcomes = {ALL[0]: ["fail", *["pass"] * 8], ALL[1]: ["fail"] * 9, ALL[2]: ["pass"] * 9}
        decision = gate(bundle(judged(outcomes)), rules=find_policy("nightly", None))  # type: ignore[arg-type]

        assert ["intermittent", "intermittent", "broken", "none seen"] == [c.state for c in decision.cells]
        assert ("all cells together", 10, 27) == (
            decision.cells[0].where, decision.cells[0].failed, decision.cells[0].sessions
        )  # fmt: skip
        assert "no failure in 9 (fewer than 28.3% fail, 95%)" == decision.cells[3].words

    def test_what_one_night_does_not_show_a_week_may(self) -> None:
        """A cell that failed in an earlier bundle of the window is named intermittent, with both numbers."""
        fine: dict[tuple[str, str], list[Outcome]] = {ALL[0]: ["pass"] * 9}
        once: list[Outcome] = ["fail", *fine[ALL[0]][1:]]
        nights = [judged({ALL[0]: once}, run="a", started="2026-11-22T02:00:00Z")]
        nights += [judged(fine, run=f"b{n}", started=f"2026-11-23T0{n}:00:00Z") for n in range(5)]
        decision = make_decision(
            [bundle(judged(fine, run="tonight"))],
            find_policy("nightly", None),
            now=NOW,
            history=[bundle(n) for n in nights],
        )

        assert "intermittent" == decision.cells[0].state
        assert (0, 9) == (decision.cells[0].failed, decision.cells[0].sessions)
        assert "with 6 bundles before: intermittent: 1 of 63 failed" in decision.cells[0].words


def test_document() -> None:
    """decision.json reads back, names the policy whole, and has a schema."""
    decision = gate(bundle(full()))
    again = msgspec.json.decode(msgspec.json.encode(decision), type=Decision)

    assert msgspec.json.encode(again) == msgspec.json.encode(decision)
    assert find_policy("release", None).sha256() == again.policy["sha256"]
    assert "Decision" in decision_schema()["$defs"]
