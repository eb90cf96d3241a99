"""``ttsgate judge``: the same checks on a stored bundle, without network."""

from __future__ import annotations

import json
import os
import sys

import click

from ttsgate.cli.bundles import bundle_argument, named, output_dir_option

__all__ = ["command"]

SHOWN = 20
"""Differences shown as text; --json has all."""


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@bundle_argument()
@output_dir_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document on stdout, nothing else.")
def command(bundle: str, output_dir: str | None, as_json: bool) -> int:
    """Judge a stored run again: every check on what was received, no network, nothing written.

    BUNDLE is a folder, an exported archive, or `latest`. Prints the verdict as it comes out now and, before it,
    where that differs from what was recorded. Exit codes: those of `ttsgate validate` for the verdict found now, 130
    for a run that was interrupted, 6 when the bundle is damaged.
    """
    found = named(bundle, output_dir)

    # Imported here: --help and usage errors need none of it.
    import msgspec

    from ttsgate.bundle.rejudge import rejudge
    from ttsgate.report import github, terminal

    again = rejudge(found)
    result = again.result
    code = result.verdict.exit_code if result.verdict else 130
    if as_json:
        document = {
            **github.outputs(result),
            "rejudgement": again.state,
            "same_engine": again.same_engine,
            "outcomes": again.outcomes,
            "numbers": again.numbers,
            "not_judged_again": again.unread,
            "differences": [msgspec.to_builtins(d) for d in again.differences],
        }
        click.echo(json.dumps(document, ensure_ascii=False))
        return code
    color = not os.environ.get("NO_COLOR") and (bool(os.environ.get("FORCE_COLOR")) or sys.stdout.isatty())
    *lines, last = terminal.lines(result, color=color)
    for line in lines:
        click.echo(line)
    counted = f"{again.outcomes} outcomes and {again.numbers} numbers of {again.sessions} sessions"
    other = "" if again.same_engine else "; by another engine than the one that the result names"
    click.echo(f"judged again: {again.state}; {counted}{other}")
    for what in again.unread:
        click.echo(f"  not judged again: {what}")
    for difference in again.differences[:SHOWN]:
        click.echo(f"  {difference}")
    if len(again.differences) > SHOWN:
        click.echo(f"  and {len(again.differences) - SHOWN} more: --json has all")
    click.echo(last)
    return code
