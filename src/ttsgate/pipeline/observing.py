"""The stage negative: wrong requests that cost nothing, and what an earlier run saw of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ttsgate.bundle import BundleFolder
from ttsgate.bundle.folder import redacted
from ttsgate.bundle.reading import open_bundle, run_folders
from ttsgate.collect.pacing import Pace
from ttsgate.collect.plan import Plan
from ttsgate.config import Config
from ttsgate.errors import EvidenceError
from ttsgate.judgement import engine
from ttsgate.judgement.negative import NEGATIVE_CHECKS, reads_probe
from ttsgate.judgement.registry import CHECKS
from ttsgate.pipeline.ledger import Ledger
from ttsgate.pipeline.way import Way
from ttsgate.probes.negative import Negative
from ttsgate.result.record import SEEN, Before, CheckRecord, Observation, Result
from ttsgate.result.transcript import Transcript

__all__ = ["Observing", "earlier"]

LOOK_BACK = 20
"""Runs that are looked through for an earlier observation: each takes milliseconds, a year of nightly ones seconds."""


@dataclass(kw_only=True)
class Observing:
    """Makes the wrong requests of a run."""

    config: Config
    plan: Plan
    result: Result
    ledger: Ledger
    way: Way
    folder: BundleFolder

    async def run(self, pace: Pace, *, until: float | None) -> None:
        """Make the requests, compare, judge; nothing that the service does raises.

        Args:
            pace: Holds sessions of a model apart, those of the plan included.
            until: Monotonic time after which nothing more is asked.
        """
        if not self.plan.probes:
            return
        session = self.way.knock(self.plan, self.config, model=self.plan.probed)
        negative = Negative(session=session, pace=pace.turn, keep=self._keep, until=until, probes=self.plan.probes)
        seen = await negative.run()
        for one, before in zip(seen, earlier(self.config, self.result, seen), strict=True):
            one.before = before
        self.result.observations = self.folder.redactor.data(seen)
        for one in self.result.observations:
            self.ledger.keep(*engine.judge_observation(one))

    def not_made(self, code: str, why: str) -> None:
        """Say of every check on a wrong request that it was not made."""
        for probe in self.plan.probes:
            for name in (c for c in NEGATIVE_CHECKS if reads_probe(c, probe.id)):
                check = CHECKS[name]
                self.ledger.keep(
                    CheckRecord(
                        check=name,
                        stage=check.stage,
                        subject=probe.id,
                        outcome="blocked",
                        severity=check.severity,
                        message=why,
                        reason=code,
                        model=self.plan.probed,
                        client="wire",
                    )
                )

    def _keep(self, transcript: Transcript) -> dict[str, str | None]:
        written = self.folder.write_session(redacted(transcript, self.folder.redactor), rate=24_000)
        return {name: written[name] for name in ("transcript", "transcript_sha256")}


def earlier(config: Config, result: Result, seen: Iterable[Observation]) -> list[Before | None]:
    """What was seen of each probe before: in the bundle of ``--baseline``, else in the newest run that compares.

    Raises:
        UsageError: the bundle that was named is none.
        EvidenceError: it cannot be read.
    """
    found: dict[tuple[str, str, str], Before] = {}
    for old in _named(config) if config.baseline is not None else _newest(config.output_dir, result):
        for one in old.observations:
            if one.outcome != "not-observed":
                facts: dict[str, Any] = {name: getattr(one, name) for name in SEEN}
                found.setdefault((one.probe, one.model, one.sent), Before(run=old.run, **facts))
    return [found.get((one.probe, one.model, one.sent)) for one in seen]


def _named(config: Config) -> list[Result]:
    assert config.baseline is not None
    return [open_bundle(config.baseline, lambda: config.output_dir).result]


def _newest(base: Path, result: Result) -> Iterable[Result]:
    for folder in [f for f in reversed(run_folders(base)) if f.name != result.run][:LOOK_BACK]:
        try:
            old = open_bundle(str(folder), lambda: base).result
        except EvidenceError:
            continue  # a run that was killed, or of another ttsgate
        if old.observations and _same_service(old, result):
            yield old


def _same_service(old: Result, new: Result) -> bool:
    """Whether the same service answered: the emulator only with the same faults, by the same ttsgate."""
    one, other = old.target, new.target
    if (one.kind, one.region, one.faults) != (other.kind, other.region, other.faults):
        return False
    if new.target.kind == "emulator":
        return old.engine.get("ttsgate") == new.engine.get("ttsgate")
    return one.ws_url == other.ws_url
