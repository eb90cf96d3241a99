"""``ttsgate history``: since when, last good, how flaky."""

from __future__ import annotations

import json
from pathlib import Path

import click

from ttsgate.cli.bundles import base_of

__all__ = ["command"]


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("matrices", nargs=-1, metavar="[MATRIX.json]...")
@click.option("--rebuild", is_flag=True, help="Also take in every matrix of the output folder.")
@click.option("--cell", default="*", show_default=True, metavar="PATTERN", help="Cells, e.g. '*/2.0.2*/commit/mp3'.")
@click.option("--changed", is_flag=True, help="Only cells that changed within the nights shown.")
@click.option("--nights", default=90, show_default=True, type=click.IntRange(1), help="How far back.")
@click.option("--history", "history_url", metavar="URL", help="Database. Default: history.sqlite in the output.")
@click.option("--output-dir", metavar="DIR", help="Base of the output. Default: as `ttsgate validate`.")
@click.option("--json", "as_json", is_flag=True, help="Print the courses as JSON.")
def command(
    *, matrices: tuple[str, ...], rebuild: bool, cell: str, changed: bool, nights: int, history_url: str | None,
    output_dir: str | None, as_json: bool,
) -> None:  # fmt: skip
    """Show how the cells of the matrix went: since when they are as they are, and when they passed last.

    The database is a cache: MATRIX.json files, or --rebuild, fill it again. Any URL of SQLAlchemy works, for example
    postgresql+psycopg://user@host/name.
    """
    import msgspec

    from ttsgate.cli.matrix import FOLDER
    from ttsgate.cli.matrix_verbs import read_matrix
    from ttsgate.matrix.history import History, sqlite_url

    base = base_of(output_dir) / FOLDER / "matrix"
    files = [Path(m) for m in matrices]
    files += sorted(base.glob("*/matrix.json")) if rebuild else []
    with History(history_url or sqlite_url(base / "history.sqlite")) as history:
        added = sum(history.add(read_matrix(file)) for file in files)
        like = cell.replace("%", r"\%").replace("_", r"\_").replace("*", "%")
        courses = history.courses(like=like, nights=nights)
    shown = [c for c in courses.values() if not changed or len(set(c.states)) > 1]
    if as_json:
        click.echo(json.dumps(msgspec.to_builtins(shown), indent=1))
        return
    for course in shown:
        marks = "".join("." if s == "pass" else "x" for s in course.states[-30:])
        good = f", last good {course.last_good[:10]}" if course.states[-1] != "pass" and course.last_good else ""
        flaky = f", flaky {course.flakiness:.0%}" if course.flakiness else ""
        click.echo(f"{course.states[-1]} since {course.since[:10]}{good}{flaky}  {course.cell}  {marks}")
    click.echo(f"{len(shown)} of {len(courses)} cells" + (f"; {added} matrices taken in" if files else ""))
