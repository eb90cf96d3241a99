"""Faults of class http."""

from __future__ import annotations

__all__: list[str] = []
