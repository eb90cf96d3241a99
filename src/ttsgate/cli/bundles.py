"""What the verbs on bundles share: naming one, and asking for a duration."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import click

from ttsgate.config import resolve
from ttsgate.errors import UsageError

__all__ = ["DURATION", "base_of", "bundle_argument", "named", "output_dir_option"]

F = TypeVar("F", bound=Callable[..., Any])
_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
_DURATION = re.compile(r"(\d{1,5})([hdw])\Z")


class _Duration(click.ParamType[timedelta]):
    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        if isinstance(value, timedelta):
            return value
        match = _DURATION.match(str(value))
        if match is None:
            self.fail(f"{value!r} is no duration: write hours, days or weeks as 36h, 30d or 8w", param, ctx)
        return int(match[1]) * _UNITS[match[2]]


DURATION = _Duration()
"""A duration such as ``36h``, ``30d`` or ``8w``."""


def bundle_argument(name: str = "bundle") -> Callable[[F], F]:
    """A positional BUNDLE."""
    return click.argument(name, metavar=name.upper())


def output_dir_option(function: F) -> F:
    """``--output-dir``, for `latest`."""
    return click.option(
        "--output-dir",
        metavar="DIR",
        help="Base folder in which `latest` is looked for. Default: as `ttsgate validate` would write to.",
    )(function)


def base_of(given: str | None, environ: Mapping[str, str] | None = None) -> Path:
    """The base of all output, by the rules of `ttsgate validate`."""
    config = resolve({"output_dir": given} if given else {}, dict(environ or os.environ), Path.cwd())
    return config.output_dir


def named(bundle: str, output_dir: str | None) -> Any:
    """Open a bundle by what was typed.

    Raises:
        UsageError: there is none.
        EvidenceError: it is an archive that cannot be read.
    """
    from ttsgate.bundle.reading import open_bundle

    if output_dir and bundle != "latest":
        raise UsageError("--output-dir says where `latest` is looked for; a bundle named by its path needs none")
    return open_bundle(bundle, lambda: base_of(output_dir))
