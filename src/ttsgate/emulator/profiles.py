"""Several services in one emulator: how it behaves to each key, and what that key's clients did.

Programs on the bench and tests run side by side against one emulator.  Each gets a key of its own, and to that
key the emulator misbehaves as it was told to, and to nobody else.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import Any

from ttsgate.emulator.config import EmulatorConfig
from ttsgate.emulator.faults.registry import Injector
from ttsgate.emulator.switches import parse_switches
from ttsgate.emulator.witness import Witness
from ttsgate.errors import UsageError

__all__ = ["Profile", "Profiles"]

_NAME = re.compile(r"[A-Za-z0-9._-]{1,80}\Z")
MOST_CONNECTIONS = 200
"""Connections of one profile that are kept; a client that reconnects without end is known for that by then."""


@dataclass
class Profile:
    """What one key meets."""

    key: str
    config: EmulatorConfig
    injector: Injector
    connections: list[Witness] = field(default_factory=list)
    """In the order in which they were asked for."""

    def keep(self, witness: Witness) -> None:
        """Remember a connection."""
        if len(self.connections) < MOST_CONNECTIONS:
            self.connections.append(witness)

    def as_dict(self) -> dict[str, Any]:
        """As ``/admin/profiles/NAME`` tells it."""
        return {"faults": self.injector.names(), "connections": [w.as_dict() for w in self.connections]}


class Profiles:
    """The profiles of an emulator by name."""

    def __init__(self, config: EmulatorConfig) -> None:
        self._config = config
        self._by_name: dict[str, Profile] = {}

    def put(self, name: str, wanted: object) -> Profile:
        """Make a profile, or put other faults and switches in force; what its clients did is kept.

        Args:
            name: Also the path prefix that stands for it where a client cannot send a key (``--as-proxy``).
            wanted: ``{"key": "...", "faults": ["..."], "switches": ["NAME=VALUE"]}``; the last two may be left out.

        Raises:
            UsageError: it does not look like that, or names an unknown fault or switch.
        """
        given = wanted if isinstance(wanted, dict) else {}
        key, faults, switches = given.get("key"), given.get("faults", []), given.get("switches", [])
        lists = all(isinstance(x, list) and all(isinstance(s, str) for s in x) for x in (faults, switches))
        if not _NAME.match(name) or not isinstance(key, str) or not key or not lists or set(given) - _MEMBERS:
            raise UsageError('send {"key": "...", "faults": ["stall:for=3s"], "switches": ["auto-responses=separate"]}')
        if any(p.key == key for n, p in self._by_name.items() if n != name):
            raise UsageError("that key has another profile")
        config = replace(self._config, switches={**self._config.switches, **parse_switches(switches)})
        made = Profile(key, config, Injector(faults, seed=config.seed))
        before = self._by_name.get(name)
        made.connections = before.connections if before is not None else []
        self._by_name[name] = made
        return made

    def get(self, name: str) -> Profile | None:
        """The profile of that name."""
        return self._by_name.get(name)

    def drop(self, name: str) -> Profile | None:
        """Forget a profile."""
        return self._by_name.pop(name, None)

    def of(self, key: str, prefix: str) -> Profile | None:
        """The profile of a key or, where none was sent, of a path prefix."""
        if not key:
            return self._by_name.get(prefix)
        return next((p for p in self._by_name.values() if p.key == key), None)


_MEMBERS = {"key", "faults", "switches"}
