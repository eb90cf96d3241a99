"""What a policy makes of judged runs: one verdict, and a row for everything that it demanded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import msgspec

from ttsgate.result.record import Cell, CheckRecord, Finding, Result, Verdict, VerdictName
from ttsgate.verdict.decide import decide
from ttsgate.verdict.evidence import coverage_rows, identity_rows
from ttsgate.verdict.exit_codes import ExitCode, first_that_applies
from ttsgate.verdict.expectations import Expectation, Expected, apply_expectations
from ttsgate.verdict.lifecycle import CAUSE_STATE, fates, replacement
from ttsgate.verdict.limits import Judged, Limit, judge_limit, parse_limit
from ttsgate.verdict.metrics import Group, Observed, observe
from ttsgate.verdict.policy import LimitRule, Policy
from ttsgate.verdict.requirements import demands
from ttsgate.verdict.rows import Row, RowState
from ttsgate.verdict.skips import unallowed
from ttsgate.verdict.stability import stability

__all__ = ["Ruling", "in_force", "rule", "under_policy"]

_NAMES: dict[ExitCode, VerdictName] = {
    ExitCode.PASS: "pass",
    ExitCode.HARNESS: "error",
    ExitCode.INCONCLUSIVE: "inconclusive",
}


@dataclass(slots=True)
class Ruling:
    """A verdict with its reasons."""

    verdict: Verdict
    rows: list[Row] = field(default_factory=list)
    expected: list[Expected] = field(default_factory=list)
    """What became of the listed failures."""


def in_force(policy: Policy, expectations: Sequence[Expectation], *, ci: bool) -> dict[str, Any]:
    """What a run keeps of the policy that it will be decided by: everything, so that it can be decided again."""
    return {
        "name": policy.name,
        "sha256": policy.sha256(expectations),
        "ci": ci,
        "policy": msgspec.to_builtins(policy),
        "expectations": msgspec.to_builtins(list(expectations)),
    }


def under_policy(result: Result, *, stopped: str | None = None) -> Verdict:
    """Decide a run under the policy that it carries (`in_force`), on the day of the run.

    Args:
        result: Judged and diagnosed; check records, findings, skips, notes and the ``rows`` of its ``policy`` are
            changed in place.  Deciding again gives the same.
        stopped: Why the run ended early, if it did.
    """
    kept = result.policy
    policy = msgspec.convert(kept["policy"], Policy)
    entries = msgspec.convert(kept["expectations"], list[Expectation])
    today = datetime.fromisoformat(result.started).date()
    more = [*identity_rows([result], policy.requires)]
    ruling = rule([result], policy, entries, today=today, ci=bool(kept["ci"]), stopped=stopped, more=more)
    result.policy = {**kept, "rows": msgspec.to_builtins([r for r in ruling.rows if r.state != "n/a"])}
    mark = f"policy {policy.name}: "
    result.notes = [n for n in result.notes if not n.startswith(mark)]
    result.notes += [f"{mark}{r}" for r in ruling.rows if r.state in ("fail", "warn")]
    return ruling.verdict


def rule(
    results: Sequence[Result],
    policy: Policy,
    expectations: Sequence[Expectation] = (),
    *,
    today: date,
    ci: bool = False,
    stopped: str | None = None,
    history: Sequence[Result] = (),
    more: Iterable[Row] = (),
) -> Ruling:
    """Decide runs together.

    Args:
        results: Judged and diagnosed; changed in place (``xfail``, which findings block, which skips are allowed).
        policy: In force.
        expectations: Known failures.
        today: Day of the decision.
        ci: Whether missing prerequisites are errors.
        stopped: Why the run ended early, if it did.
        history: Earlier runs, oldest first, for limits over several bundles.
        more: Rows that the caller has already worked out; failing ones fail the verdict.
    """
    for record in (c for r in results for c in r.checks if c.model in policy.requires.models):
        # What a policy requires decides, also where its run had only surveyed it.
        record.decides = True
    expected = apply_expectations(results, expectations, policy=policy.name, today=today)
    rows = [*more, *coverage_rows(results, policy.requires)]
    rows += [_expected_row(e) for e in expected]
    for result in results:
        rows += _settle(result, policy)
        rows += _skips(result, policy, ci=ci)
        rows += [
            Row(kind="life cycle", what=f.state, where=f.model, state=_effect(f.effect), why=f.why)
            for f in fates(result, policy.lifecycle, today=today, required=policy.requires.models)
        ]
        rows += _undecided(result, policy)
    explained = [f for r in results for f in r.findings if f.blocking and f.diagnosis.party in policy.blocks]
    rows += _limits(results, policy, history)
    verdicts = [decide(_for_decide(r, policy), blocks=policy.blocks, stopped=stopped) for r in results]
    return Ruling(_verdict(verdicts, rows, policy, explained=bool(explained)), rows, expected)


def _for_decide(result: Result, policy: Policy) -> Result:
    """The result without undecided checks: a row speaks for each."""
    return msgspec.structs.replace(result, checks=[c for c in result.checks if c.outcome != "inconclusive"])


def _verdict(verdicts: Sequence[Verdict], rows: Sequence[Row], policy: Policy, *, explained: bool) -> Verdict:
    codes = {ExitCode(v.exit_code) for v in verdicts}
    failing = [r for r in rows if r.state == "fail"]
    # A limit on failures says again what a blocking finding says with its party.
    bare = [r for r in failing if not (explained and r.follows)]
    if bare:
        codes.add(ExitCode.FAILED)
    code = first_that_applies(codes)
    if code is ExitCode.PASS and (ExitCode.NOTHING in codes or not verdicts):
        code = ExitCode.NOTHING
    warnings = sum(v.warnings for v in verdicts) + sum(r.state == "warn" and not r.follows for r in rows)
    lead = next((v for v in verdicts if v.exit_code == code), None)
    if code is ExitCode.FAILED and lead is None:
        more = f" (and {len(bare) - 1} more)" if len(bare) > 1 else ""
        return Verdict(
            name="fail",
            exit_code=int(code),
            cause="policy",
            summary=f"policy {policy.name} refuses: {bare[0]}{more}",
            warnings=warnings,
        )
    if lead is None:
        lead = Verdict(
            name="fail", exit_code=int(code), cause="nothing-ran", summary="there is nothing to decide about"
        )
    summary = lead.summary
    if code is ExitCode.PASS:
        tail = f", {warnings} warning{'s' if warnings > 1 else ''}" if warnings else ""
        summary = f"every demand of policy {policy.name} is met{tail}"
    return Verdict(
        name=_NAMES.get(code, "fail"), exit_code=int(code), cause=lead.cause, summary=summary, warnings=warnings
    )


def _effect(effect: str) -> RowState:
    return "fail" if effect == "fail" else "warn" if effect == "warn" else "ok"


def _expected_row(expected: Expected) -> Row:
    state: RowState = "ok" if expected.state != "not seen" else "n/a"
    return Row(
        kind="expectation",
        what=f"known failure {expected.entry} ({expected.entry.ticket})",
        state=state if expected.holds else "fail",
        why=f"{expected.state}: {expected.why}",
    )


# -- findings ----------------------------------------------------------------------------


def _settle(result: Result, policy: Policy) -> Iterator[Row]:
    """Say of each finding anew whether it may block; a bundle may have been decided under another policy before."""
    records = {f"{c.check}@{c.subject}": c for c in result.checks}
    for finding in result.findings:
        told = [records[k] for k in finding.checks if k in records]
        deciding = [c for c in told if _decides(c, policy)]
        finding.blocking = bool(deciding)
        state = CAUSE_STATE.get(finding.diagnosis.cause)
        if finding.blocking and state is not None:
            effect = getattr(policy.lifecycle, state)
            finding.blocking = effect == "fail"
            why = finding.diagnosis.summary + "".join(replacement(m) for m in finding.models)
            where = ", ".join(finding.models)
            yield Row(kind="life cycle", what=state, where=where, state=_effect(effect), follows=True, why=why)
        if finding.blocking and policy.intermittent == "warn" and _comes_and_goes(finding, deciding, result):
            finding.blocking = False
            named = ", ".join(
                f"{cell.id} {stability(failed, len(cell.sessions)).words}"
                for cell, failed in _failing(deciding, result)
            )
            yield Row(kind="stability", what="no intermittent failure", state="warn", follows=True, why=named)


def _decides(record: CheckRecord, policy: Policy) -> bool:
    if record.outcome == "error":
        return True
    return (
        record.outcome == "fail"
        and record.severity == "fail"
        and record.decides
        and demands(policy.requirements, record.check)
    )


def _failing(deciding: Sequence[CheckRecord], result: Result) -> list[tuple[Cell, int]]:
    """Cells with the number of sessions that failed; where a check speaks of the cell, those that failed any."""
    subjects = {c.subject for c in deciding}
    any_failed = {c.subject for c in result.checks if c.outcome == "fail" and c.severity == "fail" and c.decides}
    found = []
    for cell in (c for c in result.cells if c.id in {r.cell for r in deciding}):
        of_these = any_failed if cell.id in subjects else subjects
        found.append((cell, sum(s in of_these for s in cell.sessions)))
    return found


def _comes_and_goes(finding: Finding, deciding: Sequence[CheckRecord], result: Result) -> bool:
    # Whoever is blamed: one of nine over the SDK and none of nine over our own client tells no party apart.
    may = finding.diagnosis.party in ("service", "network", "sdk", "client")
    if not may or any(c.outcome == "error" for c in deciding):
        return False
    sessions = {s for c in result.cells for s in c.sessions}
    if any(c.subject not in sessions and c.check != "X-intermittent" for c in deciding):
        return False
    return all(
        stability(n, len(cell.sessions)).name in ("intermittent", "none seen") for cell, n in _failing(deciding, result)
    )


def _skips(result: Result, policy: Policy, *, ci: bool) -> Iterator[Row]:
    for skip in unallowed(result, policy.skips, ci=ci):
        why = f"{skip.code}: {skip.why} (allow it with skips = [{skip.code!r}])"
        yield Row(kind="skip", what="nothing is left out without leave", where=skip.subject, state="fail", why=why)


def _undecided(result: Result, policy: Policy) -> Iterator[Row]:
    records = [
        c
        for c in result.checks
        if c.outcome == "inconclusive" and c.decides and c.severity == "fail" and demands(policy.requirements, c.check)
    ]
    for check in dict.fromkeys(c.check for c in records):
        first, *others = [c for c in records if c.check == check]
        tail = f" (and {len(others)} more)" if others else ""
        yield Row(
            kind="undecided", what=check, where=first.subject, state=policy.inconclusive, why=first.message + tail
        )


# -- limits ------------------------------------------------------------------------------


def _limits(results: Sequence[Result], policy: Policy, history: Sequence[Result]) -> list[Row]:
    def counts(record: CheckRecord) -> bool:
        return demands(policy.requirements, record.check)

    rows: list[Row] = []
    for spec in policy.limits:
        limit = parse_limit(spec.limit)
        runs = list(results)
        if spec.history > 1:
            before = list(history)[-(spec.history - 1) :]
            if not before:
                why = f"judged over the last {spec.history} bundles; give the earlier ones to gate --history"
                rows.append(Row(kind="limit", what=spec.limit, state="n/a", why=why))
                continue
            runs = [*before, *runs]
        groups = [o for g, o in observe(runs, counts=counts).items() if _in_scope(g, spec)]
        if spec.together and groups:
            groups = [_as_one(groups)]
        judged = judge_limit(limit, groups, confidence=policy.confidence)
        rows += [_limit_row(spec, limit, j, policy) for j in judged]
        if not judged:
            rows.append(Row(kind="limit", what=spec.limit, state="n/a", why="nothing in its scope was run"))
    return rows


def _as_one(groups: Sequence[Observed]) -> Observed:
    loopback = any(g.group.loopback for g in groups)
    name = Group(model="all cells", client="", loopback=loopback)
    return Observed(name, [s for g in groups for s in g.samples])


def _in_scope(group: Group, spec: LimitRule) -> bool:
    pairs = (
        (spec.model, group.model),
        (spec.client, group.client),
        (spec.region, group.region),
        (spec.vantage, group.vantage),
        (spec.target, group.target),
    )
    return all(wanted in (None, have) for wanted, have in pairs)


def _limit_row(spec: LimitRule, limit: Limit, judged: Judged, policy: Policy) -> Row:
    states: dict[str, RowState] = {
        "holds": "ok",
        "broken": "fail",
        "undecided": policy.inconclusive,
        "not-applicable": "n/a",
        "unknown": "fail",
    }
    why = judged.why if judged.state != "undecided" else f"undecided: {judged.why}"
    over = f", {spec.history} bundles" if spec.history > 1 else ""
    return Row(
        kind="limit",
        what=str(limit),
        where=judged.where + over,
        state=states[judged.state],
        follows=judged.follows,
        why=why,
    )
