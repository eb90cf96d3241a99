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


STEP_CHECKS: dict[str, tuple[str, ...]] = {
    "name": ("N-name",),
    "tcp": ("N-tcp",),
    "tls": ("N-tls",),
    "models": ("N-models", "N-models-listed"),
    "voices-design": ("N-voices",),
    "voices-clone": ("N-voices",),
    "session": ("N-session",),
    "voice-create": ("N-voice-create",),
    "voice-list": ("N-voice-listed",),
    "voice-delete": ("N-voice-delete",),
}
"""Checks that read each step, the one that fails first before the others; what follows a colon in a step's name is
what it was about."""


def _step(step: ConnectivityStep, *names: str) -> Iterator[Problem]:
    if step.name.partition(":")[0] not in names or step.outcome == "skipped":
        raise NotApplicable
    if step.outcome == "blocked":
        raise Blocked(STEP_CHECKS.get(step.detail.rpartition(" ")[2], ("an earlier step",))[0])
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
    "N-models-listed",
    sentence="The model list names speech models that we know.",
    why="A list without any of them says that this key, or this region, cannot see them. Only a warning: what being "
    "listed means is not documented, and a listed model may be out of quota or about to end.",
    stage="connectivity",
    subject="step",
    severity="warn",
    levels=(),
    needs=("N-models",),
)
def _models_listed(step: ConnectivityStep) -> Iterator[Problem]:
    if step.name != "models" or step.outcome != "pass" or "models" not in step.facts:
        raise NotApplicable
    if not step.facts["models"]:
        yield Problem(
            f"{step.url}: {step.detail}, none of them a speech model that we know",
            (Evidence(quote=step.detail),),
            cause="lifecycle.unavailable",
            party="service",
        )


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


@check(
    "N-voice-create",
    sentence="A temporary custom voice can be made for exactly the model that needs it.",
    why="vd and vc speak with custom voices only; a voice made for another model string does not work there.",
    stage="connectivity",
    subject="step",
    levels=(),
)
def _voice_create(step: ConnectivityStep) -> Iterator[Problem]:
    yield from _step(step, "voice-create")


@check(
    "N-voice-listed",
    sentence="A voice that was made is in the list of voices.",
    why="Clean-up finds voices by that list; what is missing there may stay in the account. Only a warning: lists lag.",
    stage="connectivity",
    subject="step",
    severity="warn",
    levels=(),
)
def _voice_listed(step: ConnectivityStep) -> Iterator[Problem]:
    yield from _step(step, "voice-list")


@check(
    "N-voice-delete",
    sentence="A temporary custom voice can be deleted.",
    why="What is left behind counts against the account's quota; the journal keeps it for the next run.",
    stage="connectivity",
    subject="step",
    severity="warn",
    levels=(),
)
def _voice_delete(step: ConnectivityStep) -> Iterator[Problem]:
    yield from _step(step, "voice-delete")
