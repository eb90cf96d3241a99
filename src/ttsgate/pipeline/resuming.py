"""Going on with a run that was killed or interrupted: what it has paid for is kept."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from ttsgate.bundle import open_folder
from ttsgate.bundle.folder import SESSIONS
from ttsgate.bundle.manifest import ATTESTATION, MANIFEST, SUMS, TOKEN
from ttsgate.bundle.reading import run_folders
from ttsgate.collect.plan import Plan
from ttsgate.errors import UsageError
from ttsgate.pipeline.keeping import Keeping
from ttsgate.report.writing import LATEST
from ttsgate.result.record import Result, Resumption, SessionRecord
from ttsgate.store.atomic import write_atomic
from ttsgate.store.holding import Hold, hold
from ttsgate.store.journal import Journal

__all__ = ["Begun", "differences", "find_begun", "take_over"]

_FREE = frozenset(("yes", "config", "output_dir", "templates", "sign_key", "json", "quiet", "verbose"))
"""Settings that change nothing of what is asked of the service, nor how it is judged."""


@dataclass(frozen=True, kw_only=True)
class Begun:
    """A run that was begun by a process that is gone."""

    folder: Path
    result: Result
    """What it had written of itself."""
    sessions: list[SessionRecord]
    """What has ended and is on disk, in order."""
    hold: Hold
    """Nobody else goes on with it."""

    def reopen(self) -> None:
        """Take the seal off, if there is one, and write down what is kept before anything else is written.

        Raises:
            UsageError: the folder cannot be written.
        """
        for name in (MANIFEST, SUMS, ATTESTATION, TOKEN):
            (self.folder / name).unlink(missing_ok=True)
        for left in self.folder.rglob(".*.tmp"):
            left.unlink(missing_ok=True)
        lines = b"".join(msgspec.json.encode(record) + b"\n" for record in self.sessions)
        write_atomic(self.folder / SESSIONS, lines)


def find_begun(base: Path, name: str) -> Begun:
    """Find a run to go on with.

    Args:
        base: Base of all output.
        name: Its id, its folder, or ``latest``.

    Raises:
        UsageError: there is none of that name, it is complete, or still running.
        EvidenceError: its ``result.json`` cannot be read.
    """
    runs = run_folders(base)
    wanted = Path(name).name
    folder = runs[-1] if name == "latest" and runs else next((r for r in runs if r.name == wanted), None)
    if folder is None or (len(Path(name).parts) > 1 and Path(name).resolve() != folder.resolve()):
        raise UsageError(f"--resume: there is no run {name!r} in {base / LATEST / 'runs'}")
    held = hold(folder)
    if held is None:
        raise UsageError(f"--resume: run {folder.name} is still running")
    try:
        result = open_folder(folder).result
        if result.status == "complete" and (folder / MANIFEST).exists():
            raise UsageError(f"--resume: run {folder.name} is complete; start a new one")
        kept = {record.id: record for record in result.sessions} | {record.id: record for record in _noted(folder)}
        return Begun(folder=folder, result=result, sessions=list(kept.values()), hold=held)
    except BaseException:
        held.release()
        raise


def differences(begun: Begun, new: Result, plan: Plan) -> str | None:
    """What is not as it was when the run began, in words; None when everything is."""
    old = begun.result
    before, now = ({s.name: s.value for s in r.settings if s.name not in _FREE} for r in (old, new))
    for name in dict.fromkeys((*before, *now)):
        if before.get(name) != now.get(name):
            return f"{name} was {_shown(before.get(name))}, is {_shown(now.get(name))}"
    if old.engine.get("ttsgate") != new.engine.get("ttsgate"):
        return f"ttsgate was {old.engine.get('ttsgate')}, is {new.engine.get('ttsgate')}"
    for name in ("kind", "region", "workspace", "vantage", "faults"):
        if getattr(old.target, name) != getattr(new.target, name):
            return f"target {name} was {getattr(old.target, name)!r}, is {getattr(new.target, name)!r}"
    if new.target.kind not in ("emulator", "replay"):
        if old.target.ws_url != new.target.ws_url:
            return f"the service was {old.target.ws_url}, is {new.target.ws_url}"
        if old.credential.get("fingerprint") != new.credential.get("fingerprint"):
            return f"the key was another one (from {old.credential.get('origin')})"
    for one, other in ((old, new), (new, old)):
        missing = {c.id for c in one.cells} - {c.id for c in other.cells}
        if missing:
            return f"cell {min(missing)} is {'gone' if one is old else 'new'}"
    runtimes = {r.id: (r.python, r.dashscope, r.executable) for r in new.runtimes}
    for runtime in old.runtimes:
        was = runtime.python, runtime.dashscope, runtime.executable
        if runtimes.get(runtime.id, was) != was:
            return f"runtime {runtime.id} was {_shown(was)}, is {_shown(runtimes[runtime.id])}"
    texts = {s.id: s.text for s in plan.sessions}
    for record in begun.sessions:
        if texts.get(record.id, record.utterance.text) != record.utterance.text:
            return f"the text of {record.id} was {record.utterance.text[:40]!r}, is {texts[record.id][:40]!r}"
    return None


def take_over(begun: Begun, result: Result, keeping: Keeping, journal: Journal) -> None:
    """Carry over what has ended; everything else that costs nothing is done again.

    Args:
        begun: What the process before has left.
        result: The run as it goes on; says when that was.
        keeping: Takes the sessions.
        journal: Where changes to the account stand.
    """
    old = begun.result
    kept = keeping.adopt(begun.sessions)
    result.started, result.command = old.started, old.command
    result.mutations += [p.mutation for p in journal.entries() if p.mutation.run == result.run]
    now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    result.resumed = [*old.resumed, Resumption(at=now, left=old.status, kept=len(kept))]
    result.notes += [
        f"resumed {r.at}: {r.kept} of {len(keeping.plan.sessions)} sessions had ended before and were kept"
        for r in result.resumed
    ]


def _noted(folder: Path) -> Iterator[SessionRecord]:
    try:
        lines = (folder / SESSIONS).read_bytes().split(b"\n")
    except FileNotFoundError:
        return
    for line in lines:
        try:
            yield msgspec.json.decode(line, type=SessionRecord)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            continue  # torn: that session runs again


def _shown(value: object) -> str:
    return "not set" if value in (None, [], "") else str(value)[:120]
