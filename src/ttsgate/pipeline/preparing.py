"""What can be said of a run before it begins: scripts to compile, facts of its models, notes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ttsgate import catalog
from ttsgate.collect.plan import Plan
from ttsgate.config import Config
from ttsgate.probes.compiling import OWN_VERSION, expand_globs, shown_as
from ttsgate.result.record import ModelFacts

__all__ = ["CompileJob", "compile_jobs", "model_facts", "notes_on"]

PROBE_PYTHON = "3.8"
"""The oldest Python that the packaged probe promises to run on."""
STALE_CATALOGUE_DAYS = 90
"""Retirement notices of snapshots come 30 days ahead, of mainline models three months."""


@dataclass(frozen=True, slots=True)
class CompileJob:
    """Scripts under versions."""

    scripts: Sequence[Path]
    versions: Sequence[str]
    show: Path
    """Folder that names are shown relative to."""

    def subjects(self) -> list[str]:
        """Ids of what it judges: ``SCRIPT@VERSION``."""
        return [f"{shown_as(s, self.show)}@{v}" for v in self.versions for s in self.scripts]


def compile_jobs(config: Config, probe: Path) -> list[CompileJob]:
    """The user's scripts under the user's versions; our own under what it promises unless versions were named."""
    if not config.scripts:
        versions = config.script_pythons or (PROBE_PYTHON,)
        return [CompileJob([probe], versions, probe.parent.parent)]
    scripts = expand_globs(config.scripts, cwd=config.cwd)
    return [CompileJob(scripts, config.script_pythons or (OWN_VERSION,), config.cwd)]


def model_facts(config: Config, plan: Plan, name: str) -> ModelFacts:
    model = plan.models[name]
    return ModelFacts(
        name=name,
        required=config.decides(name),
        like=model.like,
        sibling=model.sibling,
        lifecycle=[c.as_dict() for c in model.lifecycle],
    )


def notes_on(config: Config, plan: Plan) -> list[str]:
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
