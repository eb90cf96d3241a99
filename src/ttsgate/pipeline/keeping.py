"""What becomes of a session that ended: on disk at once, judged when there is time, read back one at a time.

Nothing that grows with the length of a run stays in memory but its record and the outcomes of its checks.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from ttsgate.bundle import BundleFolder
from ttsgate.bundle.folder import redacted
from ttsgate.bundle.reading import Bundle
from ttsgate.bundle.sessions import OneAtATime, session_view
from ttsgate.collect.opinions import Opinions
from ttsgate.collect.plan import Plan, PlannedSession
from ttsgate.collect.references import reference
from ttsgate.collect.sessions import Collected
from ttsgate.collect.summary import measure, summarise
from ttsgate.config import Config
from ttsgate.errors import EvidenceError
from ttsgate.judgement import engine
from ttsgate.judgement.views import SessionView
from ttsgate.measure.alignment import key_of
from ttsgate.pipeline.ledger import Ledger
from ttsgate.result.record import Result, SessionRecord
from ttsgate.result.transcript import Utterance

__all__ = ["Keeping"]


class _Own:
    """The folder of a run under way: its files are read by their names, whatever else lies there."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.problems: list[str] = []

    def names(self) -> list[str]:
        """Nobody asks a run under way for all of its files."""
        raise NotImplementedError

    def read(self, name: str) -> bytes:
        """The content of a file; KeyError where there is none."""
        try:
            return (self._folder / name).read_bytes()
        except FileNotFoundError:
            raise KeyError(name) from None


@dataclass
class Keeping:
    """The sessions of a run."""

    config: Config
    plan: Plan
    result: Result
    ledger: Ledger
    folder: BundleFolder
    say: Callable[[str], None]
    views: dict[str, SessionView] = field(default_factory=dict)
    """Sessions that were judged, by id, without what was received."""
    stored: dict[str, SessionRecord] = field(default_factory=dict)
    """What is on disk, by id of the session."""
    _passed: list[SessionRecord] = field(default_factory=list)
    _referred: set[str] = field(default_factory=set)
    _again: OneAtATime = field(default_factory=OneAtATime)

    def __post_init__(self) -> None:
        self._opinions = Opinions(self.config)

    def keep(self, collected: Collected) -> None:
        """Put a session that ended on disk: transcript, audio, logs and, when they are there, its line in the journal.

        Raises:
            UsageError: the disk is full or read-only.
        """
        planned, outcome, redactor = collected.planned, collected.outcome, self.folder.redactor
        cell, model = planned.cell, self.plan.models[planned.cell.model]
        transcript = redacted(collected.transcript, redactor)
        probe = redactor.data(outcome.report) if outcome and outcome.report else {}
        record = summarise(transcript, cell, model, attempt=planned.attempt, probe=probe)
        for name, value in self.folder.write_session(transcript, rate=record.sample_rate or 24_000).items():
            setattr(record, name, value)
        if collected.fallback:
            record.audio = f"audio/{planned.id}.wav"
            record.audio_sha256 = hashlib.sha256(collected.fallback).hexdigest()
            self.folder.write_bytes(record.audio, collected.fallback)
        if outcome is not None:
            self.folder.write_text(f"logs/{planned.id}.out", outcome.stdout_noise)
            self.folder.write_text(f"logs/{planned.id}.err", outcome.stderr)
            seconds = transcript.entries[-1].t if transcript.entries else 0.0
            self.folder.log_command(outcome.argv, exit=outcome.exit, started=transcript.started, seconds=seconds)
        self.folder.note_session(record)
        self.stored[planned.id] = record

    def adopt(self, records: Iterable[SessionRecord]) -> list[str]:
        """Take over what an earlier process of this run has kept; return the ids of what is whole."""
        planned = {s.id: s for s in self.plan.sessions}
        for record in records:
            session = planned.get(record.id)
            if session is None or record.cell != session.cell.id:
                continue
            try:
                Bundle(_Own(self.folder.path), label=self.result.run).session(record)
            except EvidenceError:
                continue  # it runs again
            session.cell.voice = record.utterance.voice
            self.stored[record.id] = record
        return list(self.stored)

    def judge(self, planned: PlannedSession) -> None:
        """Judge a session that was kept."""
        stored, cell = self.stored[planned.id], planned.cell
        self._refer(stored.utterance)
        view = self._read(stored, planned)
        record = view.record
        assert record is not None
        if not stored.opinions:
            stored.opinions = self.folder.redactor.data(self._opinions.of(view))
        record.opinions = stored.opinions
        if self.config.keep_audio == "none":
            record.audio = None  # nothing points to what will not be there
        checks = engine.judge_session(view)
        measure(view, fallback=view.files.get("fallback.wav"))
        record.audio = stored.audio
        bad = any(c.outcome in ("fail", "error") for c in checks)
        if not bad:
            self._passed.append(record)
        cell.sessions.append(record.id)
        self.result.sessions.append(record)
        self.ledger.keep(*checks)
        view.let_go(self._again.reading(record.id, lambda: self._read(stored, planned)))
        self.views[record.id] = view
        self.say(f"{'FAIL' if bad else 'ok  '} {record.id}")

    def _refer(self, spoken: Utterance) -> None:
        """Make a reference reading of the text, once; without eSpeak NG there is none."""
        key = key_of(spoken.text, spoken.language_type)
        if key not in self._referred:
            self._referred.add(key)
            made = reference(spoken.text, spoken.language_type)
            if made is not None:
                self.result.references[key] = made

    def let_audio_go(self) -> None:
        """Delete the audio that is not to be kept; after this nothing can be judged again from it."""
        keep = self.config.keep_audio
        gone = [] if keep == "all" else self._passed if keep == "failed" else self.result.sessions
        for record in gone:
            if record.audio is not None:
                self.folder.remove(record.audio)
                record.audio = None

    def _read(self, stored: SessionRecord, planned: PlannedSession) -> SessionView:
        bundle = Bundle(_Own(self.folder.path), label=self.result.run)
        model = self.plan.models[planned.cell.model]
        return session_view(bundle, self.result, stored, cell=planned.cell, model=model)
