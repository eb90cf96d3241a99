"""``ttsgate matrix check|plan|publish``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ttsgate.cli.bundles import base_of
from ttsgate.errors import UsageError

if TYPE_CHECKING:
    from ttsgate.matrix.driving import Plan
    from ttsgate.matrix.record import Matrix

__all__ = ["add_verbs", "newest_matrix", "read_matrix"]

FOLDER = "aliyun-qwen-tts-realtime"


def read_matrix(path: Path) -> Matrix:
    """A ``matrix.json``, or the one in a folder.

    Raises:
        UsageError: there is none.
        EvidenceError: it is none, or not what it was when it was written.
    """
    from ttsgate.matrix.record import decode

    file = path / "matrix.json" if path.is_dir() else path
    if path.is_dir() and not file.is_file():
        nested = sorted(path.glob(f"{FOLDER}/matrix/*/matrix.json"))
        if len(nested) != 1:
            raise UsageError(f"{path} holds {len(nested)} matrices: name one folder with a matrix.json in it")
        file = nested[0]
    try:
        return decode(file.read_bytes(), name=str(file))
    except OSError as exc:
        raise UsageError(f"cannot read {file}: {exc.strerror}") from exc


def newest_matrix(output_dir: str | None) -> Matrix:
    """The newest complete matrix of the output folder.

    Raises:
        UsageError: there is none yet.
    """
    base = base_of(output_dir) / FOLDER / "matrix"
    for path in sorted(base.glob("*/matrix.json"), reverse=True):
        found = read_matrix(path)
        if found.status == "complete":
            return found
    raise UsageError(f"there is no matrix in {base}: run `ttsgate matrix`, or name a matrix.json")


def add_verbs(
    group: click.Group, axes: Callable[[Callable[..., Any]], Callable[..., Any]], make_plan: Callable[..., Plan]
) -> None:
    """Hang the verbs on the group."""
    group.add_command(check)
    group.add_command(publish)

    @group.command("plan", context_settings={"help_option_names": ["-h", "--help"]})
    @axes
    @click.option("--out", default="plan.json", show_default=True, metavar="FILE", help="Where the plan is written.")
    @click.option("--github", "system", flag_value="github", help="Print the job matrix of GitHub Actions.")
    @click.option("--gitlab", "system", flag_value="gitlab", help="Print a child pipeline of GitLab.")
    @click.option("--shards", type=click.IntRange(1), metavar="N", help="How many jobs. Default: one for 20 runtimes.")
    @click.option("--tag", "tags", multiple=True, metavar="TAG", help="GitLab: tag of the runners. Repeatable.")
    @click.option("--image", default="python:3.11", show_default=True, help="GitLab: image of the jobs.")
    def plan(
        *, out: str, system: str | None, shards: int | None, tags: tuple[str, ...], image: str, **wanted: Any
    ) -> None:
        """Write down what would be measured, and print it as jobs of a CI system."""
        import msgspec

        from ttsgate.matrix.fanout import github, gitlab
        from ttsgate.store import write_atomic

        planned = make_plan(**wanted)
        write_atomic(Path(out), msgspec.json.format(msgspec.json.encode(planned), indent=1) + b"\n")
        count = len(planned.asked)
        if system == "github":
            click.echo(github(count, shards=shards))
        elif system == "gitlab":
            click.echo(gitlab(count, plan=out, shards=shards, image=image, tags=list(tags)))
        else:
            axes_ = planned.axes
            click.echo(f"{count} runtimes: {len(axes_.releases)} releases x Python {', '.join(axes_.pythons)}")
            click.echo(f"releases from {planned.releases_from}: {', '.join(axes_.releases)}")
            click.echo(f"written to {out}; measure it with: ttsgate matrix --plan {out}")


@click.command("check", context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("matrix", required=False, metavar="[MATRIX.json]")
@click.option("-r", "requirements", required=True, metavar="FILE", help="requirements.txt with dashscope in it.")
@click.option("--python", "python", required=True, metavar="VERSION", help="Minor version, e.g. 3.11.")
@click.option("--model", required=True, help="Exact model string.")
@click.option("--region", help="Region, where the matrix is live.")
@click.option("--client", default="sdk-realtime", show_default=True, help="Client that you use.")
@click.option("--mode", "modes", multiple=True, help="Only this mode. Repeatable.")
@click.option("--format", "formats", multiple=True, help="Only this audio format. Repeatable.")
@click.option("--output-dir", metavar="DIR", help="Where the newest matrix is looked for.")
def check(
    *, matrix: str | None, requirements: str, python: str, model: str, region: str | None, client: str,
    modes: tuple[str, ...], formats: tuple[str, ...], output_dir: str | None,
) -> int:  # fmt: skip
    """Am I affected? One line; exit code 0 no, 1 yes, 9 the matrix does not know.

    Of the releases that the requirement allows the newest measured one counts, as pip would choose.
    """
    from ttsgate.matrix.asking import answer, requirement_of

    try:
        text = Path(requirements).read_text(encoding="utf-8")
    except (OSError, UnicodeError) as exc:
        raise UsageError(f"cannot read {requirements}: {exc}") from exc
    wanted = requirement_of(text)
    if wanted is None:
        raise UsageError(f"{requirements} asks for no dashscope: there is nothing to look up")
    found = read_matrix(Path(matrix)) if matrix else newest_matrix(output_dir)
    told = answer(found, wanted, python=python, model=model, region=region, client=client, modes=modes, formats=formats)
    click.echo(told.line)
    return told.exit_code


@click.command("publish", context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("matrix", required=False, metavar="[MATRIX.json]")
@click.option("--dir", "folder", default="public", show_default=True, metavar="DIR", help="Folder of a web server.")
@click.option("--history", "history_url", metavar="URL", help="Database of the history, for the pictures.")
@click.option("--output-dir", metavar="DIR", help="Where the newest matrix is looked for.")
def publish(*, matrix: str | None, folder: str, history_url: str | None, output_dir: str | None) -> None:
    """Write latest/, a dated folder, badges for each model, and a feed of what changed."""
    from ttsgate.matrix.comparing import markdown
    from ttsgate.matrix.history import History
    from ttsgate.matrix.publishing import publish as write

    found = read_matrix(Path(matrix)) if matrix else newest_matrix(output_dir)
    states = None
    if history_url:
        with History(history_url) as history:
            history.add(found)
            states = {cell: course.states for cell, course in history.courses().items()}
    news = write(found, Path(folder), history=states)
    click.echo(markdown(news), nl=False)
    click.echo(f"published in {folder}")
