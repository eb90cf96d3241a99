"""The wrong requests that are made to see what the service does with them.

Sources: https://help.aliyun.com/en/model-studio/qwen-tts-realtime-client-events for events and ranges,
https://help.aliyun.com/zh/model-studio/error-code for refusals.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

__all__ = ["PROBES", "Message", "Probe"]

Message = dict[str, Any] | str | bytes
"""An event, a text frame as it is, or a binary frame."""

NO_KEY = "sk-ttsgate-no-such-key"
NO_MODEL = "ttsgate-no-such-model-realtime"
NO_VOICE = "ttsgate-no-such-voice"


def _update(**session: Any) -> dict[str, Any]:
    return {"type": "session.update", "session": session}


@dataclass(frozen=True, kw_only=True)
class Probe:
    """One wrong request."""

    id: str
    """Stable id, as in `Observation.probe`."""
    sent: str
    """What is sent, in words; changes when it changes."""
    message: Message
    """What is sent in the open session."""
    key: str | None = None
    """Key instead of the run's."""
    model: str | None = None
    """Model instead of the run's."""
    settings: dict[str, Any] | None = None
    """A legal ``session.update`` that must be confirmed before `text` is appended."""
    text: str = ""
    """Appended and never committed: it costs nothing."""
    shares: bool = False
    """Whether others may follow on its connection; a refused setting may spoil a session, a stray frame hardly."""

    @property
    def at_the_door(self) -> bool:
        """Whether the handshake itself is wrong."""
        return self.key is not None or self.model is not None

    @property
    def marked(self) -> Message:
        """The message with an id by which it is found again in the transcript."""
        return {"event_id": f"event_{self.id}", **self.message} if isinstance(self.message, dict) else self.message


PROBES: dict[str, Probe] = {
    p.id: p
    for p in (
        Probe(
            id="bad-key",
            sent="a handshake with a key that does not exist, then session.update",
            key=NO_KEY,
            message=_update(mode="server_commit"),
        ),
        Probe(
            id="unknown-model",
            sent="a handshake for a model that does not exist, then session.update",
            model=NO_MODEL,
            message=_update(mode="server_commit"),
        ),
        Probe(
            id="empty-commit",
            sent="input_text_buffer.commit with nothing appended",
            message={"type": "input_text_buffer.commit"},
            shares=True,
        ),
        Probe(
            id="unknown-event",
            sent="an event of the type ttsgate.unknown",
            message={"type": "ttsgate.unknown"},
            shares=True,
        ),
        Probe(
            id="bad-json",
            sent="a text frame that is no JSON",
            message='{"type": "session.update", ',
            shares=True,
        ),
        Probe(id="binary-frame", sent="a binary frame of four bytes", message=b"\x00\x01\x02\x03", shares=True),
        Probe(
            id="late-update",
            sent="session.update after a text was appended in commit mode",
            settings={"mode": "commit"},
            text="Hi.",
            message=_update(sample_rate=16_000),
            shares=True,
        ),
        Probe(
            id="unknown-voice",
            sent=f"session.update with the voice {NO_VOICE}",
            message=_update(voice=NO_VOICE),
        ),
        Probe(id="bad-rate", sent="session.update with a sample_rate of 12345", message=_update(sample_rate=12_345)),
        Probe(id="bad-speed", sent="session.update with a speech_rate of 9.5", message=_update(speech_rate=9.5)),
    )
}
"""All by id, in the order in which they are made."""
