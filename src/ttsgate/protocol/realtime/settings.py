"""What ``session.update`` can set, how it is read, and the choices where the service is undocumented.

Source of names, ranges and defaults: https://help.aliyun.com/en/model-studio/qwen-tts-realtime-client-events
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from ttsgate import catalog

__all__ = ["Refusal", "Rules", "Settings", "read_settings"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What ``session.update`` sets, with the documented defaults."""

    voice: str = "Cherry"
    mode: str = "server_commit"
    language_type: str = "Auto"
    response_format: str = "pcm"
    sample_rate: int = 24_000
    speech_rate: float = 1.0
    volume: int = 50
    pitch_rate: float = 1.0
    bit_rate: int = 128
    instructions: str | None = None
    optimize_instructions: bool = False
    enable_tn: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What the model can do, and the choices where the service is undocumented."""

    formats: tuple[str, ...] = ("pcm", "wav", "mp3", "opus")
    sample_rates: tuple[int, ...] = (8_000, 16_000, 24_000, 48_000)
    takes_instructions: bool = False
    tunable: bool = True
    """Whether rate, pitch, volume and bit rate exist (not on the legacy model)."""
    counts_tokens: bool = False
    """Usage as the legacy model reports it."""
    late_update: str = "while-speaking"
    rejected_update: str = "fails-session"
    voice_check: str = "update"
    unknown_keys: str = "ignored"
    echo: str = "documented"
    after_error: str = "keep-open"
    malformed_json: str = "error"
    empty_commit: str = "error"
    append_without_text: str = "error"
    segmentation: str = "sentence"
    segment_min: int = 24
    segment_max: int = 300
    auto_responses: str = "joined"
    auto_committed: bool = True
    committed_item: str = "empty"
    done_response_id: bool = False
    cancel: str = "incomplete"
    error_detail: str = "code-message"
    max_buffered_text: int = 200_000
    max_queued: int = 1_000


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why something cannot be done, in the service's words."""

    code: str
    message: str


def read_settings(given: dict[str, Any], before: Settings, rules: Rules) -> Settings | Refusal:
    """The settings after an update, or why it is refused as a whole; null leaves a value as it is."""
    changes = {}
    for key, value in given.items():
        if value is None:
            continue
        if key not in _READERS:
            if rules.unknown_keys == "error" and key != "model":
                return Refusal("invalid_value", f"Session update error: unknown key '{key[:80]}'.")
            continue
        if (key in _TUNING and not rules.tunable) or (key in _INSTRUCTING and not rules.takes_instructions):
            continue
        problem = _READERS[key](value, rules)
        if problem is not None:
            return Refusal("invalid_value", f"Session update error: {key} {problem}.")
        changes[key] = value
    return replace(before, **changes)


# -- readers of session.update: each says what is wrong with a value, or None ------------------

_Reader = Callable[[Any, Rules], str | None]


def _string(value: Any, _: Rules) -> str | None:
    return None if isinstance(value, str) and value else "must be a non-empty string"


def _choice(pick: Callable[[Rules], tuple[Any, ...]]) -> _Reader:
    def read(value: Any, rules: Rules) -> str | None:
        values = pick(rules)
        fits = isinstance(value, str | int) and not isinstance(value, bool) and value in values
        return None if fits else f"must be one of {', '.join(map(str, values))}"

    return read


def _number(low: float, high: float, *, whole: bool) -> _Reader:
    def read(value: Any, _: Rules) -> str | None:
        fits = isinstance(value, int if whole else (int, float)) and not isinstance(value, bool)
        return None if fits and low <= value <= high else f"must be between {low} and {high}"

    return read


def _flag(value: Any, _: Rules) -> str | None:
    return None if isinstance(value, bool) else "must be true or false"


def _instructions(value: Any, _: Rules) -> str | None:
    if not isinstance(value, str):
        return "must be a string"
    # 1600 tokens are documented; no tokenizer is published, and a token is hardly ever under one character.
    return None if len(value) <= 6_400 else "must be at most 1600 tokens"


_READERS: dict[str, _Reader] = {
    "voice": _string,
    "mode": _choice(lambda rules: ("server_commit", "commit")),
    "language_type": _choice(lambda rules: catalog.LANGUAGES),
    "response_format": _choice(lambda rules: rules.formats),
    "sample_rate": _choice(lambda rules: rules.sample_rates),
    "speech_rate": _number(0.5, 2.0, whole=False),
    "volume": _number(0, 100, whole=True),
    "pitch_rate": _number(0.5, 2.0, whole=False),
    "bit_rate": _number(6, 510, whole=True),
    "instructions": _instructions,
    "optimize_instructions": _flag,
    "enable_tn": _flag,
}
_TUNING = {"speech_rate", "volume", "pitch_rate", "bit_rate"}
_INSTRUCTING = {"instructions", "optimize_instructions"}
