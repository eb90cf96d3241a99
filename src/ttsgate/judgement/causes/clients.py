"""What can be wrong with the SDK under test, and with what was asked for."""

from __future__ import annotations

from ttsgate.judgement.causes.cause import Cause

__all__ = ["CLIENT", "SDK"]

SDK = (
    Cause(
        "sdk.missing",
        "sdk",
        "The SDK cannot be imported by the interpreter under test",
        "Install a dashscope release that supports that Python (2.0.1 and 2.0.2 fail to import on 3.9 and 3.10).",
    ),
    Cause(
        "sdk.refused",
        "sdk",
        "The service refuses what this SDK release sends, while our own client is served",
        "Compare the two transcripts' first frames; try another dashscope release with --python.",
    ),
    Cause(
        "sdk.connect",
        "sdk",
        "The SDK does not get a connection where our own client does",
        "Try another dashscope release with --python; the SDK hides the reason behind a TimeoutError.",
        ("network.proxy",),
    ),
    Cause(
        "sdk.behaviour",
        "sdk",
        "The session fails through this SDK release only; our own client gets it right",
        "Compare the two transcripts; try another dashscope release with --python.",
    ),
)

CLIENT = (
    Cause(
        "client.deadline",
        "client",
        "The client was ended at its deadline",
        "Read its standard error in logs/ of the bundle; raise --timeout only if the service was really busy.",
        ("service.hang",),
    ),
    Cause(
        "client.request",
        "client",
        "The service rejects a value that was sent to it",
        "Correct the option that the message names.",
    ),
)
