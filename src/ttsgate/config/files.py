"""The files that configuration is read from: ``gate.toml``, ``pyproject.toml``, ``.env``, cloud credentials."""

from __future__ import annotations

import configparser
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ttsgate.catalog import nearest
from ttsgate.config.options import OPTIONS
from ttsgate.errors import UsageError

__all__ = ["FileSettings", "find_file", "read_dotenv", "read_file", "read_profile"]

_NAMES = ("gate.toml", "pyproject.toml")
_DOTENV = re.compile(
    r"""\s*(?:export\s+)?(?P<key>[A-Za-z_][A-Za-z0-9_]*)\s*=\s*
        (?:"(?P<double>[^"]*)"|'(?P<single>[^']*)'|(?P<bare>.*?))\s*(?:(?:^|\s)\#.*)?$""",
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FileSettings:
    """What one configuration file says; all names in it are known."""

    path: Path
    """The file, absolute."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """Raw values by option name."""
    required: tuple[str, ...] = ()
    """``[models] required``: models that decide a live verdict."""
    like: Mapping[str, str] = field(default_factory=dict)
    """``[models."NEW"] like = "KNOWN"``."""
    policies: Mapping[str, Any] = field(default_factory=dict)
    """``[policy.NAME]`` tables as they stand there; `ttsgate.config.policies` reads them."""
    expectations: tuple[Any, ...] = ()
    """``[[expectations]]`` as they stand there."""


def _table(path: Path) -> dict[str, Any] | None:
    """The table for us in that file; None if a ``pyproject.toml`` has none."""
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as exc:
        raise UsageError(f"cannot read {path}: {exc.strerror}") from exc
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as exc:
        raise UsageError(f"{path} is not TOML: {exc}") from exc
    if path.name != "pyproject.toml":
        return data
    tool = data.get("tool", {})
    table = tool.get("ttsgate") if isinstance(tool, dict) else None
    if table is not None and not isinstance(table, dict):
        raise UsageError(f"[tool.ttsgate] in {path} must be a table")
    return table


def find_file(cwd: Path) -> Path | None:
    """The nearest ``gate.toml`` or ``pyproject.toml`` with ``[tool.ttsgate]`` from `cwd` upward.

    The search ends at the root of the repository (the folder that holds ``.git``): what lies above it
    belongs to somebody else.

    Raises:
        UsageError: one folder has both, or a file is not TOML.
    """
    for folder in (cwd, *cwd.parents):
        gate, project = (folder / name for name in _NAMES)
        has_gate = gate.is_file()
        if project.is_file() and _mentions_us(project) and _table(project) is not None:
            if has_gate:
                raise UsageError(f"{folder} has both gate.toml and [tool.ttsgate] in pyproject.toml: keep one")
            return project
        if has_gate:
            return gate
        if (folder / ".git").exists():
            return None
    return None


def _mentions_us(path: Path) -> bool:
    # Somebody else's broken pyproject.toml is none of our business.
    try:
        return b"ttsgate" in path.read_bytes()
    except OSError:
        return False


def read_file(path: Path) -> FileSettings:
    """Read and check one configuration file.

    Raises:
        UsageError: not TOML, an unknown key (with the nearest name), or a value of the wrong shape.
    """
    table = _table(path)
    if table is None:
        raise UsageError(f"{path} has no [tool.ttsgate]")
    options = {}
    models: Mapping[str, Any] = {}
    policies: Mapping[str, Any] = {}
    expectations: tuple[Any, ...] = ()
    for key, value in table.items():
        if key == "models":
            if not isinstance(value, dict):
                raise UsageError(f"models in {path.name} must be a table; to choose models write model = [...]")
            models = value
        elif key == "policy" and isinstance(value, dict):
            policies, chosen = _policies(value, path)
            options.update(chosen)
        elif key == "expectations":
            if not isinstance(value, list):
                raise UsageError(f"expectations in {path.name} must be a list of tables: write [[expectations]]")
            expectations = tuple(value)
        elif key not in OPTIONS:
            names = [*(o.name for o in OPTIONS.values() if o.in_file), "models", "expectations"]
            raise UsageError(f"unknown key {key!r} in {path.name}{nearest(key.replace('-', '_'), names)}")
        elif not OPTIONS[key].in_file:
            raise UsageError(f"{key} cannot be set in {path.name}: use {OPTIONS[key].flag} or {OPTIONS[key].env}")
        else:
            options[key] = value
    required, like = _models(models, path)
    return FileSettings(
        path=path, options=options, required=required, like=like, policies=policies, expectations=expectations
    )


def _policies(table: Mapping[str, Any], path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """The ``[policy.NAME]`` tables, and the option that ``use`` sets beside them."""
    policies = {key: value for key, value in table.items() if isinstance(value, dict)}
    for key in table.keys() - policies.keys() - {"use"}:
        raise UsageError(
            f"unknown key {key!r} in [policy] of {path.name}{nearest(key, ('use',))}: "
            'it holds tables [policy.NAME], and use = "NAME"'
        )
    return policies, {"policy": table["use"]} if "use" in table else {}


def _models(table: Mapping[str, Any], path: Path) -> tuple[tuple[str, ...], dict[str, str]]:
    required: tuple[str, ...] = ()
    like: dict[str, str] = {}
    for key, value in table.items():
        if key == "required":
            if not isinstance(value, list) or not all(isinstance(v, str) and v for v in value):
                raise UsageError(f"[models] required in {path.name} must be a list of model names")
            required = tuple(dict.fromkeys(value))
        elif isinstance(value, dict):
            for inner in value:
                if inner != "like":
                    raise UsageError(f"unknown key {inner!r} in [models.{key!r}] of {path.name}; known: like")
            if not isinstance(value.get("like"), str) or not key.strip():
                raise UsageError(f'[models."{key}"] in {path.name} needs like = "KNOWN MODEL"')
            like[key] = value["like"]
        else:
            raise UsageError(f"unknown key {key!r} in [models] of {path.name}{nearest(key, ('required',))}")
    return required, like


def read_dotenv(path: Path) -> dict[str, str]:
    """``KEY=VALUE`` lines of a ``.env`` file: ``export``, quotes and comments are understood, nothing is expanded."""
    try:
        text = path.read_text(encoding="utf-8-sig", errors="replace")
    except OSError:
        return {}
    found = {}
    for line in text.splitlines():
        match = _DOTENV.match(line)
        if match:
            found[match["key"]] = next(v for v in (match["double"], match["single"], match["bare"]) if v is not None)
    return found


def read_profile(path: Path, profile: str, key: str) -> tuple[bool, str | None]:
    """Whether the credentials file has the profile, and the profile's value of `key`.

    Raises:
        UsageError: the file exists but is not INI.
    """
    parser = configparser.ConfigParser(interpolation=None, strict=False, default_section="\0")
    try:
        parser.read_string(path.read_text(encoding="utf-8-sig", errors="replace"))
    except OSError:
        return False, None
    except configparser.Error as exc:
        # The message quotes the line, which may be a key.
        raise UsageError(f"{path} is not an INI file ({type(exc).__name__})") from None
    if not parser.has_section(profile):
        return False, None
    return True, parser.get(profile, key, fallback=None)
