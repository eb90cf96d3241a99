"""What was seen and done: scripts, steps, sessions, changes to the account."""

from __future__ import annotations

from typing import Any

import msgspec

from ttsgate.result.conclusions import Outcome
from ttsgate.result.transcript import Level, Utterance

__all__ = [
    "Cell",
    "CompileRecord",
    "ConnectivityStep",
    "Mutation",
    "SessionRecord",
]


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
