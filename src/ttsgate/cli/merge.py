"""``ttsgate merge``: parts of a matrix become one."""

from __future__ import annotations

from pathlib import Path

import click

from ttsgate.cli.bundles import base_of

__all__ = ["command"]


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("parts", nargs=-1, required=True, metavar="PART...")
@click.option("--plan", "plan_file", metavar="FILE", help="What was planned: what never arrived is shown as missing.")
@click.option("--previous", metavar="FILE", help="matrix.json of the last night. Default: the newest one here.")
@click.option("--history", "history_url", metavar="URL", help="Database of the history. Default: a file in the output.")
@click.option("--output-dir", metavar="DIR", help="Base of the output. Default: as `ttsgate validate`.")
@click.option("--json", "as_json", is_flag=True, help="Print matrix.json instead of the summary.")
def command(
    *, parts: tuple[str, ...], plan_file: str | None, previous: str | None, history_url: str | None,
    output_dir: str | None, as_json: bool,
) -> int:  # fmt: skip
    """Join parts of a matrix that were measured on several machines: folders, or matrix.json files.

    Of two results of one runtime the measured one counts. With --plan, what was planned and is in no part is missing,
    which is not a pass: exit code 9.
    """
    from ttsgate.cli.matrix import FOLDER, finish, previous_matrix
    from ttsgate.cli.matrix_verbs import read_matrix
    from ttsgate.matrix.driving import open_plan
    from ttsgate.matrix.merging import merge
    from ttsgate.matrix.sums import verify

    found = []
    for part in parts:
        verify(Path(part))
        found.append(read_matrix(Path(part)))
    merged = merge(found, plan=open_plan(Path(plan_file)) if plan_file else None)
    base = base_of(output_dir) / FOLDER / "matrix"
    last = previous_matrix(base, previous, not_this=merged.id)
    return finish(merged, last, base / merged.id, history_url=history_url, as_json=as_json)
