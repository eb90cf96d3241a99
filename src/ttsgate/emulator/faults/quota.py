"""Faults of class quota."""

from __future__ import annotations

__all__: list[str] = []
