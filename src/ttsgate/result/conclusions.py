"""What was made of it: outcomes, findings, the verdict."""

from __future__ import annotations

from typing import Literal

import msgspec

__all__ = [
    "CheckRecord",
    "Diagnosis",
    "Evidence",
    "Finding",
    "Outcome",
    "Party",
    "Severity",
    "Skip",
    "Verdict",
    "VerdictName",
]

Party = Literal["script", "key", "network", "sdk", "client", "service", "harness"]
"""Whose fault."""

Outcome = Literal["pass", "fail", "error", "blocked", "skipped", "xfail", "xpass", "inconclusive"]
"""Outcome of one check on one subject; ``error`` is ours, ``fail`` is the target's."""

Severity = Literal["fail", "warn", "note"]
"""``fail`` decides, ``warn`` is shown, ``note`` is listed."""

VerdictName = Literal["pass", "fail", "error", "inconclusive"]
"""What comes of a run."""


class Evidence(msgspec.Struct, kw_only=True):
    """One pointer into what was seen."""

    file: str | None = None
    """File in the bundle."""
    frame: int | None = None
    """Entry number in the transcript, 0-based."""
    sample: int | None = None
    """Sample position in the audio."""
    quote: str | None = None
    """What stood there, shortened."""


class CheckRecord(msgspec.Struct, kw_only=True):
    """One check on one subject."""

    check: str
    """Id of the check."""
    stage: str
    """``compile``, ``connectivity``, ``synthesis``, ``conformance``, ``audio``, ``timing``, ``compatibility``, ..."""
    subject: str
    """Session, cell, step or script that was judged."""
    outcome: Outcome
    """What came out."""
    severity: Severity = "fail"
    """``fail`` decides, ``warn`` is shown, ``note`` is listed."""
    message: str = ""
    """One line: what was seen against what was expected."""
    reason: str | None = None
    """Reason code when skipped, blocked or inconclusive."""
    cause: str | None = None
    """Cause id, when the check itself could tell; else the diagnosis decides."""
    numbers: dict[str, float] = {}
    """Measured values by metric name."""
    evidence: list[Evidence] = []
    """Where to look."""
    model: str | None = None
    """Model of the subject, if it has one."""
    client: str | None = None
    """Client of the subject, if it has one."""
    cell: str | None = None
    """Cell of the subject, if it has one."""
    decides: bool = True
    """False for surveyed models."""


class Diagnosis(msgspec.Struct, kw_only=True):
    """Who is to blame, for what, and what to do."""

    party: Party
    """Whose fault."""
    cause: str
    """Stable id of the cause, e.g. ``key.invalid``."""
    summary: str
    """One sentence."""
    next_step: str
    """What to do."""
    candidates: list[str] = []
    """Other causes that the evidence cannot tell apart."""


class Finding(msgspec.Struct, kw_only=True):
    """One cause, with the checks that showed it."""

    diagnosis: Diagnosis
    """Party, cause, next step."""
    checks: list[str] = []
    """``check@subject`` pairs explained by it."""
    message: str = ""
    """First line for people."""
    evidence: list[Evidence] = []
    """Where to look."""
    blocking: bool = True
    """False when the policy does not let this party block, or the model is surveyed."""
    models: list[str] = []
    """Models concerned."""
    clients: list[str] = []
    """Clients concerned."""
    stability: str = ""
    """``broken`` when all of at least three sessions alike showed it, ``intermittent`` when some did; else empty."""


class Skip(msgspec.Struct, kw_only=True):
    """One thing that did not run."""

    subject: str
    """Cell, step or check."""
    code: str
    """Reason code, e.g. ``needs-voice``."""
    why: str
    """Words."""
    allowed: bool = True
    """Whether configuration allows it."""


class Verdict(msgspec.Struct, kw_only=True):
    """The run's verdict."""

    name: VerdictName
    """pass, fail, error, inconclusive."""
    exit_code: int
    """Exit code of ttsgate."""
    cause: str
    """Party or reason that decided: ``none``, ``service``, ``script``, ``budget``, ..."""
    summary: str
    """One sentence."""
    warnings: int = 0
    """Findings that do not block."""
