"""A decision for people: three lines that say it all, then the table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ttsgate.verdict.decision import Decision, Exhibit
from ttsgate.verdict.rows import Row

__all__ = ["tell"]

_SIGNS = {"ok": "✓", "warn": "!", "fail": "✗", "n/a": "-"}
_ORDER = {"fail": 0, "warn": 1, "ok": 2, "n/a": 3}


def tell(decision: Decision) -> str:
    """The decision as text.

    Line 1: what was decided, about what, under which policy.  Line 2: on which evidence.  Line 3: why.
    """
    lines = [*_head(decision), "", *_table(decision.rows)]
    if decision.cells:
        lines += ["", "stability of each cell"]
        lines += [f"  {c.where}: {c.words}" for c in decision.cells]
    told = [f for f in decision.findings if f.blocking or f.message]
    if told:
        lines += ["", "findings"]
        for finding in told:
            mark = "✗" if finding.blocking else "!"
            lines.append(f"  {mark} {finding.diagnosis.party} · {finding.diagnosis.cause}: {finding.message}")
            lines.append(f"    next: {finding.diagnosis.next_step}")
    lines += ["", *_exhibits(decision)]
    return "\n".join(_plain(line) for line in lines) + "\n"


def _head(decision: Decision) -> Iterator[str]:
    verdict = decision.verdict
    word = "ACCEPTED" if decision.decision == "accepted" else "REFUSED"
    subject = decision.subject
    if subject:
        about = " ".join([subject.get("name", ""), *(f"{k}:{v}" for k, v in subject.items() if k != "name")])
    else:
        about = "no named subject"
    policy = decision.policy
    yield f"{word}  {about}  by policy {policy['name']} ({policy['sha256'][:12]}), {decision.decided}"
    yield f"evidence  {_evidence([e for e in decision.exhibits if e.role == 'decided'])}"
    yield f"because  {verdict.summary} [exit {verdict.exit_code}, cause {verdict.cause}]"


def _evidence(exhibits: Sequence[Exhibit]) -> str:
    if not exhibits:
        return "none"
    claims = list(dict.fromkeys(e.claim for e in exhibits))
    places = list(
        dict.fromkeys(f"{e.region}" + (f" from {e.vantage}" if e.vantage else "") for e in exhibits if e.region)
    )
    runs = f"{len(exhibits)} bundle{'s' if len(exhibits) > 1 else ''}"
    sessions = _sessions(sum(e.sessions for e in exhibits))
    signed = [e for e in exhibits if e.signers]
    seal = (
        "not verified"
        if not all(e.verified for e in exhibits)
        else f"verified, {len(signed)} signed"
        if signed
        else "verified, not signed"
    )
    span = sorted(e.started for e in exhibits)
    when = span[0] if span[0] == span[-1] else f"{span[0]} to {span[-1]}"
    where = f", {'; '.join(places)}" if places else ""
    return f"{' and '.join(claims)}{where}: {runs}, {sessions}, begun {when}, {seal}"


def _table(rows: Sequence[Row]) -> Iterator[str]:
    shown = sorted(rows, key=lambda r: _ORDER[r.state])
    cells = [(_SIGNS[r.state], r.kind, r.what, r.where, r.why) for r in shown]
    if not cells:
        yield "the policy demanded nothing beyond the checks"
        return
    widths = [min(44, max(len(c[i]) for c in cells)) for i in range(4)]
    for cell in cells:
        yield "  ".join([*(part.ljust(width) for part, width in zip(cell[:4], widths, strict=True)), cell[4]]).rstrip()


def _exhibits(decision: Decision) -> Iterator[str]:
    for one in decision.exhibits:
        seal = f"sha256:{one.sha256[:16]}" if one.sha256 else "not sealed"
        own = f"own verdict {one.verdict or 'none'}"
        yield f"{one.role:9}{one.run}  {one.claim}  {_sessions(one.sessions)}  {seal}  {own}"
    if decision.test:
        yield f"compared by {decision.test}"


def _sessions(n: int) -> str:
    return f"{n} session{'' if n == 1 else 's'}"


def _plain(line: str) -> str:
    """Without control characters: messages quote what a service sent."""
    return "".join(c if c.isprintable() else "�" for c in line)
