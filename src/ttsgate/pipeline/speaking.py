"""The stage synthesis: voices chosen, sessions run."""

from __future__ import annotations

import asyncio
import math
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from ttsgate.bundle import BundleFolder
from ttsgate.collect.budget import Budget
from ttsgate.collect.pacing import Pace
from ttsgate.collect.plan import MISSING, Plan, PlannedSession, utterance
from ttsgate.collect.sessions import Collected, Collector
from ttsgate.collect.voices import NO_VOICE, Voices, undo
from ttsgate.config import Config, Secret
from ttsgate.pipeline.keeping import Keeping
from ttsgate.pipeline.ledger import Ledger
from ttsgate.pipeline.live import known_paces, temporary_key
from ttsgate.pipeline.observing import Observing
from ttsgate.pipeline.repeating import REPEATS_S, repeats
from ttsgate.pipeline.way import Way
from ttsgate.result.record import Result
from ttsgate.store.journal import Journal

__all__ = ["Speaking"]

SIDE_BY_SIDE_RATE = 1.5
"""New sessions a second and model where several of them run at once: the limit of 3 holds, too, when a busy machine
lets two arrive together."""


@dataclass
class Speaking:
    """Runs the plan's sessions."""

    config: Config
    plan: Plan
    result: Result
    ledger: Ledger
    way: Way
    folder: BundleFolder
    journal: Journal
    script: Path
    """The stand-alone script that SDK children run."""
    began: float
    """Monotonic time at which the run began."""
    say: Callable[[str], None]
    keeping: Keeping
    """What becomes of the sessions that ended."""
    observing: Observing
    """The wrong requests that are made meanwhile."""
    budget: Budget
    """What is left of the caps."""
    stopped: str | None = None
    """Why the run ended early."""
    _voices: Voices | None = None
    _voice_of: dict[str, str] = field(default_factory=dict)
    _paces: dict[str, float] = field(default_factory=dict)
    _session_key: Secret | None = None
    _repeated: set[str] = field(default_factory=set)

    def run(self) -> None:
        """Run every session that is not blocked and was not kept before; those that do not run say so."""
        missing = {r.id: r for r in self.plan.runtimes if r.error == MISSING}
        for cell in self.plan.cells:
            if cell.runtime in missing:
                why = f"{MISSING}: {missing[cell.runtime].executable}"
                self.ledger.block(cell.id, "skipped", "interpreter", why)
        for session in self.plan.sessions:
            if session.id in self.keeping.stored:
                self.keeping.judge(session)
        with tempfile.TemporaryDirectory(prefix="ttsgate-") as work:
            asyncio.run(self._speak_in(Path(work)))
        for session in self.plan.sessions:
            if session.id not in self.keeping.views:
                self.ledger.not_run(session)
        if self.plan.probes and not self.result.observations:
            self.observing.not_made("connectivity", "the way to the service was not open")

    async def _speak_in(self, work: Path) -> None:
        http = self.way.http()
        self._voices = Voices(
            http, self.journal, self.result.run, self.result.mutations, steps=self.result.connectivity
        )
        if all(cell.id in self.ledger.blocked for cell in self.plan.cells):
            return
        # Nothing of this process is among them yet, also where it goes on with a run that was killed.
        left = self.journal.pending(http.http_url)
        if left and (undone := await undo(left, http, self.journal)):
            self.result.notes.append(f"deleted {len(undone)} temporary voices that an earlier run had left")
            for mutation in self.result.mutations:
                if mutation.id in undone:
                    mutation.state = "deleted"
        if not self._open():
            return
        try:
            await self._choose_voices()
            await self._prepare_account()
            await self._collect(self._collector(work))
        finally:
            await self._voices.delete_all()

    async def _collect(self, collector: Collector) -> None:
        observing = self.observing.run(collector.pace, until=collector.until)
        if collector.side_by_side:
            await asyncio.gather(collector.run(self._open()), observing)
        else:
            await collector.run(self._open())
            await observing
        again, refused = repeats(self.plan, self.ledger, self.budget, self.keeping.views)
        if refused:
            self.result.notes.append(f"{refused} failed sessions were not repeated: the caps leave no room")
        if again:
            self._repeated = {s.id for s in again}
            self.say(f"repeating: {len(again)} fresh sessions beside those that failed")
            late = time.monotonic() + REPEATS_S
            collector.until = late if collector.until is None else min(late, collector.until)
            await collector.run(again)

    def _open(self) -> list[PlannedSession]:
        """Sessions that have not run and may."""
        planned, stored = self.plan.sessions, self.keeping.stored
        return [s for s in planned if s.id not in stored and s.cell.id not in self.ledger.blocked]

    async def _prepare_account(self) -> None:
        """Learn how fast each model may be asked, and take a temporary key, where somebody's account is used."""
        config = self.config
        if self.result.target.kind == "emulator":
            return
        if config.target == "live":
            self._paces, said = await known_paces(self.way.http(), config, self.plan.models, asked=self._rate_asked())
            self.result.notes += [said] if said else []
        if config.temporary_key:
            key = await temporary_key(self.way.http(), config)
            self.folder.redactor.add(key.reveal())
            self._session_key = key
            self.result.notes.append("spoken with a temporary key made from the one named above")

    def _rate_asked(self) -> bool:
        origin = next(s.origin for s in self.config.settings if s.name == "max_rate")
        return origin.startswith(("command line", "environment", "file"))

    async def _choose_voices(self) -> None:
        assert self._voices is not None
        config, emulated = self.config, self.result.target.kind == "emulator"
        cells = [s.cell for s in self._open()]
        needed = {
            target: kind
            for target, kind in self.plan.voice_targets.items()
            if not any(s.name == f"voices-{kind}" and s.outcome != "pass" for s in self.result.connectivity)
            and any(target in (c.model, self.plan.models[c.model].sibling) for c in cells)
        }
        if needed and (emulated or config.allow_mutating):
            sample = config.voice_sample.read_bytes() if config.voice_sample else None
            self._voice_of = await self._voices.create(needed, sample=sample, emulated=emulated)
        elif needed:
            self._voices.refusals.update(
                dict.fromkeys(needed, "name a voice with --voice MODEL=ID, or allow a temporary one: --allow-mutating")
            )
        await self._confirm_voices()
        for cell in cells:
            if cell.client != "sdk-http" and self._voice(cell.model) is None:
                why = self._voices.refusals.get(cell.model, "no custom voice")
                self.ledger.block(cell.id, "skipped", NO_VOICE, why)

    async def _confirm_voices(self) -> None:
        """Hold the voices that were named against the account's list; nothing of other voices is kept."""
        assert self._voices is not None
        if self.result.target.kind == "replay":
            return  # the recording named them, and it knows of no others
        for name, voice in self.config.voices.items():
            model = self.plan.models.get(name)
            if model is None or model.custom_voice is None:
                continue
            listed = await self._voices.http.all_voices(model.custom_voice)
            if listed is None:
                continue
            made_for = next((v.get("target_model") for v in listed if v.get("voice") == voice), None)
            if made_for != name:
                what = f"was made for {made_for}" if made_for else "is not in the account's list"
                self.result.notes.append(f"the voice named for {name} {what}")

    def _collector(self, work: Path) -> Collector:
        target = self.result.target
        emulated = target.kind == "emulator"
        seconds = self.config.max_seconds
        return Collector(
            ws_url=target.ws_url,
            http_url=target.http_url,
            key=(self._session_key or self.way.key).reveal(),
            models=self.plan.models,
            runtimes={r.id: r for r in self.plan.runtimes},
            script=self.script,
            work=work,
            side_by_side=target.kind in ("emulator", "replay"),
            pace=Pace(min(self.config.max_rate, SIDE_BY_SIDE_RATE if emulated else math.inf), self._paces),
            spare_quota=target.kind != "emulator",
            utterance=lambda s: utterance(self.config, s, self._spoken_with(s)),
            keep=self._keep,
            overrun=lambda: self.budget.overrun,
            done=self.keeping.judge,
            skip=self._skipped,
            fallback=lambda s: self._sibling_voice(s.cell.model) is not None,
            workspace=target.workspace,
            route=self.way.route(),
            until=self.began + seconds if seconds is not None else None,
        )

    def _voice(self, name: str) -> str | None:
        model = self.plan.models[name]
        if model.custom_voice:
            return self.config.voices.get(name) or self._voice_of.get(name)
        return self.config.voice_for(name) or model.default_voice

    def _sibling_voice(self, name: str) -> str | None:
        model = self.plan.models[name]
        return self._voice_of.get(model.sibling or "") if model.custom_voice else self._voice(name)

    def _spoken_with(self, session: PlannedSession) -> str:
        name = session.cell.model
        voice = self._sibling_voice(name) if session.cell.client == "sdk-http" else self._voice(name)
        session.cell.voice = session.changes.get("voice") or voice or self._voice(name) or "Cherry"
        return session.cell.voice

    def _keep(self, collected: Collected) -> None:
        self.keeping.keep(collected)
        self.budget.bill(self.keeping.stored[collected.planned.id])

    def _skipped(self, session: PlannedSession, code: str, why: str) -> None:
        if session.id in self._repeated:
            self.result.notes.append(f"{session.cell.id} was not repeated as often as it should be: {why}")
            return
        if code == "budget":
            self.stopped = "budget"
        self.ledger.block(session.cell.id, "blocked", code, why)
