"""Faults of class session."""

from __future__ import annotations

__all__: list[str] = []
