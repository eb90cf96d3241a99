"""The named metrics that limits and comparisons speak of, taken from results."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from ttsgate.measure.playback import PLAYBACK_METRICS
from ttsgate.measure.timing import METRICS
from ttsgate.result.record import Cell, CheckRecord, Result, SessionRecord, Target

__all__ = [
    "COUNTS",
    "NAMES",
    "RATES",
    "TIMES",
    "Group",
    "Observed",
    "Sample",
    "is_latency",
    "is_loopback",
    "observe",
]

TIMES: dict[str, str] = {
    **METRICS,
    "audio_ms": "duration of the decoded audio",
    **{name: what for name, what in PLAYBACK_METRICS.items() if name.endswith("_ms")},
}
"""Numbers that a session may have; a limit takes a quantile, ``min`` or ``max`` of them."""

COUNTS: dict[str, str] = {
    "sessions": "sessions that ran",
    "failures": "sessions in which a deciding check failed",
    "underruns": PLAYBACK_METRICS["underruns"] + ", over all sessions",
}
"""Numbers of a whole group; a limit takes them as they are."""

RATES: dict[str, str] = {
    "success": "share of sessions in which no deciding check failed",
    "failure": "share of sessions in which a deciding check failed",
}
"""Shares of a whole group; a limit takes their ``rate``."""

NAMES: dict[str, str] = {**TIMES, **COUNTS, **RATES}
"""Every metric with what it is."""


def is_latency(metric: str) -> bool:
    """Whether a busy machine can change it, so that it says nothing about a service on loopback."""
    return metric == "underruns" or (metric in TIMES and metric != "audio_ms")


def is_loopback(target: Target) -> bool:
    """Whether the target runs on the machine that measures."""
    rest = target.ws_url.partition("://")[2].partition("/")[0]
    host = rest[1:].partition("]")[0] if rest.startswith("[") else rest.partition(":")[0]
    return target.kind == "emulator" or host in ("localhost", "::1") or host.startswith("127.")


@dataclass(frozen=True, slots=True)
class Group:
    """What may be taken together: the same cell at the same place, measured from the same place."""

    model: str
    client: str
    runtime: str | None = None
    mode: str = "server_commit"
    format: str = "pcm"
    target: str = "emulator"
    region: str | None = None
    vantage: str | None = None
    loopback: bool = False
    speech: bool = True
    """False where the service is expected to refuse."""

    def __str__(self) -> str:
        parts = [self.model, self.client, self.runtime, self.region, self.vantage]
        if self.mode != "server_commit":
            parts.append(self.mode)
        if self.format != "pcm":
            parts.append(self.format)
        return " ".join(p for p in parts if p)


@dataclass(frozen=True, slots=True)
class Sample:
    """One session, as far as limits are concerned."""

    failed: bool
    """A deciding check failed in it."""
    numbers: dict[str, float]
    """By metric name; times in ms."""
    excused: bool = False
    """A known failure in it was excused: it counts neither as failed nor as a session that went well."""

    @property
    def good(self) -> bool:
        """Whether nothing failed in it."""
        return not (self.failed or self.excused)


@dataclass(slots=True)
class Observed:
    """A group with its sessions."""

    group: Group
    samples: list[Sample] = field(default_factory=list)

    def values(self, metric: str) -> list[float]:
        """One value a session; a failed session that gave none counts as slower than any, so that failing never helps.

        Sessions that went well without giving the number (the client cannot see it) are left out.
        """
        values = [
            s.numbers.get(metric, math.inf if s.failed and self._sees(metric) else math.nan) for s in self.samples
        ]
        return [v for v in values if not math.isnan(v)]

    def _sees(self, metric: str) -> bool:
        good = [s for s in self.samples if s.good]
        return not good or any(metric in s.numbers for s in good)

    @property
    def failures(self) -> int:
        """Sessions in which a deciding check failed."""
        return sum(s.failed for s in self.samples)


def observe(
    results: Iterable[Result], *, counts: Callable[[CheckRecord], bool] = lambda record: True
) -> dict[Group, Observed]:
    """Sessions of all results by group, in order; shards of one cell come together.

    Args:
        results: Runs, judged.
        counts: Whether a failed check makes its session a failed one; checks that do not decide never do.
    """
    found: dict[Group, Observed] = {}
    for result in results:
        deciding = [c for c in result.checks if c.severity == "fail" and c.decides and counts(c)]
        failed = {c.subject for c in deciding if c.outcome == "fail"}
        excused = {c.subject for c in deciding if c.outcome == "xfail"}
        groups = {c.id: _group(c, result.target) for c in result.cells}
        # Sessions with another voice or rate are no samples of the model as it was asked for.
        varied = {c.id for c in result.cells if c.variant is not None}
        for session in (s for s in result.sessions if s.cell not in varied):
            group = groups[session.cell]
            sample = Sample(
                failed=session.id in failed, numbers=_numbers(session), excused=session.id in excused - failed
            )
            found.setdefault(group, Observed(group)).samples.append(sample)
    return found


def _group(cell: Cell, target: Target) -> Group:
    return Group(
        model=cell.model,
        client=cell.client,
        runtime=cell.runtime,
        mode=cell.mode,
        format=cell.format,
        target=target.kind,
        region=target.region,
        vantage=target.vantage,
        loopback=is_loopback(target),
        speech=cell.expectation == "speech",
    )


def _numbers(session: SessionRecord) -> dict[str, float]:
    extra = {"audio_ms": session.audio_ms} if session.audio_ms is not None else {}
    return {**session.timing, **extra}
