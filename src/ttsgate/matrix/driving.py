"""One run of the matrix in a folder: what is finished stays there, and an interrupted run goes on."""

from __future__ import annotations

import queue
import secrets
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import msgspec

from ttsgate import __version__
from ttsgate.errors import HarnessError, UsageError
from ttsgate.matrix.assembling import assemble
from ttsgate.matrix.record import Axes, Matrix, Runtime, encode
from ttsgate.matrix.running import Asked, Settings, open_bench, run_one
from ttsgate.store import write_atomic

__all__ = ["Executor", "Local", "Plan", "drive", "open_plan", "store_plan", "unfinished"]


class Plan(msgspec.Struct, kw_only=True):
    """What a run is to measure."""

    id: str
    started: str
    axes: Axes
    settings: Settings
    asked: list[Asked]
    releases_from: str = ""

    @staticmethod
    def new_id() -> str:
        """An id that sorts by time."""
        return f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(2)}"


class Executor(Protocol):
    """Who measures: this machine, or a cluster."""

    def __call__(self, asked: Sequence[Asked], settings: Settings) -> Iterator[Runtime]:
        """The runtimes, in the order in which they are finished."""
        ...


class Local:
    """This machine: several runtimes at a time, for most of it is waiting.

    Args:
        jobs: How many at a time.
    """

    def __init__(self, jobs: int = 4) -> None:
        self.jobs = jobs

    def __call__(self, asked: Sequence[Asked], settings: Settings) -> Iterator[Runtime]:
        """Measure with one emulator for all of them."""
        todo: queue.SimpleQueue[Asked] = queue.SimpleQueue()
        done: queue.SimpleQueue[Runtime | BaseException] = queue.SimpleQueue()
        for one in asked:
            todo.put(one)
        with open_bench() as bench:

            def work() -> None:
                while True:
                    try:
                        one = todo.get_nowait()
                    except queue.Empty:
                        return
                    try:
                        done.put(run_one(one, settings, bench))
                    except UsageError as exc:
                        done.put(exc)
                    except Exception as exc:
                        done.put(failed(one, exc))

            # Daemons: when we are interrupted nobody waits for them, and their children end with our pipes.
            for _ in range(min(self.jobs, len(asked))):
                threading.Thread(target=work, daemon=True).start()
            for _ in asked:
                result = done.get()
                if isinstance(result, BaseException):
                    raise result
                yield result


def failed(asked: Asked, exc: Exception) -> Runtime:
    """A runtime that we could not measure by our own fault."""
    return Runtime(
        id=asked.id, python=asked.python, dashscope=asked.release, resolution=asked.resolution,
        pins=list(asked.pins), uploaded=asked.uploaded, status="harness", problem=f"{type(exc).__name__}: {exc}"[:600],
    )  # fmt: skip


def drive(
    folder: Path,
    plan: Plan,
    execute: Executor,
    *,
    previous: Mapping[str, Runtime] | None = None,
    tell: Callable[[Runtime, int, int], None] = lambda *_: None,
) -> Matrix:
    """Measure what is not finished yet and write ``matrix.json``.

    Args:
        folder: The run's folder, with its plan in it.
        plan: What to measure.
        execute: Who measures.
        previous: Last results by id, shown with their date where no environment could be had.
        tell: Called with each runtime, how many are finished, and of how many.

    Interrupted, it writes what there is, marked as interrupted, and passes the interrupt on.
    """
    finished = {r.id: r for r in _stored(folder)}
    left = [a for a in plan.asked if a.id not in finished]
    matrix = Matrix(
        id=plan.id, ttsgate=__version__, started=plan.started, axes=plan.axes, releases_from=plan.releases_from
    )
    try:
        for runtime in execute(left, plan.settings) if left else ():
            if runtime.status == "environment":
                _fall_back(runtime, (previous or {}).get(runtime.id))
            write_atomic(folder / "runtimes" / f"{runtime.id}.json", msgspec.json.encode(runtime))
            finished[runtime.id] = runtime
            tell(runtime, len(finished), len(plan.asked))
    except KeyboardInterrupt:
        matrix.status = "interrupted"
        _close(folder, matrix, plan, finished)
        raise
    if len(finished) < len(plan.asked):
        raise HarnessError(f"{len(plan.asked) - len(finished)} runtimes got lost on the way; go on with --resume")
    matrix.status = "complete"
    return _close(folder, matrix, plan, finished)


def _close(folder: Path, matrix: Matrix, plan: Plan, finished: Mapping[str, Runtime]) -> Matrix:
    matrix.finished = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
    assemble(matrix, [finished[a.id] for a in plan.asked if a.id in finished])
    write_atomic(folder / "matrix.json", encode(matrix))
    return matrix


def _fall_back(runtime: Runtime, last: Runtime | None) -> None:
    """Nothing is known of this night: keep what was known before, with its date."""
    runtime.measured = None
    if last is not None and last.profile:
        runtime.profile, runtime.measured, runtime.import_ = last.profile, last.measured, last.import_
        runtime.packages, runtime.digest = last.packages, last.digest


def _stored(folder: Path) -> list[Runtime]:
    found = []
    for path in sorted((folder / "runtimes").glob("*.json")):
        try:
            runtime = msgspec.json.decode(path.read_bytes(), type=Runtime)
        except (msgspec.DecodeError, OSError):
            continue
        if runtime.status == "measured":  # the rest deserves another try
            found.append(runtime)
    return found


def store_plan(folder: Path, plan: Plan) -> None:
    """Write the plan into the run's folder."""
    write_atomic(folder / "plan.json", msgspec.json.format(msgspec.json.encode(plan), indent=1) + b"\n")


def open_plan(path: Path) -> Plan:
    """Read a plan.

    Raises:
        UsageError: it is none.
    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=Plan)
    except OSError as exc:
        raise UsageError(f"cannot read {path}: {exc.strerror}") from exc
    except msgspec.DecodeError as exc:
        raise UsageError(f"{path} is no plan of the matrix: {exc}") from exc


def unfinished(base: Path) -> Path | None:
    """The newest run in `base` that did not come to its end."""
    for folder in sorted(base.glob("*/plan.json"), reverse=True):
        stored = folder.with_name("matrix.json")
        if not stored.is_file() or b'"status": "complete"' not in stored.read_bytes()[:4000]:
            return folder.parent
    return None
