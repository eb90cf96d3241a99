"""From findings and outcomes to one verdict."""

from __future__ import annotations

from collections.abc import Collection

from ttsgate.result.record import Finding, Party, Result, Verdict, VerdictName
from ttsgate.verdict.exit_codes import PARTY_CODE, ExitCode, first_that_applies

__all__ = ["ALL_PARTIES", "decide"]

ALL_PARTIES: frozenset[Party] = frozenset(PARTY_CODE)
"""Without a policy everybody may block."""

_SOMEBODY_ELSE = "network.portal"
"""Something did answer in place of the service: it failed by the way, but it was not unreachable."""
_WAY = frozenset(("name", "tcp", "tls"))
"""Steps that anybody's machine may answer."""
_SILENT = "service.hang"
"""Where nothing was ever heard of the service: somebody took the connection and said nothing."""
_SYNTHESIS_STAGES = frozenset(("synthesis", "conformance", "audio", "timing", "compatibility", "across", "client"))
_NAMES: dict[ExitCode, VerdictName] = {
    ExitCode.PASS: "pass",
    ExitCode.HARNESS: "error",
    ExitCode.INCONCLUSIVE: "inconclusive",
}


def decide(result: Result, *, blocks: Collection[Party] = ALL_PARTIES, stopped: str | None = None) -> Verdict:
    """Decide a run.

    Args:
        result: Checks judged and findings diagnosed.
        blocks: Parties that may block; a finding of another party is a warning.  A harness error always blocks.
        stopped: Why the run ended early (``budget``), if it did.

    Empty is never valid: a run in which no deciding session was judged does not pass.  If a party that may not block
    is why, its code says so (UNREACHABLE, SERVICE): that its failures are warnings makes no evidence of their absence.
    """
    told = [f for f in result.findings if f.blocking]
    for finding in result.findings:
        party = finding.diagnosis.party
        finding.blocking = finding.blocking and (party == "harness" or party in blocks)
    blocking = [f for f in result.findings if f.blocking]
    codes = {_code(f, result) for f in blocking}
    if any(c.outcome == "error" for c in result.checks):
        codes.add(ExitCode.HARNESS)
    if stopped or any(c.outcome == "inconclusive" and c.decides and c.severity == "fail" for c in result.checks):
        codes.add(ExitCode.INCONCLUSIVE)
    code = first_that_applies(codes)
    if code is ExitCode.PASS and not _judged(result):
        blocking = told
        code = first_that_applies(_code(f, result) for f in told)
        code = ExitCode.NOTHING if code is ExitCode.PASS else code
    warnings = sum(not f.blocking for f in result.findings)
    lead = next((f for f in blocking if _code(f, result) is code), None)
    return Verdict(
        name=_NAMES.get(code, "fail"),
        exit_code=int(code),
        cause=lead.diagnosis.party if lead else _bare_cause(code, stopped),
        summary=_summary(code, lead, stopped, more=len(blocking) - 1, warnings=warnings),
        warnings=warnings,
    )


def _code(finding: Finding, result: Result) -> ExitCode:
    party, cause = finding.diagnosis.party, finding.diagnosis.cause
    in_the_way = party == "network" and cause != _SOMEBODY_ELSE
    if (in_the_way or (cause == _SILENT and not _answered(result))) and not _reached(result):
        return ExitCode.UNREACHABLE
    return PARTY_CODE[party]


def _answered(result: Result) -> bool:
    """Whether the service itself said anything when it was asked."""
    steps = (s for s in result.connectivity if s.name not in _WAY)
    return any(s.outcome == "pass" or s.status is not None for s in steps)


def _judged(result: Result) -> bool:
    """Whether a deciding check on a session or cell came out pass (or as a listed, expected failure)."""
    return any(
        c.decides and c.outcome in ("pass", "xfail") and c.stage in _SYNTHESIS_STAGES and c.severity == "fail"
        for c in result.checks
    )


def _reached(result: Result) -> bool:
    """Whether anything at all was judged beyond the way to the service."""
    return any(c.stage in _SYNTHESIS_STAGES and c.outcome in ("pass", "fail") for c in result.checks)


def _bare_cause(code: ExitCode, stopped: str | None) -> str:
    if code is ExitCode.PASS:
        return "none"
    if code is ExitCode.INCONCLUSIVE:
        return stopped or "samples"
    return {ExitCode.HARNESS: "harness", ExitCode.NOTHING: "nothing-ran"}.get(code, code.name.lower())


def _summary(code: ExitCode, lead: Finding | None, stopped: str | None, *, more: int, warnings: int) -> str:
    if lead is not None:
        tail = f" (and {more} more finding{'s' if more > 1 else ''})" if more > 0 else ""
        return lead.diagnosis.summary.rstrip(".") + tail
    if code is ExitCode.PASS:
        return "every deciding check held" + (f", {warnings} warning{'s' if warnings > 1 else ''}" if warnings else "")
    if code is ExitCode.NOTHING:
        return "nothing was judged: every session was skipped or blocked, or none was planned"
    if code is ExitCode.HARNESS:
        return "a check of ours broke; see the checks with outcome error and please report it"
    return f"stopped by {stopped}" if stopped else "some deciding checks could not be decided"
