"""From measured runtimes to the whole matrix: cells, groups, borders, notices; pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Literal

from ttsgate.matrix.grouping import regroup
from ttsgate.matrix.questions import questions_for
from ttsgate.matrix.record import Axes, Cell, Incident, Matrix, Runtime

__all__ = ["assemble", "cells_of", "incidents_of"]

State = Literal["pass", "fail", "blocked", "missing"]


def assemble(matrix: Matrix, runtimes: Iterable[Runtime]) -> Matrix:
    """Fill in everything that follows from the runtimes; `matrix` says what was planned."""
    matrix.runtimes = list(runtimes)
    matrix.cells = [cell for runtime in matrix.runtimes for cell in cells_of(runtime, matrix.axes, matrix.target)]
    matrix.groups, matrix.borders = regroup(matrix.runtimes)
    matrix.incidents = [
        *(i for i in matrix.incidents if i.cause == "service"),
        *incidents_of(matrix.runtimes, matrix.cells),
    ]
    matrix.questions = questions_for([fact.id for runtime in matrix.runtimes for fact in runtime.profile])
    return matrix


def cells_of(runtime: Runtime, axes: Axes, target: str = "emulator") -> list[Cell]:
    """The cells of one runtime.

    ``sdk-http`` passes where the realtime model is refused, as it has to be; ``sdk-client`` has cells only where the
    release has that client.
    """

    def cell(client: str, model: str, mode: str, audio: str, fact: str) -> Cell:
        state, reason = _state(runtime, fact, refusal=client == "sdk-http")
        return Cell(
            id="/".join([target, model, client, runtime.id, mode, audio]), runtime=runtime.id, model=model,
            client=client, mode=mode, format=audio, target=target, state=state, reason=reason,
        )  # fmt: skip

    cells = []
    for model in axes.models:
        if "sdk-realtime" in axes.clients:
            cells += [
                cell("sdk-realtime", model, mode, audio, f"speak.{model}.{mode}.{audio}")
                for mode in axes.modes
                for audio in axes.formats
            ]
        if "sdk-http" in axes.clients:
            cells.append(cell("sdk-http", model, "none", "wav", f"http.{model}"))
    if "sdk-client" in axes.clients and runtime.fact("client.server_commit") is not None:
        flash = "qwen3-tts-flash-realtime"
        cells += [cell("sdk-client", flash, mode, "pcm", f"client.{mode}") for mode in axes.modes]
    return cells


def _state(runtime: Runtime, fact: str, *, refusal: bool) -> tuple[State, str]:
    if runtime.status == "missing":
        return "missing", "planned, but its result never arrived"
    if runtime.status in ("environment", "harness"):
        return "blocked", f"{runtime.status}: {runtime.problem}"[:300]
    if runtime.install != "ok":
        return "fail", f"install {runtime.install}"
    if runtime.import_ != "ok":
        return "fail", f"import: {runtime.import_}: {runtime.problem}"[:300]
    found = runtime.fact(fact)
    if found is None:
        lacks = runtime.fact("class.QwenTtsRealtime")
        return "fail", f"QwenTtsRealtime: {', '.join(lacks.outcomes)}" if lacks else "not asked"
    wanted = found.outcomes == ["ok"] if not refusal else all(o.startswith("refused:400") for o in found.outcomes)
    return ("pass", "") if wanted else ("fail", ", ".join(found.outcomes))


def incidents_of(runtimes: Sequence[Runtime], cells: Sequence[Cell]) -> list[Incident]:
    """One notice for each thing that kept runtimes from being measured, however many cells it cost."""
    kept: dict[tuple[str, str], list[str]] = defaultdict(list)
    for runtime in runtimes:
        if runtime.status in ("environment", "harness"):
            kept[runtime.status, runtime.problem[:120]].append(runtime.id)
    return [
        Incident(
            cause="environment" if cause == "environment" else "harness",
            summary=f"{len(ids)} runtimes could not be measured: {problem}",
            cells=sum(cell.runtime in ids for cell in cells),
            runtimes=ids,
        )
        for (cause, problem), ids in kept.items()
    ]
