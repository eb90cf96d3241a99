"""Checks are registered here: id, sentence, reason, severity, what they need, a pure function."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

from ttsgate.result.record import Evidence, Party, Severity
from ttsgate.result.transcript import Level

__all__ = [
    "CHECKS",
    "Blocked",
    "Check",
    "Inconclusive",
    "Missing",
    "NotApplicable",
    "Problem",
    "Stage",
    "Subject",
    "check",
    "checks_of",
]

Stage = Literal[
    "compile",
    "connectivity",
    "synthesis",
    "conformance",
    "audio",
    "timing",
    "compatibility",
    "across",
    "negative",
    "client",
]
Subject = Literal["script", "step", "session", "cell", "run", "trial", "observation"]


@dataclass(frozen=True, slots=True)
class Problem:
    """What a check saw that should not be."""

    message: str
    """One line: what was seen against what was expected, with numbers and units."""
    evidence: tuple[Evidence, ...] = ()
    """Where to look."""
    cause: str | None = None
    """Cause id, when the check itself can tell; else the diagnosis decides."""
    party: Party | None = None
    """Party, when the check itself can tell."""


class NotApplicable(Exception):
    """Raised by a check that has nothing to say about this subject (not recorded as passed)."""


class Inconclusive(Exception):
    """Raised by a check that could not decide; the text says why."""


class Missing(Exception):
    """Raised by a check that was asked for and whose optional package is not installed; the text says how to get it."""


class Blocked(Exception):
    """Raised by a check that cannot be read because of something that another check names; the text is its id."""


@dataclass(frozen=True, slots=True)
class Check:
    """One registered rule."""

    id: str
    """Stable id, e.g. ``P-first-event``: a letter for the family, then words."""
    sentence: str
    """What must hold, in one sentence."""
    why: str
    """Why a user cares, and the source of the rule."""
    stage: Stage
    """Stage of the run, and file in ``checks/``, that it belongs to."""
    subject: Subject
    """What the function is given."""
    run: Callable[[Any], Iterable[Problem]]
    """Pure: subject in, problems out; may raise `NotApplicable` or `Inconclusive`."""
    severity: Severity = "fail"
    """``fail`` decides, ``warn`` is shown, ``note`` is listed."""
    levels: frozenset[Level] = frozenset(("frames", "sdk-events"))
    """Observation levels at which the rule can be read."""
    needs: tuple[str, ...] = ()
    """Checks that must have passed on the same subject; otherwise this one is blocked."""
    metrics: tuple[str, ...] = field(default=())
    """Names of the metrics it reads."""


CHECKS: dict[str, Check] = {}
"""All registered checks by id, in order of registration."""

_ID = re.compile(r"[A-Z]-[a-z0-9]+(-[a-z0-9]+)*\Z")


def check(
    id: str,
    *,
    sentence: str,
    why: str,
    stage: Stage,
    subject: Subject = "session",
    severity: Severity = "fail",
    levels: Iterable[Level] = ("frames", "sdk-events"),
    needs: Iterable[str] = (),
    metrics: Iterable[str] = (),
) -> Callable[[Callable[[Any], Iterable[Problem]]], Callable[[Any], Iterable[Problem]]]:
    """Register the decorated function as a check.

    Raises:
        ValueError: the id is malformed or taken, or a needed check is not registered yet.
    """
    if not _ID.match(id):
        raise ValueError(f"check id {id!r} must look like 'P-first-event'")
    if id in CHECKS:
        raise ValueError(f"check id {id!r} is taken")
    missing = [n for n in needs if n not in CHECKS]
    if missing:
        raise ValueError(f"check {id!r} needs {missing}, which must be registered before it")

    def register(function: Callable[[Any], Iterable[Problem]]) -> Callable[[Any], Iterable[Problem]]:
        CHECKS[id] = Check(
            id=id,
            sentence=sentence,
            why=why,
            stage=stage,
            subject=subject,
            run=function,
            severity=severity,
            levels=frozenset(levels),
            needs=tuple(needs),
            metrics=tuple(metrics),
        )
        return function

    return register


def checks_of(*, stage: Stage, level: Level | None = None) -> list[Check]:
    """Checks of a stage; with `level`, only those that can be read at it."""
    return [c for c in CHECKS.values() if c.stage == stage and (level is None or level in c.levels)]
