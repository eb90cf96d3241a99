"""All model strings that are known, with capabilities.

Read on https://help.aliyun.com/zh/model-studio/realtime-tts-user-guide,
https://help.aliyun.com/zh/model-studio/newly-released-models and
https://help.aliyun.com/zh/model-studio/rate-limit; deduced fields say so in `Model.basis`.
"""

from __future__ import annotations

from types import MappingProxyType

from ttsgate.catalog.lifecycle import claims_for
from ttsgate.catalog.model import Family, Model
from ttsgate.catalog.voices import FLASH, FLASH_2025_09_18, INSTRUCT, LEGACY, VOICES_BASIS

__all__ = ["CONTESTED_SAMPLE_RATES", "FIVE", "LANGUAGES", "MODELS", "VOICE_SERVICES"]

LANGUAGES = (
    "Auto", "Chinese", "English", "German", "Italian", "Portuguese", "Spanish", "Japanese", "Korean", "French",
    "Russian",
)  # fmt: skip
"""Values of ``language_type``: ten languages and ``Auto``, the default."""

CONTESTED_SAMPLE_RATES = (22_050, 44_100)
"""Sample rates in Hz that comments of the vendor's SDKs name and the documentation does not."""

VOICE_SERVICES = {"design": "qwen-voice-design", "clone": "qwen-voice-enrollment"}
"""``model`` of the voice customization call, by kind of custom voice."""

FIVE = (
    "qwen3-tts-flash-realtime",
    "qwen3-tts-instruct-flash-realtime",
    "qwen3-tts-instruct-flash-realtime-2026-01-22",
    "qwen3-tts-vd-realtime-2026-01-15",
    "qwen3-tts-vc-realtime-2026-01-15",
)
"""The model strings that a run covers unless told otherwise, in order of presentation."""

_REALTIME = "https://help.aliyun.com/zh/model-studio/realtime-tts-user-guide"
_HTTP = "https://help.aliyun.com/zh/model-studio/non-realtime-tts-user-guide"
_RATE_LIMIT = "https://help.aliyun.com/zh/model-studio/rate-limit"
_DATE = "2026-11-22"
_TEN = LANGUAGES[1:]
_VOICES: dict[Family, tuple[str, ...]] = {"flash": FLASH, "instruct": INSTRUCT, "vd": (), "vc": (), "legacy": LEGACY}


def _model(
    name: str,
    family: Family,
    *,
    sibling: str | None = None,
    snapshot: str | None = None,
    since: str | None = None,
    voices: tuple[str, ...] | None = None,
    rpm: int = 180,
    basis: dict[str, str] | None = None,
) -> Model:
    realtime = "-realtime" in name
    legacy = family == "legacy"
    said = dict(basis or {})
    system = _VOICES[family] if voices is None else voices
    if system and realtime:
        said["voices"] = VOICES_BASIS
    if family == "instruct":
        said["voices"] = (said.get("voices", "") + "; Ebona is deduced as the 25th").lstrip("; ")
    return Model(
        name=name,
        family=family,
        realtime=realtime,
        sibling=sibling,
        instructions=family == "instruct",
        custom_voice="design" if family == "vd" else "clone" if family == "vc" else None,
        voices=system,
        default_voice="Cherry" if system else None,
        formats=("wav",) if not realtime else ("pcm",) if legacy else ("pcm", "wav", "mp3", "opus"),
        sample_rates=(24_000,) if legacy or not realtime else (8_000, 16_000, 24_000, 48_000),
        languages=("Chinese", "English") if legacy else _TEN,
        snapshot=snapshot,
        online_since=since,
        regions=("cn-beijing",) if legacy else ("cn-beijing", "ap-southeast-1"),
        requests_per_minute=rpm,
        max_characters=None if realtime or legacy else 600,
        billing="tokens" if legacy else "characters",
        source=_RATE_LIMIT if legacy else _REALTIME if realtime else _HTTP,
        date=_DATE,
        basis=MappingProxyType(said),
        lifecycle=claims_for(name),
    )


_DATED_TWIN = {"sibling": "the dated HTTP model nearest in name; the documentation pairs only the undated ones"}

MODELS: dict[str, Model] = {
    m.name: m
    for m in (
        _model(
            "qwen3-tts-flash-realtime", "flash",
            sibling="qwen3-tts-flash", snapshot="qwen3-tts-flash-realtime-2025-11-27", since="2025-09-22",
        ),
        _model(
            "qwen3-tts-instruct-flash-realtime", "instruct",
            sibling="qwen3-tts-instruct-flash", snapshot="qwen3-tts-instruct-flash-realtime-2026-01-22",
            since="2026-02-04",
        ),
        _model(
            "qwen3-tts-instruct-flash-realtime-2026-01-22", "instruct",
            sibling="qwen3-tts-instruct-flash-2026-01-26", since="2026-02-04", basis=_DATED_TWIN,
        ),
        _model(
            "qwen3-tts-vd-realtime-2026-01-15", "vd",
            sibling="qwen3-tts-vd-2026-01-26", since="2026-01-14", basis=_DATED_TWIN,
        ),
        _model(
            "qwen3-tts-vc-realtime-2026-01-15", "vc",
            sibling="qwen3-tts-vc-2026-01-22", since="2026-01-14",
            basis={**_DATED_TWIN, "online_since": "sources say 2026-01-14 to 2026-01-16"},
        ),
        _model("qwen3-tts-flash-realtime-2025-11-27", "flash", sibling="qwen3-tts-flash-2025-11-27"),
        _model(
            "qwen3-tts-flash-realtime-2025-09-18", "flash",
            sibling="qwen3-tts-flash-2025-09-18", voices=FLASH_2025_09_18, rpm=10,
        ),
        _model("qwen3-tts-vd-realtime-2025-12-16", "vd", sibling="qwen3-tts-vd-2026-01-26", basis=_DATED_TWIN),
        _model("qwen3-tts-vc-realtime-2025-11-27", "vc", sibling="qwen3-tts-vc-2026-01-22", basis=_DATED_TWIN),
        _model("qwen3-tts-flash", "flash", snapshot="qwen3-tts-flash-2025-11-27"),
        _model("qwen3-tts-flash-2025-11-27", "flash"),
        _model("qwen3-tts-flash-2025-09-18", "flash", voices=FLASH_2025_09_18, rpm=10),
        _model("qwen3-tts-instruct-flash", "instruct", snapshot="qwen3-tts-instruct-flash-2026-01-26"),
        _model("qwen3-tts-instruct-flash-2026-01-26", "instruct"),
        _model("qwen3-tts-vd-2026-01-26", "vd"),
        _model("qwen3-tts-vc-2026-01-22", "vc"),
        _model("qwen-tts-realtime", "legacy", sibling="qwen-tts", rpm=10),
        _model("qwen-tts-realtime-latest", "legacy", sibling="qwen-tts-latest", rpm=10),
        _model("qwen-tts-realtime-2025-07-15", "legacy", sibling="qwen-tts", rpm=10, basis=_DATED_TWIN),
        _model("qwen-tts", "legacy", rpm=10),
        _model("qwen-tts-latest", "legacy", rpm=10),
        _model("qwen-tts-2025-05-22", "legacy", rpm=10),
        _model("qwen-tts-2025-04-10", "legacy", rpm=10),
    )
}  # fmt: skip
"""Every known model by its exact string, the five first."""
