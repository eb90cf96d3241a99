"""ttsgate: validation and evidence for Qwen TTS Realtime."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ttsgate.clients.speaking import asynthesize, synthesize

__all__ = ["__version__", "asynthesize", "synthesize"]

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    # Loaded on first use: `ttsgate --help` needs no websocket.
    if name in ("asynthesize", "synthesize"):
        from ttsgate.clients import speaking

        return getattr(speaking, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
