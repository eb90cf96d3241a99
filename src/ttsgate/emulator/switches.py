"""Where the service's behaviour is not documented, the emulator's choice, as data.

Each switch names the behaviours that the emulator can show, the one it shows unless told
otherwise, and what that choice rests on.  Bases:

``documented``
    An official page says so (or says something that leaves little room).
``field``
    Third parties who used the live service report it.
``inferred``
    Nobody has written it down; the choice is ours.  A live run should settle it.
"""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from ttsgate.errors import UsageError

__all__ = ["SWITCHES", "Basis", "Switch", "all_switches", "basis_counts", "parse_switches"]

Basis = Literal["documented", "field", "inferred"]

_EVENTS = "https://help.aliyun.com/en/model-studio/qwen-tts-realtime-server-events"
_CLIENT = "https://help.aliyun.com/en/model-studio/qwen-tts-realtime-client-events"
_ERRORS = "https://help.aliyun.com/zh/model-studio/error-code"


@dataclass(frozen=True, slots=True)
class Switch:
    """One behaviour of the service that can be switched."""

    name: str
    """Stable name, as in ``--switch NAME=VALUE``."""
    values: tuple[str, ...]
    """What the emulator can do; the default first.  ``N`` stands for a whole number."""
    basis: Basis
    """What the default rests on."""
    source: str
    """Page, report or reasoning behind the default."""
    description: str
    """The question that the switch answers."""

    @property
    def default(self) -> str:
        """The value in force unless told otherwise."""
        return self.values[0]


def _table(*switches: Switch) -> dict[str, Switch]:
    return {switch.name: switch for switch in switches}


SWITCHES: dict[str, Switch] = _table(
    # -- the handshake
    Switch(
        "missing-key",
        ("401", "403"),
        "inferred",
        f"{_ERRORS}: both statuses are given for refused keys, not which",
        "HTTP status of a handshake without an Authorization header",
    ),
    Switch(
        "bad-key",
        ("401", "403"),
        "inferred",
        f"{_ERRORS}: InvalidApiKey is 401 over HTTP; for the handshake 401 or 403",
        "HTTP status of a handshake with a wrong key",
    ),
    Switch(
        "unknown-model",
        ("silent-close", "close-1000", "drop", "error", "refuse-404"),
        "field",
        "gateway notes of 2026-09: session.created, then closed without an error event; close code not recorded",
        "what follows a handshake that names an unknown model",
    ),
    Switch(
        "retired-model",
        ("silent-close", "error", "refuse-404"),
        "inferred",
        "notice 792 of 2026-06-05: calls then return no result",
        "what follows a handshake that names a retired model",
    ),
    Switch(
        "absent-model",
        ("refuse-403", "error", "silent-close"),
        "inferred",
        f"{_ERRORS}: 403 Model.AccessDenied over HTTP",
        "what happens when the key has no right to the model",
    ),
    Switch(
        "throttled",
        ("close-1011", "error", "refuse-429"),
        "field",
        "gateway notes of 2026-09/10, Omni models on the same path: 1011 'To many requests. ...'",
        "how too many new sessions are refused",
    ),
    Switch(
        "unpaid",
        ("refuse", "error"),
        "inferred",
        f"{_ERRORS}: Arrearage and AllocationQuota.FreeTierOnly over HTTP; the websocket form is not documented",
        "how an overdue account or a used-up free tier is refused",
    ),
    Switch(
        "deflate",
        ("off", "on"),
        "inferred",
        "no client that was read asks for compression",
        "whether permessage-deflate is accepted",
    ),
    # -- the session
    Switch(
        "late-update",
        ("while-speaking", "once-started"),
        "inferred",
        f"{_CLIENT}: 'session already started or finished or failed'; when a session counts as started is not said",
        "when session.update is refused, besides after session.finish",
    ),
    Switch(
        "rejected-update",
        ("fails-session", "keeps-settings"),
        "inferred",
        f"{_CLIENT}: the documented error names failed sessions",
        "what a refused voice or value does to the session",
    ),
    Switch(
        "voice-check",
        ("update", "synthesis"),
        "inferred",
        f"{_ERRORS}: texts are documented, the moment is not",
        "when a voice that the model does not have is refused",
    ),
    Switch(
        "unknown-keys",
        ("ignored", "error"),
        "field",
        "a production client sends channels and bit_depth in session.update",
        "unknown keys in session.update",
    ),
    Switch(
        "sample-rates",
        ("documented", "sdk"),
        "documented",
        f"{_CLIENT}: 8000, 16000, 24000, 48000; comments in the SDK add 22050 and 44100",
        "sample rates accepted",
    ),
    Switch(
        "echo",
        ("documented", "all"),
        "documented",
        f"{_EVENTS}: session.updated lists eight keys",
        "whether session.updated also repeats speech_rate, volume and the like",
    ),
    Switch(
        "after-error",
        ("keep-open", "close"),
        "inferred",
        "not documented; clients in production report errors without closing",
        "whether the socket survives an error event",
    ),
    Switch(
        "malformed-json",
        ("error", "close-1007"),
        "inferred",
        "no report of 1007 on this protocol",
        "answer to a text frame that is not a JSON object",
    ),
    Switch(
        "empty-commit",
        ("error", "ignored"),
        "documented",
        f"{_CLIENT}: committing an empty buffer is an error; code and text are not given",
        "answer to a commit with nothing buffered",
    ),
    Switch(
        "append-without-text",
        ("error", "ignored"),
        "inferred",
        "a public client that sent 'delta' instead of 'text' got no audio",
        "answer to an append whose text is missing or not a string",
    ),
    Switch(
        "segmentation",
        ("sentence", "clause", "none"),
        "inferred",
        f"{_CLIENT}: the server decides by its own rules when to start",
        "where server_commit cuts text by itself; none waits for commit or finish",
    ),
    Switch(
        "segment-min",
        ("24", "N"),
        "inferred",
        "append + commit of a short text gave one response (gateway notes of 2026-09)",
        "billed characters that server_commit gathers before it starts by itself",
    ),
    Switch(
        "segment-max",
        ("300", "N"),
        "inferred",
        "our choice",
        "billed characters after which server_commit starts without waiting for the end of a sentence",
    ),
    Switch(
        "auto-responses",
        ("joined", "separate"),
        "inferred",
        "not documented; published clients (livekit-plugins-lehui, pipecat-dashscope) take one response for all of it",
        "whether the segments of server_commit form one response up to the next commit or finish, or one each",
    ),
    Switch(
        "auto-committed",
        ("yes", "no"),
        "inferred",
        "not documented; a public test script waits for input_text_buffer.committed after a bare finish",
        "whether segments that the server starts by itself are announced by input_text_buffer.committed",
    ),
    Switch(
        "committed-item",
        ("empty", "id"),
        "documented",
        f"{_EVENTS}: the example shows an empty string",
        "item_id of input_text_buffer.committed",
    ),
    Switch(
        "done-response-id",
        ("absent", "present"),
        "documented",
        f"{_EVENTS}: absent from the examples, present in the field table",
        "whether response.done carries a top-level response_id",
    ),
    Switch(
        "cancel",
        ("incomplete", "ignored"),
        "inferred",
        "response.cancel is sent by both vendor SDKs and documented nowhere",
        "effect of response.cancel on the running response",
    ),
    Switch(
        "error-detail",
        ("code-message", "full"),
        "documented",
        f"{_EVENTS}: error{{code, message}}; older pages add type, param, event_id",
        "fields of the error event",
    ),
    Switch(
        "idle",
        ("error-then-close", "close", "off"),
        "field",
        "a production client receives 'request timeout' and 'session_expired' error events when idle",
        "what a session that hears nothing from its client does",
    ),
    Switch(
        "idle-seconds",
        ("23", "N"),
        "inferred",
        f"{_ERRORS}: 'request timeout after 23 seconds.' is listed for the vendor's other speech services",
        "seconds without a client event, outside of responses, before the session times out",
    ),
    # -- audio and pace
    Switch(
        "delta-ms",
        ("100", "N"),
        "inferred",
        "typical delta size is not documented",
        "milliseconds of audio in one response.audio.delta",
    ),
    Switch(
        "first-audio-ms",
        ("0", "N"),
        "inferred",
        "697 ms to the first packet was measured against the service in Beijing (gateway notes of 2026-09)",
        "milliseconds that are added before the first delta of a response",
    ),
)
"""The switches of the websocket by name, in the order of a session; those of HTTP are in `http_behaviours`."""


def all_switches() -> dict[str, Switch]:
    """Every switch and fixed behaviour of the emulator by name: websocket, HTTP, sound."""
    from ttsgate.emulator import behaviours, http_behaviours
    from ttsgate.emulator.speech import behaviours as speech_behaviours

    fixed = (*behaviours.BEHAVIOURS, *http_behaviours.BEHAVIOURS, *speech_behaviours.BEHAVIOURS)
    return SWITCHES | {switch.name: switch for switch in fixed}


def basis_counts() -> dict[str, int]:
    """How many choices rest on each basis, e.g. ``{"documented": 6, "field": 4, "inferred": 20}``."""
    return dict(sorted(Counter(switch.basis for switch in all_switches().values()).items()))


def parse_switches(settings: Iterable[str]) -> Mapping[str, str]:
    """Read ``NAME=VALUE`` settings.

    Raises:
        UsageError: an unknown name or value; the text names the nearest one.
    """
    known = all_switches()
    chosen: dict[str, str] = {}
    for setting in settings:
        name, equals, value = setting.partition("=")
        name, value = name.strip(), value.strip()
        switch = known.get(name)
        if switch is None:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise UsageError(f"unknown switch {name!r}{hint} (ttsgate serve --fidelity lists them)")
        if not equals:
            raise UsageError(f"switch {name!r} needs a value: {name}={'|'.join(switch.values)}")
        if len(switch.values) == 1:
            raise UsageError(f"{name!r} is a fixed behaviour and cannot be switched")
        numeric = "N" in switch.values and value.isascii() and value.isdigit() and len(value) < 7
        if (value not in switch.values or value == "N") and not numeric:
            raise UsageError(f"switch {name!r} takes {' or '.join(switch.values)}, not {value!r}")
        chosen[name] = value
    return chosen
