"""Groups of releases that behave alike, and the borders between them; pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable

from packaging.version import Version

from ttsgate.matrix.questions import differs
from ttsgate.matrix.record import Border, Change, Fact, Group, Runtime

__all__ = ["boundaries", "changes", "line_up", "regroup"]

Line = tuple[str, str, tuple[str, ...]]
"""Runtimes that differ in the release alone: Python, resolution, pins."""


def line_up(runtimes: Iterable[Runtime]) -> dict[Line, list[Runtime]]:
    """The runtimes that were measured, by line, oldest release first."""
    lines: dict[Line, list[Runtime]] = {}
    for runtime in runtimes:
        if runtime.profile:
            lines.setdefault((runtime.python, runtime.resolution, tuple(runtime.pins)), []).append(runtime)
    for line in lines.values():
        line.sort(key=lambda r: Version(r.dashscope))
    return dict(sorted(lines.items(), key=lambda item: (Version(item[0][0]), item[0])))


def changes(before: Iterable[Fact], after: Iterable[Fact]) -> list[Change]:
    """What is not the same in two profiles."""
    was, now = {f.id: f.outcomes for f in before}, {f.id: f.outcomes for f in after}
    found = []
    for fact in [*was, *(other for other in now if other not in was)]:
        old, new = was.get(fact), now.get(fact)
        if old is None or new is None or differs(fact, old, new):
            found.append(Change(fact=fact, was=old, now=new))
    return found


def regroup(runtimes: Iterable[Runtime]) -> tuple[list[Group], list[Border]]:
    """Collapse consecutive releases with equal profiles; a race's answers are gathered over its group."""
    groups: list[Group] = []
    borders: list[Border] = []
    for (python, resolution, pins), line in line_up(runtimes).items():
        members: list[Runtime] = []
        profile: dict[str, Fact] = {}
        for runtime in line:
            different = changes(profile.values(), runtime.profile) if members else []
            if members and different:
                groups.append(_group(members, profile))
                borders.append(
                    Border(
                        python=python, resolution=resolution, pins=list(pins), before=members[-1].dashscope,
                        after=runtime.dashscope, changes=different, packages=_packages(members[-1], runtime),
                    )
                )  # fmt: skip
                members, profile = [], {}
            members.append(runtime)
            for fact in runtime.profile:
                known = profile.get(fact.id)
                gathered = sorted({*fact.outcomes, *(known.outcomes if known else [])})
                profile[fact.id] = Fact(id=fact.id, outcomes=gathered)
        if members:
            groups.append(_group(members, profile))
    return groups, borders


def _group(members: list[Runtime], profile: dict[str, Fact]) -> Group:
    first = members[0]
    content = json.dumps(sorted((f.id, f.outcomes) for f in profile.values()))
    return Group(
        python=first.python,
        resolution=first.resolution,
        pins=first.pins,
        first=first.dashscope,
        last=members[-1].dashscope,
        releases=[m.dashscope for m in members],
        profile=hashlib.sha256(content.encode()).hexdigest()[:16],
    )


def _packages(before: Runtime, after: Runtime) -> dict[str, list[str | None]]:
    """Dependencies that are not the same on both sides."""
    names = sorted({*before.packages, *after.packages} - {"dashscope"})
    pairs = {n: [before.packages.get(n), after.packages.get(n)] for n in names}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def boundaries(groups: Iterable[Group]) -> list[str]:
    """The first and last release of each group, oldest first: those where behaviour may change."""
    return sorted({release for g in groups for release in (g.first, g.last)}, key=Version)
