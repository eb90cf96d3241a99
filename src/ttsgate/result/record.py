"""The versioned data of one run: ``result.json``.

Everything else that a run leaves (text, JUnit, HTML, summary, attestation) is a rendering of
this record.  Every field says its shape and unit.  Add fields with a default; rename or remove
one only together with `SCHEMA_VERSION` and a reader for the old shape.
"""

from __future__ import annotations

from collections import Counter
from typing import Any, Literal

import msgspec

from ttsgate.result.transcript import Level, Utterance

__all__ = [
    "SCHEMA_VERSION",
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
    "Outcome",
    "Party",
    "Result",
    "Runtime",
    "SessionRecord",
    "Setting",
    "Skip",
    "Target",
    "Verdict",
]

SCHEMA_VERSION = 1

Party = Literal["script", "key", "network", "sdk", "client", "service", "harness"]
"""Whose fault."""

Outcome = Literal["pass", "fail", "error", "blocked", "skipped", "xfail", "xpass", "inconclusive"]
"""Outcome of one check on one subject; ``error`` is ours, ``fail`` is the target's."""

TargetKind = Literal["emulator", "live", "custom", "replay"]
VerdictName = Literal["pass", "fail", "error", "inconclusive"]
Severity = Literal["fail", "warn", "note"]


class Target(msgspec.Struct, kw_only=True):
    """Where the service is, and what evidence from it may claim."""

    kind: TargetKind
    """``emulator`` (embedded), ``live``, ``custom`` (URLs given) or ``replay``."""
    claim: str
    """What this evidence is, in words, e.g. ``emulated, not live``."""
    ws_url: str
    """Websocket URL without the query."""
    http_url: str
    """HTTP base URL, ending in ``/api/v1``."""
    region: str | None = None
    """Region id, live only; None otherwise."""
    vantage: str | None = None
    """Where we measured from, live only."""
    workspace: str | None = None
    """Workspace id, when one was named."""
    faults: list[str] = []
    """Faults injected into the embedded emulator, as given."""
    facts: dict[str, Any] = {}
    """What the preflight saw: peer addresses, certificate digest, ``intercepted``; emulator version and seed."""


class Setting(msgspec.Struct, kw_only=True):
    """One resolved option."""

    name: str
    """Name as in ``gate.toml``."""
    value: Any
    """Resolved value, redacted."""
    origin: str
    """``command line``, ``environment TTSGATE_X``, ``file gate.toml`` or ``default``."""


class Intent(msgspec.Struct, kw_only=True):
    """What the run set out to do, recorded before the first byte left."""

    summary: str
    """One sentence for people."""
    mutating: bool
    """Whether voices may be created."""
    sessions: int
    """Most sessions that the plan opens."""
    characters: int
    """Most billable characters that the plan sends (the service's counting rule)."""
    worst_cost: str | None = None
    """Worst-case price with currency, ``unknown``, or None where nothing is billed."""
    identifiers: list[str] = []
    """Models, voices, workspaces that will be touched."""
    limits: dict[str, float] = {}
    """Caps in force: ``chars``, ``sessions``, ``seconds``, ``cost``, ``rate``."""


class Runtime(msgspec.Struct, kw_only=True):
    """A Python and a dashscope release, as they reported themselves."""

    id: str
    """Short id used in cells, e.g. ``py3.11-dashscope2.0.2``."""
    python: str
    """Python version, e.g. ``3.11.7``."""
    executable: str
    """Interpreter, redacted path."""
    dashscope: str | None = None
    """dashscope version; None when it cannot be imported."""
    given: bool = False
    """True when named by ``--python``; False for the harness's own interpreter."""
    error: str | None = None
    """Why dashscope cannot be used there, if so."""
    import_ms: float | None = None
    """Time of ``import dashscope``, milliseconds."""
    packages: dict[str, str] = {}
    """Versions of what the SDK speaks with, e.g. ``websocket-client``."""


class ModelFacts(msgspec.Struct, kw_only=True):
    """What the catalogue knows about a model that the run touched."""

    name: str
    """Exact model string."""
    required: bool
    """Whether it decides the verdict; else it is surveyed."""
    like: str | None = None
    """Known model whose capabilities were assumed for a string we have never heard of."""
    sibling: str | None = None
    """HTTP, non-realtime sibling."""
    lifecycle: list[dict[str, str]] = []
    """Claims about retirement: ``says``, ``source``, ``date``."""


class CompileRecord(msgspec.Struct, kw_only=True):
    """One script under one Python version."""

    script: str
    """Path as given, relative where possible."""
    python: str
    """Language version, e.g. ``3.8``."""
    how: str
    """``interpreter`` or ``approximate (ast)``."""
    ok: bool | None
    """None when it could not be decided (``inconclusive``)."""
    error: str | None = None
    """Message of the compiler."""
    line: int | None = None
    """Line of the error, 1-based."""
    sha256: str | None = None
    """Digest of the script."""


class ConnectivityStep(msgspec.Struct, kw_only=True):
    """One read-only step on the way to the service."""

    name: str
    """``name``, ``tcp``, ``tls``, ``models``, ``voices-design``, ``voices-clone``, ``session``."""
    url: str
    """What was asked, without secrets."""
    outcome: Outcome
    """``pass``, ``fail``, ``blocked`` or ``skipped``."""
    ms: float | None = None
    """Duration, milliseconds (monotonic)."""
    detail: str = ""
    """What was seen, one line."""
    cause: str | None = None
    """Cause id if it failed."""
    status: int | None = None
    """HTTP status if there was one."""
    code: str | None = None
    """The service's own error code, if any."""
    message: str | None = None
    """The service's own message, if any."""
    facts: dict[str, Any] = {}
    """Addresses, model ids seen among ours, ..."""


class SessionRecord(msgspec.Struct, kw_only=True):
    """One session, summarised; the transcript holds the rest."""

    id: str
    """Unique in the run; names the files."""
    cell: str
    """Id of the cell it belongs to."""
    attempt: int
    """1 for the first."""
    level: Level
    """Observation level of the transcript."""
    utterance: Utterance
    """What was asked."""
    started: str
    """UTC, RFC 3339."""
    ended: str
    """UTC, RFC 3339."""
    finish_reason: str | None = None
    """``stop`` when the response's status was completed, else the service's own status."""
    sample_rate: int | None = None
    """Hz of the audio as announced by the service (echo), else as asked."""
    audio_bytes: int = 0
    """Bytes of decoded audio."""
    audio_ms: float | None = None
    """Duration of the decoded audio, milliseconds."""
    audio_sha256: str | None = None
    """Digest of the joined audio payload."""
    chunks: int = 0
    """Number of audio deltas."""
    instruction_ignored: bool = False
    """An instruction was given to a model that takes none, and was not sent."""
    service_ids: dict[str, list[str]] = {}
    """``session``, ``response``, ``item``, ``request`` ids as the service gave them."""
    timing: dict[str, float] = {}
    """Milliseconds by metric name; zero points are documented in the metrics reference."""
    usage: dict[str, Any] = {}
    """The service's usage object."""
    error_class: str | None = None
    """Honest class of what went wrong, if anything."""
    error: str | None = None
    """One line."""
    http_status: int | None = None
    """Status of a refused handshake or HTTP call."""
    code: str | None = None
    """The service's own error code."""
    message: str | None = None
    """The service's own message."""
    close_code: int | None = None
    """Websocket close code, None if none was seen."""
    transcript: str | None = None
    """File in the bundle."""
    transcript_sha256: str | None = None
    """Digest of that file."""
    audio: str | None = None
    """File in the bundle."""
    waveform: list[list[float]] = []
    """``[low, high]`` per column, -1..1, for drawing; at most 240 columns."""
    probe: dict[str, Any] = {}
    """The probe's JSON without audio, for SDK clients."""


class Cell(msgspec.Struct, kw_only=True):
    """target x model x client x runtime x mode x format."""

    id: str
    """Unique in the run, [A-Za-z0-9._-]."""
    model: str
    """Exact model string."""
    client: str
    """``wire``, ``sdk-realtime``, ``sdk-http``, ``sdk-client``."""
    runtime: str | None
    """Runtime id; None for ``wire``."""
    mode: str
    """``server_commit`` or ``commit``."""
    format: str
    """``pcm``, ``wav``, ``mp3``, ``opus``."""
    voice: str | None = None
    """Voice used."""
    state: Outcome | None = None
    """Worst outcome of its checks; ``blocked`` or ``skipped`` when it did not run."""
    reason: str | None = None
    """Why it was blocked or skipped: reason code and words."""
    expectation: str = "speech"
    """``speech``, or ``refusal`` where the service is expected to refuse (sdk-http)."""
    sessions: list[str] = []
    """Ids of its sessions."""


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


class Mutation(msgspec.Struct, kw_only=True):
    """One change made to the account, and its undoing."""

    id: str
    """Ours."""
    what: str
    """``voice-design`` or ``voice-clone``."""
    name: str
    """Preferred name sent."""
    resource: str | None = None
    """The service's id of what was created."""
    state: str = "intended"
    """``intended``, ``created``, ``deleted``, ``failed``."""
    run: str = ""
    """Run that made it."""


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
