"""Exit codes of ``ttsgate``: one table, and one rule for several causes at once."""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum

from ttsgate.result.record import Party

__all__ = ["PARTY_CODE", "PRECEDENCE", "ExitCode", "first_that_applies"]


class ExitCode(IntEnum):
    """What a shell sees; stable."""

    PASS = 0
    """The policy is satisfied and something was judged; warnings allowed."""
    FAILED = 1
    """Failed by script, SDK or client, or refused by the policy."""
    USAGE = 2
    """Command line, environment or configuration."""
    HARNESS = 3
    """Our own fault."""
    UNREACHABLE = 4
    """Target unreachable, nothing judged."""
    NOTHING = 5
    """Nothing ran, or everything was skipped."""
    UNVERIFIED = 6
    """Evidence does not verify."""
    KEY = 7
    """Key, permission, quota or arrears refused."""
    SERVICE = 8
    """Failed by the service or the way to it alone."""
    INCONCLUSIVE = 9
    """Inconclusive, or stopped by budget."""
    INTERRUPTED = 130
    """Ctrl-C."""


PRECEDENCE = (
    ExitCode.HARNESS,
    ExitCode.FAILED,
    ExitCode.KEY,
    ExitCode.SERVICE,
    ExitCode.UNREACHABLE,
    ExitCode.INCONCLUSIVE,
)
"""With several causes the first of these that applies is the exit code."""

PARTY_CODE: dict[Party, ExitCode] = {
    "harness": ExitCode.HARNESS,
    "script": ExitCode.FAILED,
    "sdk": ExitCode.FAILED,
    "client": ExitCode.FAILED,
    "key": ExitCode.KEY,
    "service": ExitCode.SERVICE,
    "network": ExitCode.SERVICE,
}
"""Exit code of a blocking finding by the party at fault; a network that let nothing be judged is UNREACHABLE."""


def first_that_applies(codes: Iterable[ExitCode]) -> ExitCode:
    """The code that wins; PASS when there is none."""
    present = set(codes)
    return next((code for code in PRECEDENCE if code in present), ExitCode.PASS)
