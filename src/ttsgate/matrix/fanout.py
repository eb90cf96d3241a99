"""The plan as jobs of a CI system; pure."""

from __future__ import annotations

import json
import math

from ttsgate.errors import UsageError

__all__ = ["GITHUB_LIMIT", "GITLAB_LIMIT", "github", "gitlab", "shards_for"]

GITHUB_LIMIT = 256
"""Jobs of one matrix: https://docs.github.com/actions/reference/limits (read 2026-11)."""
GITLAB_LIMIT = 199
"""Below the 200 jobs at which GitLab stops a parallel matrix: https://docs.gitlab.com/ci/yaml/#parallelmatrix."""
PER_SHARD = 20
"""Runtimes of a job, if there is room: about two minutes on two cores."""


def shards_for(runtimes: int, *, limit: int, wanted: int | None = None) -> int:
    """How many jobs.

    Raises:
        UsageError: more are wanted than the system takes.
    """
    if wanted is not None and wanted > limit:
        raise UsageError(f"--shards {wanted}: at most {limit} jobs fit there")
    return min(wanted or max(1, math.ceil(runtimes / PER_SHARD)), limit, max(runtimes, 1))


def github(runtimes: int, *, shards: int | None = None) -> str:
    """One line of JSON for ``strategy.matrix``: ``fromJSON(...)`` of it gives jobs with ``shard`` and ``name``."""
    count = shards_for(runtimes, limit=GITHUB_LIMIT, wanted=shards)
    jobs = [{"shard": f"{n}/{count}", "name": f"{n:03}-of-{count:03}"} for n in range(1, count + 1)]
    return json.dumps({"include": jobs})


def gitlab(runtimes: int, *, plan: str, shards: int | None = None, image: str, tags: list[str]) -> str:
    """A child pipeline: one job a shard and tag, and one that merges; YAML that is also JSON.

    Args:
        runtimes: How many the plan has.
        plan: Path of the plan, an artifact of the job that wrote it.
        shards: How many jobs; else as many as are sensible.
        image: Image of the jobs.
        tags: A tag of runners for each vantage; empty for any runner.
    """
    count = shards_for(runtimes, limit=GITLAB_LIMIT // max(1, len(tags)), wanted=shards)
    pipeline: dict[str, object] = {"stages": ["measure", "merge"], "default": {"image": image}}
    names = []
    for tag in tags or [""]:
        for n in range(1, count + 1):
            name = f"matrix {tag + ' ' if tag else ''}{n}/{count}"
            folder = f"shard-{tag + '-' if tag else ''}{n}"
            names.append(name)
            pipeline[name] = {
                "stage": "measure",
                **({"tags": [tag]} if tag else {}),
                "needs": [{"pipeline": "$PARENT_PIPELINE_ID", "job": "plan"}],
                "script": [
                    "pip install 'ttsgate[emulator,matrix]'",
                    f"ttsgate matrix --plan {plan} --shard {n}/{count} --output-dir {folder}",
                ],
                "artifacts": {"when": "always", "paths": [folder]},
            }
    pipeline["merge"] = {
        "stage": "merge",
        "when": "always",
        "needs": [{"pipeline": "$PARENT_PIPELINE_ID", "job": "plan"}, *({"job": n, "optional": True} for n in names)],
        "script": ["pip install 'ttsgate[emulator,matrix]'", f"ttsgate merge --plan {plan} shard-*"],
        "artifacts": {"when": "always", "paths": ["output"]},
    }
    return json.dumps(pipeline, indent=1)
