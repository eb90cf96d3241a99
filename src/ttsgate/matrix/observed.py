"""What a guest said, as it came: raw observations, no opinion."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Observed"]


@dataclass(slots=True)
class Observed:
    """Everything that was seen of one runtime."""

    import_class: str = "not tried"
    """``ok``, the exception's class, ``hang`` or ``crash (...)``."""
    import_ms: float | None = None
    imported: dict[str, Any] = field(default_factory=dict)
    """What the guest said after the import."""
    results: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Probe id to what was seen."""
    begun: set[str] = field(default_factory=set)
    """Probes that were started."""
    ended: bool = False
    """The last child came to its end by itself."""
    problem: str = ""
    """What a child said on standard error before it died."""
    wire: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Session id to what the emulator saw of it."""

    def hear(self, line: bytes) -> bool:
        """Take in one line of the guest; whether it was the last one."""
        try:
            said = json.loads(line)
        except ValueError:
            return False
        match said.get("event") if isinstance(said, dict) else None:
            case "start":
                self.ended = False
                self.begun.add(said["id"])
            case "imported":
                self.imported = said
                self.import_ms = said["ms"]
                self.import_class = said["error"]["class"] if said["error"] else "ok"
                self.problem = said["error"]["message"] if said["error"] else ""
            case "result":
                self.results[said["id"]] = said
            case "end":
                self.ended = True
                return True
        return False

    def child_ended(self, how: str, complaint: str) -> None:
        """The child is gone: `how` is empty when it had said that it ends."""
        if how and self.import_class == "not tried":
            self.import_class = how
            self.problem = " ".join(complaint.split())[-600:]

    def sessions(self) -> list[str]:
        """Ids of the sessions that the emulator may be asked about."""
        return [r["session"] for r in self.results.values() if r.get("session")]
