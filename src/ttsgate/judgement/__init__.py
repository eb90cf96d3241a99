"""The checks, how they are run on a transcript, and whose fault a failure is."""

from __future__ import annotations

import importlib

__all__ = ["load_all"]

_MODULES = (
    *("synthesis", "stages"),
    *("envelope", "order", "settings", "ids", "shapes", "deltas", "usage"),
    *("audio", "whole", "pauses", "spoken", "wording", "opinions", "timing", "across", "negative"),
    *("client_conduct", "client_frames", "client_audio"),
)
"""Modules that register checks, in the order in which the checks are read: a needed one before those that need it."""


def load_all() -> None:
    """Import every module that registers checks; calling it again does nothing."""
    for name in _MODULES:
        importlib.import_module(f"ttsgate.judgement.{name}")
