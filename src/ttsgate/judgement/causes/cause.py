"""What is said of one thing that can be wrong."""

from __future__ import annotations

from dataclasses import dataclass

from ttsgate.result.record import Party

__all__ = ["Cause"]


@dataclass(frozen=True, slots=True)
class Cause:
    """One thing that can be wrong."""

    id: str
    """Stable id: a family, then a word."""
    party: Party
    """Whose fault."""
    summary: str
    """One sentence on what is wrong."""
    next_step: str
    """What to do, one sentence."""
    candidates: tuple[str, ...] = ()
    """Other causes that look exactly the same from outside."""
