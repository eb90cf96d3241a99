"""Faults of class benign."""

from __future__ import annotations

__all__: list[str] = []
