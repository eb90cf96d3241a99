"""Makes wrong requests that cost nothing, and records what the service does with them.

Most of it is documented nowhere (the vendor's pages name one error text and no close code), so what
is seen is observed behaviour, to be compared with what was seen before.  No text is ever committed:
nothing is spoken, nothing is billed.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ttsgate.clients.wire import WireSession, converse
from ttsgate.probes.reactions import CLEARED, after_id, observe, prepared_id, unseen
from ttsgate.probes.wrong import PROBES, Message, Probe
from ttsgate.protocol.realtime import events
from ttsgate.result.record import Observation
from ttsgate.result.transcript import Transcript, Utterance

__all__ = ["DEADLINE_S", "MOST_CONNECTIONS", "Negative"]

DEADLINE_S = 12.0
"""One connection.  They stand side by side, so that a target that hangs costs this once."""
QUIET_S = 1.0
"""Shortest wait for an answer, for a machine that is busy."""
ROUND_TRIPS = 4.0
"""The wait grows with what the way took: so many times from dialling to ``session.created``, which is several trips."""
LONGEST_QUIET_S = 3.0
"""Longest wait for an answer."""
MOST_CONNECTIONS = len(PROBES)
"""Where a service closes after every mistake; one that stays open needs fewer."""
_NOTHING = Utterance(text="", voice="none")


@dataclass
class _Conversation:
    """Makes its requests in turn, each followed by a ``clear`` that shows whether the session still hears."""

    probes: Sequence[Probe]
    began: float = field(default_factory=time.perf_counter)
    begun: int = 0
    """Requests that left, or whose preparation was refused."""
    waiting_for: str = "session.created"
    hang_up_after_s: float | None = None

    def receive(self, event: dict[str, Any]) -> Sequence[Message]:
        kind = event.get("type")
        if isinstance(kind, str) and kind.startswith("response."):
            return self._leave()  # it speaks although nothing was committed: the shorter the better
        if kind == self.waiting_for == "session.created":
            way_s = time.perf_counter() - self.began
            self.hang_up_after_s = min(LONGEST_QUIET_S, max(QUIET_S, ROUND_TRIPS * way_s))
            return self._next()
        if kind == self.waiting_for == CLEARED:
            return self._next()
        if self.waiting_for == "session.updated" and kind in ("session.updated", "error"):
            probe, session = self.probes[self.begun], event.get("session")
            # Text goes out only where the session says that it will wait for a commit.
            if isinstance(session, dict) and session.get("mode") == "commit":
                return [events.append_text(f"event_text-{probe.id}", probe.text), *self._request(probe)]
            self.begun += 1
            return self._leave()
        return []

    def _next(self) -> Sequence[Message]:
        if self.begun == len(self.probes):
            return self._leave()
        probe = self.probes[self.begun]
        if probe.settings is not None:
            self.waiting_for = "session.updated"
            return [events.update_session(prepared_id(probe), probe.settings)]
        return self._request(probe)

    def _request(self, probe: Probe) -> list[Message]:
        self.begun += 1
        self.waiting_for = CLEARED
        return [probe.marked, events.clear_text(after_id(probe))]

    def _leave(self) -> Sequence[Message]:
        self.waiting_for, self.hang_up_after_s = "close", 0.0
        return []


@dataclass(kw_only=True)
class Negative:
    """Makes wrong requests to one model; nothing that the service does raises."""

    session: WireSession
    """How to connect, with the run's own key and model; what it would say is left out."""
    pace: Callable[[str], Awaitable[None]]
    """Waits until a model may be asked for another session."""
    keep: Callable[[Transcript], Mapping[str, str | None]]
    """Keeps a transcript; returns ``transcript`` and ``transcript_sha256``."""
    until: float | None = None
    """Monotonic time after which nothing more is asked."""
    probes: Sequence[Probe] = tuple(PROBES.values())

    async def run(self) -> list[Observation]:
        """One observation for each probe, in order; connections stand side by side as far as the pace lets them."""
        shared = [p for p in self.probes if p.shares]
        groups = [[p] for p in self.probes if not p.shares] + ([shared] if shared else [])
        seen = {o.probe: o for found in await asyncio.gather(*map(self._ask, groups)) for o in found}
        return [seen[p.id] for p in self.probes]

    async def _ask(self, probes: Sequence[Probe]) -> list[Observation]:
        """The probes of one connection; of another one, too, where the first did not outlive one of them."""
        left, seen = list(probes), list[Observation]()
        while left:
            model = self.session.model
            # A refused key takes no turn of the model, as one that does not exist.
            await self.pace(left[0].key or left[0].model or model)
            if self.until is not None and time.monotonic() > self.until:
                return [*seen, *(unseen(p, model, "the run's time was used up") for p in left)]
            conversation = _Conversation(left)
            transcript = await converse(self._plan(left[0]), conversation)
            done = max(1, conversation.begun)
            found = [observe(p, model, transcript) for p in left[:done]]
            files = self.keep(transcript)
            for one in found:
                one.transcript, one.transcript_sha256 = files["transcript"], files["transcript_sha256"]
            seen, left = seen + found, left[done:]
            if conversation.begun == 0:
                seen, left = [*seen, *(unseen(p, model, found[-1].detail) for p in left)], []
        return seen

    def _plan(self, probe: Probe) -> WireSession:
        return replace(
            self.session,
            session=f"probe.{probe.id}",
            model=probe.model or self.session.model,
            api_key=probe.key or self.session.api_key,
            utterance=_NOTHING,
            deadline_s=DEADLINE_S,
        )
