"""What a policy requires of evidence before it looks at what the evidence says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

import msgspec

from ttsgate.result.record import Result
from ttsgate.verdict.expectations import in_range
from ttsgate.verdict.policy import Requires
from ttsgate.verdict.rows import Row, RowState

__all__ = ["LIVE", "Bundle", "coverage_rows", "evidence_rows", "identity_rows", "is_of"]

CLOCK_SKEW = timedelta(minutes=5)
"""How far in the future a bundle may begin before its clock, or its maker, is not believed."""


LIVE = "live"
"""Claim of evidence that its preflight established as live; whatever else was asked for as live claims less."""


class Bundle(msgspec.Struct, kw_only=True):
    """A bundle as the gate sees it."""

    name: str
    """As given."""
    result: Result
    verified: bool = False
    """Whether its files agree with its digests."""
    problem: str = ""
    """Why not."""
    signers: tuple[str, ...] = ()
    """Public keys whose signatures hold."""
    sha256: str | None = None
    """Digest of its manifest."""


def is_of(result: Result, kind: str) -> bool:
    """Whether a run is evidence about that kind of target; about the live one only if that was established."""
    return result.target.kind == kind and (kind != "live" or result.target.claim == LIVE)


def evidence_rows(bundles: Sequence[Bundle], requires: Requires, *, now: datetime) -> Iterator[Row]:
    """Whether each bundle is evidence at all: whole, of the right kind, recent, signed, about one subject."""
    for bundle in bundles:
        result = bundle.result
        yield _row("the run ended by itself", result.run, result.status == "complete", f"its run is {result.status}")
        if requires.age_hours is not None:
            yield _age(bundle, requires.age_hours, now)
        if requires.signers:
            signed = [s for s in bundle.signers if s in requires.signers]
            seen = f"signed by {', '.join(signed or bundle.signers) or 'nobody'}"
            yield _row("signed by a key of the policy", result.run, bool(signed), seen)
    twice = [run for run, n in Counter(b.result.run for b in bundles).items() if n > 1]
    if twice:
        yield _row("each run once", "", False, f"given more than once: {', '.join(twice)}")
    yield from identity_rows([b.result for b in bundles], requires)


def identity_rows(results: Sequence[Result], requires: Requires) -> Iterator[Row]:
    """Whether the runs are of the kind of target that is required, one kind only, and about one subject."""
    for result in results:
        if requires.target is not None:
            seen = f"it is {result.target.claim} (target {result.target.kind})"
            yield _row(f"{requires.target} evidence", result.run, is_of(result, requires.target), seen)
    kinds = sorted({r.target.kind for r in results})
    if len(kinds) > 1:
        yield _row("one kind of target", "", False, f"{' and '.join(kinds)} evidence cannot be added up")
    yield from _subject(results, required=requires.subject)


def _age(bundle: Bundle, hours: float, now: datetime) -> Row:
    age = now - datetime.fromisoformat(bundle.result.started)
    ok = -CLOCK_SKEW <= age <= timedelta(hours=hours)
    seen = f"begun {bundle.result.started}, {age.total_seconds() / 3600:.1f} hours before this decision"
    return _row(f"no older than {hours:g} hours", bundle.result.run, ok, seen)


def _subject(results: Sequence[Result], *, required: bool) -> Iterator[Row]:
    named = {tuple(sorted(r.subject.items())) if r.subject else None for r in results}
    if len(named) > 1:
        yield _row("one subject", "", False, "the bundles name different subjects, or some name none")
    elif required:
        (one,) = named or {None}
        yield _row("a subject", "", one is not None, _shown(one) if one else "no bundle names one: run with --subject")


def _shown(subject: tuple[tuple[str, str], ...]) -> str:
    return " ".join(value for _, value in sorted(subject, key=lambda kv: kv[0] != "name"))


def coverage_rows(results: Sequence[Result], requires: Requires) -> Iterator[Row]:
    """Whether everything that had to be judged was: models over clients, in regions, from vantages; SDK releases."""
    judged = set()
    releases = set()
    for result in results:
        alive = {c.cell for c in result.checks if c.outcome in ("pass", "fail", "xfail") and c.cell}
        runtimes = {r.id: r for r in result.runtimes}
        for cell in result.cells:
            if cell.id not in alive or not cell.sessions:
                continue
            judged.add((cell.model, cell.client, result.target.region, result.target.vantage))
            if cell.runtime in runtimes and cell.client != "sdk-http":
                releases.add(runtimes[cell.runtime].dashscope)
    for model in requires.models:
        for client in requires.clients or ("wire",):
            for region in requires.regions or (None,):
                for vantage in requires.vantages or (None,):
                    wanted = (model, client, region, vantage)
                    ok = any(all(w in (None, h) for w, h in zip(wanted, have, strict=True)) for have in judged)
                    where = " ".join(filter(None, (client, region, vantage)))
                    yield _row(
                        f"{model} judged", where, ok, "judged" if ok else "no session of it was judged", "coverage"
                    )
    for wanted_range in requires.sdk:
        inside = sorted(v for v in releases if v and in_range(v, wanted_range))
        seen = f"judged: {', '.join(inside or sorted(filter(None, releases))) or 'none'}"
        yield _row(f"dashscope {wanted_range} judged", "", bool(inside), seen, "coverage")


def _row(what: str, where: str, ok: bool, why: str, kind: str = "evidence") -> Row:
    state: RowState = "ok" if ok else "fail"
    return Row(kind="coverage" if kind == "coverage" else "evidence", what=what, where=where, state=state, why=why)
