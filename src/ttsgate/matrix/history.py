"""The history of cells: a cache of published matrices, in SQLite or any database that SQLAlchemy speaks to.

Nothing is in here that is not in some ``matrix.json``: a lost database is rebuilt from them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import msgspec

from ttsgate.errors import MissingExtra, UsageError
from ttsgate.matrix.record import Cell, Matrix

if TYPE_CHECKING:
    from sqlalchemy import Connection

__all__ = ["Course", "History", "course_of", "since_when", "sqlite_url"]


class Course(msgspec.Struct, frozen=True, kw_only=True):
    """How one cell went."""

    cell: str
    nights: list[str]
    """Dates on which it was judged, oldest first."""
    states: list[str]
    """Its states on those dates."""
    since: str
    """First date of its present state."""
    last_good: str | None
    """Last date on which it passed."""
    flakiness: float
    """Changes of state a night, from 0 to 1; 0 for fewer than two nights."""


def course_of(cell: str, nights: Sequence[tuple[str, str]]) -> Course | None:
    """The course of a cell from dates and states, oldest first.

    Nights without a judgement (blocked, missing) say nothing: they move neither since-when nor last-good.
    """
    judged = [(date, state) for date, state in nights if state in ("pass", "fail")]
    if not judged:
        return None
    dates, states = [d for d, _ in judged], [s for _, s in judged]
    start = len(states) - 1
    while start > 0 and states[start - 1] == states[-1]:
        start -= 1
    flips = sum(a != b for a, b in pairwise(states))
    return Course(
        cell=cell, nights=dates, states=states, since=dates[start],
        last_good=max((d for d, s in judged if s == "pass"), default=None),
        flakiness=round(flips / (len(states) - 1), 3) if len(states) > 1 else 0.0,
    )  # fmt: skip


def since_when(cells: Iterable[Cell], courses: Mapping[str, Course]) -> list[Cell]:
    """The cells with what history knows of them; a cell that was not judged keeps its last dates."""
    found = []
    for cell in cells:
        course = courses.get(cell.id)
        found.append(
            msgspec.structs.replace(cell, since=course.since, last_good=course.last_good) if course else cell
        )  # fmt: skip
    return found


def sqlite_url(path: Path) -> str:
    """The URL of a database in a file."""
    return f"sqlite:///{path.absolute()}"


class History:
    """A database of cells' states; a context manager.

    Args:
        url: Of SQLAlchemy, e.g. ``sqlite:////path/to/history.sqlite`` or ``postgresql+psycopg://…``.

    Raises:
        MissingExtra: SQLAlchemy is not installed.
        UsageError: the database cannot be opened.
    """

    def __init__(self, url: str) -> None:
        try:
            import sqlalchemy as sa
        except ImportError as exc:
            raise MissingExtra(extra="matrix", needed_for="the history of the matrix") from exc
        if url.startswith("sqlite:///"):
            Path(url.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)
        self._sa = sa
        data = sa.MetaData()
        self._runs = sa.Table(
            "ttsgate_runs", data,
            sa.Column("id", sa.String(80), primary_key=True),
            sa.Column("started", sa.String(40), nullable=False, index=True),
            sa.Column("target", sa.String(20), nullable=False),
        )  # fmt: skip
        self._cells = sa.Table(
            "ttsgate_cells", data,
            sa.Column("run", sa.String(80), primary_key=True),
            sa.Column("cell", sa.String(300), primary_key=True, index=True),
            sa.Column("state", sa.String(12), nullable=False),
            sa.Column("reason", sa.Text, nullable=False),
        )  # fmt: skip
        try:
            self._engine = sa.create_engine(url)
            data.create_all(self._engine)
        except (sa.exc.SQLAlchemyError, ImportError) as exc:
            # Not the URL, which may carry a password.
            raise UsageError(f"cannot open the history: {type(exc).__name__}; look at the database URL") from exc

    def add(self, matrix: Matrix) -> bool:
        """Take in a matrix; False when it is there already."""
        sa = self._sa
        with self._engine.begin() as connection:
            known = connection.execute(sa.select(self._runs.c.id).where(self._runs.c.id == matrix.id)).first()
            if known:
                return False
            connection.execute(
                sa.insert(self._runs), [{"id": matrix.id, "started": matrix.started, "target": matrix.target}]
            )
            rows = [{"run": matrix.id, "cell": c.id, "state": c.state, "reason": c.reason} for c in matrix.cells]
            if rows:
                connection.execute(sa.insert(self._cells), rows)
        return True

    def courses(self, *, like: str = "%", nights: int = 90) -> dict[str, Course]:
        """The courses of all cells whose id matches a pattern of SQL (escape: backslash), over the last nights."""
        with self._engine.connect() as connection:
            rows = self._rows(connection, like, nights)
        by_cell: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for cell, started, state in rows:
            by_cell[cell].append((started, state))
        found = {cell: course_of(cell, states) for cell, states in by_cell.items()}
        return {cell: course for cell, course in found.items() if course is not None}

    def _rows(self, connection: Connection, like: str, nights: int) -> list[Any]:
        sa, runs, cells = self._sa, self._runs, self._cells
        newest = sa.select(runs.c.id).order_by(runs.c.started.desc()).limit(nights).subquery()
        query = (
            sa.select(cells.c.cell, runs.c.started, cells.c.state)
            .join(runs, runs.c.id == cells.c.run)
            .where(cells.c.cell.like(like, escape="\\"), runs.c.id.in_(sa.select(newest.c.id)))
            .order_by(cells.c.cell, runs.c.started)
        )
        return list(connection.execute(query))

    def close(self) -> None:
        """Give the connections back."""
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None) -> None:
        self.close()
