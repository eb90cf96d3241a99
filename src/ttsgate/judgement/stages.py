"""Checks of the stages before synthesis: do the scripts compile, is there a way to the service."""

from __future__ import annotations

from collections.abc import Iterator

from ttsgate.judgement.causes import CAUSES, cause_of_step
from ttsgate.judgement.registry import Blocked, Inconclusive, NotApplicable, Problem, check
from ttsgate.result.record import CompileRecord, ConnectivityStep, Evidence

__all__ = ["STEP_CHECKS"]


@check(
    "S-compile",
    sentence="Every script compiles under every Python that it has to run on.",
    why="A script that does not parse fails on somebody's machine before it says a word; seen here without running it.",
    stage="compile",
    subject="script",
    levels=(),
)
def _compile(script: CompileRecord) -> Iterator[Problem]:
    if script.ok is None:
        raise Inconclusive(f"{script.script}: {script.error or 'cannot be decided'} ({script.how})")
    if not script.ok:
        place = f"{script.script}, line {script.line}" if script.line else script.script
        yield Problem(
            f"{place}: {script.error} (Python {script.python}, {script.how})",
            (Evidence(file=script.script, quote=f"line {script.line}" if script.line else None),),
            cause="script.syntax",
            party="script",
        )


STEP_CHECKS: dict[str, str] = {
    "name": "N-name",
    "tcp": "N-tcp",
    "tls": "N-tls",
    "models": "N-models",
    "voices-design": "N-voices",
    "voices-clone": "N-voices",
    "session": "N-session",
}
"""Check that reads each connectivity step."""


def _step(step: ConnectivityStep, *names: str) -> Iterator[Problem]:
    if step.name not in names or step.outcome == "skipped":
        raise NotApplicable
    if step.outcome == "blocked":
        raise Blocked(STEP_CHECKS.get(step.detail.rpartition(" ")[2], "an earlier step"))
    if step.outcome == "fail":
        cause = step.cause or cause_of_step(
            step.name,
            str(step.facts.get("error_class", "")),
            status=step.status,
            code=step.code,
            message=step.message or step.detail,
        )
        words = f"{step.code}: {step.message}" if step.code else step.detail
        yield Problem(f"{step.url}: {words}", (Evidence(quote=words[:160]),), cause=cause, party=CAUSES[cause].party)


@check(
    "N-name",
    sentence="The service's host name resolves.",
    why="Without an address nothing else can work, and no key or model is to blame.",
    stage="connectivity",
    subject="step",
    levels=(),
)
def _name(step: ConnectivityStep) -> Iterator[Problem]:
    yield from _step(step, "name")


@check(
    "N-tcp",
    sentence="A TCP connection to the service can be made.",
    why="Tells a closed port or a firewall from everything that the service itself could refuse.",
    stage="connectivity",
    subject="step",
    levels=(),
)
def _tcp(step: ConnectivityStep) -> Iterator[Problem]:
    yield from _step(step, "tcp")


@check(
    "N-tls",
    sentence="TLS is agreed on and the certificate verifies.",
    why="An intercepting proxy or a wrong clock shows here, before the key is sent anywhere.",
    stage="connectivity",
    subject="step",
    levels=(),
)
def _tls(step: ConnectivityStep) -> Iterator[Problem]:
    yield from _step(step, "tls")


@check(
    "N-models",
    sentence="The read-only model list answers to this key.",
    why="The cheapest authenticated question: it proves key and region; it does not prove that a model is served.",
    stage="connectivity",
    subject="step",
    levels=(),
)
def _models(step: ConnectivityStep) -> Iterator[Problem]:
    yield from _step(step, "models")


@check(
    "N-voices",
    sentence="The read-only list of custom voices answers to this key.",
    why="vd and vc speak with custom voices only; if the list fails they are blocked, and nothing else is.",
    stage="connectivity",
    subject="step",
    levels=(),
)
def _voices(step: ConnectivityStep) -> Iterator[Problem]:
    yield from _step(step, "voices-design", "voices-clone")


@check(
    "N-session",
    sentence="The realtime websocket accepts the handshake and says session.created.",
    why="Proves the websocket door and the key at it; an unknown model is accepted here too, so it says nothing about "
    "the model.",
    stage="connectivity",
    subject="step",
    levels=(),
)
def _session(step: ConnectivityStep) -> Iterator[Problem]:
    yield from _step(step, "session")
