"""``ttsgate baseline``: edit the list of known failures, keeping comments and order."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ttsgate.cli.bundles import named
from ttsgate.config import resolve
from ttsgate.errors import UsageError

if TYPE_CHECKING:
    from ttsgate.result.record import Result

__all__ = ["command"]

DAYS = 30
"""How long a new entry lasts unless told otherwise: long enough to mend, short enough to be looked at again."""


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def command() -> None:
    """Edit the known failures ([[expectations]]) of gate.toml; comments stay."""


@command.command()
@click.argument("bundle", metavar="BUNDLE")
@click.option("--reason", required=True, metavar="TEXT", help="Why these failures are accepted for now.")
@click.option("--owner", required=True, metavar="NAME", help="Who looks after them.")
@click.option("--ticket", required=True, metavar="REF", help="Where they are followed up.")
@click.option("--expires", metavar="DATE", help=f"Last day, e.g. 2026-12-24. Default: {DAYS} days from today.")
@click.option("--check", "checks", multiple=True, metavar="ID", help="Only this check. Repeatable.")
@click.option("--config", metavar="FILE", help="File to edit. Default: the nearest gate.toml.")
@click.option("--output-dir", metavar="DIR", help="Base folder in which `latest` is looked for.")
def update(
    bundle: str,
    reason: str,
    owner: str,
    ticket: str,
    expires: str | None,
    checks: tuple[str, ...],
    config: str | None,
    output_dir: str | None,
) -> int:
    """List the failures of a bundle that are not listed yet, one entry for each check, model and client.

    What fails in some sessions of a cell only gets the pass rate that was seen. Failures of ttsgate itself, and of
    timing, are never listed: move the limit instead.
    """
    path = _file(config)
    today = datetime.now(UTC).date()
    last = _day(expires) if expires else today + timedelta(days=DAYS)
    result: Result = named(bundle, output_dir).result
    entries, refused = _entries(result, checks)
    about = {"reason": reason, "owner": owner, "ticket": ticket, "first_seen": today, "expires": last}
    document, table = _document(path)
    known = [e.unwrap() for e in table.get("expectations", [])]
    fresh = [e for e in entries if not any(all(k.get(n) == v for n, v in e.items() if n != "pass_rate") for k in known)]
    _append(table, [{**e, **about} for e in fresh])
    _write(path, document)
    for entry in fresh:
        click.echo(f"listed   {_shown(entry)} until {last}")
    for entry in entries:
        if entry not in fresh:
            click.echo(f"known    {_shown(entry)}")
    for why in refused:
        click.echo(f"refused  {why}")
    if not entries and not refused:
        click.echo("nothing failed that could be listed")
    return 0


@command.command()
@click.argument("bundle", metavar="BUNDLE")
@click.option("--config", metavar="FILE", help="File to edit. Default: the nearest gate.toml.")
@click.option("--output-dir", metavar="DIR", help="Base folder in which `latest` is looked for.")
def prune(bundle: str, config: str | None, output_dir: str | None) -> int:
    """Remove entries that a bundle shows to be stale (what they list holds again) or that have expired.

    An expired entry of which the bundle says nothing stays: it may have been run elsewhere.
    """
    from ttsgate import judgement
    from ttsgate.verdict.expectations import apply_expectations, load_expectations

    path = _file(config)
    document, table = _document(path)
    raw = table.get("expectations", [])
    judgement.load_all()
    entries = load_expectations([e.unwrap() for e in raw], source=path.name)
    result: Result = named(bundle, output_dir).result
    today = datetime.now(UTC).date()
    gone = []
    for at, entry in enumerate(entries):
        (found,) = apply_expectations([result], [entry], policy=(*entry.policies, "")[0], today=today)
        over = found.state == "expired" and today > entry.expires and not found.failed
        if (found.state == "stale" and not found.failed) or over:
            gone.append(at)
            click.echo(f"removed  {entry}: {found.why}")
        else:
            click.echo(f"kept     {entry}: {found.state}")
    for at in reversed(gone):
        del raw[at]
    if not raw and "expectations" in table:
        del table["expectations"]
    _write(path, document)
    return 0


def _file(config: str | None) -> Path:
    resolved = resolve({"config": config} if config else {}, dict(os.environ), Path.cwd())
    if resolved.config_file is None:
        raise UsageError("there is no gate.toml to edit: make one, or name it with --config")
    return resolved.config_file


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UsageError(f"--expires {text!r} is no date such as 2026-12-24") from None


def _entries(result: Result, checks: tuple[str, ...]) -> tuple[list[dict[str, Any]], list[str]]:
    """What could be listed, and what may not be."""
    from ttsgate import judgement
    from ttsgate.judgement.registry import CHECKS

    judgement.load_all()
    if unknown := [c for c in checks if c not in CHECKS and not c.startswith("U-")]:
        raise UsageError(f"unknown check {unknown[0]!r}: `ttsgate checks` lists them")
    counted: dict[tuple[str, str | None, str | None], list[str]] = {}
    for record in result.checks:
        if record.severity == "fail" and record.decides and (not checks or record.check in checks):
            counted.setdefault((record.check, record.model, record.client), []).append(record.outcome)
    entries: list[dict[str, Any]] = []
    refused = []
    for (check, model, client), outcomes in counted.items():
        failed = sum(o in ("fail", "xfail") for o in outcomes)
        passed = sum(o in ("pass", "xpass") for o in outcomes)
        if "error" in outcomes:
            refused.append(f"{check}: an error of ttsgate itself is no known failure")
        if not failed:
            continue
        if check in CHECKS and CHECKS[check].stage == "timing":
            refused.append(f"{check}: latency is never excused")
            continue
        entry: dict[str, Any] = {"check": check}
        if model:
            entry["model"] = model
        if client:
            entry["client"] = client
        entry["target"] = result.target.kind
        if result.target.region:
            entry["region"] = result.target.region
        if passed:
            entry["pass_rate"] = round(passed / (passed + failed), 3)
        entries.append(entry)
    return entries, refused


def _shown(entry: dict[str, Any]) -> str:
    return " ".join(str(entry[k]) for k in ("check", "model", "client", "region") if k in entry)


def _document(path: Path) -> tuple[Any, Any]:
    """The parsed file, and our table in it."""
    import tomlkit

    try:
        document = tomlkit.parse(path.read_text(encoding="utf-8"))
    except OSError as exc:
        raise UsageError(f"cannot read {path}: {exc.strerror}") from exc
    return document, document["tool"]["ttsgate"] if path.name == "pyproject.toml" else document


def _append(table: Any, entries: list[dict[str, Any]]) -> None:
    import tomlkit

    if not entries:
        return
    if "expectations" not in table:
        table.append("expectations", tomlkit.aot())
    for entry in entries:
        one = tomlkit.table()
        for key, value in entry.items():
            one.add(key, value)
        one.add(tomlkit.nl())
        table["expectations"].append(one)


def _write(path: Path, document: Any) -> None:
    import tomlkit

    from ttsgate.store.atomic import write_atomic

    write_atomic(path, tomlkit.dumps(document).encode())
