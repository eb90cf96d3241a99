"""Drives one run: plan -> collect -> judge -> decide -> report -> seal.

The suites ask for one check on one subject at a time; what they need is collected when it is
first asked for, once.  Nothing here judges or renders.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import ssl
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import certifi

from ttsgate import bundle, catalog, judgement, report
from ttsgate.bundle import BundleFolder
from ttsgate.bundle.folder import redacted
from ttsgate.clients.http import HttpClient
from ttsgate.clients.wire import WireSession
from ttsgate.collect.plan import Plan, PlannedSession, make_plan, planned_runtimes, utterance
from ttsgate.collect.sessions import Collected, Collector
from ttsgate.collect.summary import measure, summarise
from ttsgate.collect.voices import NO_VOICE, Voices, undo
from ttsgate.config import Config, compatible_url, find_data, find_key, key_variables, resolve_target
from ttsgate.config.policies import refuse_early
from ttsgate.emulator.process import EmulatorProcess
from ttsgate.errors import HarnessError, TtsgateError, UsageError
from ttsgate.judgement import engine
from ttsgate.judgement.registry import CHECKS, Check, Stage
from ttsgate.judgement.stages import STEP_CHECKS
from ttsgate.judgement.views import CellView, RunView, SessionView
from ttsgate.probes.compiling import OWN_VERSION, compile_scripts, expand_globs, shown_as
from ttsgate.probes.connectivity import Connectivity, planned_steps
from ttsgate.probes.environment import engine_facts, environment_facts
from ttsgate.result.record import CheckRecord, ModelFacts, Outcome, Result, Skip, Verdict
from ttsgate.result.redact import Redactor
from ttsgate.result.transcript import Level
from ttsgate.store.journal import Journal
from ttsgate.verdict.conclude import conclude
from ttsgate.verdict.ruling import in_force

__all__ = ["LEVEL_OF", "Run", "Subject"]

LEVEL_OF: dict[str, Level] = {
    "wire": "frames",
    "sdk-realtime": "sdk-events",
    "sdk-client": "sdk-events",
    "sdk-http": "http",
}
"""Observation level of each client."""

PROBE_SCRIPT = "realtime_tts_demo.py"
PROBE_PYTHON = "3.8"
"""The oldest Python that the packaged probe promises to run on."""
STALE_CATALOGUE_DAYS = 90
_HARD = frozenset(("name", "tcp", "tls"))
"""Connectivity steps without which nothing can be judged."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What one item of a suite is about."""

    id: str
    """Script, step, session, cell or ``run``."""
    check: Check


@dataclass(frozen=True, slots=True)
class _CompileJob:
    scripts: Sequence[Path]
    versions: Sequence[str]
    show: Path
    """Folder that names are shown relative to."""


@dataclass
class Run:
    """One run, from its plan to its seal.

    Args:
        config: Resolved configuration.
        environ: The caller's environment; keys in it are to be removed by the caller.
        argv: What was typed.
        say: Takes one line of progress.
    """

    config: Config
    environ: Mapping[str, str]
    argv: Sequence[str]
    say: Callable[[str], None] = lambda line: None
    id: str = field(default_factory=bundle.new_run_id)
    stopped: str | None = None
    """Why the run ended early."""

    def __post_init__(self) -> None:
        judgement.load_all()
        config = self.config
        target = resolve_target(config)
        self._credential = find_key(config, target, self.environ)
        # Read before anything is billed: a key that is none ends the run here.
        self._sign_key = bundle.read_key(config.sign_key) if config.sign_key else None
        secrets = [
            self._credential.key.reveal(),
            *(self.environ[n] for n in key_variables(self.environ, config.custom_key_env)),
        ]
        home = self.environ.get("HOME")
        user = self.environ.get("USER") or self.environ.get("LOGNAME")
        self.redactor = Redactor(secrets, home=home if home not in (None, "", "/") else None, user=user)
        runtimes = planned_runtimes(config)
        refuse_early(config)
        self.plan: Plan = make_plan(config, target, runtimes)
        self.folder = BundleFolder(
            config.output_dir / report.writing.LATEST / "runs" / self.id,
            self.redactor,
        )
        self.result = Result(
            run=self.id,
            started=_now(),
            engine=engine_facts(),
            command=list(self.argv),
            target=target,
            intent=self.plan.intent,
            settings=list(config.settings),
            environment=environment_facts(self.environ, config.cwd),
            credential=self._credential.as_dict(),
            subject=dict(config.subject) if config.subject else None,
            policy=in_force(config.rules, config.expectations, ci=config.ci) if config.rules else {},
            models=[_model_facts(config, self.plan, name) for name in config.models],
            runtimes=list(self.plan.runtimes),
            cells=self.plan.cells,
            requirements={c.id: c.sentence for c in CHECKS.values()},
            notes=_notes(config, self.plan),
        )
        self._records: dict[tuple[str, str], CheckRecord] = {}
        self._views: dict[str, SessionView] = {}
        self._collected: set[str] = set()
        self._blocked: dict[str, tuple[Outcome, str, str]] = {}
        self._emulator: EmulatorProcess | None = None
        self._voices: Voices | None = None
        self._voice_of: dict[str, str] = {}
        self._journal = Journal(config.output_dir / report.writing.LATEST / "journal.jsonl")
        self._began = time.monotonic()
        script = find_data("scripts") / PROBE_SCRIPT
        self._probe_script = script
        self._compile_jobs = _compile_jobs(config, script)

    # -- beginning and end ---------------------------------------------------------------

    def open(self) -> None:
        """Leave a bundle that says RUNNING, and bring up the embedded emulator if that is the target.

        Raises:
            UsageError: the output folder cannot be written, or the emulator refused its faults.
        """
        self._save()
        report.write_latest(self.result, self.config.output_dir)
        if self.result.target.kind == "emulator":
            extra = [f"--extra-model={m.name}={m.like}" for m in self.plan.models.values() if m.like]
            self._emulator = EmulatorProcess(faults=self.config.faults, extra=extra)
            endpoints = self._emulator.start()
            self.result.target.ws_url, self.result.target.http_url = endpoints.ws_url, endpoints.http_url
            self.result.target.facts = {"seed": endpoints.seed, "fidelity": endpoints.fidelity}
            self._save()
        self.say(self.plan.intent.summary)

    def close(self, *, interrupted: bool = False) -> Result:
        """Judge what goes across sessions, decide, render, seal; returns the finished result."""
        if self._emulator is not None:
            self._emulator.stop()
        self._journal.close()
        result = self.result
        result.status = "interrupted" if interrupted else "complete"
        result.finished = _now()
        result.cost = {
            "sessions": len(result.sessions),
            "characters": sum(int(s.usage.get("characters", 0) or 0) for s in result.sessions),
            "price": None if result.target.kind != "live" else result.intent and result.intent.worst_cost,
        }
        result.checks = list(self._records.values())
        # A service may send a key back in any answer: nothing is rendered or printed but the redacted copy.
        self.result = self.redactor.data(result)
        result = self.result
        conclude(result, stopped=self.stopped)
        self._save()
        report.write_all(result, self.folder.path, templates=self.config.templates)
        bundle.seal(self.folder.path, run=self.id, redactor=self.redactor)
        if self._sign_key is not None and result.verdict is not None:
            now = datetime.now(UTC).replace(microsecond=0)
            bundle.sign(bundle.open_folder(self.folder.path), self._sign_key, at=now)
        report.write_latest(result, self.config.output_dir)
        return result

    def abandon(self, why: BaseException) -> None:
        """End a run that broke; its bundle says so and is not sealed."""
        if self._emulator is not None:
            self._emulator.stop()
        self._journal.close()
        result = self.result
        result.status, result.finished, result.verdict = "interrupted", _now(), None
        if isinstance(why, Exception):
            code = why.exit_code if isinstance(why, TtsgateError) else HarnessError.exit_code
            cause = "usage" if isinstance(why, UsageError) else "harness"
            result.status = "complete"
            result.verdict = Verdict(name="error", exit_code=code, cause=cause, summary=str(why) or type(why).__name__)
        self.result = self.redactor.data(result)
        # What broke the run may be the disk: then validate.txt goes on saying RUNNING.
        with contextlib.suppress(UsageError):
            self._save()
            report.write_latest(self.result, self.config.output_dir)

    # -- what the suites ask -------------------------------------------------------------

    def subjects(self, stage: Stage) -> list[Subject]:
        """Every check of a stage on every subject of the plan that it can read, in order."""
        found: list[Subject] = []
        for check in (c for c in CHECKS.values() if c.stage == stage):
            if check.subject == "script":
                ids = [
                    f"{shown_as(s, job.show)}@{v}"
                    for job in self._compile_jobs
                    for v in job.versions
                    for s in job.scripts
                ]
            elif check.subject == "step":
                ids = [s for s in self._steps() if check.id == STEP_CHECKS[s]]
            elif check.subject == "session":
                ids = [s.id for s in self.plan.sessions if self._reads(check, s)]
            elif check.subject == "cell":
                ids = [c.id for c in self.plan.cells]
            else:
                ids = ["run"]
            found += [Subject(i, check) for i in ids]
        return found

    def judge(self, subject: Subject) -> CheckRecord | None:
        """The outcome of one check on one subject, collecting first what it needs; None when it has nothing to say."""
        kind = subject.check.subject
        self._ensure({"script": "compile", "step": "connectivity"}.get(kind, "sessions"))
        if kind in ("cell", "run") and (subject.check.id, subject.id) not in self._records:
            self._judge_across()
        return self._records.get((subject.check.id, subject.id))

    def record_user_test(self, name: str, outcome: Outcome, message: str) -> None:
        """Keep the outcome of a test of the user's own in ``checks/``; it cannot be judged again from the bundle."""
        before = self._records.get((f"U-{name}", name))
        if before is not None and before.outcome == "fail":
            return
        self._keep(
            CheckRecord(
                check=f"U-{name}",
                stage="user",
                subject=name,
                outcome=outcome,
                message=message,
                reason="not-rejudgeable",
                cause="script.user-test",
            )
        )

    # -- collecting ----------------------------------------------------------------------

    def _ensure(self, what: str) -> None:
        if what in self._collected:
            return
        if what == "sessions":
            self._ensure("compile")
            self._ensure("connectivity")
        self._collected.add(what)
        {"compile": self._compile, "connectivity": self._connect, "sessions": self._speak}[what]()
        self._save()

    def _compile(self) -> None:
        for job in self._compile_jobs:
            self.result.scripts += compile_scripts(job.scripts, versions=job.versions, show=job.show)
        for script in self.result.scripts:
            self._keep(*engine.judge_script(script))
        own = any(self._probe_script in job.scripts for job in self._compile_jobs)
        if own and any(s.ok is False and s.sha256 == _sha256(self._probe_script) for s in self.result.scripts):
            for cell in self.plan.cells:
                if cell.client != "wire":
                    self._block(cell.id, "blocked", "script", "the stand-alone script does not compile")
        broken = sum(s.ok is False for s in self.result.scripts)
        self.say(f"compile: {len(self.result.scripts) - broken} of {len(self.result.scripts)} scripts")

    def _connect(self) -> None:
        probe = Connectivity(http=self._http(), session=self._knock(), tls=self._tls())
        self.result.connectivity = self.redactor.data(asyncio.run(probe.run(self._steps())))
        for step in self.result.connectivity:
            self._keep(*engine.judge_step(step))
        self._establish()
        failed = {s.name: s for s in self.result.connectivity if s.outcome != "pass"}
        way = next((s for s in self.result.connectivity if s.outcome == "fail" and s.name in _HARD), None)
        refused = next((s for s in failed.values() if s.name == "models" and s.status in (401, 403)), None)
        for cell in self.plan.cells:
            model = self.plan.models[cell.model]
            if (why := way or refused) is not None:
                self._block(cell.id, "blocked", "connectivity", f"step {why.name} failed: {why.detail}")
            elif "models" in failed and failed["models"].status is None and cell.client == "sdk-http":
                self._block(cell.id, "blocked", "connectivity", f"step models failed: {failed['models'].detail}")
            elif "session" in failed and cell.client != "sdk-http":
                self._block(cell.id, "blocked", "connectivity", f"step session failed: {failed['session'].detail}")
            elif model.custom_voice and f"voices-{model.custom_voice}" in failed and cell.client != "sdk-http":
                self._block(cell.id, "blocked", "connectivity", "the list of custom voices failed")
        shown = " ".join(f"{s.name} {'ok' if s.outcome == 'pass' else s.outcome}" for s in self.result.connectivity)
        self.say(f"connectivity: {shown}")

    def _establish(self) -> None:
        """Live is claimed only after our own client met a catalogue host over verified TLS."""
        target = self.result.target
        met = next((s for s in self.result.connectivity if s.name == "session" and s.outcome == "pass"), None)
        if target.kind != "live" or met is None or "sha256" not in met.facts:
            return
        target.facts.update(met.facts)
        if self.environ.get("SSL_CERT_FILE"):
            target.facts["intercepted"] = True
            target.claim = "live, but through a private certificate authority (intercepted)"
        else:
            target.claim = "live"

    def _speak(self) -> None:
        with tempfile.TemporaryDirectory(prefix="ttsgate-") as work:
            asyncio.run(self._speak_in(Path(work)))
        for session in self.plan.sessions:
            if session.id not in self._views:
                self._not_run(session)

    async def _speak_in(self, work: Path) -> None:
        http = self._http()
        self._voices = Voices(http, self._journal, self.id, self.result.mutations)
        if all(cell.id in self._blocked for cell in self.plan.cells):
            return
        left = [p for p in self._journal.pending(http.http_url) if p.mutation.run != self.id]
        if left and (undone := await undo(left, http, self._journal)):
            self.result.notes.append(f"deleted {len(undone)} temporary voices that an earlier run had left")
        try:
            await self._choose_voices()
            await self._collector(work).run([s for s in self.plan.sessions if s.cell.id not in self._blocked])
        finally:
            await self._voices.delete_all()

    async def _choose_voices(self) -> None:
        assert self._voices is not None
        config, emulated = self.config, self.result.target.kind == "emulator"
        needed = {
            target: kind
            for target, kind in self.plan.voice_targets.items()
            if not any(s.name == f"voices-{kind}" and s.outcome != "pass" for s in self.result.connectivity)
            and any(
                c.id not in self._blocked and target in (c.model, self.plan.models[c.model].sibling)
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
                self._block(cell.id, "skipped", NO_VOICE, self._voices.refusals.get(cell.model, "no custom voice"))

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
            key=self._credential.key.reveal(),
            models=self.plan.models,
            runtimes={r.id: r for r in self.plan.runtimes},
            script=self._probe_script,
            work=work,
            side_by_side=target.kind == "emulator",
            max_rate=self.config.max_rate,
            utterance=lambda s: utterance(self.config, s, self._spoken_with(s)),
            done=self._done,
            skip=self._skipped,
            fallback=lambda s: self._sibling_voice(s.cell.model) is not None,
            workspace=target.workspace,
            tls=self._tls(),
            until=self._began + seconds if seconds is not None else None,
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
        transcript = redacted(collected.transcript, self.redactor)
        probe = self.redactor.data(outcome.report) if outcome and outcome.report else {}
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
        self._views[record.id] = view
        self._keep(*checks)
        self.say(f"{'FAIL' if bad else 'ok  '} {record.id}")

    def _skipped(self, session: PlannedSession, code: str, why: str) -> None:
        if code == "budget":
            self.stopped = "budget"
        self._block(session.cell.id, "blocked", code, why)

    def _not_run(self, session: PlannedSession) -> None:
        """Every check of a session that did not run says so: never passed, never silently absent."""
        outcome, code, why = self._blocked.get(session.cell.id, ("blocked", "not-run", "the session did not run"))
        for check in CHECKS.values():
            if check.subject == "session" and self._reads(check, session):
                self._keep(
                    CheckRecord(
                        check=check.id,
                        stage=check.stage,
                        subject=session.id,
                        outcome=outcome,
                        severity=check.severity,
                        message=why,
                        reason=code,
                        model=session.cell.model,
                        client=session.cell.client,
                        cell=session.cell.id,
                    )
                )

    def _judge_across(self) -> None:
        cells = [
            CellView(
                cell=cell,
                model=self.plan.models[cell.model],
                sessions=[self._views[s] for s in cell.sessions],
                runtime=next((r for r in self.plan.runtimes if r.id == cell.runtime), None),
            )
            for cell in self.plan.cells
        ]
        for view in cells:
            self._keep(*engine.judge_cell(view))
        self._keep(*engine.judge_run(RunView(cells=cells, target=self.result.target, models=self.result.models)))

    # -- small parts ---------------------------------------------------------------------

    def _keep(self, *records: CheckRecord) -> None:
        for record in records:
            record.decides = record.model is None or self.config.decides(record.model)
            self._records[(record.check, record.subject)] = record

    def _block(self, cell_id: str, outcome: Outcome, code: str, why: str) -> None:
        why = self.redactor.text(why)
        if cell_id not in self._blocked:
            self._blocked[cell_id] = (outcome, code, why)
            cell = self.result.cell(cell_id)
            cell.state, cell.reason = outcome, f"{code}: {why}"
            self.result.skips.append(Skip(subject=cell_id, code=code, why=why))

    def _reads(self, check: Check, session: PlannedSession) -> bool:
        refusal = session.cell.expectation == "refusal"
        return LEVEL_OF[session.cell.client] in check.levels and (not refusal or check.stage == "compatibility")

    def _steps(self) -> list[str]:
        return planned_steps(self.result.target.ws_url, self.plan.voice_kinds)

    def _tls(self) -> ssl.SSLContext | None:
        if not self.result.target.ws_url.startswith("wss"):
            return None
        return ssl.create_default_context(cafile=self.environ.get("SSL_CERT_FILE") or certifi.where())

    def _http(self) -> HttpClient:
        target = self.result.target
        return HttpClient(
            http_url=target.http_url,
            compatible_url=compatible_url(target.http_url),
            api_key=self._credential.key.reveal(),
            workspace=target.workspace,
            tls=self._tls(),
        )

    def _knock(self) -> WireSession:
        """The handshake step, with the first model of the plan: it says nothing about the model."""
        first = self.plan.sessions[0]
        model = self.plan.models[first.cell.model]
        return WireSession(
            session="connectivity",
            ws_url=self.result.target.ws_url,
            model=model.name,
            utterance=utterance(self.config, first, model.default_voice or "Cherry"),
            api_key=self._credential.key.reveal(),
            workspace=self.result.target.workspace,
            deadline_s=6.0,
            tls=self._tls(),
        )

    def _save(self) -> None:
        self.folder.write_result(self.result)


def _compile_jobs(config: Config, probe: Path) -> list[_CompileJob]:
    """The user's scripts under the user's versions; our own under what it promises unless versions were named."""
    if not config.scripts:
        versions = config.script_pythons or (PROBE_PYTHON,)
        return [_CompileJob([probe], versions, probe.parent.parent)]
    scripts = expand_globs(config.scripts, cwd=config.cwd)
    return [_CompileJob(scripts, config.script_pythons or (OWN_VERSION,), config.cwd)]


def _model_facts(config: Config, plan: Plan, name: str) -> ModelFacts:
    model = plan.models[name]
    return ModelFacts(
        name=name,
        required=config.decides(name),
        like=model.like,
        sibling=model.sibling,
        lifecycle=[c.as_dict() for c in model.lifecycle],
    )


def _notes(config: Config, plan: Plan) -> list[str]:
    contested = [name for name in config.models if catalog.contested(name) is not None]
    notes = []
    if contested:
        notes.append(
            f"sources disagree on whether {', '.join(contested)} {'is' if len(contested) == 1 else 'are'} retired; "
            "what each says, with its date, stands in the model's evidence"
        )
    age = catalog.age_days(datetime.now(UTC).date())
    if age > STALE_CATALOGUE_DAYS:
        notes.append(
            f"the catalogue is of {catalog.CATALOG_DATE}, {age} days old: models, voices and prices may have changed; "
            "install a newer ttsgate"
        )
    for runtime in plan.runtimes:
        if not runtime.given:
            notes.append(
                f"the SDK under test is the harness's own (dashscope {runtime.dashscope} on Python {runtime.python}); "
                "name yours with --python PATH"
            )
    return notes


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
