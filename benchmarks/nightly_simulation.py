"""How often the nightly policy is wrong: simulated nights of a healthy, a slower and a failing service.

    python benchmarks/nightly_simulation.py [NIGHTS] [SEED]

Each night is a result as `ttsgate validate --policy nightly` leaves it (five models over wire and the SDK, nine
sessions each), decided by the very code of `ttsgate gate --policy nightly --baseline --history`.  Nothing is tuned
here: limits, samples, error rate and window are those of the shipped policy.

The noise is an assumption, stated in `Service` and printed: sessions scatter log-normally around the median of their
model, some are slow outliers, whole nights drift together and each model by itself, and one session in a thousand
fails.  The baseline is renewed every 50 nights from 28 healthy ones.  The same with more scatter, more drift, drift
with heavy tails, one model more restless than the others, and half the baseline shows how much hangs on it.
"""

from __future__ import annotations

import math
import random
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from ttsgate import judgement
from ttsgate.catalog import FIVE
from ttsgate.config.policies import find_policy
from ttsgate.judgement.diagnosis import diagnose
from ttsgate.result.record import Cell, CheckRecord, ModelFacts, Result, Runtime, SessionRecord, Target
from ttsgate.result.transcript import Utterance
from ttsgate.verdict import comparison
from ttsgate.verdict.decision import Decision, make_decision
from ttsgate.verdict.evidence import Bundle
from ttsgate.verdict.policy import Policy

BASELINE = 28
"""Nights of a baseline: four weeks."""
RENEWED = 50
"""Nights after which the baseline is drawn anew."""
START = datetime(2026, 1, 1, 2, tzinfo=UTC)
RUNTIME = Runtime(id="py3.11-dashscope2.0.2", python="3.11.7", executable="python", dashscope="2.0.2")


@dataclass(frozen=True)
class Service:
    """How a service behaves; times are of the first audio."""

    medians: dict[str, float] = field(
        default_factory=lambda: dict(zip(FIVE, (480.0, 560.0, 560.0, 640.0, 650.0), strict=True))
    )
    """Milliseconds by model."""
    scatter: float = 0.20
    """Standard deviation of the logarithm, within a night."""
    drift: float = 0.03
    """The same from night to night, all models together."""
    own_drift: float = 0.02
    """The same, each model by itself."""
    outliers: float = 0.02
    """Share of sessions that take two to four times as long."""
    failing: float = 0.001
    """Share of sessions that break off."""
    heavy: bool = False
    """Whether nights drift by Student's t with four degrees of freedom, scaled to the same spread."""
    restless: float = 1.0
    """Factor on the own drift of the first model."""
    shift: float = 1.0
    """Factor on every time of the models in `shifted`."""
    shifted: tuple[str, ...] = FIVE

    def night(self, number: int, policy: Policy, rng: random.Random) -> Bundle:
        """What a run of that night leaves."""
        begun = START + timedelta(days=number)
        result = Result(
            run=f"night-{number}",
            started=begun.isoformat().replace("+00:00", "Z"),
            status="complete",
            target=Target(
                kind="live",
                claim="simulated",
                ws_url="wss://simulated",
                http_url="https://simulated",
                region="cn-beijing",
            ),
            models=[ModelFacts(name=m, required=True) for m in FIVE],
            runtimes=[RUNTIME],
        )
        weather = self._drawn(rng, self.drift)
        for model in FIVE:
            own = self.own_drift * (self.restless if model == FIVE[0] else 1)
            level = self.medians[model] * math.exp(weather + self._drawn(rng, own))
            if model in self.shifted:
                level *= self.shift
            for client, runtime in (("wire", None), ("sdk-realtime", RUNTIME.id)):
                cell = Cell(id=f"{client}.{model}", model=model, client=client, runtime=runtime, mode="server_commit",
                            format="pcm")  # fmt: skip
                result.cells.append(cell)
                for n in range(policy.samples):
                    self._session(result, cell, n, level, rng)
        result.findings = diagnose(result)
        return Bundle(name=result.run, result=result, verified=True)

    def _drawn(self, rng: random.Random, spread: float) -> float:
        normal = rng.gauss(0, spread)
        # A t with four degrees of freedom has twice the variance of its normal part.
        return normal / math.sqrt(rng.gammavariate(2, 2) / 4) / math.sqrt(2) if self.heavy else normal

    def _session(self, result: Result, cell: Cell, n: int, level: float, rng: random.Random) -> None:
        name = f"{cell.id}-{n}"
        failed = rng.random() < self.failing
        slow = rng.uniform(2, 4) if rng.random() < self.outliers else 1.0
        timing = {"session_ms": rng.lognormvariate(math.log(350), 0.25)}
        if not failed:
            timing["first_audio_ms"] = level * slow * math.exp(rng.gauss(0, self.scatter))
        cell.sessions.append(name)
        result.sessions.append(
            SessionRecord(
                id=name,
                cell=cell.id,
                attempt=n,
                level="frames",
                utterance=Utterance(text="x", voice="Cherry"),
                started=result.started,
                ended=result.started,
                timing=timing,
            )
        )
        result.checks.append(
            CheckRecord(
                check="C-finished",
                stage="synthesis",
                subject=name,
                outcome="fail" if failed else "pass",
                cell=cell.id,
                model=cell.model,
                client=cell.client,
                message="the service hung up" if failed else "",
                cause="service.dropped" if failed else None,
            )
        )


def observed_once() -> None:
    """Take the numbers of each night once: they do not change, and most of the time would go into taking them again."""
    known: dict[int, tuple[Result, Any]] = {}

    def night(results: Sequence[Result], metric: str) -> Any:
        (one,) = results
        if id(one) not in known:
            # The result is kept, or another could get its id.
            known[id(one)] = (one, take(results, metric))
        while len(known) > 4 * BASELINE:
            del known[next(iter(known))]
        return known[id(one)][1]

    take = comparison._night
    comparison._night = night


def decide(tonight: Bundle, before: list[Bundle], baseline: list[Bundle], policy: Policy) -> Decision:
    """As `ttsgate gate` decides."""
    now = datetime.fromisoformat(tonight.result.started)
    return make_decision([tonight], policy, now=now, history=before, baseline=baseline)


def red_nights(
    service: Service, nights: int, policy: Policy, rng: random.Random, *, known: int = BASELINE
) -> list[str]:
    """Why nights of a healthy service were red."""
    reasons = []
    baseline: list[Bundle] = []
    before: list[Bundle] = []
    for night in range(nights):
        if night % RENEWED == 0:
            baseline = [service.night(-n - 1, policy, rng) for n in range(known)]
        tonight = service.night(night, policy, rng)
        decision = decide(tonight, before[-6:], baseline, policy)
        before = [*before[-6:], tonight]
        if decision.verdict.exit_code != 0:
            reasons.append(decision.verdict.summary)
    return reasons


def red_within(
    service: Service, shifted: Service, trials: int, policy: Policy, rng: random.Random, *, known: int = BASELINE
) -> list[int]:
    """How many of the trials were red by the first, second and third night of a shift."""
    by = [0, 0, 0]
    for _ in range(trials):
        baseline = [service.night(-n - 40, policy, rng) for n in range(known)]
        before = [service.night(-n - 1, policy, rng) for n in (5, 4, 3, 2, 1, 0)]
        red = False
        for night in range(3):
            tonight = shifted.night(night, policy, rng)
            red = red or decide(tonight, before, baseline, policy).verdict.exit_code != 0
            before.append(tonight)
            by[night] += red
    return by


def names(service: Service, nights: int, policy: Policy, rng: random.Random) -> dict[str, int]:
    """What a service that fails some sessions was called, and in how many nights it was red."""
    found = dict.fromkeys(("red", "broken", "intermittent", "none seen"), 0)
    # A week has passed since the service began to fail.
    week = [service.night(n - 7, policy, rng) for n in range(7)]
    for night in range(nights):
        tonight = service.night(night, policy, rng)
        week = [*week[-6:], tonight]
        decision = decide(tonight, week[:-1], [], policy)
        states = {c.state for c in decision.cells}
        found["red"] += decision.verdict.exit_code != 0
        found[next(s for s in ("broken", "intermittent", "none seen") if s in states)] += 1
    return found


def main(nights: int = 1000, seed: int = 7) -> None:
    """Print the rates."""
    judgement.load_all()
    observed_once()
    policy = find_policy("nightly", None)
    assert policy.regression is not None
    began = time.perf_counter()
    healthy = Service()

    def say(what: str, found: str) -> None:
        sys.stdout.write(f"{what:<62} {found}\n")
        sys.stdout.flush()

    say(
        "policy nightly",
        f"{policy.samples} sessions a cell, 10 cells, error rate {policy.regression.error_rate:.1%} a night, window "
        f"{policy.regression.window}, tolerance {policy.regression.tolerance:.0%}",
    )
    say(
        "noise",
        f"scatter {healthy.scatter}, drift {healthy.drift} + {healthy.own_drift}, {healthy.outliers:.0%} outliers",
    )
    for label, service, share, known in (
        ("healthy", healthy, 1, BASELINE),
        ("healthy, half the baseline", healthy, 2, BASELINE // 2),
        ("healthy, half as much scatter again", replace(healthy, scatter=0.3), 2, BASELINE),
        ("healthy, half as much drift again", replace(healthy, drift=0.045, own_drift=0.03), 2, BASELINE),
        ("healthy, drift with heavy tails", replace(healthy, heavy=True), 2, BASELINE),
        ("healthy, one model drifts twice as much", replace(healthy, restless=2.0), 2, BASELINE),
    ):
        count = max(1, nights // share)
        reasons = red_nights(service, count, policy, random.Random(seed), known=known)
        say(f"{label}: red nights of {count}", f"{len(reasons)} ({len(reasons) / count:.2%})")
        for reason in sorted(set(reasons))[:3]:
            say("", reason[:150])
    trials = max(1, nights // 5)
    for label, shifted, known in (
        ("all models", FIVE, BASELINE),
        ("two models of five", FIVE[:2], BASELINE),
        ("one model of five", FIVE[:1], BASELINE),
        ("one model of five, half the baseline", FIVE[:1], BASELINE // 2),
    ):
        slow = replace(healthy, shift=1.2, shifted=shifted)
        by = red_within(healthy, slow, trials, policy, random.Random(seed + 1), known=known)
        rates = ", ".join(f"{n / trials:.0%}" for n in by)
        say(f"20 % slower, {label}: red by night 1, 2, 3 of {trials} trials", rates)
    count = max(1, nights // 4)
    found = names(replace(healthy, failing=0.02), count, policy, random.Random(seed + 2))
    say(f"2 % of sessions fail: {count} nights", ", ".join(f"{name} {n / count:.0%}" for name, n in found.items()))
    say("seconds", f"{time.perf_counter() - began:.0f}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
