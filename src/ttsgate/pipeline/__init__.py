"""Drives one run: plan -> collect -> judge -> decide -> report -> seal."""

from __future__ import annotations

from ttsgate.pipeline.ledger import LEVEL_OF
from ttsgate.pipeline.run import Run, Subject

__all__ = ["LEVEL_OF", "Run", "Subject"]
