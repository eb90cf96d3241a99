"""``ttsgate matrix``: which SDK release behaves how, in which Python."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ttsgate.cli.bundles import base_of
from ttsgate.cli.matrix_verbs import FOLDER, add_verbs
from ttsgate.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ttsgate.matrix.driving import Executor, Plan
    from ttsgate.matrix.record import Matrix, Runtime
    from ttsgate.verdict.expectations import Expectation

__all__ = ["FOLDER", "command", "finish", "make_plan", "previous_matrix"]

MODELS = ("qwen3-tts-flash-realtime", "qwen3-tts-instruct-flash-realtime")
CLIENTS = ("sdk-realtime", "sdk-http", "sdk-client")
MODES = ("server_commit", "commit")
FORMATS = ("pcm", "wav", "mp3", "opus")


def _axes(function: Callable[..., Any]) -> Callable[..., Any]:
    options = [
        click.option("--sdk", default="boundaries", show_default=True, metavar="RELEASES",
                     help="Versions split by commas, a specifier such as '>=1.24,<2.1', all, or boundaries."),
        click.option("--python", "pythons", multiple=True, metavar="VERSION|PATH|all",
                     help="Python: 3.8 to 3.14 as found here, or a path. Default: ours. Repeatable."),
        click.option("--resolution", "resolutions", multiple=True, metavar="newest|lowest|as-of:DATE",
                     help="How dependencies are chosen. Default: newest. Repeatable."),
        click.option("--pin", "pins", multiple=True, metavar="REQUIREMENT",
                     help="Also install this, e.g. websocket-client==1.8.0. Repeatable."),
        click.option("--model", "models", multiple=True, help=f"Default: {', '.join(MODELS)}. Repeatable."),
        click.option("--client", "clients", multiple=True, type=click.Choice(CLIENTS), help="Default: all."),
        click.option("--mode", "modes", multiple=True, type=click.Choice(MODES), help="Default: both."),
        click.option("--format", "formats", multiple=True, type=click.Choice(FORMATS), help="Default: all."),
        click.option("--offline", is_flag=True, help="Ask no index: releases and environments as they are kept here."),
        click.option("--cache", metavar="DIR", help="Environments are kept there. Default: the user's cache folder."),
    ]  # fmt: skip
    for option in reversed(options):
        function = option(function)
    return function


@click.group(invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@_axes
@click.option("--jobs", default=4, show_default=True, type=click.IntRange(1, 64), help="Runtimes at the same time.")
@click.option("--plan", "plan_file", metavar="FILE", help="Measure what `ttsgate matrix plan` wrote there.")
@click.option("--shard", metavar="I/N", help="Only the I-th of N parts of the plan.")
@click.option(
    "--executor", type=click.Choice(["local", "dask"]), default="local", show_default=True, help="Who measures."
)
@click.option("--scheduler", metavar="ADDRESS", help="Dask scheduler, e.g. tcp://127.0.0.1:8786.")
@click.option("--resource", "resources", multiple=True, metavar="NAME", help="What its workers must have. Repeatable.")
@click.option("--history", "history_url", metavar="URL", help="Database of the history. Default: a file in the output.")
@click.option("--resume", is_flag=True, help="Go on with the newest run that did not come to its end.")
@click.option("--previous", metavar="FILE", help="matrix.json of the last night. Default: the newest one here.")
@click.option("--output-dir", metavar="DIR", help="Base of the output. Default: as `ttsgate validate`.")
@click.option("--json", "as_json", is_flag=True, help="Print matrix.json instead of the summary.")
@click.option("-q", "--quiet", is_flag=True, help="No progress.")
@click.pass_context
def command(
    ctx: click.Context, /, *, jobs: int, plan_file: str | None, shard: str | None, executor: str,
    scheduler: str | None, resources: tuple[str, ...], history_url: str | None, resume: bool, previous: str | None,
    output_dir: str | None, as_json: bool, quiet: bool, **axes: Any,
) -> int:  # fmt: skip
    """Ask many SDK releases what they can do and how they fail; tell where behaviour changes.

    Everything is asked of the emulator: emulated, not live. Needs the extra matrix.
    """
    if ctx.invoked_subcommand is not None:
        return 0
    from ttsgate.matrix.driving import drive, open_plan, store_plan, unfinished

    base = base_of(output_dir) / FOLDER / "matrix"
    execute = _executor(executor, jobs, scheduler, resources)
    if resume:
        folder = unfinished(base)
        if folder is None:
            raise UsageError("there is no unfinished run to go on with: leave out --resume")
        plan = open_plan(folder / "plan.json")
    else:
        plan = open_plan(Path(plan_file)) if plan_file else make_plan(**axes)
        if shard is not None:
            plan = _part(plan, shard)
        folder = base / plan.id
        store_plan(folder, plan)
    last = previous_matrix(base, previous, not_this=plan.id)
    with _progress(len(plan.asked), quiet=quiet) as tell:
        matrix = drive(folder, plan, execute, previous={r.id: r for r in last.runtimes} if last else None, tell=tell)
    return finish(matrix, last, folder, history_url=history_url, as_json=as_json)


def _executor(name: str, jobs: int, scheduler: str | None, resources: Sequence[str]) -> Executor:
    from ttsgate.matrix.driving import Local

    if name == "local":
        if scheduler or resources:
            raise UsageError("--scheduler and --resource need --executor dask")
        return Local(jobs)
    if not scheduler:
        raise UsageError("--executor dask needs the address of a cluster: --scheduler tcp://HOST:8786")
    from ttsgate.matrix.cluster import Dask

    return Dask(scheduler, resources=dict.fromkeys(resources, 1.0))


def _part(plan: Plan, text: str) -> Plan:
    from msgspec.structs import replace

    from ttsgate.matrix.merging import shard

    number, _, of = text.partition("/")
    if not (number.isdigit() and of.isdigit() and 1 <= int(number) <= int(of)):
        raise UsageError(f"--shard {text}: write I/N, from 1/N to N/N")
    return replace(plan, id=f"{plan.id}-{number}of{of}", asked=shard(plan.asked, int(number), int(of)))


def make_plan(
    *, sdk: str, pythons: Sequence[str], resolutions: Sequence[str], pins: Sequence[str], models: Sequence[str],
    clients: Sequence[str], modes: Sequence[str], formats: Sequence[str], offline: bool, cache: str | None,
) -> Plan:  # fmt: skip
    """The plan that the options ask for."""
    from ttsgate.catalog import find
    from ttsgate.matrix.driving import Plan
    from ttsgate.matrix.interpreters import choose, find_interpreters
    from ttsgate.matrix.record import Axes
    from ttsgate.matrix.releases import known_releases, select
    from ttsgate.matrix.running import Asked, Settings

    for model in models:
        find(model)
    for pin in pins:
        _requirement(pin)
    found = find_interpreters()
    own = f"{sys.version_info[0]}.{sys.version_info[1]}"
    chosen = choose(pythons or ([own] if own in found else [sys.executable]), found)
    known = known_releases([i.path for i in found.values()], offline=offline)
    releases = select(sdk, known)
    ways = [_resolution(r) for r in resolutions or ("newest",)]
    named = {str(i.path) for i in chosen.values()} - {str(i.path) for i in found.values()}
    uploaded = {r.version: r.uploaded for r in known.releases}
    axes = Axes(
        releases=releases, pythons=list(chosen), resolutions=ways, pins=list(pins), models=list(models or MODELS),
        clients=list(clients or CLIENTS), modes=list(modes or MODES), formats=list(formats or FORMATS),
    )  # fmt: skip
    asked = [
        Asked(
            python=minor, release=release, resolution=way, pins=tuple(pins), uploaded=uploaded.get(release),
            path=str(interpreter.path) if str(interpreter.path) in named else None,
        )
        for minor, interpreter in chosen.items()
        for way in ways
        for release in reversed(releases)  # what people use first
    ]  # fmt: skip
    settings = Settings(
        models=tuple(axes.models), clients=tuple(axes.clients), modes=tuple(axes.modes), formats=tuple(axes.formats),
        offline=offline, cache=str(Path(cache).absolute()) if cache else None,
    )  # fmt: skip
    started = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
    return Plan(
        id=Plan.new_id(), started=started, axes=axes, settings=settings, asked=asked, releases_from=known.origin
    )


def _requirement(text: str) -> None:
    from packaging.requirements import InvalidRequirement, Requirement

    try:
        Requirement(text)
    except InvalidRequirement:
        raise UsageError(f"--pin {text}: no requirement; for example websocket-client==1.8.0") from None


def _resolution(text: str) -> str:
    if text in ("newest", "lowest"):
        return text
    day = text.removeprefix("as-of:")
    try:
        datetime.fromisoformat(day)
    except ValueError:
        raise UsageError(f"--resolution {text}: give newest, lowest, or as-of:2026-01-31") from None
    return f"as-of:{day}"


def previous_matrix(base: Path, given: str | None, *, not_this: str) -> Matrix | None:
    """The matrix that is compared with: the one that was named, else the newest complete one."""
    from ttsgate.matrix.record import decode

    if given is not None:
        try:
            return decode(Path(given).read_bytes(), name=given)
        except OSError as exc:
            raise UsageError(f"--previous {given}: {exc.strerror}") from exc
    for path in sorted(base.glob("*/matrix.json"), reverse=True):
        if path.parent.name != not_this:
            found = decode(path.read_bytes(), name=str(path))
            if found.status == "complete":
                return found
    return None


@contextmanager
def _progress(total: int, *, quiet: bool) -> Iterator[Callable[[Runtime, int, int], None]]:
    """A bar with the time left on a terminal, a line a runtime elsewhere, nothing when quiet."""
    if quiet:
        yield lambda *_: None
        return
    began = time.monotonic()
    if sys.stderr.isatty() and not os.environ.get("CI"):
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        columns = (TextColumn("{task.description:<34}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=Console(stderr=True)) as bar:
            task = bar.add_task("runtimes", total=total)
            yield lambda runtime, done, _: bar.update(task, completed=done, description=runtime.id)
        return

    def line(runtime: Runtime, done: int, total: int) -> None:
        spent = time.monotonic() - began
        left = spent / done * (total - done)
        what = runtime.install if runtime.install != "ok" else f"import {runtime.import_}"
        click.echo(f"{done:>4}/{total} {runtime.id:<34} {what:<24} {left:4.0f} s left", err=True)

    yield line


def finish(
    matrix: Matrix, last: Matrix | None, folder: Path, *, history_url: str | None = None, as_json: bool = False
) -> int:
    """Write history, pages and the notice of the night; the exit code."""
    from ttsgate.matrix.comparing import compare, markdown
    from ttsgate.matrix.history import History, since_when, sqlite_url
    from ttsgate.matrix.pages import write_pages
    from ttsgate.matrix.publishing import as_json as news_json
    from ttsgate.matrix.record import encode
    from ttsgate.matrix.sums import seal
    from ttsgate.matrix.telling import summary
    from ttsgate.store import write_atomic

    news = compare(matrix, last, expectations=_expectations(), today=datetime.now(UTC).date())
    with History(history_url or sqlite_url(folder.parent / "history.sqlite")) as history:
        if last is not None:
            history.add(last)
        history.add(matrix)
        courses = history.courses()
    matrix.cells = since_when(matrix.cells, courses)
    write_pages(folder, matrix, history={cell: course.states for cell, course in courses.items()})
    write_atomic(folder / "changes.md", markdown(news).encode())
    write_atomic(folder / "changes.json", news_json(news).encode())
    seal(folder)
    if as_json:
        click.echo(encode(matrix).decode())
    else:
        click.echo(summary(matrix))
        click.echo(markdown(news))
    code = exit_code(matrix, red=news.red)
    word = {0: "PASS", 1: "FAIL", 5: "NOTHING", 9: "INCONCLUSIVE"}.get(code, "ERROR")
    click.echo(f"ttsgate: matrix {word} exit={code} {folder / 'matrix.json'}", err=as_json)
    return code


def exit_code(matrix: Matrix, *, red: bool) -> int:
    """1 only on news that nobody expects; 5 when nothing was measured; 9 when parts are missing."""
    if any(r.status == "harness" for r in matrix.runtimes):
        return 3
    if red:
        return 1
    if not any(r.status == "measured" for r in matrix.runtimes):
        return 5
    return 9 if any(r.status == "missing" for r in matrix.runtimes) else 0


def _expectations() -> tuple[Expectation, ...]:
    """The known failures of the nearest gate.toml."""
    from ttsgate.config.files import find_file, read_file
    from ttsgate.config.policies import find_expectations

    path = find_file(Path.cwd())
    return find_expectations(read_file(path) if path else None)


add_verbs(command, _axes, make_plan)
