"""Drives one run: plan -> collect -> judge -> decide -> report -> seal.

The suites ask for one check on one subject at a time; what they need is collected when it is
first asked for, once.  Nothing here judges or renders.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import shlex
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from ttsgate import bundle, judgement, report
from ttsgate.bundle import BundleFolder
from ttsgate.bundle.folder import SESSIONS
from ttsgate.collect.budget import actual_cost
from ttsgate.collect.plan import Plan, budget_of, make_plan, planned_runtimes
from ttsgate.config import Config, find_data, find_key, find_network, key_variables, resolve_target
from ttsgate.config.policies import refuse_early
from ttsgate.emulator.process import EmulatorProcess, embedded
from ttsgate.errors import HarnessError, TtsgateError, UsageError
from ttsgate.judgement import engine
from ttsgate.judgement.negative import reads_probe
from ttsgate.judgement.registry import CHECKS, Check, Stage
from ttsgate.judgement.stages import STEP_CHECKS
from ttsgate.judgement.views import CellView, RunView
from ttsgate.pipeline.barring import HARD, bar_cells
from ttsgate.pipeline.keeping import Keeping
from ttsgate.pipeline.ledger import Ledger, reads
from ttsgate.pipeline.live import establish
from ttsgate.pipeline.observing import Observing
from ttsgate.pipeline.preparing import compile_jobs, model_facts, notes_on
from ttsgate.pipeline.resuming import differences, find_begun, take_over
from ttsgate.pipeline.speaking import Speaking
from ttsgate.pipeline.way import Way
from ttsgate.probes.compiling import compile_scripts
from ttsgate.probes.connectivity import Connectivity, planned_steps
from ttsgate.probes.environment import engine_facts, environment_facts
from ttsgate.recorder.process import embedded_replay
from ttsgate.result.record import CheckRecord, Outcome, Result, Verdict
from ttsgate.result.redact import Redactor
from ttsgate.store.holding import Hold, make_and_hold
from ttsgate.store.journal import Journal
from ttsgate.verdict.conclude import conclude
from ttsgate.verdict.ruling import in_force

__all__ = ["Run", "Subject"]

PROBE_SCRIPT = "realtime_tts_demo.py"
_WAY_ONLY = HARD | {"session"}
"""Connectivity steps that need nothing but a service that listens."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What one item of a suite is about."""

    id: str
    """Script, step, session, cell or ``run``."""
    check: Check


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
    emulator: EmulatorProcess | None = None
    """The embedded emulator, where the caller spawned it already; else `open` does."""
    resume: str | None = None
    """Id of a run that was killed or interrupted, its folder, or ``latest``: go on with that one."""

    def __post_init__(self) -> None:
        judgement.load_all()
        config = self.config
        self._begun = find_begun(config.output_dir, self.resume) if self.resume is not None else None
        if self._begun is not None:
            self.id = self._begun.result.run
        target = resolve_target(config)
        self._credential = find_key(config, target, self.environ)
        # Read before anything is billed: a key that is none ends the run here.
        self._sign_key = bundle.read_key(config.sign_key) if config.sign_key else None
        network = find_network(config, target, self.environ)
        secrets = [
            self._credential.key.reveal(),
            *network.secrets(),
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
            models=[model_facts(config, self.plan, name) for name in dict.fromkeys(c.model for c in self.plan.cells)],
            runtimes=list(self.plan.runtimes),
            cells=self.plan.cells,
            requirements={c.id: c.sentence for c in CHECKS.values()},
            notes=notes_on(config, self.plan),
        )
        if self._begun is not None and (changed := differences(self._begun, self.result, self.plan)):
            self._begun.hold.release()
            began = shlex.join(self._begun.result.command)
            raise UsageError(f"--resume: {changed}; run {self.id} was begun with: {began}")
        self._hold: Hold | None = None
        self._collected: set[str] = set()
        self._probe_script = find_data("scripts") / PROBE_SCRIPT
        self._compile_jobs = compile_jobs(config, self._probe_script)
        self._ledger = Ledger(config, self.result, self.redactor)
        self._way = Way(target, self._credential.key, network)
        self._keeping = Keeping(config, self.plan, self.result, self._ledger, self.folder, self.say)
        observing = Observing(
            config=config, plan=self.plan, result=self.result, ledger=self._ledger, way=self._way, folder=self.folder
        )
        self._speaking = Speaking(
            config=config,
            plan=self.plan,
            result=self.result,
            ledger=self._ledger,
            way=self._way,
            folder=self.folder,
            keeping=self._keeping,
            observing=observing,
            budget=budget_of(self.plan, config, target),
            journal=Journal(config.output_dir / report.writing.LATEST / "journal.jsonl"),
            script=self._probe_script,
            began=time.monotonic(),
            say=self.say,
        )

    # -- beginning and end ---------------------------------------------------------------

    def open(self) -> None:
        """Leave a bundle that says RUNNING, and bring up the embedded emulator if that is the target.

        Raises:
            UsageError: the output folder cannot be written, or the emulator refused its faults.
        """
        if self._begun is not None:
            self._hold = self._begun.hold
            self._begun.reopen()
            take_over(self._begun, self.result, self._keeping, self._speaking.journal)
            self.say(self.result.notes[-1])
        else:
            self._hold = make_and_hold(self.folder.path)
        self._save()
        report.write_latest(self.result, self.config.output_dir)
        target = self.result.target
        if target.kind in ("emulator", "replay"):
            if self.emulator is None:
                emulated = target.kind == "emulator"
                models = self.plan.models.values()
                self.emulator = embedded(self.config.faults, models) if emulated else embedded_replay(self.config)
            endpoints = self.emulator.start()
            target.ws_url, target.http_url = endpoints.ws_url, endpoints.http_url
            if target.kind == "emulator":
                target.facts = {"seed": endpoints.seed, "fidelity": endpoints.fidelity}
            self._save()
        self.say(self.plan.intent.summary)

    def close(self, *, interrupted: bool = False) -> Result:
        """Judge what goes across sessions, decide, render, seal; returns the finished result."""
        if self.emulator is not None:
            self.emulator.stop()
        self._speaking.journal.close()
        if not interrupted:  # else whoever goes on needs it
            self._keeping.let_audio_go()
        result = self.result
        result.status = "interrupted" if interrupted else "complete"
        result.finished = _now()
        result.cost = {
            "sessions": len(result.sessions),
            "characters": sum(int(s.usage.get("characters", 0) or 0) for s in result.sessions)
            + sum(o.characters for o in result.observations),
            "probes": sum(o.outcome != "not-observed" for o in result.observations),
            "price": actual_cost(self.config, result),
        }
        result.checks = list(self._ledger.records.values())
        # A service may send a key back in any answer: nothing is rendered or printed but the redacted copy.
        self.result = self.redactor.data(result)
        result = self.result
        result.notes = list(dict.fromkeys(result.notes))
        conclude(result, stopped=self._speaking.stopped)
        self._save()
        report.write_all(result, self.folder.path, templates=self.config.templates)
        self.folder.remove(SESSIONS)
        bundle.seal(self.folder.path, run=self.id, redactor=self.redactor)
        if self._sign_key is not None and result.verdict is not None:
            now = datetime.now(UTC).replace(microsecond=0)
            bundle.sign(bundle.open_folder(self.folder.path), self._sign_key, at=now)
        report.write_latest(result, self.config.output_dir)
        self._let_go()
        return result

    def abandon(self, why: BaseException) -> None:
        """End a run that broke; its bundle says so and is not sealed."""
        if self.emulator is not None:
            self.emulator.stop()
        self._speaking.journal.close()
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
        self._let_go()

    # -- what the suites ask -------------------------------------------------------------

    def subjects(self, stage: Stage) -> list[Subject]:
        """Every check of a stage on every subject of the plan that it can read, in order."""
        found: list[Subject] = []
        for check in (c for c in CHECKS.values() if c.stage == stage):
            if check.subject == "script":
                ids = [i for job in self._compile_jobs for i in job.subjects()]
            elif check.subject == "step":
                ids = [s for s in self._steps() if check.id in STEP_CHECKS[s]]
            elif check.subject == "session":
                ids = [s.id for s in self.plan.sessions if reads(check, s)]
            elif check.subject == "cell":
                ids = [c.id for c in self.plan.cells]
            elif check.subject == "observation":
                ids = [p.id for p in self.plan.probes if reads_probe(check.id, p.id)]
            else:
                ids = ["run"]
            found += [Subject(i, check) for i in ids]
        return found

    def judge(self, subject: Subject) -> CheckRecord | None:
        """The outcome of one check on one subject, collecting first what it needs; None when it has nothing to say."""
        kind = subject.check.subject
        self._ensure({"script": "compile", "step": "connectivity"}.get(kind, "sessions"))
        if kind in ("cell", "run") and "across" not in self._collected:
            self._collected.add("across")
            self._judge_across()
        return self._ledger.records.get((subject.check.id, subject.id))

    def record_user_test(self, name: str, outcome: Outcome, message: str) -> None:
        """Keep the outcome of a test of the user's own in ``checks/``; it cannot be judged again from the bundle."""
        before = self._ledger.records.get((f"U-{name}", name))
        if before is not None and before.outcome == "fail":
            return
        self._ledger.keep(
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
            self._ledger.keep(*engine.judge_script(script))
        own = any(self._probe_script in job.scripts for job in self._compile_jobs)
        if own and any(s.ok is False and s.sha256 == _sha256(self._probe_script) for s in self.result.scripts):
            for cell in self.plan.cells:
                if cell.client != "wire":
                    self._ledger.block(cell.id, "blocked", "script", "the stand-alone script does not compile")
        broken = sum(s.ok is False for s in self.result.scripts)
        self.say(f"compile: {len(self.result.scripts) - broken} of {len(self.result.scripts)} scripts")

    def _connect(self) -> None:
        way = self._way
        derived = self.config.target == "custom" and self.config.http_url is None
        knock = way.knock(self.plan, self.config)
        probe = Connectivity(http=way.http(), session=knock, tls=way.tls(), http_derived=derived)
        self.result.connectivity = self.redactor.data(asyncio.run(probe.run(self._steps())))
        for step in self.result.connectivity:
            self._ledger.keep(*engine.judge_step(step))
        asyncio.run(establish(self.result.target, self.result.connectivity, way.network, way.route()))
        bar_cells(self.result, self.plan, self._ledger)
        shown = " ".join(f"{s.name} {'ok' if s.outcome == 'pass' else s.outcome}" for s in self.result.connectivity)
        self.say(f"connectivity: {shown}")

    def _speak(self) -> None:
        before = len(self.result.connectivity)
        self._speaking.run()
        # Voices that were made and deleted meanwhile.
        for step in self.result.connectivity[before:]:
            self._ledger.keep(*engine.judge_step(step))

    def _judge_across(self) -> None:
        cells = [
            CellView(
                cell=cell,
                model=self.plan.models[cell.model],
                sessions=[self._keeping.views[s] for s in cell.sessions],
                runtime=next((r for r in self.plan.runtimes if r.id == cell.runtime), None),
            )
            for cell in self.plan.cells
        ]
        for view in cells:
            self._ledger.keep(*engine.judge_cell(view))
        run = RunView(
            cells=cells,
            target=self.result.target,
            models=self.result.models,
            spoiled=engine.spoiled(self._ledger.records.values()),
        )
        self._ledger.keep(*engine.judge_run(run))

    # -- small parts ---------------------------------------------------------------------

    def _steps(self) -> list[str]:
        target = self.result.target
        steps = planned_steps(target.ws_url, self.plan.voice_kinds)
        # What a recording holds no answer to cannot be asked.
        asked = _WAY_ONLY | set(target.facts.get("steps", ())) if target.kind == "replay" else set(steps)
        return [s for s in steps if s in asked]

    def _let_go(self) -> None:
        if self._hold is not None:
            self._hold.release()

    def _save(self) -> None:
        self.folder.write_result(self.result)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
