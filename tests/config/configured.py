"""A configuration as a user would get it, without the caller's environment."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ttsgate.config import Config, resolve

__all__ = ["Configured"]


class Configured:
    """Resolves in one folder, which is the root of a repository."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / ".git").mkdir()

    def __call__(self, environ: Mapping[str, str] | None = None, /, **cli: Any) -> Config:
        return resolve(cli, environ or {}, self.folder)

    def gate(self, text: str) -> None:
        """Write ``gate.toml``."""
        (self.folder / "gate.toml").write_text(text, encoding="utf-8")
