"""Runs the planned sessions: wire first, then the SDK children, each runtime's cells in turn.

Wire cells are measured before any SDK child starts.  On the embedded emulator cells run side by
side, as far as the pace lets them; elsewhere one session after another.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from ttsgate.catalog import Model
from ttsgate.clients.route import DIRECT, Route
from ttsgate.clients.sdk import SdkChild, SdkOutcome, SdkRequest
from ttsgate.clients.wire import WireSession, synthesize
from ttsgate.collect.pacing import Pace, throttled
from ttsgate.collect.plan import PlannedSession
from ttsgate.result.record import Runtime
from ttsgate.result.transcript import Entry, Level, Transcript, Utterance

__all__ = ["Collected", "Collector", "deadline_for"]

BASE_DEADLINE_S = 12.0
"""Connecting, first audio and the close: the longest connect reported from the field is 12 s (protocol.md 8, row 6)."""
DEADLINE_PER_CHARACTER_S = 0.5
"""Slow speech is 4 Han or 10 Latin characters a second; a service slower than half of real time is a finding."""
HANGS_BEFORE_GIVING_UP = 2
"""Cells in a row at one door that end at their deadline before the rest of that door's sessions is blocked; also
sessions of one cell before the rest of the cell is.  Two doors that never answer cost three
deadlines: under 50 s in all."""
KILL_GRACE_S = 4.0
"""Beyond the script's own time-out before its process is killed: closing, writing, a busy machine."""
HTTP_EXCHANGES = 3
"""Of an sdk-http session: the refusal, the fallback and its download, each with the script's whole time-out."""
HTTP_SHARE = 0.5
"""An exchange over HTTP needs no connect-and-listen; half of a session's time."""
AT_ONCE = 8
"""Wire sessions that run side by side: what two cores can speak and receive without holding each other up."""
CHILDREN_AT_ONCE = 2
"""SDK children of one runtime that run side by side: one for each core of a small CI machine."""
TARGET_HANGS = "target-hangs"
OUT_OF_BUDGET = "budget"
QUOTA = "quota"


def deadline_for(text: str) -> float:
    """Seconds that a session with that text may take."""
    return BASE_DEADLINE_S + max(0.0, DEADLINE_PER_CHARACTER_S * (len(text) - 40))


@dataclass(frozen=True, kw_only=True)
class Collected:
    """A session that ran, as raw as it came."""

    planned: PlannedSession
    transcript: Transcript
    outcome: SdkOutcome | None = None
    """What the SDK child left, for SDK clients."""
    fallback: bytes | None = None
    """The fallback's WAV."""


@dataclass
class Collector:
    """Everything that running sessions needs, handed in."""

    ws_url: str
    http_url: str
    key: str = field(repr=False)
    models: Mapping[str, Model]
    runtimes: Mapping[str, Runtime]
    script: Path
    work: Path
    """Scratch folder for the SDK child's files."""
    side_by_side: bool
    """Run the sessions of different cells at once."""
    pace: Pace
    """Holds new sessions of a model apart."""
    utterance: Callable[[PlannedSession], Utterance]
    """The utterance of a session, its voice chosen."""
    keep: Callable[[Collected], None]
    """Called with each session as it ends, in a thread: puts it on disk."""
    done: Callable[[PlannedSession], None]
    """Called with each session that was kept, one at a time, when it may be judged."""
    skip: Callable[[PlannedSession, str, str], None]
    """Called with sessions that do not run: reason code and words."""
    fallback: Callable[[PlannedSession], bool]
    """Whether an sdk-http session can fetch speech from the sibling: it needs a voice there."""
    overrun: Callable[[], str | None] = lambda: None
    """Why no further session may begin, if the service bills more than was sent."""
    workspace: str | None = None
    route: Route = DIRECT
    """How to get to the service; the SDK children take the same way."""
    spare_quota: bool = False
    """Stop a model once the service throttles it: what is left of the quota is for others."""
    headers: tuple[tuple[str, str], ...] = ()
    until: float | None = None
    """Monotonic time after which no session begins."""
    _throttled: dict[str, str] = field(default_factory=dict)
    _hung: dict[str, list[str]] = field(default_factory=dict)
    _answers: set[str] = field(default_factory=set)
    _waiting: list[PlannedSession] | None = None
    _judging: asyncio.Task[None] | None = None

    async def run(self, sessions: Sequence[PlannedSession]) -> None:
        """Run all `sessions`; each ends in exactly one call of `done` or `skip`."""
        wire = [s for s in sessions if s.cell.client == "wire"]
        if self.side_by_side:
            # Judging one session would hold up the clock of another: what ended waits until all have.
            self._waiting = []
            room = asyncio.Semaphore(AT_ONCE)
            await asyncio.gather(*(self._in_turn(group, self._wire, room) for group in _by_cell(wire)))
            waiting, self._waiting = self._waiting, None
            # Of what comes now no latency is limited: on loopback it would measure this machine.
            self._judging = asyncio.create_task(asyncio.to_thread(self._judge, waiting))
        else:
            await self._in_turn(wire, self._wire, asyncio.Semaphore(1))
        for runtime in self.runtimes.values():
            mine = _by_cell(s for s in sessions if s.cell.runtime == runtime.id)
            children = min(CHILDREN_AT_ONCE, len(mine)) if self.side_by_side else 1
            shares = ([s for cell in mine[first::children] for s in cell] for first in range(children))
            await asyncio.gather(*(self._with_child(runtime, share) for share in shares if share))
        if self._judging is not None:
            await self._judging

    def _judge(self, waiting: Sequence[PlannedSession]) -> None:
        for planned in waiting:
            self.done(planned)

    async def _in_turn(
        self,
        sessions: Sequence[PlannedSession],
        run: Callable[[PlannedSession], Awaitable[None]],
        room: asyncio.Semaphore,
    ) -> None:
        for session in sessions:
            if self.until is not None and time.monotonic() > self.until:
                self.skip(session, OUT_OF_BUDGET, "the run's time was used up (--max-seconds)")
            elif self._gives_up(session):
                self.skip(session, TARGET_HANGS, "the sessions before it ended at their deadline")
            elif session.cell.model in self._throttled:
                self.skip(session, QUOTA, f"the service throttled the model: {self._throttled[session.cell.model]}")
            elif (why := self.overrun()) is not None:
                self.skip(session, OUT_OF_BUDGET, why)
            else:
                async with room:
                    await self.pace.turn(session.cell.model)
                    await run(session)

    def _gives_up(self, session: PlannedSession) -> bool:
        door = _door(session)
        cells = self._hung.get(door, [])
        # A door through which nothing ever came is not knocked at twice for one cell.
        most = HANGS_BEFORE_GIVING_UP if door in self._answers else 1
        # Nor is a second door tried for long when nothing came through the first.
        elsewhere = any(d != door and d not in self._answers and len(set(c)) > 1 for d, c in self._hung.items())
        return cells.count(_plain(session)) >= most or len(set(cells)) >= HANGS_BEFORE_GIVING_UP - elsewhere

    async def _ended(self, collected: Collected) -> None:
        if self.spare_quota and (why := throttled(collected.transcript)) is not None:
            self._throttled.setdefault(collected.planned.cell.model, why)
        in_a_row = self._hung.setdefault(_door(collected.planned), [])
        if _hung(collected):
            in_a_row.append(_plain(collected.planned))
        else:
            in_a_row.clear()
            self._answers.add(_door(collected.planned))
        await asyncio.to_thread(self.keep, collected)
        if self._waiting is not None:
            self._waiting.append(collected.planned)
            return
        self._judging = asyncio.create_task(self._judge_after(self._judging, collected.planned))
        # On loopback, where latency is not limited, the child's next session runs meanwhile.
        if not self.side_by_side:
            await self._judging

    async def _judge_after(self, before: asyncio.Task[None] | None, planned: PlannedSession) -> None:
        if before is not None:
            await before
        await asyncio.to_thread(self.done, planned)

    # -- wire ----------------------------------------------------------------------------

    async def _wire(self, planned: PlannedSession) -> None:
        utterance = self.utterance(planned)
        transcript = await synthesize(
            WireSession(
                session=planned.id,
                ws_url=self.ws_url,
                model=planned.cell.model,
                utterance=utterance,
                api_key=self.key,
                instructions=self.models[planned.cell.model].instructions,
                workspace=self.workspace,
                deadline_s=deadline_for(planned.text),
                route=self.route,
                headers=self.headers,
            )
        )
        await self._ended(Collected(planned=planned, transcript=transcript))

    # -- SDK -----------------------------------------------------------------------------

    async def _with_child(self, runtime: Runtime, sessions: Sequence[PlannedSession]) -> None:
        child = SdkChild(Path(runtime.executable), self.script, given=runtime.given, variables=self.route.variables())
        try:
            started = await child.start()
            runtime.error, runtime.import_ms = started.error, started.import_ms
            if started.dashscope:
                runtime.dashscope, runtime.packages = started.dashscope, started.packages or runtime.packages

            async def run(planned: PlannedSession) -> None:
                await self._sdk(child, planned)

            await self._in_turn(sessions, run, asyncio.Semaphore(1))
        finally:
            await child.close()

    async def _sdk(self, child: SdkChild, planned: PlannedSession) -> None:
        utterance = self.utterance(planned)
        http = planned.cell.client == "sdk-http"
        # The script gives up by itself and says why; the child is killed only if it does not.
        timeout = deadline_for(planned.text) * (HTTP_SHARE if http else 1)
        deadline = timeout * (HTTP_EXCHANGES if http else 1) + KILL_GRACE_S
        events, output = self.work / f"{planned.id}.events.jsonl", self.work / f"{planned.id}.wav"
        started = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        outcome = await child.run(
            SdkRequest(
                client=planned.cell.client,
                model=planned.cell.model,
                utterance=utterance,
                ws_url=self.ws_url,
                http_url=self.http_url,
                key=self.key,
                timeout_s=timeout,
                events=events,
                output=output,
                fallback=http and self.fallback(planned),
            ),
            deadline_s=deadline,
        )
        level: Level = "http" if http else "sdk-events"
        transcript = Transcript(
            session=planned.id,
            level=level,
            model=planned.cell.model,
            client=planned.cell.client,
            utterance=utterance,
            started=started,
            entries=[*outcome.entries, *_ending(outcome, deadline)],
        )
        wav = output.read_bytes() if http and output.is_file() else None
        await self._ended(Collected(planned=planned, transcript=transcript, outcome=outcome, fallback=wav))


def _ending(outcome: SdkOutcome, deadline_s: float) -> list[Entry]:
    """What the child could not note itself: that it was killed, or died."""
    last = outcome.entries[-1].t if outcome.entries else 0.0
    if outcome.killed:
        data = {"after_s": deadline_s, "waiting_for": "the SDK child"}
        return [Entry(t=max(last, deadline_s), dir="note", name="deadline", data=data)]
    if outcome.report is None:
        data = {"class": "ChildDied", "message": outcome.error or "no report", "where": "sdk"}
        return [Entry(t=last, dir="note", name="error", data=data)]
    return []


def _by_cell(sessions: Iterable[PlannedSession]) -> list[list[PlannedSession]]:
    found: dict[str, list[PlannedSession]] = {}
    for session in sessions:
        found.setdefault(session.cell.id, []).append(session)
    return list(found.values())


def _plain(session: PlannedSession) -> str:
    """The cell, or the one that it is compared with: two voices of one model that hang are one thing that does."""
    return session.cell.id.removesuffix(f".{session.cell.variant}")


def _door(session: PlannedSession) -> str:
    """What hangs together: everything on the websocket, or everything over HTTP."""
    return "http" if session.cell.client == "sdk-http" else "websocket"


def _hung(collected: Collected) -> bool:
    """Whether a session ended because nothing more came; the SDK's own five seconds for connecting count, too."""
    if any(True for _ in collected.transcript.notes("deadline")):
        return True
    report = collected.outcome.report if collected.outcome else None
    probes = [(report or {}).get(name) for name in ("realtime_probe", "client_probe", "http_probe")]
    return any(isinstance(p, dict) and str(p.get("error_class")).startswith("timeout") for p in probes)
