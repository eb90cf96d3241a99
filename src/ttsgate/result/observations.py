"""What was seen and done: scripts, steps, sessions, changes to the account."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from ttsgate.result.conclusions import Outcome
from ttsgate.result.transcript import Level, Utterance

__all__ = [
    "SEEN",
    "Before",
    "Cell",
    "CompileRecord",
    "ConnectivityStep",
    "Mutation",
    "Observation",
    "Opinion",
    "Reaction",
    "SessionRecord",
]

Reaction = Literal["refused", "error", "closed", "accepted", "ignored", "silent", "not-observed"]
"""What a service did with a wrong request: ``refused`` the handshake with an HTTP error, sent an ``error`` event,
``closed`` the connection without a word, ``accepted`` it, ``ignored`` it while the session went on, or fell ``silent``;
``not-observed`` where the request could not be made."""


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


class Opinion(msgspec.Struct, kw_only=True):
    """What an optional model made of the sound; asked once, while the run went on, and judged from here ever after."""

    missing: str | None = None
    """How to get what was asked for and is not installed; then nothing else is set."""
    model: str = ""
    """Which model, by name and digest."""
    numbers: dict[str, float] = {}
    """``sig``, ``bak``, ``ovrl`` of ``quality``, each 1 to 5; ``logprob`` of ``asr``: mean log probability a token."""
    text: str = ""
    """What ``asr`` wrote down."""
    syllables: list[str] | None = None
    """`text` as words and toneless pinyin; None where the language is not written with Chinese characters."""
    expected: list[str] | None = None
    """The text that was to be spoken, in the same way."""


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
    opinions: dict[str, Opinion] = {}
    """Of ``asr`` and ``quality``, where they were asked."""


class Cell(msgspec.Struct, kw_only=True):
    """target x model x client x runtime x mode x format."""

    id: str
    """Unique in the run, [A-Za-z0-9._-]."""
    model: str
    """Exact model string."""
    client: str
    """``wire``, ``sdk-realtime``, ``sdk-http``, ``sdk-client``; ``program`` on the bench."""
    runtime: str | None
    """Runtime id; None for ``wire``."""
    mode: str
    """``server_commit`` or ``commit``."""
    format: str
    """``pcm``, ``wav``, ``mp3``, ``opus``."""
    variant: str | None = None
    """What it varies to be compared with the plain cell: ``instruction``, ``voice``, ``rate``, or ``alias`` for the
    dated model; None for a plain one."""
    voice: str | None = None
    """Voice used."""
    state: Outcome | None = None
    """Worst outcome of its checks; ``blocked`` or ``skipped`` when it did not run."""
    reason: str | None = None
    """Why it was blocked or skipped: reason code and words."""
    expectation: str = "speech"
    """``speech``; ``refusal`` where the service is expected to refuse (sdk-http); ``client`` where a program is judged
    and the service, which may be made to misbehave, is not."""
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


class Before(msgspec.Struct, kw_only=True, frozen=True):
    """What an earlier run saw of the same probe."""

    run: str
    """Id of that run."""
    outcome: Reaction
    """What the service did first."""
    after: str | None = None
    """What became of the session then."""
    http_status: int | None = None
    """Status of a refused handshake."""
    code: str | None = None
    """The service's own error code."""
    message: str | None = None
    """The service's own words, without ids and times."""
    close_code: int | None = None
    """Close code that the service sent."""


SEEN = tuple(f for f in Before.__struct_fields__ if f != "run")
"""Fields of an observation that make up the behaviour; its time is none of them."""


class Observation(msgspec.Struct, kw_only=True):
    """What the service did with a wrong request that costs nothing."""

    probe: str
    """``bad-key``, ``unknown-model``, ``unknown-voice``, ``empty-commit``, ``late-update``, ``bad-rate``,
    ``bad-speed``, ``bad-json``, ``unknown-event`` or ``binary-frame``."""
    model: str
    """Model that the run asked; one that does not exist stands in `sent`."""
    sent: str
    """What was sent, in words; the same words mean the same request."""
    outcome: Reaction
    """What the service did first."""
    after: str | None = None
    """What became of the session then: ``open`` (it answered a harmless request), ``closed`` or ``silent``; None where
    there was none."""
    http_status: int | None = None
    """Status of a refused handshake."""
    code: str | None = None
    """The service's own error code."""
    message: str | None = None
    """The service's own words, of the refusal, the error event or the close frame; ids and times in it as ``#``."""
    close_code: int | None = None
    """Close code that the service sent."""
    ms: float | None = None
    """From the request to the answer, milliseconds; None where none came."""
    characters: int = 0
    """Characters that the service spoke although nothing was to be spoken."""
    detail: str = ""
    """Why it could not be observed."""
    transcript: str | None = None
    """File in the bundle; probes that shared a connection share it."""
    transcript_sha256: str | None = None
    """Digest of that file."""
    before: Before | None = None
    """What it is compared with; None when nothing comparable was seen before."""
