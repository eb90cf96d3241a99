"""Which releases of the SDK there are: asked of the package client's own index, else from the shipped snapshot."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

from ttsgate.errors import UsageError
from ttsgate.matrix.record import Release

__all__ = ["OLDEST", "Known", "ask_index", "known_releases", "select", "snapshot", "versions_of"]

OLDEST = "1.20.0"
"""The matrix begins here: older releases are not looked at by ``all``."""


@dataclass(frozen=True, slots=True)
class Known:
    """A list of releases and where it comes from."""

    releases: tuple[Release, ...]
    """Oldest first."""
    origin: str
    """``index``, or ``snapshot of DATE``."""
    boundaries: tuple[str, ...] = ()
    """Releases at which behaviour changed when the snapshot was made."""


def snapshot() -> Known:
    """The list that is shipped: versions, upload dates, borders."""
    data = json.loads(files("ttsgate.matrix").joinpath("releases.json").read_text(encoding="utf-8"))
    releases = tuple(Release(version=v, uploaded=at) for v, at in data["releases"].items())
    return Known(releases, f"snapshot of {data['date']}", tuple(data["boundaries"]))


def known_releases(pythons: Sequence[Path], *, offline: bool = False) -> Known:
    """What the index has, with the dates that the snapshot knows; without an index, the snapshot."""
    shipped = snapshot()
    versions = [] if offline else ask_index(pythons)
    if not versions:
        return shipped
    dates = {r.version: r.uploaded for r in shipped.releases}
    kept = sorted((v for v in versions if Version(v) >= Version(OLDEST)), key=Version)
    return Known(tuple(Release(version=v, uploaded=dates.get(v)) for v in kept), "index", shipped.boundaries)


def versions_of(package: str, pythons: Sequence[Path], *, offline: bool = False) -> list[str]:
    """Every version of a package, oldest first.

    Raises:
        UsageError: the index cannot be asked, or has no such package.
    """
    versions = [] if offline else ask_index(pythons, package)
    if not versions:
        raise UsageError(f"the index does not list {package}: look at its name, and at the configuration of pip")
    return sorted(versions, key=Version)


def ask_index(pythons: Sequence[Path], package: str = "dashscope") -> list[str]:
    """Every version of a package in the index that `pip`, or `uv`, is configured for; empty when it cannot be asked.

    `pip` is asked because it lists what there is in one go; `uv` only ever answers with the best match.
    """
    environment = {**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1"}
    mirror = os.environ.get("UV_DEFAULT_INDEX") or os.environ.get("UV_INDEX_URL")
    if mirror:
        environment["PIP_INDEX_URL"] = mirror
    for python in [Path(sys.executable), *reversed(pythons)]:
        try:
            done = subprocess.run(
                [python, "-I", "-m", "pip", "index", "versions", package], capture_output=True, text=True,
                timeout=90, check=False, env=environment, stdin=subprocess.DEVNULL,
            )  # fmt: skip
        except (OSError, subprocess.TimeoutExpired):
            continue
        found = re.search(r"^Available versions: (.+)$", done.stdout, re.MULTILINE)
        if found:
            return [v.strip() for v in found[1].split(",") if _version(v.strip())]
    return []


def select(wanted: str, known: Known, *, boundaries: Iterable[str] = ()) -> list[str]:
    """Releases that ``--sdk`` asks for, oldest first.

    Args:
        wanted: ``all``, ``boundaries``, versions or specifiers split by commas.
        known: What there is.
        boundaries: Borders of an earlier matrix; else those of the snapshot.

    Raises:
        UsageError: it is none of that, or nothing matches.
    """
    versions = [r.version for r in known.releases]
    if wanted == "all":
        chosen = versions
    elif wanted == "boundaries":
        at = set(boundaries) or set(known.boundaries)
        # What is newer than all that was grouped has not been looked at: it may be a border itself.
        newest = max(map(Version, at), default=Version("0"))
        chosen = [v for v in versions if v in at or Version(v) > newest]
    elif re.match(r"\s*[<>=!~]", wanted):
        try:
            specifier = SpecifierSet(wanted)
        except InvalidSpecifier:
            raise UsageError(f"--sdk {wanted}: no specifier; for example '>=1.24,<2.1'") from None
        chosen = [v for v in versions if specifier.contains(v, prereleases=True)]
    else:
        chosen = [v.strip() for v in wanted.split(",") if v.strip()]
        bad = [v for v in chosen if not _version(v)]
        if bad:
            raise UsageError(f"--sdk {bad[0]}: no version; give versions, a specifier, all or boundaries")
    if not chosen:
        raise UsageError(f"--sdk {wanted}: no release from {OLDEST} on matches ({known.origin})")
    return sorted(dict.fromkeys(chosen), key=Version)


def _version(text: str) -> bool:
    try:
        Version(text)
    except InvalidVersion:
        return False
    return True
