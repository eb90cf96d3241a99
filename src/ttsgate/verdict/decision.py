"""The release decision: several bundles, one policy, one answer, and everything that it rests on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

import msgspec

from ttsgate.result.record import CheckRecord, Finding, Result, Verdict
from ttsgate.verdict.comparison import TEST, compare
from ttsgate.verdict.evidence import Bundle, evidence_rows
from ttsgate.verdict.exit_codes import ExitCode
from ttsgate.verdict.expectations import Expectation
from ttsgate.verdict.metrics import Group, Observed, observe
from ttsgate.verdict.policy import Policy
from ttsgate.verdict.requirements import demands
from ttsgate.verdict.rows import Row
from ttsgate.verdict.ruling import rule
from ttsgate.verdict.stability import stability

__all__ = ["DECISION_VERSION", "CellLine", "Decision", "Exhibit", "decision_schema", "make_decision"]

DECISION_VERSION = 1


class Exhibit(msgspec.Struct, kw_only=True):
    """One bundle that was looked at."""

    role: Literal["decided", "history", "baseline"]
    name: str
    """As given."""
    run: str
    sha256: str | None
    """Digest of its manifest; None when it was never sealed."""
    verified: bool
    """Whether its files agree with that manifest."""
    signers: list[str]
    target: str
    claim: str
    region: str | None
    vantage: str | None
    started: str
    sessions: int
    verdict: str | None
    """Its own, under the policy of its run."""


class CellLine(msgspec.Struct, kw_only=True):
    """One cell of the joined evidence."""

    where: str
    sessions: int
    failed: int
    state: str
    """``broken``, ``intermittent``, ``failing``, ``none seen``."""
    words: str
    """With the numbers, and the bound that they leave."""


class Decision(msgspec.Struct, kw_only=True):
    """``decision.json``."""

    schema_version: int = DECISION_VERSION
    decision: Literal["accepted", "refused"]
    """What a release process should read, if it reads one word."""
    verdict: Verdict
    """Name, exit code, cause, sentence."""
    decided: str
    """UTC, RFC 3339."""
    policy: dict[str, Any]
    """``name``, ``sha256`` and the whole policy that was applied."""
    expectations: list[Any]
    """Known failures in force."""
    subject: dict[str, str] | None
    """What it is about."""
    exhibits: list[Exhibit]
    """On which evidence."""
    rows: list[Row]
    """Every demand and what became of it."""
    cells: list[CellLine]
    """How stable each cell was."""
    findings: list[Finding]
    """What was wrong, blocking first."""
    test: str | None = None
    """The statistical test of the comparison, if one was made."""


def decision_schema() -> dict[str, Any]:
    """JSON Schema of ``decision.json``."""
    return msgspec.json.schema(Decision)


def make_decision(
    bundles: Sequence[Bundle],
    policy: Policy,
    expectations: Sequence[Expectation] = (),
    *,
    now: datetime,
    ci: bool = False,
    history: Sequence[Bundle] = (),
    baseline: Sequence[Bundle] = (),
) -> Decision:
    """Decide.

    Args:
        bundles: What is decided about; their results are changed in place.
        policy: In force.
        expectations: Known failures.
        now: Time of the decision, with zone.
        ci: Whether missing prerequisites are errors.
        history: Earlier bundles, in any order; those among `bundles` are left out.
        baseline: What is compared with; bundles that are decided about are left out of it.

    Evidence that does not verify is none: the decision is then made before anything in it is looked at.
    """
    earlier = _earlier(bundles, history)
    own = {b.result.run for b in bundles}
    baseline = [b for b in baseline if b.result.run not in own]
    exhibits = [
        *(_exhibit("decided", b) for b in bundles),
        *(_exhibit("history", b) for b in earlier),
        *(_exhibit("baseline", b) for b in baseline),
    ]
    if policy.requires.verified and (broken := _unverified([*bundles, *earlier, *baseline])):
        verdict = _refused(
            ExitCode.UNVERIFIED, "evidence", f"{len(broken)} of the bundles do not verify: {broken[0].why}"
        )
        return _decision(verdict, broken, policy, expectations, now=now, bundles=bundles, exhibits=exhibits)
    results = [b.result for b in bundles]
    rows = list(evidence_rows(bundles, policy.requires, now=now))
    compared = _compared(policy, results, [b.result for b in earlier], [b.result for b in baseline])
    ruling = rule(
        results,
        policy,
        expectations,
        today=now.date(),
        ci=ci,
        history=[b.result for b in earlier],
        more=[*rows, *compared],
    )
    verdict = ruling.verdict
    if not bundles:
        verdict = _refused(ExitCode.NOTHING, "nothing-ran", "no bundle was given")
    found = _decision(verdict, ruling.rows, policy, expectations, now=now, bundles=bundles, exhibits=exhibits)
    found.cells = _cells(results, [b.result for b in earlier], policy)
    found.findings = sorted((f for r in results for f in r.findings), key=lambda f: not f.blocking)
    found.test = TEST if any(r.kind == "comparison" and r.state != "n/a" for r in compared) else None
    return found


def _earlier(bundles: Sequence[Bundle], history: Sequence[Bundle]) -> list[Bundle]:
    """History before the first bundle decided about, oldest first, each run once."""
    own = {b.result.run for b in bundles}
    first = min((_moment(b) for b in bundles), default=None)
    found = {b.result.run: b for b in history if b.result.run not in own and (first is None or _moment(b) < first)}
    return sorted(found.values(), key=_moment)


def _moment(bundle: Bundle) -> datetime:
    return datetime.fromisoformat(bundle.result.started)


def _unverified(bundles: Sequence[Bundle]) -> list[Row]:
    return [
        Row(kind="evidence", what="digests agree with the files", where=b.name, state="fail", why=b.problem or b.name)
        for b in bundles
        if not b.verified
    ]


def _compared(
    policy: Policy, results: Sequence[Result], history: Sequence[Result], baseline: Sequence[Result]
) -> list[Row]:
    rules = policy.regression
    required = policy.requires.baseline
    if rules is None or not baseline:
        why = "no baseline was given" if rules is not None else "the policy compares nothing"
        return [Row(kind="comparison", what="compared with a baseline", state="fail" if required else "n/a", why=why)]
    rows = compare(rules, results, history=history, baseline=baseline)
    if rows:
        return rows
    why = "the baseline and the bundles have no live cells in common with five sessions each"
    state: Literal["fail", "warn"] = "fail" if required or policy.inconclusive == "fail" else "warn"
    return [Row(kind="comparison", what="compared with a baseline", state=state, why=why)]


def _refused(code: ExitCode, cause: str, summary: str) -> Verdict:
    return Verdict(name="fail", exit_code=int(code), cause=cause, summary=summary)


def _decision(
    verdict: Verdict,
    rows: Sequence[Row],
    policy: Policy,
    expectations: Sequence[Expectation],
    *,
    now: datetime,
    bundles: Sequence[Bundle],
    exhibits: list[Exhibit],
) -> Decision:
    subjects = [b.result.subject for b in bundles]
    one = subjects[0] if subjects and all(s == subjects[0] for s in subjects) else None
    return Decision(
        decision="accepted" if verdict.exit_code == 0 else "refused",
        verdict=verdict,
        decided=now.isoformat(timespec="seconds").replace("+00:00", "Z"),
        policy={
            "name": policy.name,
            "sha256": policy.sha256(expectations),
            "policy": msgspec.to_builtins(policy),
        },
        expectations=msgspec.to_builtins(list(expectations)),
        subject=one,
        exhibits=exhibits,
        rows=list(rows),
        cells=[],
        findings=[],
    )


def _exhibit(role: Literal["decided", "history", "baseline"], bundle: Bundle) -> Exhibit:
    result = bundle.result
    return Exhibit(
        role=role,
        name=bundle.name,
        run=result.run,
        sha256=bundle.sha256,
        verified=bundle.verified,
        signers=list(bundle.signers),
        target=result.target.kind,
        claim=result.target.claim,
        region=result.target.region,
        vantage=result.target.vantage,
        started=result.started,
        sessions=len(result.sessions),
        verdict=result.verdict.name if result.verdict else None,
    )


def _cells(results: Sequence[Result], history: Sequence[Result], policy: Policy) -> list[CellLine]:
    """All cells together, and each by itself; what tonight alone does not show, the bundles before it may."""

    def counts(record: CheckRecord) -> bool:
        return demands(policy.requirements, record.check)

    before = list(history)[len(history) - (policy.stability - 1) :] if policy.stability > 1 else []
    now, past = observe(results, counts=counts), observe(before, counts=counts)
    lines = [_line(_where(g), [cell], [past[g]] if g in past else [], len(before), policy) for g, cell in now.items()]
    if len(lines) > 1:
        lines.insert(0, _line("all cells together", list(now.values()), list(past.values()), len(before), policy))
    return lines


def _line(where: str, now: Sequence[Observed], past: Sequence[Observed], bundles: int, policy: Policy) -> CellLine:
    failed, sessions = sum(c.failures for c in now), sum(len(c.samples) for c in now)
    state = stability(failed, sessions, confidence=policy.confidence)
    words = state.words
    if past:
        over = stability(
            failed + sum(c.failures for c in past),
            sessions + sum(len(c.samples) for c in past),
            confidence=policy.confidence,
        )
        words += f"; with {bundles} bundles before: {over.words}"
        if state.name == "none seen" and over.name == "intermittent":
            state = over
    return CellLine(where=where, sessions=sessions, failed=failed, state=state.name, words=words)


def _where(group: Group) -> str:
    return str(group)
