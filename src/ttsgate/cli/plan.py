"""``ttsgate plan``: what a run would do, worked out without a call."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import click
import msgspec

from ttsgate.cli.options import GroupedCommand, common_options
from ttsgate.collect.plan import Plan, make_plan, planned_runtimes
from ttsgate.config import Config, key_variables, resolve, resolve_target
from ttsgate.probes.connectivity import planned_steps
from ttsgate.result.record import Target
from ttsgate.result.redact import Redactor

__all__ = ["command"]


@click.command(cls=GroupedCommand, context_settings={"help_option_names": ["-h", "--help"]})
@common_options()
def command(**given: Any) -> None:
    """Show what `ttsgate validate` would do with the same options: sessions, characters, price, changes.

    Nothing is sent and no key is needed. Interpreters named by --python are started to ask for their versions. A plan
    over a cap is exit 2, as it would be in the run.
    """
    config = resolve(given, os.environ, Path.cwd())
    target = resolve_target(config)
    plan = make_plan(config, target, planned_runtimes(config))
    secrets = [os.environ[name] for name in key_variables(os.environ, config.custom_key_env)]
    document = Redactor(secrets, home=os.environ.get("HOME")).data(_document(config, target, plan))
    click.echo(json.dumps(document, ensure_ascii=False, indent=2) if config.json else "\n".join(_lines(document)))


def _document(config: Config, target: Target, plan: Plan) -> dict[str, Any]:
    mutating = plan.intent.mutating
    return {
        "target": msgspec.to_builtins(target),
        "intent": msgspec.to_builtins(plan.intent),
        "steps": planned_steps(target.ws_url or "ws://127.0.0.1", plan.voice_kinds),
        "runtimes": msgspec.to_builtins(plan.runtimes),
        "cells": [
            {
                "id": cell.id,
                "model": cell.model,
                "client": cell.client,
                "runtime": cell.runtime,
                "expectation": cell.expectation,
                "variant": cell.variant,
                "sessions": sum(s.cell is cell for s in plan.sessions),
                "decides": config.decides(cell.model),
            }
            for cell in plan.cells
        ],
        "wrong_requests": {"model": plan.probed, "probes": [p.id for p in plan.probes]} if plan.probes else {},
        "temporary_voices": plan.voice_targets if mutating else {},
        "without_voice": [] if mutating else list(plan.voice_targets),
    }


def _wrong_requests(asked: dict[str, Any]) -> str:
    if not asked:
        return "none for wrong requests"
    return f"{len(asked['probes'])} for wrong requests to {asked['model']}, without characters (--skip-probes)"


def _lines(document: dict[str, Any]) -> list[str]:
    target, intent = document["target"], document["intent"]
    where = f"{target['kind']} ({target['claim']})"
    if target["ws_url"]:
        where += f", {target['ws_url']}, {target['http_url']}"
    rows = [
        ("target", where),
        ("region", target["region"] or "none"),
        ("workspace", target["workspace"] or "none"),
        ("touches", ", ".join(intent["identifiers"])),
        ("changes", "creates and deletes temporary voices" if intent["mutating"] else "none: read-only but for speech"),
        ("sessions", f"up to {intent['sessions']}, and 2 more for each that fails, as far as the caps leave room"),
        ("of these", _wrong_requests(document["wrong_requests"])),
        ("characters", f"up to {intent['characters']} billable"),
        ("worst price", intent["worst_cost"] or "nothing is billed"),
        ("caps", ", ".join(f"{name} {value:g}" for name, value in intent["limits"].items())),
        ("first", f"connectivity, free: {', '.join(document['steps'])}"),
    ]
    width = max(len(name) for name, _ in rows)
    lines = [intent["summary"], "", *(f"{name.ljust(width)}  {value}" for name, value in rows), ""]
    for cell in document["cells"]:
        marks = ["refusal expected"] if cell["expectation"] == "refusal" else []
        marks += [f"to compare the {cell['variant']}"] if cell["variant"] else []
        marks += [] if cell["decides"] else ["surveyed"]
        marks += ["needs a voice: --voice or --allow-mutating"] if cell["model"] in document["without_voice"] else []
        lines.append(f"{cell['sessions']} x {cell['id']}" + (f"  ({'; '.join(marks)})" if marks else ""))
    return lines
