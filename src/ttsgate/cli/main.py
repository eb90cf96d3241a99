"""The ``ttsgate`` command: finds a verb's module only when that verb is asked for."""

from __future__ import annotations

import importlib
import io
import os
import sys
import traceback
from typing import NoReturn

import click

from ttsgate import __version__
from ttsgate.errors import TtsgateError

__all__ = ["app", "main"]

VERBS = {
    "validate": "Run the suites against a target and leave a bundle.",
    "test-client": "Run a client of yours under scenarios, and judge it.",
    "plan": "Show what a run would do, without a call.",
    "judge": "Judge a stored run again, without network.",
    "report": "Render a stored run again.",
    "diff": "What changed from one run to another?",
    "verify": "Is a bundle whole, whose is it, does it carry its verdict?",
    "bundle": "Sign a bundle, or make one portable file of it.",
    "keygen": "Make a key to sign bundles with.",
    "prune": "Delete old runs.",
    "cleanup": "Delete temporary voices that killed runs have left.",
    "gate": "Decide about stored bundles by a policy.",
    "baseline": "Edit the list of known failures.",
    "matrix": "Ask many SDK releases in many Pythons what works.",
    "bisect": "Find the release that changed a behaviour.",
    "merge": "Join parts of a matrix.",
    "history": "How the cells of the matrix went, night by night.",
    "serve": "Run the emulator of the service.",
    "record": "Record what clients and the service say to each other.",
    "replay": "Serve a recording to clients, and hold them to it.",
    "doctor": "Is this machine fit for a run? What to do where not.",
    "models": "List the known models, with sources.",
    "checks": "List every check: id, what must hold, why.",
    "config": "Show each option, its value and origin.",
}
"""Verb and one-line help; each lives in ``ttsgate.cli.<verb>`` as ``command``."""


class _LazyVerbs(click.Group):
    """Imports a verb's module only when it is used, so that ``--help`` stays quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(VERBS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in VERBS:
            return None
        command = importlib.import_module(f"ttsgate.cli.{name.replace('-', '_')}").command
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(VERBS.items()))


@click.group(cls=_LazyVerbs, context_settings={"help_option_names": ["-h", "--help"], "auto_envvar_prefix": None})
@click.version_option(__version__, message="ttsgate %(version)s")
def app() -> None:
    """Validate realtime text-to-speech of Qwen TTS Realtime and leave evidence that others can check."""


_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")
"""Read once, when numpy and the speech detector are loaded: on arrays as small as ours more threads wait for each
other, and judging takes half as much processor time again."""


def main() -> NoReturn:
    """Run the command line; every deliberate error is one sentence on stderr and its own exit code.

    Any other exception is our own error: its traceback, without keys, and exit code 3.
    """
    for name in _THREADS:
        os.environ.setdefault(name, "1")
    keys = {value for name, value in os.environ.items() if "KEY" in name.upper()}
    try:
        code = app.main(standalone_mode=False)
    except click.exceptions.Abort:
        code = 130
    except click.ClickException as exc:
        exc.show(told := io.StringIO())
        click.echo(_without_keys(told.getvalue(), keys), err=True, nl=False)  # a key may be typed in the wrong place
        code = 2
    except TtsgateError as exc:
        click.echo(f"ttsgate: {exc}", err=True)
        code = exc.exit_code
    except KeyboardInterrupt:
        code = 130
    except Exception as exc:
        _apologise(exc, keys)
        code = 3
    sys.exit(code if isinstance(code, int) else 0)


def _without_keys(text: str, keys: set[str]) -> str:
    from ttsgate.result.redact import Redactor

    return Redactor(keys).text(text)


def _apologise(exc: Exception, keys: set[str]) -> None:
    click.echo(_without_keys("".join(traceback.format_exception(exc)), keys), err=True)
    click.echo("ttsgate: an error of ttsgate itself; please report the lines above", err=True)
