"""``ttsgate doctor``: is this machine fit for a run, and what to do where it is not?"""

from __future__ import annotations

import importlib.util
import json
import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import click
import msgspec

from ttsgate import catalog
from ttsgate.cli.options import GroupedCommand, common_options
from ttsgate.config import Config, find_data, find_key, find_network, key_variables, resolve, resolve_target
from ttsgate.errors import CredentialError, TtsgateError
from ttsgate.result.redact import Redactor
from ttsgate.verdict.exit_codes import ExitCode

__all__ = ["Diagnosis", "Examined", "command"]

State = Literal["ok", "warn", "fail", "n/a"]
_SIGNS: dict[State, str] = {"ok": "✓", "warn": "!", "fail": "✗", "n/a": "-"}
_OPTIONS = (
    "target", "region", "workspace", "ws_url", "http_url", "custom_key_env", "proxy", "ca_file", "ip_version",
    "connect_to", "python", "policy", "config", "output_dir", "json",
)  # fmt: skip
_EXTRAS: tuple[tuple[str, str, str], ...] = (
    ("emulator", "espeakng_loader", "the emulator's voice: without it there is no run against the emulator"),
    ("signing", "securesystemslib", "signing bundles and decisions, verifying signatures"),
)
_FREE_BYTES = 500 * 2**20
_OLDEST_CATALOGUE_DAYS = 90


class Examined(msgspec.Struct, kw_only=True):
    """One thing that was looked at."""

    what: str
    """What, in a word or two."""
    state: State
    """``warn`` hinders some runs, ``fail`` the one that was asked for; ``n/a`` plays no part in it."""
    seen: str
    """What was found; never a key."""
    remedy: str = ""
    """What to do; empty where nothing needs doing."""


class Diagnosis(msgspec.Struct, kw_only=True):
    """``ttsgate doctor --json``."""

    fit: bool
    """Whether nothing failed."""
    exit_code: int
    """0, 2 where something must be mended, 7 where only the key is missing."""
    examined: list[Examined]
    """In order."""


@click.command(cls=GroupedCommand, context_settings={"help_option_names": ["-h", "--help"]})
@common_options(*_OPTIONS)
def command(**given: Any) -> int:
    """Look at this machine: what a run with these options would need, and what to do where it is missing.

    Nothing is sent, and nothing that is billed is asked. Interpreters named by --python are started to ask for their
    SDK. Exit codes: 0 fit, 2 something must be mended, 7 only the key is missing.
    """
    environ = dict(os.environ)
    config = resolve(given, environ, Path.cwd())
    examined = list(_examine(config, environ))
    failed = [e for e in examined if e.state == "fail"]
    code = ExitCode.PASS
    if failed:
        code = ExitCode.KEY if all(e.what == "key" for e in failed) else ExitCode.USAGE
    secrets = [environ[name] for name in key_variables(environ, config.custom_key_env)]
    document = Redactor(secrets, home=environ.get("HOME")).data(
        msgspec.to_builtins(Diagnosis(fit=not failed, exit_code=int(code), examined=examined))
    )
    click.echo(json.dumps(document, ensure_ascii=False, indent=2) if config.json else "\n".join(_lines(document)))
    return int(code)


def _examine(config: Config, environ: dict[str, str]) -> Iterator[Examined]:
    yield Examined(what="python", state="ok", seen=f"{platform.python_version()}, {sys.executable}")
    yield from _extras(config)
    for name, kind in (("suites", "checks"), ("templates", "reports"), ("probe script", "scripts")):
        yield _tried(name, lambda kind=kind: str(find_data(kind)), "reinstall ttsgate")  # type: ignore[misc]
    yield _output(config.output_dir)
    yield _clock()
    yield _configuration(config)
    yield from _way(config, environ)
    yield from _sdks(config)
    uv = shutil.which("uv", path=environ.get("PATH"))
    yield Examined(what="uv", state="ok" if uv else "n/a", seen=uv or "not found: only the matrix needs it", remedy="")


def _tried(what: str, look: Callable[[], str], remedy: str) -> Examined:
    try:
        return Examined(what=what, state="ok", seen=look())
    except TtsgateError as exc:
        return Examined(what=what, state="fail", seen=str(exc), remedy=remedy)


def _extras(config: Config) -> Iterator[Examined]:
    for extra, module, use in _EXTRAS:
        there = importlib.util.find_spec(module) is not None
        needed = extra == "emulator" and config.target == "emulator"
        yield Examined(
            what=f"extra {extra}",
            state="ok" if there else "fail" if needed else "warn",
            seen=use if there else f"not installed: {use}",
            remedy="" if there else f"pip install 'ttsgate[{extra}]'",
        )


def _output(folder: Path) -> Examined:
    nearest = next(p for p in (folder, *folder.parents) if p.exists())
    try:
        with tempfile.NamedTemporaryFile(dir=nearest, prefix=".ttsgate-doctor-"):
            free = shutil.disk_usage(nearest).free
    except OSError as exc:
        return Examined(
            what="output folder",
            state="fail",
            seen=f"{folder} cannot be written: {exc.strerror}",
            remedy="name another with --output-dir, or mend its permissions",
        )
    if free < _FREE_BYTES:
        return Examined(
            what="output folder",
            state="warn",
            seen=f"{folder}: {free >> 20} MB left",
            remedy="delete old runs: ttsgate prune",
        )
    return Examined(what="output folder", state="ok", seen=f"{folder}, {free >> 30} GB left")


def _clock() -> Examined:
    today = datetime.now(UTC)
    age = catalog.age_days(today.date())
    if age < 0:
        return Examined(
            what="clock",
            state="fail",
            seen=f"{today:%Y-%m-%d %H:%M} UTC lies before the catalogue of {catalog.CATALOG_DATE}",
            remedy="set the clock: age limits, TLS and signatures go by it",
        )
    if age > _OLDEST_CATALOGUE_DAYS:
        return Examined(
            what="catalogue",
            state="warn",
            seen=f"of {catalog.CATALOG_DATE}, {age} days old",
            remedy="install a newer ttsgate: models, voices and prices may have changed",
        )
    return Examined(what="clock", state="ok", seen=f"{today:%Y-%m-%d %H:%M} UTC; catalogue of {catalog.CATALOG_DATE}")


def _configuration(config: Config) -> Examined:
    policy = config.rules.name if config.rules else "none, everybody blocks"
    return Examined(
        what="configuration", state="ok", seen=f"{config.config_file or 'no file'}; policy {policy}; CI {config.ci}"
    )


def _way(config: Config, environ: dict[str, str]) -> Iterator[Examined]:
    try:
        target = resolve_target(config)
    except TtsgateError as exc:
        yield Examined(what="target", state="fail", seen=str(exc), remedy="see --target, --region, --ws-url")
        return
    yield Examined(what="target", state="ok", seen=f"{target.kind}: {target.ws_url or 'started by the run itself'}")
    try:
        key = find_key(config, target, environ)
        yield Examined(what="key", state="ok", seen=f"{key.origin}, fingerprint {key.fingerprint}")
    except CredentialError as exc:
        yield Examined(
            what="key", state="fail", seen=str(exc), remedy="export DASHSCOPE_API_KEY=... of the target's region"
        )
    try:
        network = find_network(config, target, environ)
    except TtsgateError as exc:
        yield Examined(what="network", state="fail", seen=str(exc), remedy="see --proxy, --ca-file, NO_PROXY")
        return
    facts = "; ".join(f"{name} {value}" for name, value in network.facts().items())
    private = network.ca_file is not None and target.kind == "live"
    yield Examined(
        what="network",
        state="n/a" if target.kind == "emulator" else "warn" if private else "ok",
        seen=facts or "straight, trusting certifi's roots",
        remedy="evidence will not count as live unless the public roots vouch for the service, too" if private else "",
    )


def _sdks(config: Config) -> Iterator[Examined]:
    from ttsgate.probes.runtimes import inspect_runtime

    for python in config.pythons or (Path(sys.executable),):
        given = bool(config.pythons)
        try:
            runtime = inspect_runtime(python, given=given)
        except TtsgateError as exc:
            yield Examined(what="sdk", state="fail", seen=str(exc), remedy="name another interpreter with --python")
            continue
        there = runtime.dashscope is not None
        whose = "" if given else " (the harness's own; name yours with --python)"
        yield Examined(
            what="sdk",
            state="ok" if there else "fail",
            seen=f"dashscope {runtime.dashscope or 'missing'} on Python {runtime.python}, {python}{whose}",
            remedy="" if there else f"{python} -m pip install dashscope",
        )


def _lines(document: dict[str, Any]) -> list[str]:
    width = max(len(e["what"]) for e in document["examined"])
    lines = []
    for one in document["examined"]:
        lines.append(f"{_SIGNS[one['state']]} {one['what'].ljust(width)}  {one['seen']}")
        if one["remedy"]:
            lines.append(f"  {' ' * width}  -> {one['remedy']}")
    lines.append(f"ttsgate: {'FIT' if document['fit'] else 'UNFIT'} exit={document['exit_code']}")
    return lines
