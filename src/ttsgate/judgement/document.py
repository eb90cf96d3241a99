"""The references of causes and numbers as Markdown tables, written from the code's own data."""

from __future__ import annotations

from collections.abc import Iterable

from ttsgate.judgement.causes import CAUSES
from ttsgate.judgement.numbers import AUDIO_METRICS
from ttsgate.measure.timing import METRICS

__all__ = ["causes_table", "metrics_table"]


def causes_table() -> str:
    """Every cause in the order of blame: party, what is wrong, what to do, what looks the same."""
    rows = [
        (f"`{c.id}`", c.party, c.summary, c.next_step, ", ".join(f"`{x}`" for x in c.candidates) or "—")
        for c in CAUSES.values()
    ]
    return _table(("cause", "party", "what is wrong", "what to do", "looks the same from outside"), rows)


def metrics_table() -> str:
    """Every number: name and what it spans."""
    return _table(
        ("number", "from … to, or what it is"), ((f"`{n}`", w) for n, w in {**METRICS, **AUDIO_METRICS}.items())
    )


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "".join(
        "| " + " | ".join(" ".join(cell.split()).replace("|", "\\|") for cell in line) + " |\n" for line in lines
    )
