"""How the emulator sounds and what that rests on: the voice's part of the fidelity page.

Only numbers that a listener could hold against the service stand here; none of them imitates a real voice.
"""

from __future__ import annotations

from ttsgate.emulator.switches import Basis, Switch

__all__ = ["BEHAVIOURS"]

_CLIENT = "https://help.aliyun.com/en/model-studio/qwen-tts-realtime-client-events"
_VOICES = "https://help.aliyun.com/zh/model-studio/qwen-tts-voice-list"
_OURS = "our choice"


def _fixed(name: str, basis: Basis, source: str, description: str) -> Switch:
    return Switch(name, ("always",), basis, source, description)


BEHAVIOURS: tuple[Switch, ...] = (
    _fixed("voice-timbres", "inferred", _OURS, "Voices differ in pitch or colour; none sounds like its original."),
    _fixed("voice-dialects", "inferred", _VOICES, "Of the dialects only Cantonese is spoken (Rocky, Kiki)."),
    _fixed("voice-custom", "inferred", _OURS, "A custom voice sounds by its id, not by its prompt or sample."),
    _fixed("native-rate", "documented", _CLIENT, "Speech is made at 24 kHz; at 48 kHz nothing lies above 12 kHz."),
    _fixed("speech-rate", "inferred", f"{_CLIENT}: range only", "Duration goes with 1 / speech_rate, within 10 %."),
    _fixed("pitch-rate", "inferred", f"{_CLIENT}: range only", "F0 goes with pitch_rate; the resonances stay."),
    _fixed("volume", "inferred", f"{_CLIENT}: range only", "Amplitude goes with volume / 50; 0 is digital silence."),
    _fixed(
        "instructions-effect",
        "inferred",
        _OURS,
        "Words of tempo, height, level and mood change delivery; other wordings change it by their hash.",
    ),
    _fixed("language-type", "inferred", f"{_CLIENT}: names only", "Characters it cannot read go by their script."),
    _fixed("bit-rate-reach", "inferred", "libsndfile", "bit_rate goes to the nearest the codec has; opus ends at 256."),
    _fixed("mp3-length", "inferred", _OURS, "A streamed mp3 plays about 0.1 s longer than was spoken."),
)
"""Fixed behaviours of the voices and encoders."""
