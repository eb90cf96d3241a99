"""``ttsgate verify``: integrity, origin and re-judgement of a bundle, three things apart."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal

from ttsgate import report
from ttsgate.bundle.attestation import contradictions, signed_at
from ttsgate.bundle.integrity import integrity
from ttsgate.bundle.manifest import ATTESTATION, TOKEN
from ttsgate.bundle.reading import Bundle
from ttsgate.bundle.rejudge import Rejudged, rejudge
from ttsgate.bundle.signers import Signer
from ttsgate.bundle.signing import open_envelope
from ttsgate.bundle.timestamp import Stamp, check
from ttsgate.errors import EvidenceError, UsageError
from ttsgate.probes.environment import engine_facts
from ttsgate.result.record import Result
from ttsgate.verdict.evidence import is_of

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

__all__ = ["Demands", "Part", "Verification", "verify"]

CLOCK_SKEW = timedelta(minutes=5)
"""How far a clock may be ahead of ours before its time is called the future."""

UNSIGNED = (
    "unsigned, origin unknown: whether target, times or whole transcripts were exchanged, nothing here could tell"
)

State = Literal[
    "ok", "broken", "signed", "unknown", "refused", "match", "mismatch", "drift", "partial", "not attempted", "not met"
]


@dataclass(frozen=True, kw_only=True)
class Demands:
    """What is asked of a bundle beyond being whole."""

    target: str | None = None
    """Kind of target that it must be evidence about."""
    max_age: timedelta | None = None
    """Oldest age of the run's end."""
    models: Sequence[str] = ()
    """Models of which a session must have been judged."""
    authorities: Sequence[Certificate] | None = None
    """Root certificates of time-stamping authorities that are trusted; with them, a signature without a time token
    of theirs is refused."""
    signers: Sequence[Signer] | None = None
    """Keys whose signature counts; with a list, an unsigned bundle is refused."""
    sample: int | None = None
    """Judge only so many sessions again, drawn at random; None for all."""
    strict: bool = False
    """Refuse drift, and sessions that could not be judged again, too."""


@dataclass
class Part:
    """One of the things looked at."""

    name: str
    """``integrity``, ``origin``, ``re-judgement`` or ``demands``."""
    state: State
    """What came out."""
    says: str
    """In words."""
    problems: list[str] = field(default_factory=list)
    """What does not hold; each line makes the bundle refused."""
    notes: list[str] = field(default_factory=list)
    """What differs or could not be looked at, without being refused."""


@dataclass
class Verification:
    """What came out of looking at a bundle."""

    bundle: str
    """What was looked at."""
    result: Result | None
    """Its data, None when they cannot be read."""
    parts: list[Part]
    """Integrity, origin, re-judgement, demands; in this order."""

    @property
    def holds(self) -> bool:
        """Whether nothing is refused."""
        return not any(p.problems for p in self.parts)

    @property
    def exit_code(self) -> int:
        """0, or 6 when something does not hold."""
        return 0 if self.holds else EvidenceError.exit_code


def verify(bundle: Bundle, demands: Demands, *, now: datetime) -> Verification:
    """Look at a bundle; nothing in it is believed before its digests hold."""
    whole = Part("integrity", "ok", "")
    whole.problems = integrity(bundle)
    if whole.problems:
        whole.state, whole.says = "broken", f"{_count(whole.problems, 'thing')} not as sealed"
        result = _result(bundle)
        origin = Part("origin", "unknown", "not looked at, since the bundle is not whole")
        if demands.signers is not None:
            origin.problems.append(f"{ATTESTATION}: not looked at, since the bundle is not whole")
        again = Part("re-judgement", "not attempted", "the bundle is not whole")
        return Verification(bundle.label, result, [whole, origin, again, _demands(result, demands, now)])
    whole.says = f"{_count(bundle.manifest.files, 'file')} as sealed, bundle sha256:{bundle.digest}"
    return Verification(
        bundle.label,
        bundle.result,
        [whole, _origin(bundle, demands, now), _again(bundle, demands), _demands(bundle.result, demands, now)],
    )


def _origin(bundle: Bundle, demands: Demands, now: datetime) -> Part:
    part = Part("origin", "unknown", "")
    if ATTESTATION not in bundle.files.names():
        part.says = UNSIGNED
        if demands.signers is not None or demands.authorities is not None:
            part.state = "refused"
            part.problems.append(f"{ATTESTATION}: missing: the bundle is not signed")
        return part
    try:
        signed = open_envelope(bundle.read(ATTESTATION))
        at = signed_at(signed)
        part.problems = contradictions(signed, bundle.result, bundle.manifest.encode())
        stamp = _stamp(bundle, demands)
    except EvidenceError as exc:
        of_time = str(exc).startswith(f"{TOKEN}:")
        says = "the time of signing is not attested" if of_time else "the signature does not hold"
        part.state, part.says, part.problems = "broken", says, [str(exc)]
        return part
    when = f"at {at.isoformat()} by the signer's own clock"
    if stamp is not None:
        when = f"by {stamp.at.isoformat()}, which {stamp.authority} attests"
        if at > stamp.at + CLOCK_SKEW:
            part.problems.append(f"{ATTESTATION}: claims {at.isoformat()}, after the time that {TOKEN} attests")
        at = stamp.at
    elif TOKEN in bundle.files.names():
        part.notes.append(f"{TOKEN}: not checked: name the authorities that you trust with --tsa-roots FILE")
    if at > now + CLOCK_SKEW:
        part.problems.append(f"{ATTESTATION}: signed in the future ({at.isoformat()})")
    if part.problems:
        part.state, part.says = "broken", "signed, but about something else"
        return part
    signer = next((s for s in demands.signers or () if s.public == signed.public), None)
    if signer is None:
        part.says = f"signed {when} with key {signed.key_id[:16]}, origin unknown: " + (
            "the key is not in the list of allowed signers"
            if demands.signers is not None
            else "name the keys that you trust with --signers FILE"
        )
        if demands.signers is not None:
            part.state = "refused"
            part.problems.append(f"{ATTESTATION}: signed with key {signed.public}, which is in no entry of the list")
    elif (why := signer.refuses(at, attested=stamp is not None)) is not None:
        part.state, part.says = "refused", f"signed {when}"
        part.problems.append(f"{ATTESTATION}: {why}")
    else:
        part.state, part.says = "signed", f"signed {when} by {signer.name}"
    return part


def _stamp(bundle: Bundle, demands: Demands) -> Stamp | None:
    """The attested time, where authorities are named."""
    if demands.authorities is None:
        return None
    return check(bundle.read(TOKEN), bundle.read(ATTESTATION), list(demands.authorities))


def _again(bundle: Bundle, demands: Demands) -> Part:
    part = Part("re-judgement", "match", "")
    try:
        again = rejudge(bundle, only=_drawn(bundle.result, demands.sample))
        rendered = _renderings(bundle)
    except (EvidenceError, UsageError) as exc:
        part.state, part.says, part.problems = "mismatch", "the transcripts do not carry the result", [str(exc)]
        return part
    recorded = bundle.result
    verdict = recorded.verdict.name if recorded.verdict else "none"
    differences = [f"{_place(str(d))}" for d in again.differences]
    if again.same_engine and not _same_renderers(recorded):
        part.notes += [f"{name}: drift: another ttsgate renders it differently" for name in rendered]
    elif rendered:
        differences += [f"{name}: not what ttsgate makes of result.json" for name in rendered]
    part.notes += [f"not judged again: {what}" for what in again.unread]
    if differences and again.same_engine:
        part.state = "mismatch"
        part.says = f"{_count(differences, 'thing')} other than recorded, by the engine that the result names"
        part.problems += differences
    elif differences:
        part.state = "drift"
        part.says = (
            f"{_count(differences, 'thing')} other than recorded; this engine is not the one that judged: "
            f"to compare with that one, {_recorded_engine(recorded)}"
        )
        if again.verdict_differs:
            part.problems.append(
                f"result.json: the verdict does not follow under this engine (drift): {_verdicts(again, recorded)}"
            )
        (part.problems if demands.strict else part.notes).extend(f"drift: {d}" for d in differences)
    else:
        part.state = again.state  # type: ignore[assignment]
        engine = "" if again.same_engine else ", though by another engine than the one that the result names"
        found = f"{_count(range(again.outcomes), 'outcome')} and {_count(range(again.numbers), 'number')} found again"
        sessions = f"{again.sessions} of {_count(recorded.sessions, 'session')}"
        part.says = f"{sessions}: {found}, verdict {verdict}{engine}"
        if demands.strict and part.state != "match":
            part.problems.append("result.json: not every session could be judged again (--strict)")
    return part


def _drawn(result: Result, most: int | None) -> frozenset[str] | None:
    """Sessions to judge again: nobody who wrote the bundle could know which."""
    if most is None or most >= len(result.sessions):
        return None
    return frozenset(random.SystemRandom().sample([s.id for s in result.sessions], most))


def _place(line: str) -> str:
    return f"result.json: {line}"


def _verdicts(again: Rejudged, recorded: Result) -> str:
    now = again.result.verdict
    old = recorded.verdict
    return f"recorded {old.name if old else 'none'}, found {now.name if now else 'none'}" + (
        f" ({now.summary})" if now else ""
    )


def _same_renderers(recorded: Result) -> bool:
    return recorded.engine.get("renderers") == engine_facts().get("renderers")


def _renderings(bundle: Bundle) -> list[str]:
    """Names of the renderings that are not what this ttsgate makes of the result."""
    recorded = bundle.result
    if any(s.name == "templates" and s.value is not None for s in recorded.settings):
        return []
    names = frozenset(bundle.files.names())
    made = report.writing.render_each(recorded, audio=lambda name: bundle.read(name) if name in names else None)
    return [name for name, data in made if name not in names or bundle.read(name) != data]


def _recorded_engine(recorded: Result) -> str:
    version, revision = recorded.engine.get("ttsgate"), recorded.engine.get("revision")
    libraries = recorded.engine.get("libraries")
    pins = "".join(f" {n}=={v}" for n, v in libraries.items()) if isinstance(libraries, dict) else ""
    if revision:
        dirty = " (its tree had changes that no commit holds)" if recorded.engine.get("dirty") else ""
        return f"git checkout {revision}{dirty}, then pip install .{pins}"
    return f"pip install ttsgate=={version}{pins}"


def _demands(result: Result | None, demands: Demands, now: datetime) -> Part:
    part = Part("demands", "ok", "")
    met: list[str] = []
    if result is None:
        part.state, part.says = "unknown", "not looked at: there is no result"
        return part
    if demands.target is not None:
        kind = result.target.kind
        if kind != demands.target:
            part.problems.append(f"result.json: evidence about the target {kind}, not {demands.target}")
        elif not is_of(result, demands.target):
            part.problems.append(f"result.json: not established as {kind}, but {result.target.claim}")
        met.append(f"target {kind}")
    if demands.max_age is not None:
        met += _age(result, demands.max_age, now, part.problems)
    for model in demands.models:
        spoken = {c.id for c in result.cells if c.model == model and c.expectation == "speech"}
        if any(c.cell in spoken and c.stage == "synthesis" and c.outcome == "pass" for c in result.checks):
            met.append(model)
        else:
            part.problems.append(f"result.json: no session of {model} was judged and passed")
    if part.problems:
        part.state = "not met"
    part.says = ", ".join(met) if met and not part.problems else "none made" if not met else "not all met"
    return part


def _age(result: Result, most: timedelta, now: datetime, problems: list[str]) -> list[str]:
    try:
        age = now - datetime.fromisoformat(result.finished or "")
    except (ValueError, TypeError):
        problems.append("result.json: it does not say when the run ended")
        return []
    if age < -CLOCK_SKEW:
        problems.append(f"result.json: ended in the future ({result.finished})")
    elif age > most:
        problems.append(f"result.json: ended {result.finished}, {_days(age)} ago; at most {_days(most)} are allowed")
    return [f"{_days(age)} old"]


def _days(span: timedelta) -> str:
    hours = span.total_seconds() / 3600
    return f"{hours / 24:.1f} days" if abs(hours) >= 48 else f"{hours:.1f} hours"


def _count(things: Sequence[object], word: str) -> str:
    return f"{len(things)} {word}{'' if len(things) == 1 else 's'}"


def _result(bundle: Bundle) -> Result | None:
    try:
        return bundle.result
    except EvidenceError:
        return None
