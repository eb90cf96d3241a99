"""Runs the guest in an interpreter and gathers what it saw; a child that hangs or dies costs its own probes only."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from ttsgate.clients.sdk.child import ALLOWED
from ttsgate.matrix.observed import Observed

__all__ = ["look_up_wire", "nowhere", "observe"]

GUEST = Path(__file__).with_name("guest.py")
IMPORT_S = 60.0
"""An import that is not over by then hangs."""
CHILD_S = 120.0
"""A child that is not over by then is killed, and those of its probes that had begun are tried alone."""
OUTPUT_BYTES = 8 * 2**20
"""A child that says more is killed."""


@contextlib.contextmanager
def nowhere() -> Iterator[str]:
    """A websocket URL on loopback where nothing listens, for as long as the context lasts."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and never listening: connections are refused, and nobody else can take it
        yield f"ws://127.0.0.1:{taken.getsockname()[1]}/api-ws/v1/realtime"


def observe(python: Path, job: dict[str, Any], *, child_s: float = CHILD_S, import_s: float = IMPORT_S) -> Observed:
    """Run the job; what was seen, whatever became of the child."""
    seen = Observed()
    _run(python, job, seen, child_s=child_s, import_s=import_s)
    if seen.import_class != "ok":
        return seen
    # What was under way when a child hung or died is asked once more, each in a child of its own.
    left = [p for p in [*job["probes"], *job["alone"]] if p["id"] not in seen.results]
    again = [p for p in left if p["id"] in seen.begun]
    rest = [p for p in left if p["id"] not in seen.begun]
    if rest:
        _run(python, {**job, "probes": rest, "alone": []}, seen, child_s=child_s, import_s=import_s)
    for probe in [*again, *(p for p in rest if p["id"] not in seen.results)]:
        ended = _run(python, {**job, "probes": [probe], "alone": []}, seen, child_s=probe["deadline_s"] + 15,
                     import_s=import_s)  # fmt: skip
        if probe["id"] not in seen.results:
            seen.results[probe["id"]] = {"id": probe["id"], "child": ended or "silence"}
    return seen


def _run(python: Path, job: dict[str, Any], seen: Observed, *, child_s: float, import_s: float) -> str:
    """One child; how it ended: an empty string when it said so itself."""
    home = Path(tempfile.mkdtemp(prefix="ttsgate-matrix-"))
    environment = {n: v for n, v in os.environ.items() if n in ALLOWED}
    child = subprocess.Popen(
        [python, "-I", GUEST], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env={**environment, "HOME": str(home)}, cwd=home, start_new_session=True,
    )  # fmt: skip
    assert child.stdin is not None
    assert child.stdout is not None
    assert child.stderr is not None
    lines: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
    complaint: list[bytes] = []
    errors = child.stderr
    readers = [
        threading.Thread(target=_pump, args=(child.stdout, lines), daemon=True),
        threading.Thread(target=lambda: complaint.append(errors.read(20_000)), daemon=True),
    ]
    for reader in readers:
        reader.start()
    ended = ""
    try:
        with contextlib.suppress(OSError):
            child.stdin.write(json.dumps(job).encode() + b"\n")
            child.stdin.flush()
        began = time.monotonic()
        while True:
            limit = import_s if seen.import_class == "not tried" else child_s
            try:
                line = lines.get(timeout=max(0.01, began + limit - time.monotonic()))
            except queue.Empty:
                ended = "hang"
                break
            if line is None:
                child.wait(timeout=5)
                ended = "" if seen.ended else f"crash ({_exit(child.returncode)})"
                break
            if seen.hear(line):
                break
    except subprocess.TimeoutExpired:
        ended = "hang"
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()
        for reader in readers:
            reader.join(timeout=2)
        for stream in (child.stdin, child.stdout, child.stderr):
            with contextlib.suppress(OSError):
                stream.close()
        shutil.rmtree(home, ignore_errors=True)
    seen.child_ended(ended, b"".join(complaint).decode("utf-8", "replace"))
    return ended


def _pump(stream: Any, lines: queue.SimpleQueue[bytes | None]) -> None:
    total = 0
    with contextlib.suppress(OSError, ValueError):
        for line in stream:
            total += len(line)
            if total > OUTPUT_BYTES:
                break
            lines.put(line)
    lines.put(None)


def _exit(code: int | None) -> str:
    if code is not None and code < 0:
        with contextlib.suppress(ValueError):
            return signal.Signals(-code).name
    return f"exit {code}"


def look_up_wire(admin_url: str, sessions: list[str]) -> dict[str, dict[str, Any]]:
    """What the emulator saw of these sessions: id to its figures, headers and frames.

    Raises:
        OSError: the emulator does not answer.
    """
    found: dict[str, dict[str, Any]] = {}
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    for start in range(0, len(sessions), 50):
        query = urlencode([("id", session) for session in sessions[start : start + 50]])
        with direct.open(f"{admin_url}/sessions?{query}", timeout=30) as answer:
            found.update({one["id"]: one for one in json.load(answer)})
    return found
