"""The wheel carries the suites, the templates and the stand-alone script as data."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class DataHook(BuildHookInterface[Any]):
    """Adds ``ttsgate/_data/``; plain ``force-include`` would leave a copy beside an editable install, to grow stale."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called before each build of a wheel."""
        if version == "editable":
            return
        for folder in ("checks", "reports", "scripts"):
            if Path(self.root, folder).is_dir():
                build_data["force_include"][folder] = f"ttsgate/_data/{folder}"
