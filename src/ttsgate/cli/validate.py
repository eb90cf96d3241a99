"""``ttsgate validate``: one run, from its plan to its seal."""

from __future__ import annotations

import contextlib
import io
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

import click

from ttsgate.cli.options import GroupedCommand, common_options
from ttsgate.cli.telling import speaker, tell
from ttsgate.config import Config, find_data, resolve
from ttsgate.errors import HarnessError, UsageError

if TYPE_CHECKING:
    from ttsgate.emulator.process import EmulatorProcess

__all__ = ["command"]


@click.command(cls=GroupedCommand, context_settings={"help_option_names": ["-h", "--help"]})
@common_options()
@click.option(
    "--resume",
    metavar="RUN",
    help="Go on with a run that was killed or interrupted (its id, or latest), with the options it was begun with: "
    "sessions that have ended are kept and not asked for again.",
)
def command(resume: str | None, **given: Any) -> int:
    """Compile the scripts, probe the way, speak with each model over each client, judge, and leave a bundle.

    Exit codes: 0 pass, 1 failed by script, SDK or client, 2 usage, 3 harness error, 4 unreachable, 5 nothing ran,
    7 key or quota refused, 8 failed by the service, 9 inconclusive or out of budget, 130 interrupted.
    """
    environ = dict(os.environ)
    config = resolve(given, environ, Path.cwd())

    # Imported here: --help and usage errors need none of it; and the emulator gets ready meanwhile.
    emulator = _embedded(config)
    from ttsgate.pipeline import Run
    from ttsgate.plugin import take_keys

    take_keys(environ, config.custom_key_env)
    run = Run(config, environ, ["ttsgate", *sys.argv[1:]], say=speaker(config), emulator=emulator, resume=resume)
    _consent(config, run)
    try:
        with _termination_interrupts():
            run.open()
            _run_suites(config, run)
    except BaseException as exc:
        run.abandon(exc)
        raise
    tell(config, run.result, run.folder.path, environ)
    return run.result.verdict.exit_code if run.result.verdict else 130


@contextlib.contextmanager
def _termination_interrupts() -> Iterator[None]:
    """SIGTERM, by which CI systems and containers end a job, does what Ctrl-C does."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        signal.raise_signal(signal.SIGINT)

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _embedded(config: Config) -> EmulatorProcess | None:
    """The emulator or the replay of a run, spawned but not waited for; it ends with us whatever happens."""
    if config.target == "replay":
        from ttsgate.recorder.process import embedded_replay

        return embedded_replay(config).spawn()
    if config.target != "emulator":
        return None
    from ttsgate.emulator.process import embedded

    return embedded(config.faults, config.known_models.values()).spawn()


def _consent(config: Config, run: Any) -> None:
    """Show the plan of a billed run and ask, unless consent was given on the command line."""
    if config.target != "live" or config.yes:
        return
    intent = run.plan.intent
    click.echo(f"{intent.summary}\nworst-case price: {intent.worst_cost}", err=True)
    if not sys.stdin.isatty():
        raise UsageError("a live run is billed: pass --yes to consent to this plan")
    click.confirm("Run it?", abort=True, err=True)


def _run_suites(config: Config, run: Any) -> None:
    """Run ``checks/`` under our own configuration, whatever folder we stand in."""
    import pytest

    from ttsgate.plugin import SuitePlugin

    packaged = find_data("checks")
    checks = find_data("checks", config.checks)
    for name in ("PYTEST_ADDOPTS", "PYTEST_PLUGINS"):
        os.environ.pop(name, None)
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    sys.dont_write_bytecode = True
    plugin = SuitePlugin(run)
    arguments = [
        *("-c", str(packaged / "suites.ini"), f"--rootdir={checks}", f"--confcutdir={checks}"),
        *("-p", "pytest_jsonreport.plugin", "-p", "no:cacheprovider", "--continue-on-collection-errors"),
        *("-q", "--no-header", "--tb=short", str(checks)),
    ]
    printed = io.StringIO()
    loud = config.verbose > 0 and not config.json
    with contextlib.nullcontext() if loud else contextlib.redirect_stdout(printed):
        code = pytest.main(arguments, plugins=[plugin])
    if plugin.broke is not None:
        raise plugin.broke
    if code == pytest.ExitCode.USAGE_ERROR and config.checks is not None:
        raise UsageError(f"the suites in {checks} cannot be loaded; pytest's own words stand above")
    if not plugin.closed:
        raise HarnessError(f"the suites did not run: {run.redactor.text(printed.getvalue())[-1000:]}")
