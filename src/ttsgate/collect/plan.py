"""What a run will do, worked out before the first byte leaves."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from ttsgate import catalog
from ttsgate.catalog import Model
from ttsgate.config import Config
from ttsgate.errors import UsageError
from ttsgate.probes.runtimes import inspect_runtime
from ttsgate.result.record import Cell, Intent, Runtime, Target
from ttsgate.result.transcript import Utterance

__all__ = ["Plan", "PlannedSession", "make_plan", "planned_runtimes", "utterance"]


@dataclass(frozen=True, kw_only=True)
class PlannedSession:
    """One session of a cell."""

    id: str
    """Names its files; [A-Za-z0-9._-]."""
    cell: Cell
    attempt: int
    text: str


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

    @property
    def voice_kinds(self) -> list[str]:
        """Kinds of custom voices that the run needs, for the lists that connectivity reads."""
        return [k for k in ("design", "clone") if k in self.voice_targets.values()]


def planned_runtimes(config: Config) -> list[Runtime]:
    """The interpreters under test: those named, else our own if an SDK client is asked for; each id once.

    Raises:
        UsageError: one of them does not start.
    """
    runtimes = [inspect_runtime(p, given=True) for p in config.pythons]
    if not runtimes and any(c != "wire" for c in config.clients):
        runtimes = [inspect_runtime(Path(sys.executable), given=False)]
    seen: Counter[str] = Counter()
    for runtime in runtimes:
        seen[runtime.id] += 1
        if seen[runtime.id] > 1:
            runtime.id += f"-{seen[runtime.id]}"
    return runtimes


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
    plan = Plan(
        cells=cells,
        sessions=sessions,
        intent=_intent(config, target, sessions),
        models=dict(config.known_models),
        runtimes=list(runtimes),
    )
    for cell in cells:
        model = plan.models[cell.model]
        if model.custom_voice is None:
            continue
        if cell.client == "sdk-http":
            if model.sibling:
                plan.voice_targets[model.sibling] = model.custom_voice
        elif model.name not in config.voices:
            plan.voice_targets[model.name] = model.custom_voice
    return plan


def utterance(config: Config, session: PlannedSession, voice: str) -> Utterance:
    """The utterance of a planned session, spoken with `voice`."""
    return Utterance(
        text=session.text,
        voice=voice,
        instruction=config.instruction,
        sample_rate=config.sample_rate,
        mode=session.cell.mode,
        format=session.cell.format,
        language_type=config.language_type,
    )


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


def _intent(config: Config, target: Target, sessions: Sequence[PlannedSession]) -> Intent:
    characters = sum(catalog.count_characters(s.text) for s in sessions)
    worst = _worst_cost(config, target, sessions)
    mutating = target.kind == "emulator" or config.allow_mutating
    if characters > config.max_chars:
        raise UsageError(
            f"the plan sends up to {characters} billable characters, over --max-chars {config.max_chars}: "
            "raise the cap, or plan fewer models, clients or repeats"
        )
    if len(sessions) > config.max_sessions:
        raise UsageError(f"the plan opens {len(sessions)} sessions, over --max-sessions {config.max_sessions}")
    if config.max_cost is not None and config.target == "live":
        if worst is None:
            raise UsageError("--max-cost is set, but the price of a planned model is unknown in this region")
        if worst[1] != config.max_cost.currency or worst[0] > config.max_cost.amount:
            raise UsageError(f"the plan may cost {worst[0]} {worst[1]}, over --max-cost {config.max_cost}")
    limits: dict[str, float] = {
        "chars": config.max_chars,
        "sessions": config.max_sessions,
        "rate": config.max_rate,
    }
    if config.max_seconds is not None:
        limits["seconds"] = config.max_seconds
    where = f"{target.kind} target" + (f" in {target.region}" if target.region else "")
    return Intent(
        summary=(
            f"{len(config.models)} models over {', '.join(config.clients)} against the {where}: "
            f"up to {len(sessions)} sessions and {characters} characters, "
            + ("creating and deleting temporary voices where needed" if mutating else "read-only but for synthesis")
        ),
        mutating=mutating,
        sessions=len(sessions),
        characters=characters,
        worst_cost=(f"{worst[0]} {worst[1]}" if worst else "unknown") if config.target == "live" else None,
        identifiers=[*config.models, *([target.workspace] if target.workspace else []), *config.voices.values()],
        limits=limits,
    )


def _worst_cost(config: Config, target: Target, sessions: Sequence[PlannedSession]) -> tuple[Decimal, str] | None:
    """Highest price by the catalogue's list, with its currency; None where any price is unknown or currencies mix."""
    if config.target != "live" or target.region is None:
        return None
    total, currencies = Decimal(0), set()
    for session in sessions:
        model = config.known_models[session.cell.model]
        billed = catalog.find(model.sibling) if session.cell.client == "sdk-http" and model.sibling else model
        price = catalog.price(billed, target.region)
        if price is None:
            return None
        total += price.amount * catalog.count_characters(session.text) / price.per
        currencies.add(price.currency)
    return (total.quantize(Decimal("0.0001")), currencies.pop()) if len(currencies) == 1 else None
