"""How a broken rule of the protocol is told."""

from __future__ import annotations

from typing import Any

from ttsgate.judgement.frames import Frame
from ttsgate.judgement.registry import Problem
from ttsgate.judgement.views import SessionView

__all__ = ["problem"]


def problem(
    view: SessionView, message: str, frame: Frame | int | None, quote: Any = None, *, cause: str = ""
) -> Problem:
    """A broken rule of the protocol, with the frame that breaks it."""
    return Problem(message, (view.where(frame, quote=quote),), cause=cause or "service.protocol", party="service")
