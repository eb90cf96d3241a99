"""``ttsgate diff``: what changed from one run to another."""

from __future__ import annotations

import json
from typing import Any

import click

from ttsgate.cli.bundles import named, output_dir_option

__all__ = ["command"]


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("before", metavar="A")
@click.argument("after", metavar="B")
@output_dir_option
@click.option(
    "--format",
    "shape",
    type=click.Choice(["text", "markdown", "json"]),
    default="text",
    show_default=True,
    help="How to print it.",
)
@click.option("--rejudge", "again", is_flag=True, help="Judge both runs by the present rules first.")
def command(before: str, after: str, output_dir: str | None, shape: str, again: bool) -> None:
    """Compare two runs, the earlier one first: newly failing, fixed, no longer judged, findings, latency, behaviour.

    A and B are folders, exported archives, or `latest`. Latency counts as moved only beyond 5 % and noise, and is never
    compared on loopback or between places. The exit code is 0 whatever is found: to decide, use `ttsgate gate`.
    """
    base = output_dir if "latest" in (before, after) else None
    first, second = (named(b, base if b == "latest" else None) for b in (before, after))

    import msgspec

    from ttsgate.bundle.diff import diff
    from ttsgate.report.differences import markdown, text

    if again:
        _judge(first)
        _judge(second)
    found: dict[str, Any] = msgspec.to_builtins(diff(first, second))
    if shape == "json":
        click.echo(json.dumps(found, ensure_ascii=False))
    elif shape == "markdown":
        click.echo(markdown(found), nl=False)
    else:
        for line in text(found):
            click.echo(line)


def _judge(bundle: Any) -> None:
    """Put the result as it is judged now in the place of the recorded one."""
    from ttsgate.bundle.rejudge import rejudge
    from ttsgate.probes.environment import engine_facts

    result = rejudge(bundle).result
    result.engine = {**result.engine, **engine_facts()}
    bundle.result = result
