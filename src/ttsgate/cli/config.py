"""``ttsgate config show``: every option, its value and where it came from."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import click

from ttsgate import config
from ttsgate.cli.options import GroupedCommand, common_options
from ttsgate.errors import CredentialError
from ttsgate.result.redact import Redactor
from ttsgate.verdict.ruling import in_force

__all__ = ["command"]


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def command() -> None:
    """Look at the configuration."""


@command.command(cls=GroupedCommand)
@common_options()
def show(**options: Any) -> None:
    """Print each option with its value and origin, the target, and where its key would come from.

    Takes the options of `ttsgate validate` and prints what that would use; the key itself is never printed.
    """
    as_json = bool(options.get("json"))
    resolved = config.resolve(options, os.environ, Path.cwd())
    target = config.resolve_target(resolved)
    keys = [os.environ[name] for name in config.key_variables(os.environ, resolved.custom_key_env)]
    try:
        credential = config.find_key(resolved, target, os.environ)
        if target.kind != "emulator":
            keys.append(credential.key.reveal())
        found = credential.as_dict()
    except CredentialError as exc:
        found = {"missing": str(exc)}
    redactor = Redactor(keys, home=os.environ.get("HOME"))
    document = redactor.data(
        {
            "file": str(resolved.config_file) if resolved.config_file else None,
            "ci": resolved.ci,
            "settings": {s.name: {"value": s.value, "origin": s.origin} for s in resolved.settings},
            "required_models": sorted(resolved.required_models),
            "policy": _policy(resolved),
            "target": {
                "kind": target.kind,
                "claim": target.claim,
                "ws_url": target.ws_url,
                "http_url": target.http_url,
            },
            "key": found,
        }
    )
    click.echo(json.dumps(document, ensure_ascii=False, indent=2) if as_json else _text(document))


def _policy(resolved: config.Config) -> dict[str, Any] | None:
    """The policy in force with everything that it extends, and the digest that pins it."""
    if resolved.rules is None:
        return None
    policy = in_force(resolved.rules, resolved.expectations, ci=resolved.ci)
    return {
        "name": policy["name"],
        "sha256": policy["sha256"],
        **policy["policy"],
        "expectations": policy["expectations"],
    }


def _text(document: dict[str, Any]) -> str:
    rows = [(name, json.dumps(s["value"], ensure_ascii=False), s["origin"]) for name, s in document["settings"].items()]
    width = max(len(name) for name, _, _ in rows)
    lines = [
        f"{name.ljust(width)} = {'-' if value in ('null', '[]') else value}  ({origin})" for name, value, origin in rows
    ]
    target, key, policy = document["target"], document["key"], document["policy"]
    urls = f", {target['ws_url']}, {target['http_url']}" if target["ws_url"] else ""
    lines += [
        "",
        f"file:   {document['file'] or 'none'}",
        f"policy: {policy['name']} sha256:{policy['sha256']}, {len(policy['expectations'])} known failures"
        if policy
        else "policy: none: everybody blocks",
        f"target: {target['kind']} ({target['claim']}){urls}",
        f"key:    {key['missing']}"
        if "missing" in key
        else f"key:    {key['origin']}, fingerprint {key['fingerprint']}",
    ]
    return "\n".join(lines)
