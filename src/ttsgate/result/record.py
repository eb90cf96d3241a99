"""The versioned data of one run: ``result.json``.

Everything else that a run leaves (text, JUnit, HTML, summary, attestation) is a rendering of
this record.  Every field says its shape and unit.  Add fields with a default; rename or remove
one only together with `SCHEMA_VERSION` and a reader for the old shape.
"""

from __future__ import annotations

from collections import Counter
from typing import Any, Literal

import msgspec

from ttsgate.result.circumstances import Intent, ModelFacts, Resumption, Runtime, Setting, Target, TargetKind
from ttsgate.result.conclusions import (
    CheckRecord,
    Diagnosis,
    Evidence,
    Finding,
    Outcome,
    Party,
    Severity,
    Skip,
    Verdict,
    VerdictName,
)
from ttsgate.result.observations import (
    SEEN,
    Before,
    Cell,
    CompileRecord,
    ConnectivityStep,
    Mutation,
    Observation,
    Opinion,
    Reaction,
    SessionRecord,
)
from ttsgate.result.trials import TrialRecord

__all__ = [
    "SCHEMA_VERSION",
    "SEEN",
    "Before",
    "Cell",
    "CheckRecord",
    "CompileRecord",
    "ConnectivityStep",
    "Diagnosis",
    "Evidence",
    "Finding",
    "Intent",
    "ModelFacts",
    "Mutation",
    "Observation",
    "Opinion",
    "Outcome",
    "Party",
    "Reaction",
    "Result",
    "Resumption",
    "Runtime",
    "SessionRecord",
    "Setting",
    "Severity",
    "Skip",
    "Target",
    "TargetKind",
    "TrialRecord",
    "Verdict",
    "VerdictName",
]

SCHEMA_VERSION = 1


class Result(msgspec.Struct, kw_only=True):
    """The data of one run."""

    schema_version: int = SCHEMA_VERSION
    """Version of this shape."""
    status: Literal["started", "complete", "interrupted"] = "started"
    """``started`` until the run ended by itself."""
    run: str
    """Run id, e.g. ``20261122T020000Z-3f9a``."""
    engine: dict[str, Any] = {}
    """ttsgate version, git revision and dirty flag, requirement set."""
    started: str
    """UTC, RFC 3339."""
    finished: str | None = None
    """UTC, RFC 3339."""
    resumed: list[Resumption] = []
    """Processes that went on with the run, in order; empty where one did all."""
    command: list[str] = []
    """argv, redacted."""
    target: Target
    """Where the service was."""
    intent: Intent | None = None
    """What the run set out to do."""
    settings: list[Setting] = []
    """Resolved configuration with origins."""
    environment: dict[str, Any] = {}
    """Python, platform, packages, CI run URL."""
    credential: dict[str, str] = {}
    """``origin`` and ``fingerprint`` of the key."""
    subject: dict[str, str] | None = None
    """What is being released: ``name`` and ``sha256`` or ``git``."""
    models: list[ModelFacts] = []
    """Models touched."""
    runtimes: list[Runtime] = []
    """Runtimes used."""
    scripts: list[CompileRecord] = []
    """Compile stage."""
    connectivity: list[ConnectivityStep] = []
    """Connectivity stage."""
    cells: list[Cell] = []
    """Planned cells, run or not."""
    sessions: list[SessionRecord] = []
    """Sessions that ran."""
    observations: list[Observation] = []
    """What the service did with wrong requests that cost nothing."""
    references: dict[str, str] = {}
    """Outlines of reference readings of the texts spoken, Base64, by `ttsgate.measure.alignment.key_of`."""
    trials: list[TrialRecord] = []
    """Programs on the bench, one a scenario; empty but in a run of ``ttsgate test-client``."""
    checks: list[CheckRecord] = []
    """Every selected check with its outcome."""
    requirements: dict[str, str] = {}
    """Sentence of each selected check by its id, as it read when this run was judged."""
    findings: list[Finding] = []
    """One per cause."""
    skips: list[Skip] = []
    """Ledger of what did not run."""
    mutations: list[Mutation] = []
    """Ledger of voices created and deleted."""
    cost: dict[str, Any] = {}
    """Ledger: sessions, characters, actual price."""
    notes: list[str] = []
    """Remarks: drift, catalogue age, contested life cycle."""
    policy: dict[str, Any] = {}
    """Policy in force, whole: ``name``, ``sha256``, ``ci``, ``policy``, ``expectations``, and ``rows`` (what became of
    each demand); empty without one."""
    verdict: Verdict | None = None
    """None until decided."""

    def counts(self) -> dict[str, int]:
        """Number of check records by outcome, all outcomes present that occurred."""
        return dict(Counter(c.outcome for c in self.checks))

    def cell(self, cell_id: str) -> Cell:
        """The cell of that id."""
        return next(c for c in self.cells if c.id == cell_id)
