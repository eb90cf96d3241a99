"""What the account and HTTP side of the emulator does where the service is undocumented or its sources disagree.

An entry with one value says what the emulator does and on what basis; one with several can be switched.
"""

from __future__ import annotations

from ttsgate.emulator.switches import Switch

__all__ = ["BEHAVIOURS", "BEHAVIOUR_DEFAULTS"]

_ERRORS = "https://help.aliyun.com/zh/model-studio/error-code"
_CLONE = "https://help.aliyun.com/zh/model-studio/qwen-tts-voice-cloning"
_DESIGN = "https://help.aliyun.com/zh/model-studio/voice-design-api-references"
_TTS = "https://help.aliyun.com/zh/model-studio/qwen-tts-api"
_SDK = "https://github.com/dashscope/dashscope-sdk-python"
_F1 = "field notes on Model Studio, Beijing, 2026-09-19"
_F2 = "field notes on a DashScope proxy, 164 model ids, 2026-08-31"

BEHAVIOURS: tuple[Switch, ...] = (
    Switch(
        "retirement",
        ("ignored", "announced"),
        "inferred",
        "https://help.aliyun.com/en/model-studio/model-depreciation against pages dated 2026-11-19",
        "Models whose retirement on 2026-10-10 is contested stay active; `announced` retires them on that day.",
    ),
    Switch(
        "http-unknown-model",
        ("InvalidParameter", "ModelNotFound"),
        "documented",
        f"both are on {_ERRORS}",
        "An HTTP call with a model name that does not exist is refused with this code.",
    ),
    Switch(
        "http-retired-model",
        ("ModelNotFound", "InvalidParameter"),
        "inferred",
        _ERRORS,
        "An HTTP call of a retired model is refused with this code; the notices only say that calls return no result.",
    ),
    Switch(
        "realtime-over-http",
        ("refused",),
        "field",
        "https://github.com/AstrBotDevs/AstrBot/issues/6045",
        "A realtime model on the multimodal-generation endpoint: 400 InvalidParameter `Invalid message type: `.",
    ),
    Switch(
        "retiring-share",
        ("10", "25", "50"),
        "inferred",
        "https://help.aliyun.com/en/model-studio/model-depreciation",
        "A retiring model keeps this percentage of its request rate; that limits shrink is documented, how is not.",
    ),
    Switch(
        "free-tier-status",
        ("403", "429"),
        "documented",
        f"{_ERRORS} says 403, {_F2} saw 429",
        "HTTP status of AllocationQuota.FreeTierOnly.",
    ),
    Switch(
        "quota-edge",
        ("served",),
        "inferred",
        "our choice",
        "The request that crosses a character allowance is served, the next one is refused.",
    ),
    Switch(
        "rate-window",
        ("sliding",),
        "inferred",
        "https://help.aliyun.com/zh/model-studio/rate-limit gives the numbers only",
        "Requests are counted in a sliding window of one second and of one minute; refused ones do not count.",
    ),
    Switch(
        "unknown-workspace",
        ("NOT AUTHORIZED", "Workspace.AccessDenied", "WorkSpaceNotFound"),
        "documented",
        f"all three are on {_ERRORS}",
        "A workspace that is unknown to the account is refused with this code.",
    ),
    Switch(
        "http-voice-error",
        ("InvalidParameter",),
        "field",
        "voice audition report of 2026-03-01 on qwen3-tts-instruct-flash",
        "A voice that the HTTP model does not have: 400 InvalidParameter `Voice is not supported`.",
    ),
    Switch(
        "http-missing-voice",
        ("refused",),
        "field",
        _F2,
        "A missing voice: 400 `The voice property is required`; a missing text is worded alike.",
    ),
    Switch(
        "http-text-length",
        ("refused",),
        "inferred",
        f"limit from {_TTS}, text of {_ERRORS} for other models",
        "More than 600 characters (code points): 400 `Range of input length should be [1, 600]`.",
    ),
    Switch(
        "http-language",
        ("refused", "ignored"),
        "inferred",
        f"list from {_TTS}",
        "A language_type outside the documented list.",
    ),
    Switch(
        "instructions-elsewhere",
        ("ignored",),
        "inferred",
        _TTS,
        "`instructions` on a model that is not an instruct model is ignored.",
    ),
    Switch(
        "sse-framing",
        ("dashscope",),
        "field",
        "third-party gateways that keep observed responses as test data",
        "Events are `id:`, `event:`, `:HTTP_STATUS/`, `data:` without blanks after the colons.",
    ),
    Switch(
        "sse-refusal",
        ("event", "json"),
        "field",
        f"as sse-framing; {_SDK} reads both",
        "A refusal of a streaming request: an error event with the refusal's HTTP status, or plain JSON.",
    ),
    Switch(
        "sse-audio",
        ("pcm",),
        "field",
        "third-party clients",
        "The audio of stream events is 24 kHz PCM without a header; the last event has the URL of a WAV.",
    ),
    Switch(
        "wav-expired",
        ("403", "404"),
        "inferred",
        "https://help.aliyun.com/zh/oss/ (AccessDenied, Request has expired.)",
        "A WAV address that is older than 24 hours is refused as the object store refuses it: XML, this status.",
    ),
    Switch(
        "design-query",
        ("answered",),
        "documented",
        _DESIGN,
        "`query` of a designed voice answers; an unknown voice is 400 VoiceNotFound.",
    ),
    Switch(
        "clone-query",
        ("refused", "answered"),
        "documented",
        f"{_CLONE} and {_F1} know only list; other pages list query for both",
        "`query` of a cloned voice.",
    ),
    Switch(
        "design-usage-count",
        ("0", "1", "absent"),
        "documented",
        f"field text of {_DESIGN}: always 1; its examples: 0, or an empty usage",
        "`usage.count` on list, query and delete of designed voices.",
    ),
    Switch(
        "voice-quota-error",
        ("storage", "clone"),
        "documented",
        f"{_ERRORS}: 400 `Maximum voice storage limit exceeded` and 429 `Maximum voice-clone voice limit exceeded`",
        "The refusal of the 1001st voice.",
    ),
    Switch(
        "clone-stereo",
        ("refused", "mixed"),
        "inferred",
        f"{_CLONE} asks for mono, the error is not given",
        "A recording with more than one channel.",
    ),
    Switch(
        "clone-audio-url",
        ("accepted", "refused"),
        "inferred",
        "the emulator opens no outgoing connection",
        "A recording given as a public address is accepted without being fetched; nothing leaves the machine.",
    ),
    Switch(
        "clone-m4a",
        ("container",),
        "inferred",
        "the emulator carries no AAC decoder",
        "M4A recordings are judged by their container (rate, duration, channels), not by their sound.",
    ),
    Switch(
        "clone-fallback",
        ("absent", "no_merged_segments", "no_valid_asr_segments"),
        "documented",
        _CLONE,
        "`fallback_mode` and `fallback_reason` in the reply to a clone.",
    ),
    Switch(
        "custom-voice-ready",
        ("at-once",),
        "inferred",
        "replies carry no status field",
        "A custom voice can be used at once and is never reviewed.",
    ),
    Switch(
        "catalogue-auth",
        ("required", "open"),
        "documented",
        f"documented as required; {_F1} says the vendor's tool reads it without",
        "GET /api/v1/models without a key.",
    ),
    Switch(
        "catalogue-wrapper",
        ("output",),
        "field",
        f"{_SDK} reads output.models",
        "GET /api/v1/models answers `output.models[]` with `total`, `page_no`, `page_size`.",
    ),
    Switch(
        "compatible-wrapper",
        ("openai",),
        "inferred",
        _F2,
        "GET /compatible-mode/v1/models answers the list shape of the OpenAI interface, its errors the error shape.",
    ),
    Switch(
        "error-bodies",
        ("shown", "hidden"),
        "field",
        f"{_F1}: the public host gives the reason, a workspace's host often answers {{}}",
        "Bodies of HTTP refusals below 500.",
    ),
    Switch(
        "http-oversize-body",
        ("413",),
        "inferred",
        "our choice",
        "A request body above 20 MB: 413.",
    ),
)

BEHAVIOUR_DEFAULTS = {behaviour.name: behaviour.default for behaviour in BEHAVIOURS}
"""Name of each behaviour to the value in force unless told otherwise."""
