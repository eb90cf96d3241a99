"""What a run is about and set out to do: target, settings, intent, runtimes, models."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

__all__ = [
    "Intent",
    "ModelFacts",
    "Resumption",
    "Runtime",
    "Setting",
    "Target",
    "TargetKind",
]

TargetKind = Literal["emulator", "live", "custom", "replay"]
"""Kind of a target."""


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


class Resumption(msgspec.Struct, kw_only=True):
    """A process went on with the run after the one before it was gone."""

    at: str
    """UTC, RFC 3339."""
    left: str
    """Status found: ``started`` (killed), ``interrupted`` or ``complete`` (its end was not sealed)."""
    kept: int
    """Sessions that had ended before and were not asked for again."""


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
