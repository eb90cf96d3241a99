"""What can be wrong with the SDK under test, with what was asked for, and with a program on the bench."""

from __future__ import annotations

from ttsgate.judgement.causes.cause import Cause

__all__ = ["CLIENT", "PROGRAM", "SDK"]

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
        "client.strayed",
        "client",
        "The client sends something else than the recorded one did",
        "Read the difference in the error event; record again if the change is meant (ttsgate record).",
    ),
    Cause(
        "client.request",
        "client",
        "The service rejects a value that was sent to it",
        "Correct the option that the message names.",
    ),
)

PROGRAM = (
    Cause(
        "client.key",
        "client",
        "The program lets its key out",
        "Send the key in the Authorization header of the service's host only; keep it out of URLs, messages and logs.",
    ),
    Cause(
        "client.start",
        "client",
        "The program does not come to the service with what it was given",
        "Read its standard error in logs/ of the bundle; hand address and key over by {ws_url} and {api_key} or TTS_*.",
    ),
    Cause(
        "client.protocol",
        "client",
        "The program does not keep the protocol",
        "Compare the frames that it sent, in transcripts/ of the bundle, with the documented order of events.",
    ),
    Cause(
        "client.brittle",
        "client",
        "The program does not bear what the service may do",
        "Skip unknown events and fields, take deltas of any size, and wait for session.finished.",
    ),
    Cause(
        "client.audio",
        "client",
        "The audio that the program keeps is not the audio that it was sent",
        "Decode each delta by itself, append all of them, and keep those that come after session.finish.",
    ),
    Cause(
        "client.hang",
        "client",
        "The program waits for ever",
        "Give every wait an end: for the handshake, for the next event, for session.finished.",
    ),
    Cause(
        "client.silent-failure",
        "client",
        "The program takes a failure for success, or fails without a word",
        "Treat an error event, a refused handshake, an early close and an empty response as failures; say so and exit "
        "with another code than 0.",
    ),
    Cause(
        "client.reconnects",
        "client",
        "The program comes back more often or faster than helps",
        "Retry a few times with growing pauses, only after overload or a lost connection, never after a refused key.",
    ),
)
