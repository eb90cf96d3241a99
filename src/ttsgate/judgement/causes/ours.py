"""What can be wrong with the harness and with the scripts."""

from __future__ import annotations

from ttsgate.judgement.causes.cause import Cause

__all__ = ["HARNESS", "SCRIPT"]

HARNESS = (
    Cause(
        "harness.check",
        "harness",
        "A check of ttsgate itself broke",
        "Please report it with the bundle; the other checks stand.",
    ),
    Cause(
        "harness.emulator",
        "harness",
        "The embedded emulator, without injected faults, broke a rule: that is a bug of ttsgate, not of the service",
        "Please report it with the bundle.",
    ),
    Cause(
        "harness.client",
        "harness",
        "Our own client failed in a way that it should not",
        "Please report it with the transcript.",
    ),
)

SCRIPT = (
    Cause(
        "script.syntax",
        "script",
        "A script does not compile",
        "Open the file at the line shown; nothing was run with it.",
    ),
    Cause(
        "script.user-test",
        "script",
        "A test of your own in the suites did not pass",
        "Read its message; `-v` shows pytest's own output.",
    ),
    Cause(
        "script.failed",
        "script",
        "The stand-alone script ended without its one JSON object",
        "Read its standard error in logs/ of the bundle.",
    ),
)
