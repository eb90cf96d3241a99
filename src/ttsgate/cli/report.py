"""``ttsgate report``: render a stored run again."""

from __future__ import annotations

from pathlib import Path

import click

from ttsgate.cli.bundles import bundle_argument, named, output_dir_option
from ttsgate.errors import UsageError

__all__ = ["command"]


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@bundle_argument()
@click.argument("folder", required=False, type=click.Path(path_type=Path, file_okay=False))
@output_dir_option
@click.option(
    "--templates",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    metavar="DIR",
    help="Report templates to use instead of the packaged ones.",
)
def command(bundle: str, folder: Path | None, output_dir: str | None, templates: Path | None) -> None:
    """Render a stored run again, with this ttsgate or with templates of your own.

    Writes evidence/, report.html, summary.md, junit.xml, ctrf.json, badge.json and validate.txt into FOLDER, by default
    RUN-report in the working directory. A bundle itself is never written to: that would break its seal.
    """
    from ttsgate.report import render, write_all
    from ttsgate.store.atomic import write_atomic

    found = named(bundle, output_dir)
    result = found.result
    where = folder or Path(f"{result.run}-report")
    if (where / "result.json").exists() or (where / "manifest.json").exists():
        raise UsageError(f"{where} holds a bundle, which a new report would break: name another folder")
    names = frozenset(found.files.names())
    files = write_all(
        result, where, templates=templates, audio=lambda name: found.read(name) if name in names else None
    )
    write_atomic(where / "validate.txt", render.validate_txt(result).encode())
    for path in [*files, where / "validate.txt"]:
        click.echo(str(path))
