"""Faults of class frame."""

from __future__ import annotations

__all__: list[str] = []
