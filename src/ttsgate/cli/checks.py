"""``ttsgate checks``: every registered check with its sentence and reason."""

from __future__ import annotations

import json
from typing import get_args

import click

from ttsgate.judgement import load_all
from ttsgate.judgement.registry import CHECKS, Check, Stage

__all__ = ["command"]


@click.command("checks", help="List every check: id, what must hold, why.")
@click.option("--stage", type=click.Choice(get_args(Stage)), help="Only this stage.")
@click.option("--json", "as_json", is_flag=True, help="As JSON, with severity, levels and needs.")
def command(stage: str | None, *, as_json: bool) -> None:
    """List the checks by stage."""
    load_all()
    chosen = [c for c in CHECKS.values() if stage in (None, c.stage)]
    if as_json:
        click.echo(json.dumps([_record(c) for c in chosen], indent=1, ensure_ascii=False))
        return
    for name in get_args(Stage):
        found = [c for c in chosen if c.stage == name]
        if not found:
            continue
        click.echo(f"{name}:")
        for check in found:
            mark = "" if check.severity == "fail" else f" ({check.severity})"
            click.echo(f"  {check.id}{mark}\n      {check.sentence}\n      {check.why}")


def _record(check: Check) -> dict[str, object]:
    return {
        "id": check.id,
        "stage": check.stage,
        "subject": check.subject,
        "severity": check.severity,
        "sentence": check.sentence,
        "why": check.why,
        "levels": sorted(check.levels),
        "needs": list(check.needs),
        "metrics": list(check.metrics),
    }
