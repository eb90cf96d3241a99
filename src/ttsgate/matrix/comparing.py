"""What changed since the last matrix: only news, told once; pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from itertools import pairwise

import msgspec

from ttsgate.matrix.grouping import changes, line_up
from ttsgate.matrix.questions import question
from ttsgate.matrix.record import Border, Cell, Change, Matrix, Runtime
from ttsgate.verdict.expectations import Expectation, in_range

__all__ = ["EXPECTED_AS", "Break", "News", "compare", "markdown", "sentence"]

EXPECTED_AS = "U-matrix"
"""``check`` of an expectation that covers a cell of the matrix."""


class Break(msgspec.Struct, frozen=True, kw_only=True):
    """A cell that passed and does not any more, or fails in a new release whose predecessor passes."""

    cell: str
    reason: str
    against: str
    """What it is compared with: the date of the last matrix, or the predecessor."""
    expected: str | None = None
    """Ticket of the expectation that covers it."""


class Moved(msgspec.Struct, frozen=True, kw_only=True):
    """Facts of one runtime that are not what they were."""

    runtime: str
    changes: list[Change]
    packages: dict[str, list[str | None]] = {}
    """Dependencies that changed since: the release itself never does."""


class News(msgspec.Struct, kw_only=True):
    """What the last night does not know yet."""

    since: str | None
    """Id of the matrix that it is compared with; None: there is none, this one is the baseline."""
    breaks: list[Break] = []
    mended: list[str] = []
    """Cells that pass again."""
    moved: list[Moved] = []
    releases: list[Border] = []
    """New releases and how they differ from their predecessors; without changes: they behave alike."""
    incidents: list[str] = []
    gone: list[str] = []
    """Runtimes that the last matrix had and this one does not have a result for."""

    @property
    def red(self) -> bool:
        """Whether something broke that nobody expects."""
        return any(b.expected is None for b in self.breaks)

    @property
    def empty(self) -> bool:
        """Whether there is nothing to tell."""
        return not (self.breaks or self.mended or self.moved or self.releases or self.incidents or self.gone)


def compare(
    now: Matrix, before: Matrix | None, *, expectations: Iterable[Expectation] = (), today: date | None = None
) -> News:
    """What is new in `now`.  Cells that could not be judged on either side are no news: nothing is known of them."""
    news = News(since=before.id if before else None, incidents=[i.summary for i in now.incidents])
    if before is None:
        return news
    known = [
        e for e in expectations if e.check == EXPECTED_AS and (today is None or e.first_seen <= today <= e.expires)
    ]
    was = {c.id: c for c in before.cells}
    runtimes = {r.id: r for r in now.runtimes}
    old = {r.id: r for r in before.runtimes}
    for cell in now.cells:
        last = was.get(cell.id)
        if last is not None and (last.state, cell.state) == ("pass", "fail"):
            against = before.started[:10]
            news.breaks.append(_break(cell, against, known, runtimes))
        elif last is not None and (last.state, cell.state) == ("fail", "pass"):
            news.mended.append(cell.id)
    for runtime in now.runtimes:
        last_runtime = old.get(runtime.id)
        if last_runtime is None or not last_runtime.profile or runtime.status != "measured" or not runtime.profile:
            continue
        different = changes(last_runtime.profile, runtime.profile)
        if different:
            news.moved.append(
                Moved(runtime=runtime.id, changes=different, packages=_packages(last_runtime, runtime))
            )  # fmt: skip
    _releases(now, before, news, known)
    news.gone = sorted(i for i, r in runtimes.items() if r.status == "missing" and i in old)
    return news


def _releases(now: Matrix, before: Matrix, news: News, known: Sequence[Expectation]) -> None:
    """Releases that the last matrix had not: compare them with their predecessors."""
    seen = {(r.python, r.dashscope) for r in before.runtimes}
    cells: dict[str | None, list[Cell]] = {}
    for cell in now.cells:
        cells.setdefault(cell.runtime, []).append(cell)
    runtimes = {r.id: r for r in now.runtimes}
    for (python, resolution, pins), line in line_up(now.runtimes).items():
        for earlier, later in pairwise(line):
            if (python, later.dashscope) in seen or later.status != "measured":
                continue
            different = changes(earlier.profile, later.profile)
            news.releases.append(
                Border(
                    python=python, resolution=resolution, pins=list(pins), before=earlier.dashscope,
                    after=later.dashscope, changes=different, packages=_packages(earlier, later),
                )
            )  # fmt: skip
            passed = {_place(c) for c in cells.get(earlier.id, []) if c.state == "pass"}
            for cell in cells.get(later.id, []):
                if cell.state == "fail" and _place(cell) in passed:
                    news.breaks.append(_break(cell, f"dashscope {earlier.dashscope}", known, runtimes))


def _place(cell: Cell) -> tuple[str, ...]:
    return cell.model, cell.client, cell.mode, cell.format, cell.region, cell.vantage


def _break(cell: Cell, against: str, known: Sequence[Expectation], runtimes: Mapping[str, Runtime]) -> Break:
    runtime = runtimes.get(cell.runtime or "")
    cover = next((e.ticket for e in known if _covers(e, cell, runtime)), None)
    return Break(cell=cell.id, reason=cell.reason, against=against, expected=cover)


def _covers(entry: Expectation, cell: Cell, runtime: Runtime | None) -> bool:
    if entry.model not in (None, cell.model) or entry.client not in (None, cell.client):
        return False
    if entry.region not in (None, cell.region) or entry.vantage not in (None, cell.vantage):
        return False
    if entry.sdk is not None and not in_range(runtime.dashscope if runtime else None, entry.sdk):
        return False
    return entry.python is None or in_range(runtime.python_full if runtime else None, entry.python)


def _packages(before: Runtime, after: Runtime) -> dict[str, list[str | None]]:
    names = sorted({*before.packages, *after.packages} - {"dashscope"})
    return {
        n: [before.packages.get(n), after.packages.get(n)]
        for n in names
        if before.packages.get(n) != after.packages.get(n)
    }


def sentence(border: Border) -> str:
    """``2.0.2 differs from 2.0.1 in …``, in one line."""
    head = f"{border.after} (Python {border.python})"
    if not border.changes:
        return f"{head} behaves like {border.before}."
    shown = [describe(c) for c in border.changes[:3]]
    more = f"; and {len(border.changes) - 3} more" if len(border.changes) > 3 else ""
    return f"{head} differs from {border.before} in {len(border.changes)} facts: {'; '.join(shown)}{more}."


def describe(change: Change) -> str:
    """``fault.stall: hangs -> raises``."""
    was = " or ".join(change.was) if change.was else "not there"
    now = " or ".join(change.now) if change.now else "not there"
    return f"{change.fact}: {was} → {now}"


def markdown(news: News) -> str:
    """The notice of a night, for people: nothing but what changed."""
    if news.since is None:
        return "First matrix: it is the baseline of the next one.\n"
    if news.empty:
        return f"Nothing changed since {news.since}.\n"
    lines = [f"Changes since {news.since}:", ""]
    for one in news.breaks:
        note = f" (expected: {one.expected})" if one.expected else ""
        lines.append(f"- **broken** `{one.cell}`: {one.reason}; against {one.against}{note}")
    lines += [f"- mended `{cell}`" for cell in news.mended]
    lines += [f"- release {sentence(border)}" for border in news.releases]
    for moved in news.moved:
        lines.append(f"- `{moved.runtime}` moved in {len(moved.changes)} facts")
        lines += [f"  - {question(c.fact).text} {describe(c)}" for c in moved.changes[:10]]
        if moved.packages:
            named = ", ".join(f"{n} {a or 'none'} → {b or 'none'}" for n, (a, b) in sorted(moved.packages.items()))
            lines.append(f"  - dependencies: {named}")
    lines += [f"- not judged: {summary}" for summary in news.incidents]
    lines += [f"- missing: `{name}`" for name in news.gone]
    return "\n".join(lines) + "\n"
