"""Fields are missing, wrong or of another type."""

from __future__ import annotations

from ttsgate.emulator.faults.hooks import Hooks
from ttsgate.emulator.faults.registry import Args, fault, word
from ttsgate.emulator.faults.transforms import OnEvents, put

__all__: list[str] = []


@fault(
    "field.voice-echo",
    "session.updated names another voice than the one asked for.",
    check="P-voice-echo",
    cause="service.protocol",
    alias="voice-echo",
    voice=word("Chelsie", "voice that is named instead"),
)
def _voice_echo(args: Args) -> Hooks:
    def edit(event: dict[str, object], _: Hooks) -> None:
        session = event.get("session")
        asked = session.get("voice") if isinstance(session, dict) else None
        put(event, "session.voice", args["voice"] if asked != args["voice"] else "Ethan")

    return OnEvents(edit, "session.updated")
