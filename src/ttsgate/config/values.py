"""Reading one value of an option, from text or from TOML."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ttsgate.catalog import nearest
from ttsgate.config.options import Kind, Option
from ttsgate.errors import UsageError

__all__ = ["Money", "Place", "read_value"]

_MONEY = re.compile(r"(\d+(?:\.\d+)?)\s*([A-Za-z]{3})\Z")
_TRUE = frozenset(("1", "true", "yes", "on"))
_FALSE = frozenset(("0", "false", "no", "off"))


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in a currency; amounts in different currencies are never compared."""

    amount: Decimal
    """Amount, exact."""
    currency: str
    """``CNY`` or ``USD``."""

    def __str__(self) -> str:
        return f"{self.amount} {self.currency}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a value came from, and what it is relative to."""

    label: str
    """For error messages: ``--region``, ``TTSGATE_REGION`` or ``region in gate.toml``."""
    origin: str
    """For the result: ``command line``, ``environment TTSGATE_REGION``, ``file gate.toml`` or ``default``."""
    base: Path
    """Folder that relative paths start from, absolute."""
    environ: Mapping[str, str]
    """The environment, for ``~`` and ``PATH``."""


def read_value(option: Option, raw: Any, place: Place) -> Any:
    """The typed value, a tuple for repeatable options.

    Raises:
        UsageError: empty, of the wrong type, out of range or not among the choices; names the place.
    """
    if not option.repeatable:
        return _read_one(option, raw, place)
    items = list(raw) if isinstance(raw, list | tuple) else [raw]
    if not items:
        raise UsageError(f"{place.label} is set but empty: give a value or leave it out")
    values = (_read_one(option, item, place) for item in items)
    return tuple(dict.fromkeys(values)) if option.kind != "text" or option.name == "model" else tuple(values)


def _read_one(option: Option, raw: Any, place: Place) -> Any:
    if isinstance(raw, str) and not raw.strip():
        known = f" ({', '.join(option.choices)})" if option.choices else ""
        raise UsageError(f"{place.label} is set but empty: give a value{known} or leave it out")
    return _READERS[option.kind](option, raw, place)


def _wrong(place: Place, raw: Any, expected: str) -> UsageError:
    return UsageError(f"{place.label} is {raw!r}, expected {expected}")


def _text(option: Option, raw: Any, place: Place) -> str:
    if not isinstance(raw, str):
        raise _wrong(place, raw, "text")
    if "\0" in raw:
        raise _wrong(place, raw, "text without NUL")
    return raw


def _choice(option: Option, raw: Any, place: Place) -> str:
    value = str(raw) if isinstance(raw, int) and not isinstance(raw, bool) else raw
    if value not in option.choices:
        hint = nearest(value, option.choices) if isinstance(value, str) else ""
        raise UsageError(f"{place.label} is {raw!r}{hint or ';'} known: {', '.join(option.choices)}")
    return str(value)


def _number(option: Option, raw: Any, place: Place) -> float:
    try:
        value = float(raw) if isinstance(raw, str | int | float) and not isinstance(raw, bool) else float("nan")
    except ValueError:
        value = float("nan")
    low, high = option.least, option.most
    if value != value or value in (float("inf"), float("-inf")):
        raise _wrong(place, raw, "a number")
    if (low is not None and value < low) or (high is not None and value > high):
        span = f"at least {low:g}" if high is None else f"{low:g} to {high:g}"
        raise _wrong(place, raw, f"a number, {span}")
    return value


def _integer(option: Option, raw: Any, place: Place) -> int:
    value = _number(option, raw, place)
    if value != int(value) or (isinstance(raw, str) and not re.fullmatch(r"\s*\+?\d+\s*", raw)):
        raise _wrong(place, raw, "a whole number")
    return int(raw)


def _money(option: Option, raw: Any, place: Place) -> Money:
    match = _MONEY.match(raw.strip()) if isinstance(raw, str) else None
    if match is None or match[2].upper() not in ("CNY", "USD"):
        raise _wrong(place, raw, "an amount with its currency, CNY or USD, e.g. '2.50CNY'")
    try:
        return Money(Decimal(match[1]), match[2].upper())
    except InvalidOperation:
        raise _wrong(place, raw, "an amount with its currency") from None


def _flag(option: Option, raw: Any, place: Place) -> bool:
    if isinstance(raw, bool):
        return raw
    word = raw.strip().lower() if isinstance(raw, str) else raw
    if word in _TRUE:
        return True
    if word in _FALSE:
        return False
    raise _wrong(place, raw, "yes or no")


def _count(option: Option, raw: Any, place: Place) -> int:
    return int(raw) if isinstance(raw, bool) else _integer(option, raw, place)


def _url(option: Option, raw: Any, place: Place) -> str:
    text = _text(option, raw, place).strip()
    schemes = ("ws", "wss") if option.name == "ws_url" else ("http", "https")
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise _wrong(place, text, "a URL") from None
    if parts.username is not None or parts.password is not None:
        raise UsageError(f"{place.label} holds a user or password: leave it out, keys travel in a header")
    if parts.scheme not in schemes or not host or re.search(r"[\s\\\x00-\x1f\x7f]", text):
        raise _wrong(place, text, f"a URL that begins with {' or '.join(s + '://' for s in schemes)}")
    if parts.query or parts.fragment or text.endswith(("?", "#")):
        raise UsageError(f"{place.label} must have no query or fragment: the model is added for each session")
    return text.rstrip("/")


def _path(raw: Any, place: Place) -> Path:
    if not isinstance(raw, str | os.PathLike):
        raise _wrong(place, raw, "a path")
    text = os.fspath(raw)
    if text == "~" or text.startswith("~/"):
        text = place.environ.get("HOME", "~") + text[1:]
    return place.base / text


def _file(option: Option, raw: Any, place: Place) -> Path:
    path = _path(raw, place)
    if not path.is_file():
        raise UsageError(f"{place.label} names {str(raw)!r}, which is not a file")
    return path


def _folder(option: Option, raw: Any, place: Place) -> Path:
    path = _path(raw, place)
    if option.name != "output_dir" and not path.is_dir():
        raise UsageError(f"{place.label} names {str(raw)!r}, which is not a folder")
    if path.exists() and not path.is_dir():
        raise UsageError(f"{place.label} names {str(raw)!r}, which is a file, not a folder")
    return path


def _program(option: Option, raw: Any, place: Place) -> Path:
    # Symbolic links stay: a virtual environment's interpreter is one, and resolving it would leave the environment.
    path = _path(raw, place)
    if not path.is_file() and os.sep not in str(raw):
        found = shutil.which(str(raw), path=place.environ.get("PATH", os.defpath))
        path = Path(found) if found else path
    if not path.is_file() or not os.access(path, os.X_OK):
        raise UsageError(f"{place.label} names {str(raw)!r}, which is not a program that can be run")
    return path


def _glob(option: Option, raw: Any, place: Place) -> str:
    return str(_path(raw, place))


_READERS: dict[Kind, Callable[[Option, Any, Place], Any]] = {
    "text": _text,
    "choice": _choice,
    "integer": _integer,
    "number": _number,
    "money": _money,
    "flag": _flag,
    "count": _count,
    "url": _url,
    "file": _file,
    "folder": _folder,
    "program": _program,
    "glob": _glob,
}
