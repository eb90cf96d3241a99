"""Finding a model by its string, and admitting one that the catalogue does not have."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from types import MappingProxyType

from ttsgate.catalog.model import Model
from ttsgate.catalog.models import MODELS
from ttsgate.errors import UsageError

__all__ = ["CATALOG_DATE", "age_days", "assume", "find", "nearest"]

CATALOG_DATE = "2026-11-22"
"""Day on which the catalogue was last compared with its sources, ISO 8601."""


def age_days(today: date) -> int:
    """Days since `CATALOG_DATE`; negative if `today` lies before it."""
    return (today - date.fromisoformat(CATALOG_DATE)).days


def nearest(name: str, names: Iterable[str]) -> str:
    """A phrase such as ``; did you mean 'a' or 'b'?`` with at most three names, or an empty string."""
    close = difflib.get_close_matches(name, list(names), n=3, cutoff=0.6)
    return f"; did you mean {' or '.join(map(repr, close))}?" if close else ""


def find(name: str) -> Model:
    """The model of exactly that string.

    Raises:
        UsageError: unknown; the text gives the nearest names and how to admit a new one.
    """
    try:
        return MODELS[name]
    except KeyError:
        raise UsageError(
            f"unknown model {name!r}{nearest(name, MODELS) or ';'} "
            f"`ttsgate models` lists the known ones; to admit a newer one, "
            f'write like = "{next(iter(MODELS))}" under [models."{name}"] in gate.toml'
        ) from None


def assume(name: str, like: Model | str) -> Model:
    """A model for a string that the catalogue does not have, with the capabilities of `like`.

    Life cycle and dates are not taken over: they belong to the other string.

    Raises:
        UsageError: `like` is unknown, or `name` is known and needs no assumption.
    """
    if name in MODELS:
        raise UsageError(f"{name!r} is in the catalogue: it needs no `like`")
    known = find(like) if isinstance(like, str) else like
    return replace(
        known,
        name=name,
        like=known.name,
        snapshot=None,
        online_since=None,
        lifecycle=(),
        basis=MappingProxyType({**known.basis, "*": f"everything is assumed to be as for {known.name}"}),
    )
