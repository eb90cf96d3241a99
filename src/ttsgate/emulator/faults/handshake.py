"""Faults of class handshake."""

from __future__ import annotations

__all__: list[str] = []
