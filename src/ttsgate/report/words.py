"""The words and marks that all renderings share: outcomes, verdicts, parties, metrics, units."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from ttsgate.measure.timing import METRICS as SPANS
from ttsgate.result.record import CheckRecord, Outcome, Result, Target, TargetKind

__all__ = [
    "METRICS",
    "OUTCOMES",
    "PARTIES",
    "WORST_FIRST",
    "Mark",
    "Metric",
    "amount",
    "claim_meaning",
    "duration_s",
    "headline",
    "mark",
    "metric",
    "milliseconds",
    "size",
    "stage_order",
    "when",
    "worst",
    "worst_first",
]


@dataclass(frozen=True, slots=True)
class Mark:
    """How a state is shown: never by colour alone."""

    name: str
    """Outcome or headline that it stands for."""
    word: str
    """Word for people."""
    sign: str
    """One character that works in a terminal and in Markdown."""
    tone: str
    """``good``, ``bad``, ``warn``, ``ours`` or ``calm``; names a CSS class and a terminal colour."""
    shape: str
    """Name of the icon in the HTML report."""


OUTCOMES: dict[str, Mark] = {
    "error": Mark("error", "harness error", "‼", "ours", "wrench"),
    "fail": Mark("fail", "failed", "✗", "bad", "cross"),
    "xpass": Mark("xpass", "passed unexpectedly", "⚑", "warn", "flag"),
    "inconclusive": Mark("inconclusive", "inconclusive", "?", "warn", "question"),
    "blocked": Mark("blocked", "blocked", "⊘", "warn", "stop"),
    "skipped": Mark("skipped", "skipped", "–", "calm", "dash"),
    "xfail": Mark("xfail", "failed as expected", "≈", "calm", "wave"),
    "pass": Mark("pass", "passed", "✓", "good", "check"),
}
"""Outcomes of checks, cells and steps, worst first."""

WORST_FIRST: dict[str, int] = {name: rank for rank, name in enumerate(OUTCOMES)}
"""Rank of an outcome, 0 for the worst."""

_PLANNED = Mark("planned", "not run", "·", "calm", "dot")

_HEADLINES: dict[str, Mark] = {
    "PASS": Mark("PASS", "passed", "✓", "good", "check"),
    "FAIL": Mark("FAIL", "failed", "✗", "bad", "cross"),
    "ERROR": Mark("ERROR", "harness error", "‼", "ours", "wrench"),
    "INCONCLUSIVE": Mark("INCONCLUSIVE", "inconclusive", "?", "warn", "question"),
    "RUNNING": Mark("RUNNING", "still running, or killed", "…", "calm", "dot"),
    "INTERRUPTED": Mark("INTERRUPTED", "interrupted", "⊘", "warn", "stop"),
}

PARTIES: dict[str, str] = {
    "script": "your script",
    "key": "key or account",
    "network": "network",
    "sdk": "dashscope SDK",
    "client": "client",
    "service": "service",
    "harness": "ttsgate itself",
}
"""Parties by name, in words."""

STAGES = ("compile", "connectivity", "synthesis", "conformance", "audio", "timing", "compatibility", "across", "client")


@dataclass(frozen=True, slots=True)
class Metric:
    """How a timing metric is shown."""

    name: str
    """Name in the result."""
    label: str
    """Short name for a column."""
    clock: str
    """What it spans; empty for metrics that this version does not know."""


_LABELS = {
    "first_audio_ms": "first audio",
    "cold_first_audio_ms": "first audio, cold",
    "gap_max_ms": "longest gap",
    "deliver_ms": "audio delivered in",
    "total_ms": "whole session",
}

METRICS: dict[str, Metric] = {name: Metric(name, label, SPANS[name]) for name, label in _LABELS.items()}
"""Metrics that have a column of their own, the one that people look for first in front."""


_MEANINGS: dict[TargetKind, str] = {
    "emulator": "Every number on this page was measured against the emulator that ttsgate carries. "
    "Nothing reached Alibaba Cloud, and nothing here says how the live service behaves.",
    "custom": "Measured against the URLs that were given. What answers there is not established as the live service.",
    "replay": "Judged from a recording. Nothing was called for this run.",
}


def claim_meaning(target: Target) -> str:
    """What evidence from that target may and may not be taken for."""
    if target.kind == "live":
        place = f" in {target.region}" if target.region else ""
        return f"Measured against the live service{place}, from {target.vantage or 'a vantage that was not named'}."
    return _MEANINGS[target.kind]


def metric(name: str) -> Metric:
    """The metric of that name; one that we do not know is shown by its bare name."""
    return METRICS.get(name) or Metric(name, name.removesuffix("_ms").replace("_", " "), SPANS.get(name, ""))


def mark(state: str | None) -> Mark:
    """The mark of an outcome; None is something planned that did not run."""
    return OUTCOMES.get(state or "", _PLANNED)


def headline(result: Result) -> Mark:
    """The verdict in one word; PASS only for a run that ended by itself and exits 0."""
    if result.status == "started":
        return _HEADLINES["RUNNING"]
    if result.status == "interrupted":
        return _HEADLINES["INTERRUPTED"]
    if result.verdict is None:
        return _HEADLINES["ERROR"]
    word = result.verdict.name.upper()
    if (word == "PASS") != (result.verdict.exit_code == 0):
        return _HEADLINES["ERROR"]
    return _HEADLINES[word]


def worst(outcomes: list[Outcome]) -> Outcome | None:
    """The worst of several outcomes; None when there is none."""
    return min(outcomes, key=WORST_FIRST.__getitem__, default=None)


def stage_order(stage: str) -> tuple[int, str]:
    """Sort key of a stage: the known ones in order of the run, others after them."""
    return (STAGES.index(stage) if stage in STAGES else len(STAGES), stage)


def worst_first(check: CheckRecord) -> tuple[int, int, int, str, str]:
    """Sort key of a check record: what decides before what does not, worst first."""
    severity = ("fail", "warn", "note").index(check.severity)
    return (WORST_FIRST[check.outcome], not check.decides, severity, check.check, check.subject)


def milliseconds(value: float | None) -> str:
    """A duration with unit: ``0.4 ms``, ``231 ms``, ``2.41 s``; a dash when there is none."""
    if value is None:
        return "–"
    if abs(value) < 9.95:
        return f"{value:.1f} ms"
    return f"{value:.0f} ms" if abs(value) < 1_000 else f"{value / 1_000:.2f} s"


def amount(value: float) -> str:
    """A number for people: integers with separators, others with three significant digits."""
    return f"{value:,.0f}" if float(value).is_integer() or abs(value) >= 1_000 else f"{value:.3g}"


def size(count: int) -> str:
    """A number of bytes with unit: ``512 B``, ``118 kB``, ``2.1 MB``."""
    if count < 1_000:
        return f"{count} B"
    return f"{count / 1_000:.0f} kB" if count < 1_000_000 else f"{count / 1_000_000:.1f} MB"


def when(moment: str | None) -> str:
    """An RFC 3339 time for people, ``2026-11-22 02:00:17 UTC``; anything else as it stands."""
    try:
        parsed = datetime.fromisoformat(moment or "")
    except ValueError:
        return moment or "–"
    return f"{parsed.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC" if parsed.tzinfo else str(moment)


def duration_s(started: str | None, ended: str | None) -> float | None:
    """Seconds between two RFC 3339 times; None when one is missing or no time."""
    try:
        return (datetime.fromisoformat(ended or "") - datetime.fromisoformat(started or "")).total_seconds()
    except (ValueError, TypeError):
        return None
