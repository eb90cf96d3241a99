"""Drives a run of the bench: scenarios, judgement, verdict, bundle.  Nothing here judges or renders."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from ttsgate import bundle, catalog, judgement, report
from ttsgate.bench.program import Program
from ttsgate.bench.scenarios import Scenario
from ttsgate.bench.trial import Trial, Trials
from ttsgate.bundle import BundleFolder
from ttsgate.bundle.folder import redacted
from ttsgate.collect.summary import summarise_connection
from ttsgate.config import Config, key_variables
from ttsgate.config.policies import refuse_early
from ttsgate.emulator.process import EmulatorProcess
from ttsgate.errors import HarnessError, TtsgateError, UsageError
from ttsgate.judgement import engine
from ttsgate.judgement.registry import CHECKS
from ttsgate.judgement.trials import TrialView
from ttsgate.measure.pcm import container_of
from ttsgate.probes.environment import engine_facts, environment_facts
from ttsgate.result.record import Cell, Intent, ModelFacts, Result, Setting, Skip, Target, Verdict
from ttsgate.result.redact import Redactor
from ttsgate.verdict.conclude import conclude
from ttsgate.verdict.ruling import in_force

__all__ = ["Bench"]

PACE = 2.0
"""Audio is sent so many times faster than it plays."""


@dataclass
class Bench:
    """One run of one program under scenarios.

    Args:
        config: Resolved configuration; its target is the emulator.
        program: What is under test.
        scenarios: In the order of the report.
        environ: The caller's environment.
        argv: What was typed.
        jobs: Scenarios at a time.
        say: Takes one line of progress.
    """

    config: Config
    program: Program
    scenarios: Sequence[Scenario]
    environ: Mapping[str, str]
    argv: Sequence[str]
    jobs: int = 4
    say: Callable[[str], None] = lambda line: None
    id: str = field(default_factory=bundle.new_run_id)

    def __post_init__(self) -> None:
        judgement.load_all()
        config = self.config
        if config.target != "emulator":
            raise UsageError(f"the bench is our emulator: target {config.target} cannot be asked to misbehave")
        if len(config.models) > 1 and any(s.name == "model" and s.origin != "default" for s in config.settings):
            raise UsageError("the bench hands one model over: give --model once")
        refuse_early(config)
        self._words = self.program.words
        self._sign_key = bundle.read_key(config.sign_key) if config.sign_key else None
        self._model = config.known_models[config.models[0]]
        self._voice = config.voice_for(self._model.name) or self._model.default_voice or "bench"
        secrets = [self.environ[n] for n in key_variables(self.environ, config.custom_key_env)]
        home = self.environ.get("HOME")
        self._home = home if home not in (None, "", "/") else None
        self._user = self.environ.get("USER") or self.environ.get("LOGNAME")
        self._secrets = secrets
        self.redactor = Redactor(secrets, home=self._home, user=self._user)
        self.folder = BundleFolder(config.output_dir / report.writing.LATEST / "runs" / self.id, self.redactor)
        count = len(self.scenarios)
        self.result = Result(
            run=self.id,
            started=_now(),
            engine=engine_facts(),
            command=list(self.argv),
            target=Target(kind="emulator", claim="emulated, not live", ws_url="", http_url=""),
            intent=Intent(
                summary=f"{self.program.command} under {count} scenario{'s' if count != 1 else ''} of the emulator",
                mutating=False,
                sessions=sum(s.connections for s in self.scenarios),
                characters=sum(catalog.count_characters(s.text or config.texts[0]) for s in self.scenarios),
                identifiers=[self._model.name, self._voice],
            ),
            settings=[
                *config.settings,
                Setting(name="command", value=self.program.command, origin="command line"),
                Setting(name="deadline", value=self.program.deadline_s, origin="command line"),
            ],
            environment=environment_facts(self.environ, config.cwd),
            credential={"origin": "made up for the emulator, another one for each scenario"},
            subject=dict(config.subject) if config.subject else None,
            policy=in_force(config.rules, config.expectations, ci=config.ci) if config.rules else {},
            models=[ModelFacts(name=self._model.name, required=True, like=self._model.like)],
            cells=[
                Cell(
                    id=s.name,
                    model=self._model.name,
                    client="program",
                    runtime=None,
                    mode="server_commit",
                    format="pcm",
                    voice=self._voice,
                    expectation="client",
                )
                for s in self.scenarios
            ],
            requirements={c.id: c.sentence for c in CHECKS.values()},
        )
        if not self.program.saves:
            self.result.skips.append(
                Skip(subject="B-audio", code="no-output", why="the program saves no audio (--no-output)")
            )

    def run(self) -> Result:
        """Run every scenario and leave a sealed bundle.

        Raises:
            UsageError: the program cannot be started, or the output folder cannot be written.
        """
        self._save()
        try:
            asyncio.run(self._run())
            return self._close()
        except BaseException as exc:
            self._abandon(exc)
            raise

    async def _run(self) -> None:
        extra = ["--admin", "--unlimited", *(["--as-proxy", self._model.name] if self.program.as_proxy else [])]
        if self._model.like:
            extra += ["--extra-model", f"{self._model.name}={self._model.like}"]
        if self._model.custom_voice:
            extra += ["--custom-voice", f"{self._model.name}={self._voice}"]
        async with EmulatorProcess(pace=PACE, extra=extra) as emulator:
            endpoints = emulator.endpoints
            assert endpoints is not None
            target = self.result.target
            target.ws_url, target.http_url = endpoints.ws_url, endpoints.http_url
            target.facts = {"seed": endpoints.seed, "fidelity": endpoints.fidelity}
            trials = Trials(
                program=self.program,
                endpoints=endpoints,
                environ=self._clean_environ(),
                model=self._model.name,
                voice=self._voice,
                text=self.config.texts[0],
            )
            some = asyncio.Semaphore(self.jobs)

            async def one(scenario: Scenario) -> None:
                async with some:
                    self._keep(await trials.run(scenario))

            await asyncio.gather(*(one(s) for s in self.scenarios))
        order = {s.name: n for n, s in enumerate(self.scenarios)}
        self.result.trials.sort(key=lambda t: order[t.id])
        self.result.sessions.sort(key=lambda s: (order[s.cell], s.attempt))
        self.result.checks.sort(key=lambda c: order[c.subject])

    def _clean_environ(self) -> dict[str, str]:
        """Ours without the user's keys and without what would point an SDK to the real service."""
        keys = set(key_variables(self.environ, self.config.custom_key_env))
        ours = ("DASHSCOPE_", "TTSGATE_", "ALIBABA_CLOUD_", "ALICLOUD_")
        return {k: v for k, v in self.environ.items() if k not in keys and not k.startswith(ours)}

    def _keep(self, trial: Trial) -> None:
        """Redact, judge and write what one scenario left."""
        redactor = Redactor([*self._secrets, trial.key], home=self._home, user=self._user)
        folder = BundleFolder(self.folder.path, redactor)
        record = redactor.data(trial.record)
        transcripts = [redacted(t, redactor) for t in trial.transcripts]
        checks = engine.judge_trial(TrialView(record=record, transcripts=transcripts, output=trial.output))
        bad = any(c.outcome in ("fail", "error") for c in checks)
        keep = self.config.keep_audio == "all" or (self.config.keep_audio == "failed" and bad)
        if trial.output is not None:
            record.output_sha256 = hashlib.sha256(trial.output).hexdigest()
        if trial.output is not None and keep and "the file that it saved" not in record.key_seen:
            suffix = container_of(trial.output) or "pcm"
            record.output = f"saved/{record.id}.{suffix}"
            folder.write_bytes(record.output, trial.output)
        cell = self.result.cell(record.id)
        for number, transcript in enumerate(transcripts, start=1):
            session = summarise_connection(transcript, cell, self._model, attempt=number)
            for name, value in folder.write_session(transcript, rate=session.sample_rate or 24_000).items():
                setattr(session, name, value)
            if session.audio is not None and not keep:
                folder.remove(session.audio)
                session.audio = None
            cell.sessions.append(session.id)
            cell.mode, cell.format = transcript.utterance.mode, transcript.utterance.format
            self.result.sessions.append(session)
        folder.write_text(f"logs/{record.id}.out", trial.ended.out)
        folder.write_text(f"logs/{record.id}.err", trial.ended.err)
        folder.log_command(record.argv, exit=record.exit, started=trial.started, seconds=record.seconds)
        self.result.trials.append(record)
        self.result.checks += checks
        failed = ", ".join(c.check for c in checks if c.outcome == "fail" and c.severity == "fail")
        self.say(f"{'FAIL' if failed else 'ok  '} {record.id} ({record.seconds:.1f} s){': ' if failed else ''}{failed}")

    def _close(self) -> Result:
        self.result.status, self.result.finished = "complete", _now()
        self.result.cost = {
            "sessions": len(self.result.sessions),
            "characters": sum(int(s.usage.get("characters", 0) or 0) for s in self.result.sessions),
            "price": None,
        }
        self.result = self.redactor.data(self.result)
        result = self.result
        conclude(result, stopped=None)
        self._save()
        report.write_all(result, self.folder.path, templates=self.config.templates)
        bundle.seal(self.folder.path, run=self.id, redactor=self.redactor)
        if self._sign_key is not None and result.verdict is not None:
            now = datetime.now(UTC).replace(microsecond=0)
            bundle.sign(bundle.open_folder(self.folder.path), self._sign_key, at=now)
        return result

    def _abandon(self, why: BaseException) -> None:
        """Leave a bundle that says that the run broke; it is not sealed."""
        result = self.result
        result.status, result.finished, result.verdict = "interrupted", _now(), None
        if isinstance(why, Exception):
            code = why.exit_code if isinstance(why, TtsgateError) else HarnessError.exit_code
            cause = "usage" if isinstance(why, UsageError) else "harness"
            result.status = "complete"
            result.verdict = Verdict(name="error", exit_code=code, cause=cause, summary=str(why) or type(why).__name__)
        self.result = self.redactor.data(result)
        with contextlib.suppress(UsageError):
            self._save()

    def _save(self) -> None:
        self.folder.write_result(self.result)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
