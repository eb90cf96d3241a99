"""The unit of work of the matrix: one runtime, from its name to its profile.  The same whoever executes it."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from ttsgate.emulator.process import EmulatorProcess, Endpoints
from ttsgate.matrix.environments import Environments, cache_folder
from ttsgate.matrix.facts import facts_of
from ttsgate.matrix.interpreters import Interpreter, ask, find_interpreters
from ttsgate.matrix.job import emulator_arguments, plan_job
from ttsgate.matrix.judging import told
from ttsgate.matrix.measure import look_up_wire, nowhere, observe
from ttsgate.matrix.observed import Observed
from ttsgate.matrix.record import Runtime
from ttsgate.matrix.uv import Uv, UvFailure

__all__ = ["Asked", "Bench", "Settings", "open_bench", "run_one"]

PACE = 50.0
"""The emulator's audio comes this many times faster than it plays: the matrix asks what comes, not how fast."""
_BUILDING = threading.Semaphore(2)
"""How many environments are made at the same time: installing is a matter of disk and network, not of cores."""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """One runtime that is to be measured."""

    python: str
    """Minor version."""
    release: str
    resolution: str = "newest"
    pins: tuple[str, ...] = ()
    path: str | None = None
    """The interpreter, where it was named; else it is found by its version."""
    uploaded: str | None = None
    """When the release was uploaded, if that is known already."""

    @property
    def id(self) -> str:
        """Id of the runtime."""
        more = [] if self.resolution == "newest" else [self.resolution.replace(":", "-")]
        more += [pin.replace("==", "").replace("=", "") for pin in self.pins]
        return "-".join([f"py{self.python}", f"dashscope{self.release}", *more])


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What every runtime is asked."""

    models: tuple[str, ...]
    clients: tuple[str, ...] = ("sdk-realtime", "sdk-http", "sdk-client")
    modes: tuple[str, ...] = ("server_commit", "commit")
    formats: tuple[str, ...] = ("pcm", "wav", "mp3", "opus")
    offline: bool = False
    cache: str | None = None
    """Folder of the cache; None for the user's."""
    repeats: int = 1
    """How often the races are gathered; more when a border rests on one of them."""


class Bench:
    """What measuring needs besides the runtime: an emulator and a place where nobody listens."""

    def __init__(self, endpoints: Endpoints, nowhere_url: str) -> None:
        self.endpoints, self.nowhere_url = endpoints, nowhere_url


@contextlib.contextmanager
def open_bench() -> Iterator[Bench]:
    """An emulator for many runtimes, as long as the context lasts."""
    with EmulatorProcess(pace=PACE, extra=emulator_arguments()) as emulator, nowhere() as nowhere_url:
        assert emulator.endpoints is not None
        yield Bench(emulator.endpoints, nowhere_url)


def run_one(asked: Asked, settings: Settings, bench: Bench) -> Runtime:
    """Make the environment, ask the SDK, judge what was seen.

    Never raises for what a release does: that is the result.
    """
    began = time.monotonic()
    runtime = Runtime(
        id=asked.id, python=asked.python, dashscope=asked.release, resolution=asked.resolution,
        pins=list(asked.pins), uploaded=asked.uploaded, measured=_now(),
    )  # fmt: skip
    interpreter = _interpreter(asked)
    if interpreter is None:
        runtime.install, runtime.status = "environment", "environment"
        runtime.problem = f"there is no Python {asked.python} here"
        return runtime
    runtime.python_full = interpreter.version
    folder = Path(settings.cache) if settings.cache else cache_folder()
    environments = Environments(folder, Uv(offline=settings.offline))
    try:
        with _BUILDING:
            resolved = environments.resolve(
                interpreter, asked.release, resolution=asked.resolution, pins=tuple(asked.pins)
            )
            runtime.packages, runtime.digest = dict(resolved.packages), resolved.digest
            runtime.uploaded, runtime.resolved = resolved.uploaded or asked.uploaded, resolved.at
            python = environments.build(interpreter, resolved)
    except UvFailure as failure:
        runtime.install, runtime.problem = failure.kind, failure.text[:600]
        if failure.kind == "environment":
            runtime.status = "environment"
        return runtime
    seen = _observe(python, settings, bench)
    runtime.import_, runtime.problem = seen.import_class, seen.problem[:600]
    runtime.profile = facts_of(seen, asked.release)
    runtime.seconds = round(time.monotonic() - began, 2)
    return runtime


def _observe(python: Path, settings: Settings, bench: Bench) -> Observed:
    job = plan_job(
        bench.endpoints, nowhere=bench.nowhere_url, models=settings.models, clients=settings.clients,
        modes=settings.modes, formats=settings.formats,
    )  # fmt: skip
    seen = observe(python, job)
    if seen.import_class == "ok":
        _ask_again(python, job, seen)
        assert bench.endpoints.admin_url is not None
        seen.wire = look_up_wire(bench.endpoints.admin_url, seen.sessions())
    return seen


def _ask_again(python: Path, job: dict[str, object], seen: Observed) -> None:
    """What failed where nothing should is asked once more, alone: a busy machine must not be taken for the SDK."""
    probes = job["probes"]
    assert isinstance(probes, list)
    doubtful = [p for p in probes if p["do"] in ("speak", "converse") and _doubtful(p["id"], seen.results)]
    if doubtful:
        again = observe(python, {**job, "probes": doubtful, "alone": [], "lanes": 2})
        for name, result in again.results.items():
            if not _doubtful(name, again.results):
                seen.results[name] = result


def _doubtful(name: str, results: dict[str, dict[str, object]]) -> bool:
    if "fault." in name or name not in results:
        return False
    outcome = told(results[name])[0]
    return outcome.startswith(("hangs", "crash", "raises:TimeoutError", "reports:on_close"))


_found: dict[str, Interpreter] = {}


def _interpreter(asked: Asked) -> Interpreter | None:
    if asked.path is not None:
        return ask(Path(asked.path))
    if not _found:
        _found.update(find_interpreters())
    return _found.get(asked.python)


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
