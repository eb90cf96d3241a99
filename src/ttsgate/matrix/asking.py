"""Am I affected?  A requirements file against a matrix, in one line; pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from packaging.requirements import InvalidRequirement, Requirement
from packaging.version import Version

from ttsgate.errors import UsageError
from ttsgate.matrix.record import Cell, Matrix, Runtime

__all__ = ["Answer", "answer", "requirement_of"]


@dataclass(frozen=True, slots=True)
class Answer:
    """What the matrix says."""

    state: Literal["works", "affected", "unknown"]
    line: str
    """For people, one line."""

    @property
    def exit_code(self) -> int:
        """0 works, 1 affected, 9 the matrix does not know."""
        return {"works": 0, "affected": 1, "unknown": 9}[self.state]


def requirement_of(text: str, package: str = "dashscope") -> Requirement | None:
    """What a requirements file asks of a package; options, comments and other packages are passed over."""
    found: Requirement | None = None
    for line in text.replace("\\\n", " ").splitlines():
        wanted = line.split(" #")[0].split(" --")[0].strip()
        if not wanted or wanted.startswith(("#", "-")):
            continue
        try:
            requirement = Requirement(wanted)
        except InvalidRequirement:
            continue
        if requirement.name.lower().replace("_", "-") == package:
            found = requirement
    return found


def answer(
    matrix: Matrix, wanted: Requirement, *, python: str, model: str, region: str | None = None,
    client: str = "sdk-realtime", modes: Iterable[str] = (), formats: Iterable[str] = (),
) -> Answer:  # fmt: skip
    """Look up the newest release that `wanted` allows.

    Args:
        matrix: What was measured.
        wanted: The requirement on dashscope.
        python: Minor version, e.g. ``3.11``.
        model: Exact model string.
        region: Region of a live matrix; an emulated one has none, and the line says so.
        client: Client of the cells.
        modes: Only these modes; all if empty.
        formats: Only these formats; all if empty.

    Raises:
        UsageError: the matrix does not have that model or Python at all.
    """
    if model not in matrix.axes.models:
        raise UsageError(f"the matrix did not measure {model}; it has {', '.join(matrix.axes.models)}")
    if python not in matrix.axes.pythons:
        raise UsageError(f"the matrix did not measure Python {python}; it has {', '.join(matrix.axes.pythons)}")
    line = sorted(
        (r for r in matrix.runtimes if r.python == python and r.resolution == "newest" and not r.pins),
        key=lambda r: Version(r.dashscope),
    )
    allowed = [r for r in line if wanted.specifier.contains(r.dashscope, prereleases=True)]
    about = f"Python {python}, {model}"
    if not allowed:
        return Answer("unknown", f"unknown: no measured release fits {wanted}; {about}; {_claim(matrix, region)}")
    runtime = allowed[-1]
    cells = [
        c
        for c in matrix.cells
        if (c.runtime, c.model, c.client) == (runtime.id, model, client)
        and (not set(modes) or c.mode in set(modes))
        and (not set(formats) or c.format in set(formats))
        and (c.region == "none" or region in (None, c.region))
    ]
    head = f"dashscope {runtime.dashscope}, {about}"
    tail = f"{_claim(matrix, region)}, measured {(runtime.measured or 'never')[:10]}"
    if not cells or any(c.state in ("blocked", "missing") for c in cells):
        why = next((c.reason for c in cells if c.reason), "nothing was measured")
        return Answer("unknown", f"unknown: {head}: {why}; {tail}")
    bad = [c for c in cells if c.state == "fail"]
    if not bad:
        return Answer("works", f"not affected: {head}: {len(cells)} of {len(cells)} cells pass; {tail}")
    what = "; ".join(dict.fromkeys(f"{c.mode} {c.format}: {c.reason}" for c in bad[:3]))
    better = _better(matrix, line, runtime, cells)
    advice = f"; use {better}" if better else ""
    return Answer("affected", f"affected: {head}: {len(bad)} of {len(cells)} cells fail ({what}){advice}; {tail}")


def _claim(matrix: Matrix, region: str | None) -> str:
    return matrix.claim + (f" ({region} was not asked)" if region and matrix.target == "emulator" else "")


def _better(matrix: Matrix, line: list[Runtime], runtime: Runtime, cells: list[Cell]) -> str | None:
    """The nearest newer release, else older one, for which the same cells pass."""
    places = {(c.model, c.client, c.mode, c.format, c.region) for c in cells}
    here = line.index(runtime)
    for other in [*line[here + 1 :], *reversed(line[:here])]:
        same = [
            c
            for c in matrix.cells
            if c.runtime == other.id and (c.model, c.client, c.mode, c.format, c.region) in places
        ]
        if len(same) == len(places) and all(c.state == "pass" for c in same):
            return other.dashscope
    return None
