"""The matrix on an existing Dask cluster: same results, whoever measures."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Sequence
from typing import Any

from ttsgate.errors import MissingExtra, TargetUnreachable, UsageError
from ttsgate.matrix.driving import failed
from ttsgate.matrix.record import Runtime
from ttsgate.matrix.running import Asked, Bench, Settings, open_bench, run_one

__all__ = ["Dask", "measure_there"]

RETRIES = 3
"""How often a runtime moves on to another worker when its own is lost."""

_bench: Bench | None = None
_stack = contextlib.ExitStack()
_lock = threading.Lock()


def measure_there(asked: Asked, settings: Settings) -> Runtime:
    """Runs on a worker: its first task starts the worker's emulator, which ends with the worker."""
    global _bench
    with _lock:
        if _bench is None:
            _bench = _stack.enter_context(open_bench())
    try:
        return run_one(asked, settings, _bench)
    except UsageError:
        raise
    except Exception as exc:
        return failed(asked, exc)


class Dask:
    """An existing cluster.

    Args:
        scheduler: Its address, e.g. ``tcp://127.0.0.1:8786``.
        resources: What a worker must have, e.g. ``{"region:cn-beijing": 1}``: cells run where they must be measured.
        timeout_s: How long the scheduler may take to answer.

    Raises:
        MissingExtra: `distributed` is not installed.
    """

    def __init__(self, scheduler: str, *, resources: dict[str, float] | None = None, timeout_s: float = 20.0) -> None:
        try:
            import distributed  # noqa: F401
        except ImportError as exc:
            raise MissingExtra(extra="cluster", needed_for="a Dask cluster") from exc
        self.scheduler, self.resources, self.timeout_s = scheduler, resources or {}, timeout_s

    def __call__(self, asked: Sequence[Asked], settings: Settings) -> Iterator[Runtime]:
        """Hand every runtime to the cluster; each is measured once, by whichever worker is left.

        Raises:
            TargetUnreachable: nobody answers there, or no worker has what is asked for.
        """
        import distributed

        dask: Any = distributed  # published half annotated

        try:
            client = dask.Client(self.scheduler, timeout=self.timeout_s, set_as_default=False)
        except (OSError, TimeoutError, ValueError) as exc:
            raise TargetUnreachable(f"no Dask scheduler answers at {self.scheduler}: {exc}") from exc
        with client:
            self._look_for_workers(client)
            futures = {
                client.submit(
                    measure_there, one, settings, key=f"ttsgate-{one.id}", retries=RETRIES, pure=False,
                    resources=self.resources or None,
                ): one
                for one in asked
            }  # fmt: skip
            for future in dask.as_completed(futures, loop=client.loop):
                try:
                    yield future.result()
                except UsageError:
                    raise
                except Exception as exc:  # lost with more workers than there are retries
                    yield failed(futures[future], exc)

    def _look_for_workers(self, client: Any) -> None:
        workers = client.scheduler_info(n_workers=-1)["workers"].values()
        able = [w for w in workers if all(w.get("resources", {}).get(n, 0) >= v for n, v in self.resources.items())]
        if not able:
            wanted = ", ".join(self.resources) or "at all"
            raise TargetUnreachable(f"{self.scheduler} has no worker {wanted}; start one with --resources")
