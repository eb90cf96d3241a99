"""The ledger of what did not run: every reason has a code, and a policy says which are allowed."""

from __future__ import annotations

from collections.abc import Collection

from ttsgate.result.record import Result, Skip

__all__ = ["SKIP_CODES", "unallowed"]

SKIP_CODES: dict[str, str] = {
    "needs-voice": "no custom voice was named and none could be made",
    "budget": "a cap ended the run",
    "quota": "the service's quota was used up",
    "script": "the stand-alone script does not compile",
    "connectivity": "a step on the way to the service failed",
    "not-run": "the session did not run",
    "interpreter": "the interpreter under test is missing",
    "extra": "an optional package is not installed",
    "no-http": "the target has no HTTP side at the address derived from --ws-url",
}
"""Reason code and what it means."""

_EXPLAINED = frozenset(("connectivity", "script"))
"""Codes of what a failed stage blocks: the finding of that stage decides, not the absence that follows from it."""
_NOTHING_THERE = frozenset(("no-http",))
"""Codes of what was never claimed to be there: allowed by themselves."""
_PREREQUISITES = frozenset(("interpreter", "extra"))
"""Under CI a missing prerequisite is an error, whatever the policy allows."""


def unallowed(result: Result, allowed: Collection[str], *, ci: bool) -> list[Skip]:
    """Skips that nobody allowed; each skip of the ledger is marked."""
    explained = any(f.diagnosis.party for f in result.findings)
    for skip in result.skips:
        follows = skip.code in _NOTHING_THERE or (skip.code in _EXPLAINED and explained)
        skip.allowed = follows or (skip.code in allowed and not (ci and skip.code in _PREREQUISITES))
    return [s for s in result.skips if not s.allowed]
