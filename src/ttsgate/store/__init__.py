"""Atomic files and the journal of changes made to an account."""

from __future__ import annotations

from ttsgate.store.atomic import append_line, write_atomic
from ttsgate.store.journal import Journal, Pending

__all__ = ["Journal", "Pending", "append_line", "write_atomic"]
