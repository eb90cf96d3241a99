"""How a verb that makes a run tells of it: progress, the result on stdout, and what CI systems read."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ttsgate.config import Config

if TYPE_CHECKING:
    from ttsgate.result.record import Result

__all__ = ["speaker", "tell"]


def speaker(config: Config) -> Callable[[str], None]:
    """Progress on standard error, past pytest, which captures ours while the suites run."""
    if config.quiet:
        return lambda line: None
    stream = os.fdopen(os.dup(2), "w", encoding="utf-8", errors="replace", buffering=1)

    def say(line: str) -> None:
        stream.write(f"{line}\n")

    return say


def tell(config: Config, result: Result, folder: Path, environ: Mapping[str, str]) -> None:
    """Print the result of a run whose bundle is `folder`, and write what GitHub's variables ask for."""
    from ttsgate.report import github, render, terminal

    if summary := environ.get("GITHUB_STEP_SUMMARY"):
        _append(Path(summary), render.summary_md(result, templates=config.templates))
    if outputs := environ.get("GITHUB_OUTPUT"):
        _append(Path(outputs), "".join(f"{k}={v}\n" for k, v in github.outputs(result).items()))
    if config.json:
        click.echo(json.dumps({**github.outputs(result), "folder": str(folder)}, ensure_ascii=False))
        return
    lines = terminal.lines(result, color=_color(environ))
    if environ.get("GITHUB_ACTIONS") == "true":
        lines[-1:-1] = github.annotations(result)
    for line in lines[-1:] if config.quiet else lines:
        click.echo(line)


def _append(path: Path, text: str) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write(text)


def _color(environ: Mapping[str, str]) -> bool:
    if environ.get("NO_COLOR"):
        return False
    return bool(environ.get("FORCE_COLOR")) or sys.stdout.isatty()
