"""Checks of the stage conformance: do the settings in force agree with those that were asked for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ttsgate.judgement.problems import problem
from ttsgate.judgement.registry import NotApplicable, Problem, check
from ttsgate.judgement.views import SessionView

__all__: list[str] = []

_ECHO_WHY = (
    "On models of the same endpoint the service acknowledged settings that it did not apply; what it echoes is the "
    "only thing a client can check before it is billed."
)


@check(
    "P-session-model",
    sentence="session.created names the model that was asked for.",
    why="The model is chosen by the query alone; another name here means that something else will speak.",
    stage="conformance",
    needs=("C-open",),
)
def _session_model(view: SessionView) -> Iterator[Problem]:
    for frame in view.of("session.created", "session.updated"):
        named = frame.get("session", "model")
        if named is not None and named != view.transcript.model:
            yield problem(
                view,
                f"{frame.type} names model {named!r}, asked was {view.transcript.model!r}",
                frame,
                named,
                cause="service.setting",
            )


@check(
    "P-session-updated",
    sentence="Every session.update is answered by session.updated.",
    why="Without the answer nobody knows which settings are in force.",
    stage="conformance",
    needs=("C-open",),
    metrics=("updated_ms",),
)
def _session_updated(view: SessionView) -> Iterator[Problem]:
    sent, answered = len(view.sent("session.update")), len(view.of("session.updated"))
    if view.of("error"):
        raise NotApplicable
    if not sent and view.level == "frames":
        raise NotApplicable
    if answered < max(sent, 1):
        yield problem(view, f"{max(sent, 1)} session.update, but {answered} session.updated", None)


def _echo(view: SessionView, key: str, asked: Any) -> Iterator[Problem]:
    updates = view.of("session.updated")
    if asked is None or not updates:
        raise NotApplicable
    frame = updates[-1]
    session = frame.get("session")
    if not isinstance(session, dict) or key not in session:
        raise NotApplicable
    told = session[key]
    same = told == asked and isinstance(told, bool) == isinstance(asked, bool)
    if not same:
        yield problem(
            view, f"asked for {key} {asked!r}, session.updated says {told!r}", frame, told, cause="service.setting"
        )


@check(
    "P-voice-echo",
    sentence="session.updated echoes the voice that was asked for.",
    why="A customer hears another voice than was chosen. " + _ECHO_WHY,
    stage="conformance",
    needs=("P-session-updated",),
)
def _voice_echo(view: SessionView) -> Iterator[Problem]:
    yield from _echo(view, "voice", view.asked.voice)


@check(
    "P-rate-echo",
    sentence="session.updated echoes the sample rate that was asked for.",
    why="A player set to another rate plays too fast or too slow. " + _ECHO_WHY,
    stage="conformance",
    needs=("P-session-updated",),
)
def _rate_echo(view: SessionView) -> Iterator[Problem]:
    yield from _echo(view, "sample_rate", view.asked.rate)


@check(
    "P-format-echo",
    sentence="session.updated echoes the audio format that was asked for.",
    why="A player that expects PCM plays a compressed stream as noise. " + _ECHO_WHY,
    stage="conformance",
    needs=("P-session-updated",),
)
def _format_echo(view: SessionView) -> Iterator[Problem]:
    yield from _echo(view, "response_format", view.asked.format)


@check(
    "P-mode-echo",
    sentence="session.updated echoes the commit mode that was asked for.",
    why="In the other mode text is spoken too early, or never. " + _ECHO_WHY,
    stage="conformance",
    needs=("P-session-updated",),
)
def _mode_echo(view: SessionView) -> Iterator[Problem]:
    yield from _echo(view, "mode", view.asked.mode)


@check(
    "P-setting-echo",
    sentence="Further settings that session.updated echoes (language, speed, pitch, volume, bit rate, instructions) "
    "are those that were asked for.",
    why=_ECHO_WHY,
    stage="conformance",
    needs=("P-session-updated",),
)
def _setting_echo(view: SessionView) -> Iterator[Problem]:
    asked: dict[str, Any] = {
        "language_type": view.asked.language_type,
        "speech_rate": view.asked.speech_rate,
        "pitch_rate": view.asked.pitch_rate,
        "volume": view.asked.volume,
        "bit_rate": view.asked.bit_rate,
        "instructions": view.asked.instruction if view.model.instructions else None,
    }
    said = 0
    for key, value in asked.items():
        try:
            yield from _echo(view, key, value)
            said += 1
        except NotApplicable:
            continue
    if not said:
        raise NotApplicable


@check(
    "P-response-voice",
    sentence="response.created and response.done name the voice in force.",
    why="The last place where another voice shows before it is heard.",
    stage="conformance",
    needs=("C-open",),
)
def _response_voice(view: SessionView) -> Iterator[Problem]:
    in_force = view.echo.get("voice") if view.of("session.updated") else None
    in_force = in_force if isinstance(in_force, str) else view.asked.voice
    found = [(f, f.get("response", "voice")) for f in view.of("response.created", "response.done")]
    found = [(f, v) for f, v in found if v is not None]
    if not found:
        raise NotApplicable
    for frame, voice in found:
        if voice not in (in_force, view.asked.voice):
            yield problem(
                view, f"{frame.type} names voice {voice!r}, not {in_force!r}", frame, voice, cause="service.setting"
            )
