"""Small matrices as a sweep would leave them."""

from __future__ import annotations

from collections.abc import Sequence

from ttsgate.matrix.grouping import regroup
from ttsgate.matrix.record import Axes, Cell, Fact, Matrix, Runtime

MODEL = "qwen3-tts-flash-realtime"


def runtime(release: str, answer: str = "ok", *, python: str = "3.11") -> Runtime:
    """A release that answers one question."""
    return Runtime(
        id=f"py{python}-dashscope{release}",
        python=python,
        dashscope=release,
        import_="ok",
        profile=[Fact(id="after-end.append", outcomes=[answer])],
    )


def matrix(runtimes: Sequence[Runtime], *, name: str = "20261124T020000Z", reason: str = "") -> Matrix:
    """A finished matrix of them, one cell each."""
    groups, borders = regroup(runtimes)
    releases = [r.dashscope for r in runtimes]
    axes = Axes(
        releases=releases, pythons=["3.11"], resolutions=["newest"], models=[MODEL], clients=["sdk-realtime"],
        modes=["commit"], formats=["pcm"],
    )  # fmt: skip
    cells = [
        Cell(
            id=f"{r.id}.{MODEL}", runtime=r.id, model=MODEL, client="sdk-realtime", mode="commit", format="pcm",
            state="fail" if reason else "pass", reason=reason,
        )
        for r in runtimes
    ]  # fmt: skip
    return Matrix(
        id=name, ttsgate="0.1.0", started="2026-11-24T02:00:00Z", finished="2026-11-24T02:05:00Z", status="complete",
        axes=axes, runtimes=list(runtimes), cells=cells, groups=groups, borders=borders,
    )  # fmt: skip
