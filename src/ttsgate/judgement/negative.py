"""Checks on what the service does with wrong requests.

What is documented warns when it is otherwise; what is our reading of silence in the documentation is
noted; what was seen before and is otherwise now warns.  Source of the documented part:
https://help.aliyun.com/en/model-studio/qwen-tts-realtime-client-events (read 2026-11-22).
"""

from __future__ import annotations

from collections.abc import Iterator

from ttsgate.judgement.registry import NotApplicable, Problem, check
from ttsgate.result.record import SEEN, Before, Evidence, Observation

__all__ = ["NEGATIVE_CHECKS", "reads_probe", "told"]

_UPDATES = ("late-update", "unknown-voice", "bad-rate", "bad-speed")
_LATE = ("invalid_value", "Session update error")
"""Code and beginning of the message that are documented for a ``session.update`` that comes too late."""
_ASSUMED = {
    "unknown-model": ("closed",),
    "unknown-voice": ("error",),
    "bad-rate": ("error",),
    "bad-speed": ("error",),
    "bad-json": ("error",),
    "unknown-event": ("error",),
    "binary-frame": ("error",),
}
"""What the emulator does where nothing is documented.  The silent close on an unknown model is a field report of
2026-09; the rest is inferred from the documented ``error`` event."""

NEGATIVE_CHECKS: dict[str, tuple[str, ...]] = {
    "O-unspoken": ("*",),
    "O-bad-key": ("bad-key",),
    "O-empty-commit": ("empty-commit",),
    "O-update-answered": _UPDATES,
    "O-late-update": ("late-update",),
    "O-assumed": tuple(_ASSUMED),
    "O-changed": ("*",),
}
"""Probes that each check reads; ``*`` for all."""


def reads_probe(check: str, probe: str) -> bool:
    """Whether that check has anything to say about that probe."""
    probes = NEGATIVE_CHECKS.get(check, ())
    return probe in probes or "*" in probes


_NO_CODE = 1005
"""What a client notes for a close frame that holds no code (RFC 6455, section 7.4.1)."""
_WORDS = {
    "refused": "refuses the handshake",
    "error": "answers with an error event",
    "closed": "closes the connection without a word",
    "accepted": "accepts it",
    "ignored": "passes over it",
    "silent": "says nothing more",
    "not-observed": "was not asked",
}


def told(seen: Observation | Before) -> str:
    """A reaction in words: ``answers with an error event (invalid_value: Input text buffer is empty.), stays open``."""
    facts = [f"HTTP {seen.http_status}" if seen.http_status is not None else "", seen.code or "", seen.message or ""]
    named = ": ".join(f for f in facts if f)
    code = "without a code" if seen.close_code in (None, _NO_CODE) else f"code {seen.close_code}"
    after = {"open": "stays open", "closed": f"closes, {code}", "silent": "goes silent"}
    then = after.get(seen.after or "", "") if seen.outcome not in ("closed", "silent") else ""
    if seen.outcome == "closed":
        then = code
    return _WORDS[seen.outcome] + (f" ({named})" if named else "") + (f", {then}" if then else "")


def _problem(seen: Observation, words: str, cause: str) -> Problem:
    evidence = Evidence(file=seen.transcript, quote=told(seen)[:160])
    return Problem(f"{seen.sent}: {words}", (evidence,), cause=cause, party="service")


def _read(seen: Observation, check: str) -> None:
    if not reads_probe(check, seen.probe) or seen.outcome == "not-observed":
        raise NotApplicable


@check(
    "O-unspoken",
    sentence="Text that was never committed is not spoken, and nothing of a wrong request is billed.",
    why="In commit mode only a commit starts synthesis (client events); what is spoken is paid for.",
    stage="negative",
    subject="observation",
    levels=(),
)
def _unspoken(seen: Observation) -> Iterator[Problem]:
    _read(seen, "O-unspoken")
    if seen.characters:
        yield _problem(
            seen, f"the service spoke {seen.characters} characters, though nothing was committed", "service.usage"
        )


@check(
    "O-bad-key",
    sentence="A key that does not exist is refused at the handshake, with 401 or 403.",
    why="Documented; a client that waits for this refusal to say that the key is wrong would wait in vain.",
    stage="negative",
    subject="observation",
    severity="warn",
    levels=(),
)
def _bad_key(seen: Observation) -> Iterator[Problem]:
    _read(seen, "O-bad-key")
    if seen.outcome != "refused" or seen.http_status not in (401, 403):
        yield _problem(seen, f"the service {told(seen)}; documented is HTTP 401 or 403", "service.lax")


@check(
    "O-empty-commit",
    sentence="A commit with nothing to commit is answered with an error.",
    why="Documented; a client that commits too early learns of it by this error only.",
    stage="negative",
    subject="observation",
    severity="warn",
    levels=(),
)
def _empty_commit(seen: Observation) -> Iterator[Problem]:
    _read(seen, "O-empty-commit")
    if seen.outcome in ("silent", "closed"):
        raise NotApplicable
    if seen.outcome != "error":
        yield _problem(seen, f"the service {told(seen)}; documented is an error", "service.lax")


@check(
    "O-update-answered",
    sentence="Every session.update is answered, by session.updated or by an error.",
    why="Documented; without an answer a client cannot know which settings are in force.",
    stage="negative",
    subject="observation",
    severity="warn",
    levels=(),
)
def _update_answered(seen: Observation) -> Iterator[Problem]:
    _read(seen, "O-update-answered")
    if seen.outcome == "silent":
        raise NotApplicable
    if seen.outcome not in ("accepted", "error"):
        yield _problem(seen, f"the service {told(seen)}; documented is session.updated or an error", "service.lax")


@check(
    "O-late-update",
    sentence="A session.update that is refused for coming too late is refused as documented.",
    why="The one documented error of this kind: invalid_value, 'Session update error: ...'; clients match on it.",
    stage="negative",
    subject="observation",
    severity="warn",
    levels=(),
)
def _late_update(seen: Observation) -> Iterator[Problem]:
    _read(seen, "O-late-update")
    if seen.outcome != "error":
        raise NotApplicable
    code, start = _LATE
    if seen.code != code or not (seen.message or "").startswith(start):
        yield _problem(seen, f"the service {told(seen)}; documented is {code}: {start} ...", "service.lax")


@check(
    "O-assumed",
    sentence="Where nothing is documented, the service does what we assume, and our emulator with it.",
    why="What differs is no fault: it is something to learn, and the emulator is to be told.",
    stage="negative",
    subject="observation",
    severity="note",
    levels=(),
)
def _assumed(seen: Observation) -> Iterator[Problem]:
    _read(seen, "O-assumed")
    if seen.outcome not in _ASSUMED[seen.probe]:
        assumed = " or ".join(_WORDS[o] for o in _ASSUMED[seen.probe])
        yield _problem(seen, f"the service {told(seen)}; assumed was that it {assumed}", "service.lax")


@check(
    "O-changed",
    sentence="The service does with a wrong request what it did before.",
    why="Nobody announces such changes; a client that handled the old answer may not handle the new one.",
    stage="negative",
    subject="observation",
    severity="warn",
    levels=(),
)
def _changed(seen: Observation) -> Iterator[Problem]:
    _read(seen, "O-changed")
    if seen.before is None or seen.before.outcome == "not-observed":
        raise NotApplicable
    if any(getattr(seen, name) != getattr(seen.before, name) for name in SEEN):
        yield _problem(
            seen, f"the service {told(seen)}; in run {seen.before.run} it {told(seen.before)}", "service.changed"
        )
