"""Jinja environments: a sandbox in which every expression is made inert before it is shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import jinja2
from jinja2.sandbox import ImmutableSandboxedEnvironment

from ttsgate.config.data import find_data
from ttsgate.errors import UsageError
from ttsgate.report.safe import PRE_CAP, clean, code_span, link, markdown
from ttsgate.report.words import amount, milliseconds, size, when

__all__ = ["Kind", "folders", "kept", "read_asset", "render"]

Kind = Literal["html", "markdown", "text"]


class _Kept(str):
    """A string that a filter has already made inert for the format at hand."""


def kept(text: str) -> str:
    """Mark `text`, which is known to be inert, as not to be cleaned or shortened; HTML still escapes it."""
    return _Kept(text)


def _finalize(kind: Kind) -> Callable[[Any], Any]:
    escape: Callable[[Any], str] = markdown if kind == "markdown" else clean

    def finalize(value: Any) -> Any:
        return value if isinstance(value, _Kept) or hasattr(value, "__html__") else escape(value)

    return finalize


def folders(templates: Path | None) -> list[Path]:
    """Where templates are looked for by name: the user's folder first, then the shipped one."""
    shipped = find_data("reports")
    return [shipped] if templates is None else [find_data("reports", templates), shipped]


def read_asset(name: str, *, templates: Path | None = None) -> str:
    """Text of the asset of that name, from the user's folder if it has one."""
    for folder in folders(templates):
        if (folder / name).is_file():
            return (folder / name).read_text(encoding="utf-8")
    raise UsageError(f"no {name} among the report templates")


@lru_cache(maxsize=16)
def _environment(kind: Kind, places: tuple[Path, ...]) -> ImmutableSandboxedEnvironment:
    """Kept, since compiling a template takes longer than rendering it; a changed file is compiled again."""
    environment = ImmutableSandboxedEnvironment(
        loader=jinja2.FileSystemLoader(list(places)),
        autoescape=kind == "html",
        undefined=jinja2.StrictUndefined,
        finalize=_finalize(kind),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {
        "amount": amount,
        "code": lambda value: _Kept(code_span(value)),
        "link": link,
        "ms": milliseconds,
        "pre": lambda value: _Kept(clean(value, cap=PRE_CAP, lines=True)),
        "size": size,
        "when": when,
    }
    return environment


def render(name: str, context: Mapping[str, Any], *, kind: Kind, templates: Path | None = None) -> str:
    """Render a template.

    Raises:
        UsageError: a template of the user's is broken; names it, the line and the problem.
    """
    try:
        return _environment(kind, tuple(folders(templates))).get_template(name).render(context)
    except jinja2.TemplateSyntaxError as exc:
        raise UsageError(f"template {exc.filename or name}, line {exc.lineno}: {exc.message}") from exc
    except jinja2.TemplateError as exc:
        raise UsageError(f"template {name}: {exc}") from exc
