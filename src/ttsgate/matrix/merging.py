"""Parts of a matrix, measured on several machines, joined into one; pure."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from ttsgate.errors import EvidenceError
from ttsgate.matrix.assembling import assemble
from ttsgate.matrix.driving import Plan
from ttsgate.matrix.record import Axes, Matrix, Runtime
from ttsgate.matrix.running import Asked

__all__ = ["merge", "shard"]

_WORTH = {"missing": 0, "environment": 1, "harness": 1, "measured": 2}


def merge(parts: Sequence[Matrix], *, plan: Plan | None = None) -> Matrix:
    """One matrix of all parts; what was planned and is in none of them is there as missing.

    Of two results of one runtime the measured one counts, then the later one; so parts may overlap.

    Raises:
        EvidenceError: they are of different kinds of target, or do not belong to the plan.
    """
    if not parts and plan is None:
        raise EvidenceError("there is nothing to merge")
    targets = {(part.target, part.claim) for part in parts}
    if len(targets) > 1:
        raise EvidenceError(f"these do not belong together: {', '.join(sorted(claim for _, claim in targets))}")
    found: dict[str, Runtime] = {}
    for part in sorted(parts, key=lambda p: (p.started, p.id)):
        for runtime in part.runtimes:
            known = found.get(runtime.id)
            if known is None or _WORTH[runtime.status] >= _WORTH[known.status]:
                found[runtime.id] = runtime
    if plan is not None:
        planned = [asked.id for asked in plan.asked]
        strange = [name for name in found if name not in planned]
        if strange:
            raise EvidenceError(f"{strange[0]} is not in the plan {plan.id}: these are parts of another one")
        runtimes = [found.get(a.id) or missing(a) for a in plan.asked]
        axes, started, name, origin = plan.axes, plan.started, plan.id, plan.releases_from
    else:
        runtimes = list(found.values())
        first = min(parts, key=lambda p: p.started)
        axes, started, name, origin = _axes(parts), first.started, first.id, first.releases_from
    whole = all(r.status != "missing" for r in runtimes) and all(p.status == "complete" for p in parts)
    merged = Matrix(
        id=name, ttsgate=parts[0].ttsgate if parts else "", started=started, axes=axes, releases_from=origin,
        finished=max((p.finished for p in parts if p.finished), default=None),
        status="complete" if whole else "partial", parts=sorted(p.id for p in parts),
        incidents=[i for p in parts for i in p.incidents], controls=[c for p in parts for c in p.controls],
    )  # fmt: skip
    if parts:
        merged.target, merged.claim = parts[0].target, parts[0].claim
    return assemble(merged, runtimes)


def missing(asked: Asked) -> Runtime:
    """A runtime whose result never arrived."""
    return Runtime(
        id=asked.id, python=asked.python, dashscope=asked.release, resolution=asked.resolution,
        pins=list(asked.pins), uploaded=asked.uploaded, status="missing", install="missing",
    )  # fmt: skip


def _axes(parts: Sequence[Matrix]) -> Axes:
    """Everything that any part has."""
    fields = [f.name for f in msgspec.structs.fields(Axes)]
    return Axes(**{name: list(dict.fromkeys(v for p in parts for v in getattr(p.axes, name))) for name in fields})


def shard(asked: Sequence[Asked], number: int, of: int) -> list[Asked]:
    """Every `of`-th runtime, from the `number`-th on: old releases and new ones spread over all shards.

    Args:
        asked: All of the plan.
        number: From 1.
        of: How many shards there are.
    """
    return list(asked[number - 1 :: of])
