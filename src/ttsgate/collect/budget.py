"""What a run may cost: the worst case before the first byte leaves, what is left while it goes on, what it came to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Protocol

from ttsgate import catalog
from ttsgate.catalog import Model, Price
from ttsgate.config import Config
from ttsgate.errors import UsageError
from ttsgate.result.record import Cell, Intent, Result, SessionRecord, Target

__all__ = ["Budget", "Spoken", "actual_cost", "make_intent"]


class Spoken(Protocol):
    """A session that is to be paid for."""

    @property
    def cell(self) -> Cell:
        """Its cell."""

    @property
    def text(self) -> str:
        """What it says."""


def make_intent(
    config: Config, target: Target, sessions: Sequence[Spoken], *, probes: int, voices: Sequence[str]
) -> Intent:
    """What the run sets out to do.

    Args:
        config: Caps and options.
        target: Where.
        sessions: Every session of the plan.
        probes: Most connections that wrong requests open; they say nothing.
        voices: Kind of each temporary voice that may be made.

    Raises:
        UsageError: the plan is over a cap, or over a price that is not known.
    """
    characters = sum(catalog.count_characters(s.text) for s in sessions)
    worst = _worst_cost(config, target, sessions, voices)
    mutating = target.kind == "emulator" or config.allow_mutating
    if characters > config.max_chars:
        raise UsageError(
            f"the plan sends up to {characters} billable characters, over --max-chars {config.max_chars}: "
            "raise the cap, or plan fewer models, clients or repeats"
        )
    if len(sessions) + probes > config.max_sessions:
        more = f" and up to {probes} for wrong requests (--skip-probes leaves them out)" if probes else ""
        raise UsageError(f"the plan opens {len(sessions)} sessions{more}, over --max-sessions {config.max_sessions}")
    if config.max_cost is not None and config.target == "live":
        if worst is None:
            raise UsageError("--max-cost is set, but the price of a planned model is unknown in this region")
        if worst[1] != config.max_cost.currency or worst[0] > config.max_cost.amount:
            raise UsageError(f"the plan may cost {worst[0]} {worst[1]}, over --max-cost {config.max_cost}")
    caps = {"chars": config.max_chars, "sessions": config.max_sessions, "rate": config.max_rate}
    limits = {name: float(cap) for name, cap in caps.items()}
    if config.max_cost is not None:
        limits["cost"] = float(config.max_cost.amount)
    if config.max_seconds is not None:
        limits["seconds"] = float(config.max_seconds)
    where = f"{target.kind} target" + (f" in {target.region}" if target.region else "")
    asked = f", {probes} for wrong requests that cost nothing" if probes else ""
    return Intent(
        summary=(
            f"{len(config.models)} models over {', '.join(config.clients)} against the {where}: "
            f"up to {len(sessions)} sessions and {characters} characters{asked}, 2 more for each that fails, "
            + ("creating and deleting temporary voices where needed" if mutating else "read-only but for synthesis")
        ),
        mutating=mutating,
        sessions=len(sessions) + probes,
        characters=characters,
        worst_cost=(f"{worst[0]} {worst[1]}" if worst else "unknown") if config.target == "live" else None,
        identifiers=[*config.models, *([target.workspace] if target.workspace else []), *config.voices.values()],
        limits=limits,
    )


@dataclass
class Budget:
    """What is left of the caps while a run goes on; everything planned is set aside from the beginning."""

    config: Config
    target: Target
    sessions: int
    """Sessions set aside."""
    characters: int
    """Characters set aside, or billed beyond what was set aside."""
    planned: list[Spoken]
    """What is set aside, to be priced."""
    voices: Sequence[str]
    """Kind of each temporary voice that may be made."""

    @property
    def overrun(self) -> str | None:
        """Why nothing more may be sent: the service billed more than was sent; None while there is room."""
        if self.characters > self.config.max_chars:
            return f"{self.characters} characters billed or set aside, over --max-chars {self.config.max_chars}"
        return None

    def bill(self, session: SessionRecord) -> None:
        """Count what the service says that it billed beyond what was set aside."""
        billed = session.usage.get("characters")
        if isinstance(billed, int) and not isinstance(billed, bool):
            self.characters += max(0, billed - catalog.count_characters(session.utterance.text))

    def take(self, session: Spoken) -> bool:
        """Set one more session aside, if every cap has room for it."""
        characters = catalog.count_characters(session.text)
        config = self.config
        if self.sessions + 1 > config.max_sessions or self.characters + characters > config.max_chars:
            return False
        if config.max_cost is not None and config.target == "live":
            worst = _worst_cost(config, self.target, [*self.planned, session], self.voices)
            if worst is None or worst[0] > config.max_cost.amount:
                return False
        self.sessions += 1
        self.characters += characters
        self.planned.append(session)
        return True


def actual_cost(config: Config, result: Result) -> str | None:
    """List price, with currency, of what the service says that it billed; ``unknown`` where a price is not known.

    None where nothing is billed.  A session without usage counts as not billed: it is the service that says so.
    """
    if config.target != "live" or result.target.region is None:
        return None
    bill = _Bill(result.target.region)
    for session in result.sessions:
        billed = session.usage.get("characters")
        if isinstance(billed, int) and not isinstance(billed, bool) and billed > 0:
            bill.speech(_billed(config, result.cell(session.cell)), billed)
    for mutation in result.mutations:
        if mutation.state in ("created", "deleted"):
            bill.voice(mutation.what.removeprefix("voice-"))
    total = bill.total
    return f"{total[0]} {total[1]}" if total else "unknown"


@dataclass
class _Bill:
    """Adds up list prices; one that is not known, or of another currency, makes the sum unknown."""

    region: str
    amount: Decimal = Decimal(0)
    currencies: set[str | None] = field(default_factory=set)

    def speech(self, model: Model, characters: int) -> None:
        self._add(catalog.price(model, self.region), characters)

    def voice(self, kind: str) -> None:
        self._add(catalog.creation_price("design" if kind == "design" else "clone", self.region), 1)

    def _add(self, price: Price | None, units: int) -> None:
        self.currencies.add(price.currency if price else None)
        self.amount += price.of(units) if price else 0

    @property
    def total(self) -> tuple[Decimal, str] | None:
        """Sum and currency."""
        (currency,) = self.currencies if len(self.currencies) == 1 else (None,)
        return (self.amount.quantize(Decimal("0.0001")), currency) if currency else None


def _worst_cost(
    config: Config, target: Target, sessions: Sequence[Spoken], voices: Sequence[str]
) -> tuple[Decimal, str] | None:
    """Highest price by the catalogue's list, with its currency; None where it is not known."""
    if config.target != "live" or target.region is None:
        return None
    bill = _Bill(target.region)
    for session in sessions:
        bill.speech(_billed(config, session.cell), catalog.count_characters(session.text))
    for kind in voices if config.allow_mutating else ():
        bill.voice(kind)
    return bill.total


def _billed(config: Config, cell: Cell) -> Model:
    model = config.known_models.get(cell.model) or catalog.find(cell.model)
    return catalog.find(model.sibling) if cell.client == "sdk-http" and model.sibling else model
