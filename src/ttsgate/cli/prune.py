"""``ttsgate prune``: delete old runs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import click

from ttsgate.cli.bundles import DURATION, base_of
from ttsgate.errors import UsageError

__all__ = ["command"]


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--keep", type=click.IntRange(min=0), metavar="N", help="Keep the N newest runs, whatever their age.")
@click.option("--older-than", type=DURATION, metavar="AGE", help="Delete only runs older than this: 36h, 30d, 8w.")
@click.option("--force", is_flag=True, help="Delete the newest run, signed runs and unfinished ones, too.")
@click.option("--dry-run", is_flag=True, help="Only say what would be deleted.")
@click.option("--output-dir", metavar="DIR", help="Base folder of the runs. Default: as `ttsgate validate` writes to.")
def command(keep: int | None, older_than: timedelta | None, force: bool, dry_run: bool, output_dir: str | None) -> None:
    """Delete old runs: those that are neither among the N newest nor younger than AGE.

    Give --keep, --older-than or both. The newest run, signed runs, and runs that may be gone on with are never
    deleted without --force.
    """
    if keep is None and older_than is None:
        raise UsageError("say what may go: --keep N, --older-than AGE, or both")

    from ttsgate.bundle.pruning import choose, remove
    from ttsgate.bundle.reading import run_folders

    folders = run_folders(base_of(output_dir))
    doomed, kept = choose(folders, keep=keep, older_than=older_than, force=force, now=datetime.now(UTC))
    for one in kept:
        click.echo(f"kept     {one.folder.name}  ({one.why})")
    for run in doomed:
        if not dry_run:
            remove(run.folder)
        click.echo(f"{'would go' if dry_run else 'deleted '} {run.folder.name}  ({run.age.days} days old)")
    click.echo(f"{len(doomed)} of {len(folders)} runs {'would be deleted' if dry_run else 'deleted'}")
