"""The pages of a matrix: functions of ``matrix.json`` alone."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.version import Version

from ttsgate.matrix.comparing import sentence
from ttsgate.matrix.needs import by_runtime, constraints, issues_of, minimums
from ttsgate.matrix.questions import good, question
from ttsgate.matrix.record import Cell, Matrix, Runtime, encode
from ttsgate.report.safe import clean
from ttsgate.report.templating import read_asset, render
from ttsgate.store import write_atomic

__all__ = ["badge", "csv_text", "html", "markdown", "pages", "write_pages"]

History = Mapping[str, Sequence[str]]
"""Cell id to its states, oldest first."""


@dataclass(frozen=True, slots=True)
class Place:
    """One place of the grid: a runtime's cells of one model and client."""

    cells: tuple[Cell, ...]
    history: tuple[str, ...] = ()

    @property
    def state(self) -> str:
        """The worst state of its cells."""
        states = {c.state for c in self.cells}
        return next((s for s in ("fail", "blocked", "missing", "pass") if s in states), "none")

    @property
    def word(self) -> str:
        """What stands in the place."""
        passed = sum(c.state == "pass" for c in self.cells)
        if not self.cells:
            return "–"
        if self.state == "pass":
            return "works" if self.cells[0].client != "sdk-http" else "refused"
        if self.state == "fail":
            return f"{passed} of {len(self.cells)}" if passed else "fails"
        return self.state

    @property
    def reason(self) -> str:
        """Why, where it did not pass."""
        return "; ".join(dict.fromkeys(c.reason for c in self.cells if c.reason))


def pages(matrix: Matrix, *, history: History | None = None, templates: Path | None = None) -> dict[str, bytes]:
    """Every page by file name."""
    return {
        "matrix.json": encode(matrix),
        "matrix.html": html(matrix, history=history, templates=templates).encode(),
        "matrix.md": markdown(matrix, templates=templates).encode(),
        "matrix.csv": csv_text(matrix).encode(),
        "constraints.txt": constraints(matrix).encode(),
    }


def write_pages(folder: Path, matrix: Matrix, *, history: History | None = None) -> None:
    """Write every page into `folder`."""
    for name, data in pages(matrix, history=history).items():
        write_atomic(folder / name, data)


def html(matrix: Matrix, *, history: History | None = None, templates: Path | None = None) -> str:
    """One page without script: grid, minimum releases, borders, profiles, runtimes."""
    css = read_asset("report.css", templates=templates) + read_asset("matrix.css", templates=templates)
    digest = base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; form-action 'none'"
    context = {**_context(matrix, history or {}), "css": _raw(css), "policy": _raw(policy)}
    return render("matrix.html.j2", context, kind="html", templates=templates)


def markdown(matrix: Matrix, *, templates: Path | None = None) -> str:
    """The same in short, for a job's summary."""
    return render("matrix.md.j2", _context(matrix, {}), kind="markdown", templates=templates)


def csv_text(matrix: Matrix) -> str:
    """One row a cell."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(
        ["target", "model", "client", "python", "dashscope", "resolution", "pins", "mode", "format", "region",
         "vantage", "state", "reason", "measured"]
    )  # fmt: skip
    runtimes = {r.id: r for r in matrix.runtimes}
    for cell in matrix.cells:
        runtime = runtimes.get(cell.runtime or "")
        row = [
            cell.target, cell.model, cell.client, runtime.python if runtime else "",
            runtime.dashscope if runtime else "", runtime.resolution if runtime else "",
            " ".join(runtime.pins) if runtime else "", cell.mode, cell.format, cell.region, cell.vantage, cell.state,
            cell.reason, (runtime.measured or "") if runtime else "",
        ]  # fmt: skip
        writer.writerow([_inert(value) for value in row])
    return out.getvalue()


def badge(matrix: Matrix, model: str) -> bytes:
    """An endpoint badge: newest release, and the kind of target in its label."""
    cells = [c for c in matrix.cells if c.model == model and c.client == "sdk-realtime"]
    runtimes = {r.id: r for r in matrix.runtimes}
    newest = max((Version(r.dashscope) for r in matrix.runtimes if r.profile), default=None)
    judged = [c for c in cells if newest and Version(runtimes[c.runtime or ""].dashscope) == newest]
    passed = sum(c.state == "pass" for c in judged)
    color = "lightgrey" if not judged else "brightgreen" if passed == len(judged) else "red"
    message = f"dashscope {newest}: {passed} of {len(judged)}" if judged else "not measured"
    return json.dumps(
        {"schemaVersion": 1, "label": f"{model} ({matrix.target})", "message": message, "color": color}
    ).encode()


def _inert(value: str) -> str:
    """No formula for a spreadsheet."""
    text = clean(value)
    return f"'{text}" if text[:1] in tuple("=+-@") else text


def _raw(text: str) -> str:
    from markupsafe import Markup

    return Markup(text)


def _context(matrix: Matrix, history: History) -> dict[str, Any]:
    cells = by_runtime(matrix.cells)
    columns = list(dict.fromkeys((c.model, c.client) for c in matrix.cells))
    runtimes = sorted(
        matrix.runtimes, key=lambda r: (Version(r.python), r.resolution, r.pins, Version(r.dashscope)), reverse=True
    )
    rows = [(r, [_place(cells.get(r.id, []), column, history) for column in columns]) for r in runtimes]
    answers = minimums(matrix)
    pythons = list(dict.fromkeys(m.python for m in answers))
    return {
        "matrix": matrix,
        "columns": columns,
        "rows": rows,
        "pythons": sorted({r.python for r in matrix.runtimes}, key=Version, reverse=True),
        "needs": [
            (need, [next(a for a in answers if a.need is need and a.python == python) for python in pythons])
            for need in dict.fromkeys(a.need for a in answers)
        ],
        "need_pythons": pythons,
        "sentence": sentence,
        "question": question,
        "good": good,
        "issues_of": issues_of,
        "counts": {s: sum(c.state == s for c in matrix.cells) for s in ("pass", "fail", "blocked", "missing")},
        "sparkline": sparkline,
        "findings": _findings(matrix.runtimes),
    }


def _place(cells: Sequence[Cell], column: tuple[str, str], history: History) -> Place:
    own = tuple(c for c in cells if (c.model, c.client) == column)
    nights = [history[c.id] for c in own if c.id in history]
    merged = ["fail" if "fail" in night else "pass" for night in zip(*nights, strict=False)] if nights else []
    return Place(own, tuple(merged[-30:]))


def _findings(runtimes: Sequence[Runtime]) -> list[tuple[Runtime, str]]:
    """Runtimes that cannot be used at all, and why."""
    bad = [(r, f"install: {r.install}" if r.install != "ok" else f"import: {r.import_}") for r in runtimes]
    return [
        (r, why) for r, why in bad if r.status == "measured" and why not in ("import: ok", "import: not tried")
    ]  # fmt: skip


def sparkline(states: Sequence[str]) -> str:
    """The nights of a cell as bars in SVG: high and whole for a pass, low for a failure."""
    bars = "".join(
        f'<rect x="{4 * n}" y="{0 if s == "pass" else 8}" width="3" height="{12 if s == "pass" else 4}"/>'
        for n, s in enumerate(states)
    )
    words = f"{sum(s == 'pass' for s in states)} of {len(states)} nights passed"
    return _raw(
        f'<svg class="spark" width="{4 * len(states)}" height="12" role="img" aria-label="{words}"><title>{words}'
        f"</title>{bars}</svg>"
    )
