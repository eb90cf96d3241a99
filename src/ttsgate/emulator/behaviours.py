"""What the emulated websocket does and what that rests on, where there is nothing to switch.

Together with `switches.SWITCHES` and `http_behaviours.BEHAVIOURS` this is the fidelity page.
"""

from __future__ import annotations

from ttsgate.emulator.switches import Basis, Switch

__all__ = ["BEHAVIOURS"]

_EVENTS = "https://help.aliyun.com/en/model-studio/qwen-tts-realtime-server-events"
_CLIENT = "https://help.aliyun.com/en/model-studio/qwen-tts-realtime-client-events"
_PROCESS = "https://help.aliyun.com/zh/model-studio/interactive-process-of-qwen-tts-realtime-synthesis"
_LIMITS = "https://help.aliyun.com/zh/model-studio/rate-limit"
_ERRORS = "https://help.aliyun.com/zh/model-studio/error-code"
_COUNTING = "https://www.alibabacloud.com/help/ja/model-studio/qwen-tts"
_OURS = "our choice"


def _fixed(name: str, basis: Basis, source: str, description: str) -> Switch:
    return Switch(name, ("always",), basis, source, description)


BEHAVIOURS: tuple[Switch, ...] = (
    _fixed("path", "documented", _PROCESS, "The model is chosen by the query of /api-ws/v1/realtime alone."),
    _fixed("bearer", "field", "the vendor's SDKs up to 1.25 send 'bearer'", "The scheme of Authorization in any case."),
    _fixed("subprotocol", "inferred", "no client that was read asks for one", "No websocket subprotocol is chosen."),
    _fixed("session-created", "documented", _EVENTS, "session.created comes first, with the defaults of the session."),
    _fixed(
        "other-protocol-models",
        "field",
        "gateway notes of 2026-09",
        "Models of HTTP or of other websocket paths get session.created and never speak.",
    ),
    _fixed(
        "inference-path",
        "field",
        "https://github.com/alibaba/spring-ai-alibaba/issues/2593",
        "On /api-ws/v1/inference every task fails with ModelNotFound.",
    ),
    _fixed("update-optional", "documented", _CLIENT, "Without session.update the defaults apply."),
    _fixed("update-null", "inferred", _OURS, "null in session.update leaves a setting as it is."),
    _fixed(
        "update-ranges", "documented", _CLIENT, "Values outside the documented ranges are refused as invalid_value."
    ),
    _fixed("late-update-text", "documented", _CLIENT, "The text of the refusal of a late session.update."),
    _fixed(
        "instructions-elsewhere-realtime",
        "inferred",
        f"{_CLIENT}: instruct models only",
        "instructions are ignored by other models.",
    ),
    _fixed("wrong-voice-text", "documented", _ERRORS, "invalid_value: The requested voice '...' is not supported."),
    _fixed("system-voice-on-clone", "documented", _ERRORS, "CLIENT_ERROR: [qwen-tts:]Engine return error code: 411."),
    _fixed(
        "event-id-optional", "inferred", "public clients leave it out", "Client events without event_id are accepted."
    ),
    _fixed(
        "unknown-type", "inferred", _OURS, "Unknown types of events are refused as invalid_value; nothing is closed."
    ),
    _fixed("binary-frames", "inferred", _OURS, "Binary frames are refused as invalid_value; nothing is closed."),
    _fixed("early-text", "field", "a production client", "Text and commits count before session.updated was read."),
    _fixed("commit", "documented", _CLIENT, "In commit mode only a commit (or the end) makes text speak."),
    _fixed("commit-in-server-commit", "documented", _CLIENT, "A commit in server_commit speaks what is buffered now."),
    _fixed("clear", "inferred", _CLIENT, "clear drops text that was not committed; audio under way goes on."),
    _fixed(
        "finish", "documented", _CLIENT, "session.finish speaks what is buffered, then session.finished, then close."
    ),
    _fixed("finish-empty", "inferred", _OURS, "session.finish with nothing to say is answered at once."),
    _fixed("text-after-finish", "inferred", f"{_CLIENT}: no more text may follow", "It is refused as invalid_value."),
    _fixed("failed-session", "inferred", _OURS, "A failed session ignores text; session.finish still ends it."),
    _fixed("one-at-a-time", "inferred", "a strict public client relies on it", "Responses of a session never overlap."),
    _fixed("chain", "field", "gateway notes of 2026-09 measured the order", "Order of the events of a response."),
    _fixed("ids", "documented", _EVENTS, "Prefixes of ids, 21 characters behind them."),
    _fixed("no-transcript", "documented", _EVENTS, "Texts of parts and transcripts are empty strings."),
    _fixed("usage", "documented", _COUNTING, "usage.characters: 2 for a Han character, else 1."),
    _fixed("usage-legacy", "documented", _EVENTS, "The legacy model counts tokens: 50 a second of audio, at least 50."),
    _fixed("pcm", "documented", _CLIENT, "PCM is 16-bit little-endian mono."),
    _fixed("wav-header", "inferred", _OURS, "A WAV stream has one header, at its start, with sizes unknown."),
    _fixed(
        "delta-bytes",
        "inferred",
        "strict public clients decode piece by piece, sloppy ones join the strings",
        "Pieces hold a multiple of 3 bytes (PCM and WAV: of 6), save the last of a response.",
    ),
    _fixed("pace", "inferred", _OURS, "Audio is paced a little faster than it plays, from the start of the response."),
    _fixed("close-after-finished", "inferred", _OURS, "After session.finished the close code is 1000."),
    _fixed("idle-text", "documented", f"{_ERRORS}, for sister services", "request timeout after 23 seconds."),
    _fixed("idle-clock", "inferred", _OURS, "The idle clock stands still while a response is spoken."),
    _fixed("throttle-text", "field", "gateway notes of 2026-10", "1011 'To many requests. Your requests are ...'."),
    _fixed("sessions-per-second", "documented", _LIMITS, "180 new sessions a minute and model, enforced a second."),
    _fixed("message-size", "inferred", _OURS, "Messages above 1 MiB close the session with 1009."),
    _fixed("text-size", "inferred", _OURS, "More than 200 000 characters unspoken are refused as invalid_value."),
)
"""Fixed behaviours of the websocket, in the order of a session."""
