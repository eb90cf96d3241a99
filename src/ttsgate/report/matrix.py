"""The table model x client of a run."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median

from ttsgate.report.index import Index
from ttsgate.report.words import METRICS, Mark, mark, milliseconds
from ttsgate.result.record import Cell, ModelFacts, Runtime

__all__ = ["Chip", "Column", "Matrix", "Row", "build", "cell_word"]


@dataclass(frozen=True, slots=True)
class Column:
    """A client under a runtime."""

    client: str
    runtime: Runtime | None


@dataclass(frozen=True, slots=True)
class Chip:
    """One cell, as it stands in the table."""

    cell: Cell
    mark: Mark
    word: str
    """State in words."""
    reason: str
    """Why, if it did not simply pass."""
    detail: str
    """The number people look for first, if there is one."""
    variant: str
    """Mode and format, or the scenario of a program, where the table's place holds several cells."""


@dataclass(frozen=True, slots=True)
class Row:
    """A model and what each column says of it."""

    model: ModelFacts
    places: list[list[Chip]]
    contested: bool


@dataclass(frozen=True, slots=True)
class Matrix:
    """The table."""

    columns: list[Column]
    rows: list[Row]


def build(index: Index) -> Matrix:
    """The table of all planned cells, run or not; rows and columns in the order of the plan."""
    runtimes = {r.id: r for r in index.result.runtimes}
    keys = list(dict.fromkeys((c.client, c.runtime) for c in index.result.cells))
    places: dict[tuple[str, str, str | None], list[Cell]] = {}
    for cell in index.result.cells:
        places.setdefault((cell.model, cell.client, cell.runtime), []).append(cell)
    touched = {c.model for c in index.result.cells}
    return Matrix(
        columns=[Column(client, runtimes.get(runtime or "")) for client, runtime in keys],
        rows=[
            Row(
                model=model,
                places=[_chips(index, places.get((model.name, *key), [])) for key in keys],
                contested=bool(model.lifecycle),
            )
            for model in index.models
            if model.name in touched
        ],
    )


def cell_word(cell: Cell) -> str:
    """A cell's state in words; a refusal that was expected is said to be one."""
    if cell.expectation == "refusal" and cell.state == "pass":
        return "refused, as expected"
    return mark(cell.state).word


_VARIANTS = {
    "instruction": "with or without instruction",
    "voice": "another voice",
    "rate": "another sample rate",
    "alias": "dated model",
}


def _chips(index: Index, cells: list[Cell]) -> list[Chip]:
    return [
        Chip(
            cell=cell,
            mark=mark(cell.state),
            word=cell_word(cell),
            reason=_reason(index, cell),
            detail=_detail(index, cell),
            variant=_variant(cell) if len(cells) > 1 else "",
        )
        for cell in cells
    ]


def _variant(cell: Cell) -> str:
    if cell.variant is not None:
        return _VARIANTS.get(cell.variant, cell.variant)
    return cell.id if cell.expectation == "client" else f"{cell.mode} · {cell.format}"


def _reason(index: Index, cell: Cell) -> str:
    """The cell's own reason, else the worst thing that was said of it."""
    if cell.reason:
        return cell.reason
    if cell.state in (None, "pass"):
        refused = (s for s in index.sessions_of.get(cell.id, []) if cell.expectation == "refusal" and s.code)
        return next((f"{s.http_status or ''} {s.code}".strip() for s in refused), "")
    worst = next((c for c in index.checks_of.get(cell.id, []) if c.outcome == cell.state), None)
    return f"{worst.check}: {worst.message or worst.reason or ''}" if worst else ""


def _detail(index: Index, cell: Cell) -> str:
    if cell.expectation == "refusal":
        return ""
    sessions = index.sessions_of.get(cell.id, [])
    for name, known in METRICS.items():
        values = [s.timing[name] for s in sessions if name in s.timing]
        if values:
            of = f" (median of {len(values):,})" if len(values) > 1 else ""
            return f"{known.label} {milliseconds(median(values))}{of}"
    return ""
