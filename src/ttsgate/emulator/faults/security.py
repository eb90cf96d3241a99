"""Faults of class security."""

from __future__ import annotations

__all__: list[str] = []
