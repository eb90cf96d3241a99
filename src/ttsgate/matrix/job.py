"""What a runtime is asked: the probes of the matrix, as data for `ttsgate.matrix.guest`.

Faults are asked for by the model's name: the emulator serves ``matrix-<fault>`` as a flash model with that fault, so
that nothing but the documented arguments of the SDK is used.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ttsgate import catalog
from ttsgate.emulator.process import Endpoints

__all__ = ["ARGUMENTS", "CLONED_VOICE", "FAULTS", "RACES", "emulator_arguments", "plan_job"]

FLASH = "qwen3-tts-flash-realtime"
INSTRUCT = "qwen3-tts-instruct-flash-realtime"
TEXT = "One, two."
PATIENCE_S = 6.0
"""Nothing new for so long counts as a hang; longer than the five seconds that connect() polls."""
DEADLINE_S = 25.0
"""A probe that is not over by then is left behind."""
CLONED_VOICE = "matrix-cloned-voice"
DESIGNED_VOICE = "matrix-designed-voice"
REPEATS = 3
"""How often a race is run."""

FAULTS = {
    "refused-401": "handshake.bad-key",
    "refused-503": "handshake.busy",
    "unanswered": "handshake.hang",
    "silent-close": "session.silent-close",
    "error-event": "session.error-mid",
    "drop-fin": "session.drop:after=0s,how=fin",
    "drop-rst": "session.drop:after=0s,how=rst",
    "close-1011": "session.close-mid:after=0s",
    "stall": "session.hang:after=0s",
    "malformed": "frame.broken-json",
    "binary": "frame.binary-json",
}
"""Name of a probe's fault to the emulator's fault."""
RACES = ("drop-fin", "drop-rst", "close-1011", "silent-close", "callback-raises", "callback-raises-first")
"""What the caller sees of these may depend on which thread is first."""

ARGUMENTS: dict[str, Any] = {
    "audio_format": "mp3",
    "sample_rate": 16000,
    "language_type": "English",
    "instructions": "Speak slowly.",
    "optimize_instructions": True,
    "speech_rate": 1.5,
    "pitch_rate": 1.25,
    "volume": 60,
    "bit_rate": 96,
    "enable_tn": True,
}
"""Arguments of update_session that are documented, each with a value that is not its default."""


def emulator_arguments() -> list[str]:
    """Options of ``ttsgate serve`` for an emulator that many runtimes share."""
    argv = ["--unlimited", "--admin", "--switch", "idle=off"]
    for name, fault in FAULTS.items():
        argv += ["--extra-model", f"matrix-{name}={FLASH}", "--fault", f"{fault}@matrix-{name}"]
    for model in catalog.FIVE:
        kind = catalog.find(model).custom_voice
        if kind:
            argv += ["--custom-voice", f"{model}={CLONED_VOICE if kind == 'clone' else DESIGNED_VOICE}"]
    return argv


def plan_job(
    endpoints: Endpoints, *, nowhere: str, models: Sequence[str], clients: Sequence[str], modes: Sequence[str],
    formats: Sequence[str], lanes: int = 12, memory_mb: int = 4096,
) -> dict[str, Any]:  # fmt: skip
    """The job of one child.

    Args:
        endpoints: The emulator.
        nowhere: A websocket URL where nothing listens.
        models: Models to speak with; the faults are probed with flash in any case.
        clients: Of ``sdk-realtime``, ``sdk-http`` and ``sdk-client``.
        modes: Of ``server_commit`` and ``commit``.
        formats: Of ``pcm``, ``wav``, ``mp3``, ``opus``.
        lanes: Probes at the same time in one child.
        memory_mb: Limit of the child's address space.
    """
    probes: list[dict[str, Any]] = [{"id": "look", "do": "look"}]
    if "sdk-realtime" in clients:
        probes += _speaking(endpoints, models, modes, formats) + _parameters(endpoints) + _faults(endpoints, nowhere)
    if "sdk-http" in clients:
        probes += _http(endpoints, models)
    if "sdk-client" in clients:
        probes += _client(endpoints, nowhere)
    alone = [_speak("no-key", endpoints, api_key=None)] if "sdk-realtime" in clients else []
    for probe in [*probes, *alone]:
        probe.setdefault("deadline_s", DEADLINE_S)
        probe.setdefault("patience_s", PATIENCE_S)
        probe.setdefault("key", endpoints.api_key)
    # Those that wait longest first, so that the others run meanwhile.
    probes.sort(key=lambda probe: not probe["id"].startswith(("fault.", "client.fault.")))
    return {
        "key": endpoints.api_key, "http_url": endpoints.http_url, "memory_mb": memory_mb, "lanes": lanes,
        "probes": probes, "alone": alone,
    }  # fmt: skip


def _speak(id: str, endpoints: Endpoints, **more: Any) -> dict[str, Any]:
    update = {"voice": "Cherry", "mode": more.get("mode", "server_commit"), **more.pop("settings", {})}
    probe = {"id": id, "do": "speak", "model": FLASH, "url": endpoints.ws_url, "texts": [TEXT], "update": update}
    return {**probe, **more}


def _speaking(
    endpoints: Endpoints, models: Sequence[str], modes: Sequence[str], formats: Sequence[str]
) -> list[dict[str, Any]]:
    return [
        _speak(
            f"speak.{model}.{mode}.{audio}",
            endpoints,
            model=model,
            mode=mode,
            settings={"voice": _voice(model), **({} if audio == "pcm" else {"audio_format": audio})},
        )
        for model in models
        for mode in modes
        for audio in formats
    ]


def _voice(model: str) -> str:
    kind = catalog.find(model).custom_voice
    return {"clone": CLONED_VOICE, "design": DESIGNED_VOICE}.get(kind or "", "Cherry")


def _parameters(endpoints: Endpoints) -> list[dict[str, Any]]:
    clone = next(m for m in catalog.FIVE if catalog.find(m).custom_voice == "clone")
    return [
        *(
            _speak(f"argument.{name}", endpoints, model=INSTRUCT, settings={name: value})
            for name, value in ARGUMENTS.items()
        ),
        _speak("workspace", endpoints, init={"workspace": "ws-matrix"}),
        _speak("headers", endpoints, init={"headers": {"X-Matrix": "yes"}}),
        _speak("chinese", endpoints, texts=["一二三。"], settings={"language_type": "Chinese"}),
        _speak("custom-voice", endpoints, model=clone, settings={"voice": CLONED_VOICE}),
        _speak("clear", endpoints, before=["clear_appended_text"]),
        _speak("two-utterances", endpoints, texts=[TEXT, TEXT], mode="commit"),
        _speak("after-end", endpoints, after=["append_text"]),
    ]


def _faults(endpoints: Endpoints, nowhere: str) -> list[dict[str, Any]]:
    how: dict[str, dict[str, Any]] = {name: {"model": f"matrix-{name}", "after": ["append_text"]} for name in FAULTS}
    how |= {
        "nothing-listening": {"url": nowhere},
        "bad-voice": {"settings": {"voice": "Nobody"}},
        "callback-raises": {"raise_on": "response.audio.delta"},
        "callback-raises-first": {"raise_on": "session.created"},
        "before-connect": {"unconnected": True},
    }
    return [
        _speak(f"fault.{name}#{turn}", endpoints, **more)
        for name, more in how.items()
        for turn in range(REPEATS if name in RACES else 1)
    ]


def _http(endpoints: Endpoints, models: Sequence[str]) -> list[dict[str, Any]]:
    def ask(id: str, model: str, *, door: str = "MultiModalConversation", **more: Any) -> dict[str, Any]:
        given = {"model": model, "text": "Good morning.", "voice": "Cherry", **more}
        return {"id": id, "do": "ask", "door": door, "arguments": given}

    return [
        *(ask(f"http.{model}", model) for model in models),
        ask("http.sibling", "qwen3-tts-flash", language_type="English"),
        ask("http.sibling-plain", "qwen3-tts-flash"),
        ask("http.instructions", "qwen3-tts-instruct-flash", instructions="Speak slowly."),
        ask("http.synthesizer", "qwen3-tts-flash", door="SpeechSynthesizer"),
    ]


def _client(endpoints: Endpoints, nowhere: str) -> list[dict[str, Any]]:
    base = {"do": "converse", "url": endpoints.ws_url, "http_url": endpoints.http_url, "model": FLASH, "texts": [TEXT]}
    faults = ("refused-401", "error-event", "drop-fin", "drop-rst", "close-1011", "stall", "malformed", "silent-close")
    return [
        {**base, "id": "client.server_commit", "update": {"voice": "Cherry", "mode": "server_commit"}},
        {**base, "id": "client.commit", "mode": "commit", "update": {"voice": "Cherry", "mode": "commit"}},
        *(
            {**base, "id": f"client.fault.{name}#{turn}", "model": f"matrix-{name}", "update": {"voice": "Cherry"}}
            for name in faults
            for turn in range(REPEATS if name in RACES else 1)
        ),
        {**base, "id": "client.fault.nothing-listening#0", "url": nowhere, "update": {"voice": "Cherry"}},
    ]
