"""The reference of checks, causes and numbers as Markdown tables, written from the code's own data."""

from __future__ import annotations

from collections.abc import Iterable
from typing import get_args

from ttsgate.judgement import load_all
from ttsgate.judgement.causes import CAUSES
from ttsgate.judgement.registry import CHECKS, Stage
from ttsgate.judgement.views import AUDIO_METRICS
from ttsgate.measure.timing import METRICS

__all__ = ["causes_table", "checks_table", "metrics_table"]


def checks_table() -> str:
    """Every check by stage: id, what must hold, why, severity, levels, what it needs."""
    load_all()
    parts = []
    for stage in get_args(Stage):
        rows = [
            (
                f"`{c.id}`",
                c.sentence,
                c.why,
                c.severity,
                ", ".join(sorted(c.levels)) or c.subject,
                ", ".join(f"`{n}`" for n in c.needs) or "—",
            )
            for c in CHECKS.values()
            if c.stage == stage
        ]
        if rows:
            parts.append(f"### {stage}\n\n" + _table(("id", "must hold", "why", "severity", "read at", "needs"), rows))
    return "\n".join(parts)


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
