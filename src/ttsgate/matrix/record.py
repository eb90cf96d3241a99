"""``matrix.json``: what was found about every runtime, and what follows from it.

Facts are the measurements; cells, groups and borders are functions of them (`ttsgate.matrix.grouping`) and stand in
the file so that readers need no code of ours.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from ttsgate.errors import EvidenceError

__all__ = [
    "SCHEMA_VERSION",
    "Axes",
    "Border",
    "Cell",
    "Change",
    "Control",
    "Fact",
    "Group",
    "Incident",
    "Matrix",
    "Question",
    "Release",
    "Runtime",
    "decode",
    "encode",
]

SCHEMA_VERSION = 1
"""Raised when a reader of the version before would misread the file."""


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """What a fact answers."""

    id: str
    """Stable id, e.g. ``fault.drop-rst``."""
    text: str
    """The question, one sentence."""
    good: list[str] = []
    """Answers that an integrator hopes for; empty where no answer is better than another."""


class Fact(msgspec.Struct, frozen=True, kw_only=True):
    """One answer about one runtime."""

    id: str
    """Id of the question."""
    outcomes: list[str]
    """Every answer that was seen, sorted; more than one where it is a race."""
    detail: str = ""
    """What was seen literally: a message, a signature. Not compared between runtimes."""
    ms: float | None = None
    """How long it took until the caller knew, milliseconds. Not compared between runtimes."""


class Release(msgspec.Struct, frozen=True, kw_only=True):
    """One release of the SDK."""

    version: str
    """As the index names it."""
    uploaded: str | None = None
    """When its first file was uploaded, UTC, RFC 3339; None where the index does not say."""


class Runtime(msgspec.Struct, kw_only=True):
    """A Python and a release of the SDK in an environment of their own, and everything found about them."""

    id: str
    """Like ``py3.11-dashscope2.0.2``, with what else sets it apart behind."""
    python: str
    """Minor version of the interpreter, e.g. ``3.11``."""
    python_full: str | None = None
    """Its whole version; None where there was no such interpreter."""
    dashscope: str
    """Release of the SDK."""
    uploaded: str | None = None
    """When that release was uploaded."""
    resolution: str = "newest"
    """How its dependencies were chosen: ``newest``, ``lowest`` or ``as-of:DATE``."""
    pins: list[str] = []
    """Requirements that were added by name, e.g. ``websocket-client==1.8.0``."""
    packages: dict[str, str] = {}
    """What was installed, name to version."""
    digest: str | None = None
    """SHA-256 over interpreter, packages and hashes of their files; None where nothing was installed."""
    resolved: str | None = None
    """When the dependencies were resolved; older than the measurement if the index could not be asked."""
    install: str = "ok"
    """Class of the installation: ``ok``, a finding such as ``refused``, ``build-failed``, or ``environment``."""
    import_: str = msgspec.field(default="not tried", name="import")
    """Class of ``import dashscope``: ``ok``, the exception's class, ``hang``, ``crash``."""
    problem: str = ""
    """What was said where installation or import failed."""
    profile: list[Fact] = []
    """The facts, in the order of the questions."""
    measured: str | None = None
    """When it was measured; older than the matrix when it could not be measured this time."""
    seconds: float | None = None
    """How long measuring took."""
    status: Literal["measured", "environment", "harness", "missing"] = "measured"
    """``environment``: no environment could be had, which says nothing about the release; ``harness``: our own fault;
    ``missing``: planned, but its result never arrived."""

    def fact(self, id: str) -> Fact | None:
        """The fact of that id."""
        return next((fact for fact in self.profile if fact.id == id), None)


class Cell(msgspec.Struct, frozen=True, kw_only=True):
    """Model x client x runtime x mode x format (x region x vantage, live)."""

    id: str
    """Its axes, joined by ``/``."""
    runtime: str | None
    """Id of the runtime; None for the wire."""
    model: str
    client: str
    mode: str
    format: str
    target: str = "emulator"
    """Kind of target."""
    region: str = "none"
    vantage: str = "none"
    state: Literal["pass", "fail", "blocked", "missing"]
    reason: str = ""
    """What was found where it did not pass; ``service`` first where the service is to blame."""
    since: str | None = None
    """First date of this state, where history is known."""
    last_good: str | None = None
    """Last date of a pass, where history is known."""


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """Consecutive releases with the same profile."""

    python: str
    resolution: str
    pins: list[str] = []
    first: str
    """Oldest release."""
    last: str
    """Newest release."""
    releases: list[str]
    profile: str
    """Digest of the profile."""


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One fact that is not the same on both sides."""

    fact: str
    was: list[str] | None
    """None: there was no such fact."""
    now: list[str] | None


class Border(msgspec.Struct, frozen=True, kw_only=True):
    """Two neighbouring releases that differ."""

    python: str
    resolution: str
    pins: list[str] = []
    before: str
    after: str
    changes: list[Change]
    packages: dict[str, list[str | None]] = {}
    """Dependencies that differ between the two environments, so that the SDK is not blamed for theirs."""


class Control(msgspec.Struct, frozen=True, kw_only=True):
    """A cell that tells the SDK from the service: measured the same night on the same place."""

    cell: str
    """Id of the cell that it controls."""
    kind: Literal["wire", "emulator"]
    """``wire``: our own client on the same model, region and vantage; ``emulator``: the same SDK on the emulator."""
    state: str
    """What came of it."""
    reason: str = ""


class Incident(msgspec.Struct, frozen=True, kw_only=True):
    """Something outside of the releases that kept cells from being judged; one notice, however many cells."""

    cause: Literal["service", "environment", "harness"]
    summary: str
    """One sentence."""
    cells: int = 0
    """How many cells it blocked."""
    runtimes: list[str] = []
    """Runtimes that could not be measured because of it."""


class Axes(msgspec.Struct, kw_only=True):
    """What was crossed with what."""

    releases: list[str]
    pythons: list[str]
    resolutions: list[str]
    pins: list[str] = []
    models: list[str]
    clients: list[str]
    modes: list[str]
    formats: list[str]
    regions: list[str] = msgspec.field(default_factory=lambda: ["none"])
    vantages: list[str] = msgspec.field(default_factory=lambda: ["none"])


class Matrix(msgspec.Struct, kw_only=True):
    """One run of the matrix."""

    schema_version: int = SCHEMA_VERSION
    kind: Literal["ttsgate-matrix"] = "ttsgate-matrix"
    id: str
    """Names this run; sorts by time."""
    ttsgate: str
    """Version that measured."""
    target: str = "emulator"
    """Kind of target."""
    claim: str = "emulated, not live"
    """What the whole is, in words that may be quoted."""
    started: str
    finished: str | None = None
    status: Literal["complete", "partial", "interrupted"] = "partial"
    """``complete``: every planned runtime was measured or has a reason why not; ``partial``: some are missing."""
    releases_from: str = ""
    """Where the list of releases came from: ``index``, or ``snapshot of DATE``."""
    axes: Axes
    questions: list[Question] = []
    runtimes: list[Runtime] = []
    cells: list[Cell] = []
    groups: list[Group] = []
    borders: list[Border] = []
    controls: list[Control] = []
    incidents: list[Incident] = []
    parts: list[str] = []
    """Ids of the runs that this one was merged from."""

    def runtime(self, id: str) -> Runtime | None:
        """The runtime of that id."""
        return next((runtime for runtime in self.runtimes if runtime.id == id), None)


_decoder = msgspec.json.Decoder(Matrix)


def encode(matrix: Matrix) -> bytes:
    """The file's bytes: indented JSON with a line break at its end."""
    return msgspec.json.format(msgspec.json.encode(matrix), indent=1) + b"\n"


def decode(data: bytes, *, name: str = "matrix.json") -> Matrix:
    """Read the file's bytes; fields of later versions are passed over.

    Raises:
        EvidenceError: it is no matrix, or one of a newer schema.
    """
    try:
        head = msgspec.json.decode(data, type=dict)
    except (msgspec.DecodeError, UnicodeError) as exc:
        raise EvidenceError(f"{name} is no JSON: {exc}; it may be cut off") from exc
    version = head.get("schema_version")
    if head.get("kind") != "ttsgate-matrix" or not isinstance(version, int):
        raise EvidenceError(f"{name} is no matrix of ttsgate")
    if version > SCHEMA_VERSION:
        raise EvidenceError(
            f"{name} has schema version {version}, this ttsgate reads up to {SCHEMA_VERSION}: install a newer one"
        )
    try:
        return _decoder.decode(data)
    except msgspec.DecodeError as exc:
        raise EvidenceError(f"{name} does not fit its schema: {exc}") from exc
