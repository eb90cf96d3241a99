"""What can be wrong with the service: its models' life cycle, its answers, its speech."""

from __future__ import annotations

from ttsgate.judgement.causes.cause import Cause

__all__ = ["ANSWERS", "LATER", "LIFECYCLE"]

LIFECYCLE = (
    Cause(
        "lifecycle.unavailable",
        "service",
        "The service accepts the connection but does not serve this model",
        "Compare the string with `ttsgate models`, read the model's retirement notes there, and check the key's model "
        "permissions.",
        ("lifecycle.unknown", "lifecycle.retired", "permission.model"),
    ),
    Cause(
        "lifecycle.unknown",
        "service",
        "The service does not know this model",
        "Compare the string with `ttsgate models`.",
        ("lifecycle.retired", "permission.model"),
    ),
    Cause(
        "lifecycle.retired",
        "service",
        "The service says that this model is retired",
        "Move to the replacement that the notice names (`ttsgate models` shows it).",
    ),
)

ANSWERS = (
    Cause(
        "service.overloaded",
        "service",
        "The service is over capacity",
        "Run again later; if it lasts, open a ticket with the request ids in the evidence.",
        ("quota.rate",),
    ),
    Cause(
        "service.nonsense",
        "service",
        "The target answers, but not in this protocol",
        "Check that the URLs point at Model Studio and not at something else; the first bytes are in the evidence.",
        ("network.portal",),
    ),
    Cause(
        "service.voice",
        "service",
        "The service refuses the voice for this model",
        "Name a voice of this very model with --voice MODEL=NAME (vd and vc take only custom voices made for exactly "
        "this model string).",
        ("client.request",),
    ),
    Cause(
        "service.content",
        "service",
        "The service refuses the text as inappropriate",
        "Use another text with --text.",
    ),
    Cause(
        "service.error",
        "service",
        "The service reports an error of its own",
        "Open a ticket with the request ids and the frame in the evidence.",
    ),
    Cause(
        "service.dropped",
        "service",
        "The service ended the session before it was over",
        "Look at the last frames in the transcript; open a ticket with the session id.",
        ("network.dropped",),
    ),
    Cause(
        "service.hang",
        "service",
        "The service stopped answering",
        "Look at the last frame in the transcript; open a ticket with the session id.",
        ("network.dropped",),
    ),
    Cause(
        "service.protocol",
        "service",
        "The service breaks a rule of its own protocol",
        "Show the frame in the evidence to the service's support; strict clients abort on it.",
    ),
    Cause(
        "service.setting",
        "service",
        "The service works with other settings than were asked for",
        "Compare session.update and session.updated in the transcript; do not ship on this answer.",
    ),
    Cause(
        "service.silence",
        "service",
        "The service sends audio in which nothing can be heard",
        "Play the file in the evidence; open a ticket with the response id.",
    ),
    Cause(
        "service.text",
        "service",
        "The service does not speak the whole text",
        "Play the file in the evidence next to the text; open a ticket with the response id.",
    ),
    Cause(
        "service.rate",
        "service",
        "The samples are not at the sample rate that was asked for",
        "Play the file at the other rate named in the message; until it is fixed, ask for that rate.",
    ),
    Cause(
        "service.audio",
        "service",
        "The audio is damaged",
        "Listen at the sample named in the evidence; open a ticket with the response id.",
    ),
    Cause(
        "service.timing",
        "service",
        "The audio comes too late to be played without interruption",
        "Compare with a run from another network; if both show it, open a ticket with the session id.",
        ("network.slow",),
    ),
)

LATER = (
    Cause(
        "service.usage",
        "service",
        "The service bills another number of characters than its rule says",
        "Compare usage with the counting rule in the model documentation; ask billing support.",
    ),
    Cause(
        "service.intermittent",
        "service",
        "The same session fails at times and works at times",
        "Compare a failed transcript with a good one of the same cell; run with a higher --repeat for a rate.",
        ("network.dropped", "service.overloaded"),
    ),
    Cause(
        "service.fallback",
        "service",
        "The non-realtime fallback does not deliver a playable WAV",
        "Look at the HTTP answer in the transcript of the fallback session.",
    ),
    Cause(
        "service.lax",
        "service",
        "The service does not refuse a wrong request as its documentation says",
        "Read the exchange in the transcript; let no client rely on the service to catch this mistake.",
    ),
    Cause(
        "service.changed",
        "service",
        "The service does with a wrong request something else than it did before",
        "Compare both answers in the message; see that your clients handle the new one.",
    ),
)
