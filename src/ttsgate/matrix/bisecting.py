"""Between which two versions does an answer change?  The search is pure; measuring is handed in."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from ttsgate.errors import UsageError
from ttsgate.matrix.grouping import changes
from ttsgate.matrix.questions import differs
from ttsgate.matrix.record import Change, Runtime

__all__ = ["Flip", "between", "bisect"]


class Flip(msgspec.Struct, frozen=True, kw_only=True):
    """Two neighbouring versions on both sides of a change."""

    fact: str
    before: str
    """Last version with the old answer."""
    after: str
    """First version with another one."""
    was: list[str] | None
    now: list[str] | None
    unknown: list[str] = []
    """Versions between the two that could not be measured."""
    packages: dict[str, list[str | None]] = {}
    """Other packages that changed between the two."""


def between(versions: Sequence[str], good: str, bad: str) -> list[str]:
    """The versions from `good` to `bad`, in this order; backwards when `bad` is the older one.

    Raises:
        UsageError: one of them is not there, or they are the same.
    """
    for version in (good, bad):
        if version not in versions:
            raise UsageError(f"{version} is not among the {len(versions)} versions that the index has")
    start, end = versions.index(good), versions.index(bad)
    if start == end:
        raise UsageError("--good and --bad name the same version")
    return list(versions[start : end + 1]) if start < end else list(versions[end : start + 1])[::-1]


def bisect(
    versions: Sequence[str], measure: Callable[[str], Runtime], *, check: str | None = None
) -> tuple[list[Flip], int]:
    """Find for each fact that differs between the first and the last version where it changes.

    Where an answer changes more than once, one of the changes is found.

    Args:
        versions: From the good one to the bad one.
        measure: Measures a version; asked once a version.
        check: Only this fact.

    Returns:
        The changes, in the order of the versions, and how many versions were measured.

    Raises:
        UsageError: an end cannot be measured, or the fact does not differ between the ends.
    """
    known: dict[str, Runtime] = {}

    def look(version: str) -> Runtime:
        if version not in known:
            known[version] = measure(version)
        return known[version]

    first, last = look(versions[0]), look(versions[-1])
    for runtime, version in ((first, versions[0]), (last, versions[-1])):
        if runtime.status != "measured" or not runtime.profile:
            raise UsageError(f"{version} cannot be measured ({runtime.install}): {runtime.problem}")
    different = changes(first.profile, last.profile)
    if check is not None:
        asked = [c for c in different if c.fact == check]
        if not asked:
            found = first.fact(check) or last.fact(check)
            if found is None:
                raise UsageError(f"--check {check}: neither {versions[0]} nor {versions[-1]} has such a fact")
            raise UsageError(f"{check} is {', '.join(found.outcomes)} at both ends: nothing to look for")
        different = asked
    flips = [_search(versions, look, change) for change in different]
    place = {version: n for n, version in enumerate(versions)}
    return sorted(flips, key=lambda flip: (place[flip.after], flip.fact)), len(known)


def _search(versions: Sequence[str], look: Callable[[str], Runtime], change: Change) -> Flip:
    low, high = 0, len(versions) - 1
    unknown: set[int] = set()
    while True:
        middle = _middle(low, high, unknown)
        if middle is None:
            break
        runtime = look(versions[middle])
        if runtime.status != "measured" or not runtime.profile:
            unknown.add(middle)
        elif _same(runtime, change):
            low = middle
        else:
            high = middle
    before, after = look(versions[low]), look(versions[high])
    old, new = before.fact(change.fact), after.fact(change.fact)
    return Flip(
        fact=change.fact,
        before=versions[low],
        after=versions[high],
        was=old.outcomes if old else None,
        now=new.outcomes if new else None,
        unknown=[versions[n] for n in sorted(unknown) if low < n < high],
        packages={
            name: [before.packages.get(name), after.packages.get(name)]
            for name in sorted({*before.packages, *after.packages} - {"dashscope"})
            if before.packages.get(name) != after.packages.get(name)
        },
    )


def _middle(low: int, high: int, unknown: set[int]) -> int | None:
    """The place nearest to the middle that is still to be looked at."""
    places = [n for n in range(low + 1, high) if n not in unknown]
    return min(places, key=lambda n: (abs(2 * n - low - high), n)) if places else None


def _same(runtime: Runtime, change: Change) -> bool:
    found = runtime.fact(change.fact)
    if change.was is None or found is None:
        return change.was is None and found is None
    return not differs(change.fact, change.was, found.outcomes)
