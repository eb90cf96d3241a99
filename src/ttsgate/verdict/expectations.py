"""Expectations: known failures, listed with reason, owner, ticket and end, so that only news is red.

A listed failure that passes is stale, one past its end has expired; both fail, or the list would outlive its
reasons.  Timing is never listed: a slow service stays slow whoever knows about it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion

from ttsgate.catalog import MODELS, REGIONS, nearest
from ttsgate.errors import UsageError
from ttsgate.judgement.registry import CHECKS
from ttsgate.result.record import Cell, CheckRecord, Result, Runtime, TargetKind
from ttsgate.verdict.statistics import rate_interval

__all__ = ["Expectation", "Expected", "apply_expectations", "expectation_schema", "in_range", "load_expectations"]

CONFIDENCE = 0.95
"""Of the bounds that an intermittent entry's pass rate is compared with."""


class Expectation(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """One ``[[expectations]]`` entry."""

    check: str
    """Id of the check that is known to fail."""
    reason: Annotated[str, Meta(min_length=1)]
    """Why, in words."""
    owner: Annotated[str, Meta(min_length=1)]
    """Who looks after it."""
    ticket: Annotated[str, Meta(min_length=1)]
    """Where it is followed up."""
    first_seen: date
    """Day on which it was seen first; it does not apply before."""
    expires: date
    """Last day on which it applies."""
    model: str | None = None
    """Only this model."""
    client: str | None = None
    """Only this client."""
    sdk: str | None = None
    """Only these ``dashscope`` releases, e.g. ``>=2.0,<2.0.3``."""
    python: str | None = None
    """Only these Pythons, e.g. ``<3.9``."""
    region: str | None = None
    """Only this region."""
    vantage: str | None = None
    """Only measured from there."""
    target: TargetKind | None = None
    """Only on this kind of target."""
    pass_rate: Annotated[float, Meta(gt=0, lt=1)] | None = None
    """For a failure that comes and goes: share of sessions in which the check holds.  None: it always fails."""
    policies: tuple[str, ...] = ()
    """Only under these policies; empty for all."""

    def __str__(self) -> str:
        where = [self.model, self.client, self.sdk and f"dashscope {self.sdk}", self.region]
        return " ".join([self.check, *(w for w in where if w)])


class Expected(msgspec.Struct, kw_only=True):
    """What became of an entry."""

    entry: Expectation
    state: Literal["fails as listed", "intermittent as listed", "worse than listed", "stale", "expired", "not seen"]
    """``not seen``: its conditions select nothing that was judged."""
    failed: int
    """Records that failed."""
    judged: int
    """Records that passed or failed."""
    why: str = ""
    """One line for people."""

    @property
    def holds(self) -> bool:
        """Whether the entry may stay as it is."""
        return self.state in ("fails as listed", "intermittent as listed", "not seen")


def expectation_schema() -> dict[str, Any]:
    """JSON Schema of one entry."""
    return msgspec.json.schema(Expectation)


def load_expectations(tables: Sequence[Any], *, source: str) -> tuple[Expectation, ...]:
    """Read the ``[[expectations]]`` of a file.

    Raises:
        UsageError: an unknown key, check, model or region (with the nearest name), a missing or malformed value,
            an end before its beginning, or a check of the stage timing.  `ttsgate.judgement.load_all` must have
            been called.
    """
    return tuple(_load(table, f"expectation {n} of {source}") for n, table in enumerate(tables, start=1))


def _load(table: Any, where: str) -> Expectation:
    if not isinstance(table, Mapping):
        raise UsageError(f"{where} must be a table: write [[expectations]]")
    known = [f.name for f in msgspec.structs.fields(Expectation)]
    for key in table:
        if key not in known:
            raise UsageError(f"unknown key {key!r} in {where}{nearest(key, known)}")
    try:
        entry = msgspec.convert(dict(table), Expectation)
    except msgspec.ValidationError as exc:
        raise UsageError(f"{where}: {exc}") from None
    if entry.check not in CHECKS and not entry.check.startswith("U-"):
        raise UsageError(f"{where}: unknown check {entry.check!r}{nearest(entry.check, CHECKS)}")
    if entry.check in CHECKS and CHECKS[entry.check].stage == "timing":
        raise UsageError(
            f"{where}: {entry.check} is about time, and latency is never excused; change the limit instead"
        )
    if entry.model is not None and entry.model not in MODELS:
        raise UsageError(f"{where}: unknown model {entry.model!r}{nearest(entry.model, MODELS)}")
    if entry.region is not None and entry.region not in REGIONS:
        raise UsageError(f"{where}: unknown region {entry.region!r}{nearest(entry.region, REGIONS)}")
    if entry.expires < entry.first_seen:
        raise UsageError(f"{where} expires on {entry.expires}, before it was first seen on {entry.first_seen}")
    for text in (entry.sdk, entry.python):
        try:
            SpecifierSet(text or "")
        except InvalidSpecifier:
            raise UsageError(f"{where}: {text!r} is not a range of versions such as '>=2.0,<2.0.3'") from None
    return entry


def in_range(version: str | None, wanted: str) -> bool:
    """Whether a version lies in a range; an unknown version lies in none."""
    try:
        return version is not None and SpecifierSet(wanted).contains(version, prereleases=True)
    except InvalidVersion:
        return False


def apply_expectations(
    results: Sequence[Result], entries: Iterable[Expectation], *, policy: str, today: date
) -> list[Expected]:
    """Compare entries with what was judged; failures that are listed become ``xfail``, stale passes ``xpass``.

    Args:
        results: Runs that are decided together; their check records are changed in place.
        entries: Of the file.
        policy: Name of the policy in force.
        today: Day of the decision.
    """
    for record in (c for result in results for c in result.checks):
        # What an earlier decision had excused is judged anew.
        record.outcome = {"xfail": "fail", "xpass": "pass"}.get(record.outcome, record.outcome)  # type: ignore[assignment]
    return [_apply(results, e, today) for e in entries if not e.policies or policy in e.policies]


def _apply(results: Sequence[Result], entry: Expectation, today: date) -> Expected:
    matched = [c for result in results for c in _matching(result, entry)]
    failed = [c for c in matched if c.outcome in ("fail", "xfail")]
    passed = [c for c in matched if c.outcome in ("pass", "xpass")]
    found = Expected(entry=entry, state="not seen", failed=len(failed), judged=len(failed) + len(passed))
    seen = f"it failed in {len(failed)} of {found.judged}"
    if not found.judged:
        found.why = "nothing that was judged fits its conditions"
    elif not entry.first_seen <= today <= entry.expires:
        found.state = "expired"
        found.why = f"it expired on {entry.expires}; {seen}: mend it, or argue for a new end"
        if today < entry.first_seen:
            found.why = f"it begins only on {entry.first_seen}"
    elif entry.pass_rate is None:
        if passed:
            found.state = "stale"
            found.why = f"{seen}: " + (
                "remove the entry" if not failed else "give it a pass_rate, or narrow its conditions"
            )
        else:
            found.state, found.why = "fails as listed", f"{seen}; {entry.reason}"
    else:
        _apply_rate(found, entry, passed, seen)
    if found.holds:
        for record in failed:
            record.outcome = "xfail"
    elif found.state == "stale":
        for record in passed:
            record.outcome = "xpass"
        # The failures of a stale entry stay failures: what it says is not true any more.
    return found


def _apply_rate(found: Expected, entry: Expectation, passed: Sequence[CheckRecord], seen: str) -> None:
    assert entry.pass_rate is not None
    rate = rate_interval(len(passed), found.judged, CONFIDENCE)
    if rate.high < entry.pass_rate:
        found.state = "worse than listed"
        found.why = f"{seen}, but it is listed as holding in {entry.pass_rate:.0%}"
    elif not found.failed and entry.pass_rate**found.judged < 1 - CONFIDENCE:
        found.state = "stale"
        found.why = f"{seen}, which at a pass rate of {entry.pass_rate:.0%} would be a rare chance: remove the entry"
    else:
        found.state, found.why = "intermittent as listed", f"{seen}; {entry.reason}"


def _matching(result: Result, entry: Expectation) -> list[CheckRecord]:
    target = result.target
    if entry.target not in (None, target.kind) or entry.region not in (None, target.region):
        return []
    if entry.vantage not in (None, target.vantage):
        return []
    cells = {c.id: c for c in result.cells}
    runtimes = {r.id: r for r in result.runtimes}
    return [c for c in result.checks if c.check == entry.check and _fits(c, entry, cells.get(c.cell or ""), runtimes)]


def _fits(record: CheckRecord, entry: Expectation, cell: Cell | None, runtimes: Mapping[str, Runtime]) -> bool:
    if entry.model not in (None, record.model) or entry.client not in (None, record.client):
        return False
    runtime = runtimes.get(cell.runtime or "") if cell else None
    if entry.sdk is not None and not in_range(runtime.dashscope if runtime else None, entry.sdk):
        return False
    return entry.python is None or in_range(runtime.python if runtime else None, entry.python)
