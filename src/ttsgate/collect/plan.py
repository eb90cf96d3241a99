"""What a run will do, worked out before the first byte leaves."""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from ttsgate.catalog import Model
from ttsgate.collect.budget import Budget, make_intent
from ttsgate.collect.comparisons import Comparison, comparisons
from ttsgate.config import Config
from ttsgate.probes.negative import MOST_CONNECTIONS
from ttsgate.probes.runtimes import inspect_runtime
from ttsgate.probes.wrong import PROBES, Probe
from ttsgate.result.record import Cell, Intent, Runtime, Target
from ttsgate.result.transcript import Utterance

__all__ = ["MISSING", "Plan", "PlannedSession", "budget_of", "make_plan", "planned_runtimes", "utterance"]

MISSING = "there is no such interpreter on this machine"
"""Error of a runtime that cannot even be asked for its version."""


@dataclass(frozen=True, kw_only=True)
class PlannedSession:
    """One session of a cell."""

    id: str
    """Names its files; [A-Za-z0-9._-]."""
    cell: Cell
    attempt: int
    text: str
    changes: dict[str, Any] = field(default_factory=dict)
    """Fields of the utterance that are otherwise than configured."""


@dataclass(kw_only=True)
class Plan:
    """Cells, their sessions, and what they may cost."""

    cells: list[Cell]
    sessions: list[PlannedSession]
    intent: Intent
    models: dict[str, Model]
    runtimes: list[Runtime]
    voice_targets: dict[str, str] = field(default_factory=dict)
    """Model that needs a custom voice -> kind (``design`` or ``clone``); HTTP siblings too, since voices do not
    carry over to them."""
    probes: tuple[Probe, ...] = ()
    """Wrong requests that cost nothing."""
    probed: str = ""
    """Model that they are made to."""

    @property
    def voice_kinds(self) -> list[str]:
        """Kinds of custom voices that the run needs, for the lists that connectivity reads."""
        return [k for k in ("design", "clone") if k in self.voice_targets.values()]


def planned_runtimes(config: Config) -> list[Runtime]:
    """The interpreters under test: those named, else our own if an SDK client is asked for; each id once.

    One that a file lists and this machine does not have is there, too, with its `Runtime.error`.

    Raises:
        UsageError: one of them does not start.
    """
    runtimes = [inspect_runtime(p, given=True) for p in config.pythons]
    runtimes += [
        Runtime(id=_safe(name), python="none", executable=name, given=True, error=MISSING)
        for name in config.missing_pythons
    ]
    if not runtimes and any(c != "wire" for c in config.clients):
        runtimes = [inspect_runtime(Path(sys.executable), given=False)]
    seen: Counter[str] = Counter()
    for runtime in runtimes:
        seen[runtime.id] += 1
        if seen[runtime.id] > 1:
            runtime.id += f"-{seen[runtime.id]}"
    return runtimes


def _safe(name: str) -> str:
    """A name that can stand in a cell's id."""
    return "missing-" + re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-")


def make_plan(config: Config, target: Target, runtimes: Sequence[Runtime]) -> Plan:
    """Lay out target x model x client x runtime x mode x format.

    Raises:
        UsageError: the plan is over a cap before it begins, or over a price that is not known.
    """
    cells: list[Cell] = []
    for client in config.clients:
        for runtime in [None] if client == "wire" else runtimes:
            for name in config.models:
                model = config.known_models[name]
                for mode in config.modes if client != "sdk-http" else config.modes[:1]:
                    # The SDK clients speak plain PCM; formats are tried by the wire client.
                    for fmt in config.formats if client == "wire" else ("pcm",):
                        cells.append(_cell(model, client, runtime, mode, fmt, several=len(runtimes) > 1))
    sessions = [
        PlannedSession(id=f"{cell.id}-{n}", cell=cell, attempt=n, text=text)
        for cell in cells
        for n, text in enumerate(_texts(config, cell), start=1)
    ]
    compared = list(comparisons(config)) if target.kind != "replay" else []
    for one in compared:
        cell = _varied(one, config)
        cells.append(cell)
        sessions.append(
            PlannedSession(id=f"{cell.id}-1", cell=cell, attempt=1, text=config.texts[0], changes=one.changes)
        )
    models = dict(config.known_models) | {one.model.name: one.model for one in compared}
    voices = _voice_targets(config, cells, models)
    asks = "wire" in config.clients and not config.skip_probes and target.kind != "replay"
    probes = tuple(PROBES.values()) if asks else ()
    most = MOST_CONNECTIONS if probes else 0
    return Plan(
        cells=cells,
        sessions=sessions,
        intent=make_intent(config, target, sessions, probes=most, voices=list(voices.values())),
        models=models,
        runtimes=list(runtimes),
        voice_targets=voices,
        probes=probes,
        probed=next((m for m in config.models if models[m].custom_voice is None), config.models[0]),
    )


def _varied(one: Comparison, config: Config) -> Cell:
    cell = _cell(one.model, "wire", None, config.modes[0], config.formats[0], several=False)
    return msgspec.structs.replace(cell, id=f"{cell.id}.{one.name}", variant=one.name)


def _voice_targets(config: Config, cells: Sequence[Cell], models: Mapping[str, Model]) -> dict[str, str]:
    found: dict[str, str] = {}
    for cell in cells:
        model = models[cell.model]
        if model.custom_voice is None:
            continue
        if cell.client == "sdk-http":
            if model.sibling:
                found[model.sibling] = model.custom_voice
        elif model.name not in config.voices:
            found[model.name] = model.custom_voice
    return found


def budget_of(plan: Plan, config: Config, target: Target) -> Budget:
    """What the caps leave beside the plan."""
    return Budget(
        config=config,
        target=target,
        sessions=plan.intent.sessions,
        characters=plan.intent.characters,
        planned=list(plan.sessions),
        voices=list(plan.voice_targets.values()),
    )


def utterance(config: Config, session: PlannedSession, voice: str) -> Utterance:
    """The utterance of a planned session, spoken with `voice` unless it is there for another one."""
    plain = Utterance(
        text=session.text,
        voice=voice,
        instruction=config.instruction,
        sample_rate=config.sample_rate,
        mode=session.cell.mode,
        format=session.cell.format,
        language_type=config.language_type,
    )
    return msgspec.structs.replace(plain, **session.changes)


def _cell(model: Model, client: str, runtime: Runtime | None, mode: str, fmt: str, *, several: bool) -> Cell:
    parts = [client, model.name, *([mode, fmt] if client != "sdk-http" else [])]
    if runtime is not None and several:
        parts.append(runtime.id)
    return Cell(
        id=".".join(parts),
        model=model.name,
        client=client,
        runtime=runtime.id if runtime else None,
        mode=mode,
        format=fmt,
        expectation="refusal" if client == "sdk-http" else "speech",
    )


def _texts(config: Config, cell: Cell) -> list[str]:
    """Every text `repeat` times; the compatibility probe once, since repeating a refusal tells nothing."""
    return list(config.texts[:1]) if cell.client == "sdk-http" else list(config.texts) * config.repeat
