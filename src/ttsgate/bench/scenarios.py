"""The scenarios of the bench: what the service does, what a good client makes of it, and why that is asked."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from ttsgate.errors import UsageError

__all__ = ["LONG", "MARKS", "SCENARIOS", "Scenario", "find_scenarios"]

Expects = Literal["speech", "failure", "either"]

LONG = (
    "The first train leaves at seven. The second one follows half an hour later, from the other platform. "
    "Please keep your ticket until you have left the station."
)
"""Three sentences: more than one response where the service cuts by itself."""
MARKS = 'He said: "it\'s C:\\new\\table", 100 % sure.\nThen: 你好，世界 & <b>café</b>?'
"""What has to be escaped in JSON, in a shell, or is outside of ASCII."""

RETRIES = 4
"""One connection and three retries: the most that any published client was seen to make on purpose (agentscope)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One way for the service to behave."""

    name: str
    """Stable; also names files."""
    service: str
    """What the service does, one line."""
    why: str
    """Why a client must bear it, and what that rests on."""
    expects: Expects
    """What a good client makes of it (`ttsgate.result.trials.TrialRecord.expects`)."""
    faults: tuple[str, ...] = ()
    """Faults of the emulator; ``{elsewhere}`` stands for another host's address."""
    switches: tuple[str, ...] = ()
    """Switches of the emulator, ``NAME=VALUE``."""
    text: str | None = None
    """What is to be said; None for the text of the run."""
    connections: int = RETRIES
    """Connections that a client may open in all."""


def _speech(name: str, service: str, why: str, *faults: str, **more: object) -> Scenario:
    return Scenario(name=name, service=service, why=why, expects="speech", faults=faults, **more)  # type: ignore[arg-type]


def _failure(name: str, service: str, why: str, *faults: str, **more: object) -> Scenario:
    return Scenario(name=name, service=service, why=why, expects="failure", faults=faults, **more)  # type: ignore[arg-type]


def _either(name: str, service: str, why: str, *faults: str, **more: object) -> Scenario:
    return Scenario(name=name, service=service, why=why, expects="either", faults=faults, **more)  # type: ignore[arg-type]


_TABLE = (
    # -- the service is in order
    _speech("plain", "nothing unusual", "The case that every other one is compared with."),
    _speech(
        "marks",
        "nothing unusual; the text holds quotation marks, backslashes, a line break, Chinese and markup",
        "Text that is pasted into JSON by hand breaks here, or is spoken with its escapes.",
        text=MARKS,
    ),
    _speech(
        "segments",
        "each sentence is a response of its own, begun before the text is complete",
        "Whether the service joins its own segments is documented nowhere; a client that takes the first response.done "
        "for the end loses the rest. Only session.finished is the end.",
        switches=("auto-responses=separate", "segment-min=1"),
        text=LONG,
    ),
    _speech(
        "unannounced-segments",
        "segments that the service begins by itself are not announced by input_text_buffer.committed",
        "Documented neither way: a client that waits for committed waits for ever.",
        switches=("auto-responses=separate", "auto-committed=no", "segment-min=1"),
        text=LONG,
    ),
    _speech(
        "unknown-fields",
        "events carry fields that no page knows",
        "The pages of 2025 and 2026 differ by such fields; services add them without notice.",
        "benign.unknown-fields",
    ),
    _speech(
        "unknown-events",
        "events of unknown types come between the others",
        "The Omni models on the same path have events of their own; new ones must be skipped.",
        "benign.unknown-events",
    ),
    _speech(
        "other-forms",
        "fields whose form the pages contradict each other about come in the other form, JSON with spaces and escapes",
        "committed with an item id, response.done with a response_id, more keys echoed: each stands on one page.",
        "benign.json-style",
        "benign.committed-id",
        "benign.done-response-id",
        "benign.echo-all",
    ),
    _speech(
        "padded-deltas",
        "audio comes in small pieces whose Base64 ends in padding",
        "The size of a delta is documented nowhere. Joined before it is decoded, it breaks at the first '='.",
        "benign.padded-deltas",
    ),
    _speech(
        "large-deltas",
        "audio comes in pieces of nearly a second, up to 50 kB of Base64 in one message",
        "Websocket libraries have limits on messages, and buffers are made for the size that was seen first.",
        "benign.large-deltas",
    ),
    _speech(
        "uneven-deltas",
        "pieces of audio differ in size",
        "A client that counts deltas instead of bytes plays the wrong length.",
        "benign.uneven-deltas",
    ),
    _speech(
        "fragments",
        "messages come in several websocket frames",
        "RFC 6455 5.4 allows it to any server and to every proxy on the way.",
        "benign.fragments",
    ),
    _speech(
        "pings",
        "pings come between the pieces of audio",
        "RFC 6455 5.5.2: they must be answered, and are no messages.",
        "benign.pings",
    ),
    _speech(
        "jitter",
        "audio leaves up to 150 ms later than it should, and catches up",
        "Any network does that.",
        "benign.jitter:by=150ms",
    ),
    _speech(
        "fast",
        "all of the audio comes as fast as it can be made, and the connection is closed at once",
        "What arrived before the close must be kept: the close overtakes a slow reader.",
        "benign.fast",
    ),
    _speech(
        "slow-start",
        "session.created and session.updated take a second",
        "A client that counts on their coming at once sends its text into the void.",
        "benign.slow-session:by=1s",
    ),
    _speech(
        "slow-voice",
        "the first audio takes two seconds",
        "Three times the 0.7 s measured against the service in Beijing (field, 2026-09).",
        "benign.latency:by=2s",
    ),
    _speech(
        "stall",
        "audio stops for two seconds in the middle and goes on",
        "Shorter than any sensible timeout: the rest must be kept, not given up.",
        "timing.stall:after=0.4s,for=2s",
    ),
    _speech(
        "no-close",
        "after session.finished the service leaves the connection open",
        "session.finished ends the session; who waits for the close hangs.",
        "session.no-close",
    ),
    # -- the service refuses, breaks off or falls silent
    _failure(
        "refused-key",
        "the handshake is refused with 401",
        "Error table: a refused key is not retried.",
        "handshake.bad-key",
        connections=1,
    ),
    _failure(
        "busy",
        "every handshake is refused with 503",
        "Overload is reported for the service (field); a few retries help, coming back without end does not.",
        "handshake.busy",
    ),
    _failure(
        "portal",
        "the handshake is answered with 200 and a log-in page",
        "Captive portals and proxies answer in place of the service.",
        "handshake.portal",
    ),
    _failure(
        "redirect",
        "the handshake is redirected to another host",
        "The key belongs to the host that was configured; a client that follows must not take it along.",
        "security.redirect:to={elsewhere}",
    ),
    _failure(
        "mute-handshake",
        "the handshake is never answered",
        "Dual-stack networks and full queues do that (field); the wait for a connection needs an end.",
        "handshake.hang",
    ),
    _failure(
        "throttled",
        "the connection is closed with 1011 'To many requests' right after it was opened",
        "How the service throttles (field, 2026-09/10); it looks like an accepted connection for a moment.",
        "quota.throttled",
    ),
    _failure(
        "rate-limit",
        "an error event Throttling.RateQuota comes instead of a response",
        "Error events are how refusals arrive after the handshake.",
        "quota.rate-event",
    ),
    _failure(
        "refused-voice",
        "the voice is refused by an error event, and the connection stays open",
        "Whether the service closes after an error is documented nowhere: the event itself must be enough.",
        "session.voice-refused",
    ),
    _failure(
        "refused-text",
        "the text is refused as inappropriate by an error event",
        "Content checks fail for some texts for ever: the reason must reach a person.",
        "session.content-refused",
    ),
    _failure(
        "retired",
        "the session is closed without a word right after session.created, as for unknown and retired models",
        "Field report of 2026-09; five of the models may be retired since 2026-10-10.",
        "session.silent-close",
    ),
    _failure(
        "error-mid",
        "in the middle of the audio an InternalError comes, then the service closes",
        "Half a sentence is no success.",
        "session.error-mid",
    ),
    _failure(
        "close-mid",
        "the service closes with 1011 in the middle of the audio",
        "Half a sentence is no success, also when the close is orderly.",
        "session.close-mid",
    ),
    _failure(
        "drop",
        "the connection is reset in the middle of the audio",
        "Half a sentence is no success.",
        "session.drop",
    ),
    _failure(
        "hang-at-start",
        "after session.created nothing more comes",
        "Models of the vendor's other protocol accept the connection and never speak (field, 2026-09).",
        "session.hang-at-start",
    ),
    _failure(
        "hang",
        "after some audio nothing more comes, and the connection stays open",
        "Behind NAT and proxies a lost connection looks like this: no close ever comes.",
        "session.hang",
    ),
    _failure(
        "silence",
        "the response is created and completed without any audio",
        "Sessions that finish without audio are reported (agentscope retries them up to three times).",
        "session.no-audio",
    ),
    _failure(
        "failed-response",
        "response.done has the status failed",
        "The status is the only place where the service says that a response is not complete.",
        "field.status:status=failed",
    ),
    # -- either is right, if it is true
    _either(
        "no-finished-reply",
        "session.finish is not answered, and the connection stays open",
        "All of the audio is there: success or a timeout, but an end.",
        "session.ignores-finish",
    ),
    _either(
        "busy-once",
        "the first handshake is refused with 503, the next one is accepted",
        "A client may retry or report; what it reports must be true.",
        "handshake.busy:first=1",
    ),
    _either(
        "drop-once",
        "the first connection is reset in the middle of the audio, the next one is in order",
        "A client that tries again must not keep the first half twice.",
        "session.drop:first=1",
    ),
)

SCENARIOS: dict[str, Scenario] = {s.name: s for s in _TABLE}
"""Every scenario by name, in the order in which they are run."""


def find_scenarios(names: Sequence[str]) -> list[Scenario]:
    """The scenarios of these names, in the order of the table; all of them for none, or for ``all``.

    Raises:
        UsageError: there is no such scenario.
    """
    for name in names:
        if name != "all" and name not in SCENARIOS:
            near = difflib.get_close_matches(name, SCENARIOS, n=1, cutoff=0.4)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise UsageError(f"unknown scenario {name!r}{hint} (ttsgate test-client --list)")
    wanted = set(names) if names and "all" not in names else set(SCENARIOS)
    return [s for s in SCENARIOS.values() if s.name in wanted]
