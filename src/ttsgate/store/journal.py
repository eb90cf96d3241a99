"""The journal of changes made to an account, so that what was created is deleted, if need be by the next run.

One JSON object a line, appended and synced *before* the request leaves.  A run that is alive holds a
lock beside the journal; what it created is its own business until it ends, however it ends.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Literal, Self

import msgspec

from ttsgate.errors import UsageError
from ttsgate.result.record import Mutation
from ttsgate.store.atomic import append_line

__all__ = ["Journal", "Pending"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """A change that was begun and not undone."""

    mutation: Mutation
    """What was meant; `Mutation.resource` is None while it is not known whether the service did it."""
    url: str
    """HTTP base of the account's service."""
    at: str
    """When it was begun, UTC, RFC 3339."""
    why: str | None = None
    """Why undoing it failed last time, if it did."""


class _Line(msgspec.Struct):
    """What every line has; one that begins a change has the fields of `Mutation` besides."""

    op: Literal["intend", "created", "deleted", "failed"]
    id: str
    at: str
    url: str = ""
    resource: str | None = None
    why: str | None = None


_decoder = msgspec.json.Decoder(_Line)


class Journal:
    """The journal in one file; safe for several processes.

    Close it, or use it as a context manager, when the run ends; the end of the process does the same.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._locks: dict[str, IO[bytes]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Give up what this process still holds: the next run may undo it."""
        for run, file in self._locks.items():
            # Not ours to take away while another part of the same run holds it.
            with contextlib.suppress(OSError):
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                self._lock_path(run).unlink()
            file.close()
        self._locks.clear()

    def intend(self, mutation: Mutation, url: str) -> None:
        """Record what is about to be asked of the service at `url`; returns when it is on disk.

        Raises:
            UsageError: the journal cannot be written; the request must not be sent then.
        """
        self._hold(mutation.run)
        self._append({"op": "intend", "url": url, **msgspec.to_builtins(mutation)})

    def created(self, id: str, resource: str) -> None:
        """Record that the service did it, and the service's id of what it made."""
        self._append({"op": "created", "id": id, "resource": resource})

    def deleted(self, id: str) -> None:
        """Record that it is undone."""
        self._append({"op": "deleted", "id": id})

    def failed(self, id: str, why: str) -> None:
        """Record a refusal.

        Before `created` it means that the service made nothing, and the entry is settled; an outcome that
        is not known (a timeout, a dropped connection) is no failure and must not be recorded as one.
        After `created` it means that deleting failed: the entry stays pending.
        """
        self._append({"op": "failed", "id": id, "why": why})

    def entries(self) -> list[Pending]:
        """Every change ever begun, in order, with its latest state; a torn or foreign line is skipped."""
        found: dict[str, Pending] = {}
        for line in self._lines():
            try:
                record = _decoder.decode(line)
                if record.op == "intend":
                    mutation = msgspec.json.decode(line, type=Mutation)
                    found[mutation.id] = Pending(mutation=mutation, url=record.url, at=record.at)
                elif record.id in found:
                    found[record.id] = _after(found[record.id], record)
            except (msgspec.MsgspecError, UnicodeDecodeError):
                continue
        return list(found.values())

    def pending(self, url: str | None = None) -> list[Pending]:
        """What still has to be undone, oldest first, at `url` or everywhere.

        Left out is what belongs to another run that is alive: it will see to it itself.
        """
        return [
            p
            for p in self.entries()
            if p.mutation.state in ("intended", "created")
            and (url is None or p.url == url)
            and (p.mutation.run in self._locks or not self._alive(p.mutation.run))
        ]

    def _append(self, record: dict[str, Any]) -> None:
        at = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        append_line(self.path, msgspec.json.encode({"at": at, **record}))

    def _lines(self) -> list[bytes]:
        try:
            return self.path.read_bytes().split(b"\n")
        except FileNotFoundError:
            return []
        except OSError as exc:
            raise UsageError(f"cannot read {self.path}: {exc.strerror}") from exc

    def _lock_path(self, run: str) -> Path:
        return self.path.with_name(f".{self.path.name}.{re.sub(r'[^A-Za-z0-9._-]', '_', run)}.lock")

    def _hold(self, run: str) -> None:
        if run in self._locks:
            return
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            while True:
                file = open(self._lock_path(run), "ab")  # noqa: SIM115 - held until the run ends
                # Shared: a run may open its journal twice.  Who looks whether we live tries for all of it.
                fcntl.flock(file, fcntl.LOCK_SH)
                if self._names(file, run):
                    break
                file.close()
        except OSError as exc:
            raise UsageError(f"cannot write {self.path}: {exc.strerror}") from exc
        self._locks[run] = file

    def _names(self, file: IO[bytes], run: str) -> bool:
        # Somebody may have taken the file away between our opening and our locking it.
        try:
            return os.path.samestat(os.fstat(file.fileno()), os.stat(self._lock_path(run)))
        except FileNotFoundError:
            return False

    def _alive(self, run: str) -> bool:
        try:
            with open(self._lock_path(run), "rb") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                with contextlib.suppress(OSError):
                    self._lock_path(run).unlink()
        except FileNotFoundError:
            return False
        except OSError:
            return True
        return False


def _after(before: Pending, record: _Line) -> Pending:
    mutation, why = before.mutation, before.why
    if record.op == "created":
        mutation = msgspec.structs.replace(mutation, state="created", resource=record.resource)
    elif record.op == "deleted":
        mutation = msgspec.structs.replace(mutation, state="deleted")
    elif record.op == "failed":
        why = record.why
        if mutation.state == "intended":
            mutation = msgspec.structs.replace(mutation, state="failed")
    return Pending(mutation=mutation, url=before.url, at=before.at, why=why)
