"""click options made from the one table of options; all values stay text until `ttsgate.config.resolve` reads them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import click

from ttsgate.config.options import OPTIONS, Option

__all__ = ["GroupedCommand", "common_options"]

F = TypeVar("F", bound=Callable[..., Any])


class _Named(click.Option):
    """An option that knows its heading in help."""

    def __init__(self, *args: Any, heading: str, **kwargs: Any) -> None:
        self.heading = heading
        super().__init__(*args, **kwargs)


class GroupedCommand(click.Command):
    """Lists options under the headings of the table."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        sections: dict[str, list[tuple[str, str]]] = {}
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record is not None:
                sections.setdefault(getattr(parameter, "heading", "Options"), []).append(record)
        for heading, records in sections.items():
            with formatter.section(heading):
                formatter.write_dl(records)


def common_options(*names: str) -> Callable[[F], F]:
    """Add those options of the table, in its order; all of them if none is named.

    The function gets each as a keyword argument; together they are the `cli` of `ttsgate.config.resolve`.
    """
    chosen = [o for o in OPTIONS.values() if not names or o.name in names]

    def decorate(function: F) -> F:
        for option in reversed(chosen):
            click.option(*_declarations(option), **_settings(option))(function)
        return function

    return decorate


def _declarations(option: Option) -> list[str]:
    return [option.name, option.flag, *([option.short] if option.short else [])]


def _settings(option: Option) -> Mapping[str, Any]:
    settings: dict[str, Any] = {"cls": _Named, "heading": option.group, "help": _help(option)}
    if option.kind == "flag":
        return {**settings, "is_flag": True, "default": None}
    if option.kind == "count":
        return {**settings, "count": True}
    metavar = option.metavar or "|".join(option.choices)
    return {**settings, "type": str, "multiple": option.repeatable, "metavar": metavar}


def _help(option: Option) -> str:
    words = option.help
    if option.metavar and option.choices:
        words += f" One of {', '.join(option.choices)}."
    if option.default is not None and option.kind not in ("flag", "count"):
        values = option.default if isinstance(option.default, tuple) else (option.default,)
        words += f" Default: {', '.join(map(str, values))}."
    return words + (" Repeatable." if option.repeatable else "")
