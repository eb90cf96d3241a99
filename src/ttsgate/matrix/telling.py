"""A matrix in a few lines of text; pure."""

from __future__ import annotations

from collections import Counter

from ttsgate.matrix.comparing import sentence
from ttsgate.matrix.record import Matrix

__all__ = ["summary"]


def summary(matrix: Matrix) -> str:
    """Counts, groups and borders."""
    states = Counter(cell.state for cell in matrix.cells)
    counts = ", ".join(f"{n} {state}" for state, n in sorted(states.items()))
    lines = [
        f"{len(matrix.runtimes)} runtimes, {len(matrix.cells)} cells ({counts}); {matrix.claim}",
        f"releases from {matrix.releases_from}",
        "",
    ]
    for group in matrix.groups:
        span = group.first if group.first == group.last else f"{group.first} to {group.last}"
        lines.append(f"Python {group.python}: {span} behave alike ({len(group.releases)} releases)")
    lines += ["", *(sentence(border) for border in matrix.borders)] if matrix.borders else []
    lines += ["", *(f"not judged: {i.summary}" for i in matrix.incidents)] if matrix.incidents else []
    return "\n".join(lines) + "\n"
