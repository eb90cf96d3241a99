"""One line of a decision: what was demanded, and what became of it."""

from __future__ import annotations

from typing import Literal

import msgspec

__all__ = ["Kind", "Row", "RowState"]

Kind = Literal[
    "evidence", "coverage", "limit", "comparison", "expectation", "skip", "life cycle", "stability", "undecided"
]
RowState = Literal["ok", "warn", "fail", "n/a"]


class Row(msgspec.Struct, kw_only=True):
    """One demand of a policy and what became of it."""

    kind: Kind
    what: str
    """What was demanded, e.g. the limit."""
    where: str = ""
    """Bundle, model, client it is about; empty for the whole."""
    state: RowState = "ok"
    """``warn`` is shown and does not fail; ``n/a`` does not apply here."""
    follows: bool = False
    """Whether it only says again what a finding says with its party."""
    why: str = ""
    """What was seen, one line."""

    def __str__(self) -> str:
        return f"{self.what}{' in ' + self.where if self.where else ''}: {self.why}"
