"""Judging a stored bundle again: the same checks on what was received, without network."""

from __future__ import annotations

import copy
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from functools import partial

import msgspec

from ttsgate import catalog, judgement
from ttsgate.bundle.comparing import Difference, compare
from ttsgate.bundle.folder import wav
from ttsgate.bundle.observations import observe_again
from ttsgate.bundle.reading import Bundle
from ttsgate.bundle.sessions import OneAtATime, session_view
from ttsgate.bundle.trials import judge_trials
from ttsgate.catalog import Model
from ttsgate.collect.summary import measure
from ttsgate.errors import EvidenceError, UsageError
from ttsgate.judgement import engine
from ttsgate.judgement.registry import CHECKS
from ttsgate.judgement.views import CellView, RunView, SessionView
from ttsgate.probes.environment import engine_facts
from ttsgate.result.record import CheckRecord, Result, SessionRecord
from ttsgate.verdict.conclude import conclude

__all__ = ["Rejudged", "rejudge"]

_TAKEN_OVER = ("blocked", "skipped")
"""Outcomes of a session that did not run: there is nothing to judge again."""


@dataclass
class Rejudged:
    """A run judged again."""

    result: Result
    """As this engine judges it."""
    differences: list[Difference] = field(default_factory=list)
    """Where that is not what was recorded."""
    unread: list[str] = field(default_factory=list)
    """What could not be judged again and was taken over as recorded, each with the reason."""
    same_engine: bool = True
    """Whether the rules and numeric libraries are those that the result names."""
    sessions: int = 0
    """Sessions judged again."""
    outcomes: int = 0
    """Outcomes compared."""
    numbers: int = 0
    """Measured numbers compared."""

    @property
    def state(self) -> str:
        """What came out: ``mismatch`` is the same engine with another answer, ``drift`` another engine with another.

        ``partial`` and ``not attempted``: nothing differs, but some sessions, or all, could not be judged again.
        """
        if self.differences:
            return "mismatch" if self.same_engine else "drift"
        if self.sessions == len(self.result.sessions):
            return "match"
        return "partial" if self.sessions else "not attempted"

    @property
    def verdict_differs(self) -> bool:
        """Whether the verdict is another one, or rests on other outcomes."""
        return any(d.kind == "verdict" for d in self.differences)


def rejudge(bundle: Bundle, *, only: Collection[str] | None = None) -> Rejudged:
    """Judge a bundle again and compare.

    Args:
        bundle: What to judge.
        only: Ids of the sessions to judge; the others, and what goes across them, are taken over as recorded.

    Raises:
        EvidenceError: the bundle is damaged: a file is missing, is not the one that the result names, or says
            what no run can say.
    """
    judgement.load_all()
    try:
        return _rejudge(bundle, only)
    except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError) as exc:
        # Whoever wrote the bundle may have written anything: nothing in it breaks the one who reads.
        raise EvidenceError(f"result.json: cannot be judged again: {type(exc).__name__}: {exc}") from exc


def _rejudge(bundle: Bundle, only: Collection[str] | None) -> Rejudged:
    recorded = bundle.result
    # Sessions and outcomes are replaced, never changed; the rest may be.
    bare = msgspec.structs.replace(recorded, sessions=[], checks=[], findings=[], verdict=None)
    new = copy.deepcopy(bare)
    new.sessions = recorded.sessions
    again = Rejudged(result=new, same_engine=_same_engine(recorded))
    models = {name: _model(recorded, name) for name in dict.fromkeys(c.model for c in recorded.cells)}
    fresh: dict[tuple[str, str], CheckRecord] = {}
    views: dict[str, SessionView] = {}
    sessions: list[SessionRecord] = []
    slot = OneAtATime()
    torn: set[str] = set()
    tried, connections = judge_trials(bundle, new, models, torn, again.unread)
    _keep(fresh, tried)
    again.sessions += len(connections)
    programs = {c.id for c in recorded.cells if c.expectation == "client"}
    for record in new.sessions:
        if record.cell in programs:
            sessions.append(connections.get(record.id, record))
            continue
        if only is not None and record.id not in only:
            torn |= {record.cell, "run"}
            sessions.append(record)
            continue
        read = partial(_view, bundle, new, record, models)
        if record.audio is None and record.audio_sha256 is not None:
            again.unread.append(f"{record.id}: its audio was not kept (--keep-audio)")
            torn |= {record.cell, "run"}
            sessions.append(record)
            continue
        view = read()
        views[record.id] = view
        again.sessions += 1
        _keep(fresh, engine.judge_session(view))
        fallback = view.files.get("fallback.wav")
        measure(view, fallback=fallback)
        assert view.record is not None
        sessions.append(view.record)
        view.let_go(slot.reading(record.id, read))
    new.sessions = sessions
    if only is not None and (left := len(sessions) - len(only)) > 0:
        again.unread.append(f"{left} sessions that were not drawn (--sample)")
    for step in new.connectivity:
        _keep(fresh, engine.judge_step(step))
    for script in new.scripts:
        _keep(fresh, engine.judge_script(script))
    new.observations = list(observe_again(bundle, again.unread))
    for seen in new.observations:
        _keep(fresh, engine.judge_observation(seen))
    _across(new, models, views, fresh, torn)
    required = {m.name: m.required for m in recorded.models}
    for check in fresh.values():
        check.decides = check.model is None or required.get(check.model, True)
    new.checks = _merged(recorded, fresh, {*views}, torn, again)
    conclude(new, stopped="budget" if any(s.code == "budget" for s in recorded.skips) else None)
    if again.same_engine:
        new.requirements = {c.id: c.sentence for c in CHECKS.values()}
    compare(recorded, new, again)
    return again


def _same_engine(recorded: Result) -> bool:
    now = engine_facts()
    return all(recorded.engine.get(name) == now[name] for name in ("ttsgate", "rules", "libraries"))


def _model(recorded: Result, name: str) -> Model:
    like = next((m.like for m in recorded.models if m.name == name), None)
    try:
        return catalog.MODELS[name] if name in catalog.MODELS else catalog.assume(name, like or "")
    except UsageError as exc:
        raise EvidenceError(f"result.json: model {name!r} is in no catalogue of this ttsgate") from exc


def _view(bundle: Bundle, new: Result, record: SessionRecord, models: dict[str, Model]) -> SessionView:
    """The session as its checks saw it."""
    cell = next((c for c in new.cells if c.id == record.cell), None)
    if cell is None or record.id not in cell.sessions:
        raise EvidenceError(f"result.json: session {record.id} belongs to no cell")
    view = session_view(bundle, new, record, cell=cell, model=models[cell.model])
    transcript = view.transcript
    asked = (transcript.session, transcript.model, transcript.client, transcript.utterance, transcript.level)
    if asked != (record.id, cell.model, cell.client, record.utterance, record.level):
        raise EvidenceError(f"{record.transcript}: of another session than the one that result.json puts it to")
    written = record.audio if transcript.level != "http" and record.utterance.format == "pcm" else None
    if written and bundle.read(written) != wav(transcript.audio(), record.sample_rate or 24_000):
        raise EvidenceError(f"{written}: its WAV header is not the one that a run writes")
    return view


def _across(
    new: Result,
    models: dict[str, Model],
    views: dict[str, SessionView],
    fresh: dict[tuple[str, str], CheckRecord],
    torn: set[str],
) -> None:
    """Judge cells and the run, but for those `torn`: of which some session cannot be read."""
    cells = [
        CellView(
            cell=cell,
            model=models[cell.model],
            sessions=[views[s] for s in cell.sessions if s in views],
            runtime=next((r for r in new.runtimes if r.id == cell.runtime), None),
        )
        for cell in new.cells
        if cell.expectation != "client"
    ]
    for view in cells:
        if view.id not in torn:
            _keep(fresh, engine.judge_cell(view))
    run = RunView(cells=cells, target=new.target, models=new.models, spoiled=engine.spoiled(fresh.values()))
    if cells and run.id not in torn:
        _keep(fresh, engine.judge_run(run))


def _keep(fresh: dict[tuple[str, str], CheckRecord], records: Iterable[CheckRecord]) -> None:
    for record in records:
        fresh[record.check, record.subject] = record


def _not_asked(old: CheckRecord) -> bool:
    """Whether it speaks of a wrong request that was not made."""
    return old.stage == "negative"


def _merged(
    recorded: Result,
    fresh: dict[tuple[str, str], CheckRecord],
    judged: set[str],
    torn: set[str],
    again: Rejudged,
) -> list[CheckRecord]:
    """The new records in the order of the old ones; those that cannot be made again as they stand."""
    merged: list[CheckRecord] = []
    ran = {s.id for s in recorded.sessions}
    known = {c.id for c in recorded.cells}
    own = 0
    for old in recorded.checks:
        key = old.check, old.subject
        if key in fresh:
            again.outcomes += 1
            merged.append(fresh.pop(key))
            continue
        if old.check.startswith("U-"):
            own += 1
        elif (old.subject in ran and old.subject not in judged) or old.subject in torn:
            pass
        elif not (old.outcome in _TAKEN_OVER and old.subject not in ran and (old.cell in known or _not_asked(old))):
            again.differences.append(
                Difference(where=f"{old.check}@{old.subject}", recorded=old.outcome, now="not judged", kind="outcome")
            )
            continue
        merged.append(msgspec.structs.replace(old))
    if own:
        again.unread.append(f"{own} outcome{'s' if own > 1 else ''} of tests of your own (U-...)")
    suites = next((s.value for s in recorded.settings if s.name == "checks"), None)
    for (check, subject), record in fresh.items():
        # Suites of the user's own, and a run that was interrupted, need not have asked for everything.
        if recorded.status == "complete" and (suites is None or CHECKS[check].subject == "session"):
            merged.append(record)
            again.differences.append(
                Difference(where=f"{check}@{subject}", recorded="not judged", now=record.outcome, kind="outcome")
            )
    return merged
