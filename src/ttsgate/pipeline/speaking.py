"""The stage synthesis: voices chosen, sessions run, each judged and kept as it ends."""

from __future__ import annotations

import asyncio
import hashlib
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from ttsgate.bundle import BundleFolder
from ttsgate.bundle.folder import redacted
from ttsgate.collect.pacing import Pace
from ttsgate.collect.plan import Plan, PlannedSession, utterance
from ttsgate.collect.sessions import Collected, Collector
from ttsgate.collect.summary import measure, summarise
from ttsgate.collect.voices import NO_VOICE, Voices, undo
from ttsgate.config import Config, Secret
from ttsgate.judgement import engine
from ttsgate.judgement.views import SessionView
from ttsgate.pipeline.ledger import Ledger
from ttsgate.pipeline.live import known_paces, temporary_key
from ttsgate.pipeline.way import Way
from ttsgate.result.record import Result
from ttsgate.store.journal import Journal

__all__ = ["Speaking"]


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
    views: dict[str, SessionView] = field(default_factory=dict)
    """Sessions that ran, by id."""
    stopped: str | None = None
    """Why the run ended early."""
    _voices: Voices | None = None
    _voice_of: dict[str, str] = field(default_factory=dict)
    _paces: dict[str, float] = field(default_factory=dict)
    _session_key: Secret | None = None

    def run(self) -> None:
        """Run every session that is not blocked; those that do not run say so."""
        with tempfile.TemporaryDirectory(prefix="ttsgate-") as work:
            asyncio.run(self._speak_in(Path(work)))
        for session in self.plan.sessions:
            if session.id not in self.views:
                self.ledger.not_run(session)

    async def _speak_in(self, work: Path) -> None:
        http = self.way.http()
        self._voices = Voices(http, self.journal, self.result.run, self.result.mutations, steps=self.result.connectivity)
        if all(cell.id in self.ledger.blocked for cell in self.plan.cells):
            return
        left = [p for p in self.journal.pending(http.http_url) if p.mutation.run != self.result.run]
        if left and (undone := await undo(left, http, self.journal)):
            self.result.notes.append(f"deleted {len(undone)} temporary voices that an earlier run had left")
        try:
            await self._choose_voices()
            await self._prepare_account()
            await self._collector(work).run([s for s in self.plan.sessions if s.cell.id not in self.ledger.blocked])
        finally:
            await self._voices.delete_all()

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
        needed = {
            target: kind
            for target, kind in self.plan.voice_targets.items()
            if not any(s.name == f"voices-{kind}" and s.outcome != "pass" for s in self.result.connectivity)
            and any(
                c.id not in self.ledger.blocked and target in (c.model, self.plan.models[c.model].sibling)
                for c in self.plan.cells
            )
        }
        if needed and (emulated or config.allow_mutating):
            sample = config.voice_sample.read_bytes() if config.voice_sample else None
            self._voice_of = await self._voices.create(needed, sample=sample, emulated=emulated)
        elif needed:
            self._voices.refusals.update(
                dict.fromkeys(needed, "name a voice with --voice MODEL=ID, or allow a temporary one: --allow-mutating")
            )
        await self._confirm_voices()
        for cell in self.plan.cells:
            if cell.client != "sdk-http" and self._voice(cell.model) is None:
                why = self._voices.refusals.get(cell.model, "no custom voice")
                self.ledger.block(cell.id, "skipped", NO_VOICE, why)

    async def _confirm_voices(self) -> None:
        """Hold the voices that were named against the account's list; nothing of other voices is kept."""
        assert self._voices is not None
        for name, voice in self.config.voices.items():
            model = self.plan.models.get(name)
            if model is None or model.custom_voice is None:
                continue
            listed = await self._voices.http.all_voices(model.custom_voice) or []
            made_for = next((v.get("target_model") for v in listed if v.get("voice") == voice), None)
            if made_for != name:
                what = f"was made for {made_for}" if made_for else "is not in the account's list"
                self.result.notes.append(f"the voice named for {name} {what}")

    def _collector(self, work: Path) -> Collector:
        target = self.result.target
        seconds = self.config.max_seconds
        return Collector(
            ws_url=target.ws_url,
            http_url=target.http_url,
            key=(self._session_key or self.way.key).reveal(),
            models=self.plan.models,
            runtimes={r.id: r for r in self.plan.runtimes},
            script=self.script,
            work=work,
            side_by_side=target.kind == "emulator",
            pace=Pace(self.config.max_rate, self._paces),
            spare_quota=target.kind != "emulator",
            utterance=lambda s: utterance(self.config, s, self._spoken_with(s)),
            done=self._done,
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
        session.cell.voice = voice or self._voice(name) or "Cherry"
        return session.cell.voice

    def _done(self, collected: Collected) -> None:
        planned, outcome = collected.planned, collected.outcome
        cell, model = planned.cell, self.plan.models[planned.cell.model]
        transcript = redacted(collected.transcript, self.folder.redactor)
        probe = self.folder.redactor.data(outcome.report) if outcome and outcome.report else {}
        record = summarise(transcript, cell, model, attempt=planned.attempt, probe=probe)
        view = SessionView(
            transcript=transcript,
            model=model,
            cell=cell,
            record=record,
            runtime=next((r for r in self.plan.runtimes if r.id == cell.runtime), None),
            target=self.result.target,
            files={"fallback.wav": collected.fallback} if collected.fallback else {},
        )
        checks = engine.judge_session(view)
        measure(view, fallback=collected.fallback)
        bad = any(c.outcome in ("fail", "error") for c in checks)
        keep = self.config.keep_audio == "all" or (self.config.keep_audio == "failed" and bad)
        for name, value in self.folder.write_session(
            transcript, rate=record.sample_rate or 24_000, keep_audio=keep
        ).items():
            setattr(record, name, value)
        if collected.fallback and keep:
            record.audio = f"audio/{planned.id}.wav"
            self.folder.write_bytes(record.audio, collected.fallback)
        if collected.fallback:
            record.audio_sha256 = hashlib.sha256(collected.fallback).hexdigest()
        if outcome is not None:
            self.folder.write_text(f"logs/{planned.id}.out", outcome.stdout_noise)
            self.folder.write_text(f"logs/{planned.id}.err", outcome.stderr)
            seconds = transcript.entries[-1].t if transcript.entries else 0.0
            self.folder.log_command(outcome.argv, exit=outcome.exit, started=transcript.started, seconds=seconds)
        cell.sessions.append(record.id)
        self.result.sessions.append(record)
        self.views[record.id] = view
        self.ledger.keep(*checks)
        self.say(f"{'FAIL' if bad else 'ok  '} {record.id}")

    def _skipped(self, session: PlannedSession, code: str, why: str) -> None:
        if code == "budget":
            self.stopped = "budget"
        self.ledger.block(session.cell.id, "blocked", code, why)
