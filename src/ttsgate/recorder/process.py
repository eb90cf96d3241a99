"""A replay as a child process: started, found by its first line, ended with its owner."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from ttsgate.emulator.process import EmulatorProcess

if TYPE_CHECKING:
    from ttsgate.config import Config

__all__ = ["ReplayProcess", "embedded_replay"]


class ReplayProcess(EmulatorProcess):
    """``ttsgate replay`` as a child; a context manager, also an asynchronous one.

    Args:
        folder: The recording.
        speed: ``max``, or times faster than recorded.
        allow_expired: Serve it though its last day is over.
        report: File that gets what became of each connection, when it ends.
        start_timeout_s: How long it may take to say that it is ready.
    """

    def __init__(
        self,
        folder: Path,
        *,
        speed: str = "1",
        allow_expired: bool = False,
        report: Path | None = None,
        start_timeout_s: float = 15.0,
    ) -> None:
        super().__init__(start_timeout_s=start_timeout_s)
        # -P: a json.py in the working directory is not to be imported.
        self._argv = [sys.executable, "-P", "-m", "ttsgate", "replay", str(folder), "--until-stdin-closes"]
        self._argv += ["--speed", speed, *(["--allow-expired"] if allow_expired else [])]
        self._argv += ["--report", str(report)] if report is not None else []


def embedded_replay(config: Config) -> ReplayProcess:
    """The replay of a run with ``--target replay``, in its own time; not started."""
    assert config.recording is not None
    return ReplayProcess(config.recording, allow_expired=config.allow_expired)
