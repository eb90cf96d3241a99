"""Who says what about the end of which model.

The sources contradict each other and nobody has a primary copy of two of the notices, so the
catalogue takes no side: it keeps the statements, and evidence prints them.
"""

from __future__ import annotations

from ttsgate.catalog.model import Claim

__all__ = ["ENDS", "claims_for", "contested", "replacements"]

ENDS = "2026-10-10T00:00:00+08:00"
"""The moment that all notices name."""

_NOTICE_792 = "https://www.alibabacloud.com/zh/notice/modelstudiospeech_series_legacy_mainline_models_eos_notice_792"
_THIRD_PARTY = "third-party transcription of Alibaba notices 2000 and 2009 (no public primary copy found)"
_CONSOLE = "third-party copy of the console's quota page, Singapore (no public copy found)"
_DOCS = "https://www.alibabacloud.com/help/en/model-studio/realtime-websocket-python-sdk-qwen-tts-realtime"

_OFFICIAL = frozenset({"qwen-tts", "qwen-tts-realtime", "qwen-voice-design"})

_TRANSCRIBED = frozenset({
    "qwen-voice-design",
    "qwen-voice-enrollment",
    "qwen3-tts-flash-2025-09-18",
    "qwen3-tts-flash-2025-11-27",
    "qwen3-tts-flash-realtime-2025-09-18",
    "qwen3-tts-flash-realtime-2025-11-27",
    "qwen3-tts-instruct-flash",
    "qwen3-tts-instruct-flash-2026-01-26",
    "qwen3-tts-instruct-flash-realtime",
    "qwen3-tts-instruct-flash-realtime-2026-01-22",
    "qwen3-tts-vc-2026-01-22",
    "qwen3-tts-vc-realtime-2025-11-27",
    "qwen3-tts-vc-realtime-2026-01-15",
    "qwen3-tts-vd-2026-01-26",
    "qwen3-tts-vd-realtime-2025-12-16",
    "qwen3-tts-vd-realtime-2026-01-15",
})  # fmt: skip

_STILL_LISTED = frozenset({
    "qwen3-tts-flash-realtime",
    "qwen3-tts-instruct-flash-realtime",
    "qwen3-tts-instruct-flash-realtime-2026-01-22",
    "qwen3-tts-vd-realtime-2026-01-15",
    "qwen3-tts-vc-realtime-2026-01-15",
})  # fmt: skip


def claims_for(name: str) -> tuple[Claim, ...]:
    """Every statement about the end of that model or voice service, oldest first; empty if there is none."""
    claims = []
    if name in _OFFICIAL:
        claims.append(
            Claim(
                f"{name} ends on 2026-10-10 00:00 UTC+8; calls then return no result",
                _NOTICE_792,
                "2026-06-05",
            )
        )
    if name in _TRANSCRIBED:
        claims.append(Claim(f"{name} ends on 2026-10-10 00:00 UTC+8", _THIRD_PARTY, "2026-10-01", basis="third party"))
    if name == "qwen3-tts-flash-realtime":
        claims.append(
            Claim(
                "the notices end its snapshot qwen3-tts-flash-realtime-2025-11-27 but do not name the undated alias",
                _THIRD_PARTY,
                "2026-10-01",
                basis="third party",
            )
        )
    if name in _STILL_LISTED:
        claims.append(Claim(f"{name} is listed with quota", _CONSOLE, "2026-10-03", basis="third party"))
        claims.append(
            Claim(
                "the documentation still describes Qwen-TTS Realtime",
                _DOCS,
                "2026-11-19",
            )
        )
    return tuple(claims)


def replacements(name: str) -> tuple[tuple[str, ...], str] | None:
    """What a notice names in place of that model, and which notice; None where none names anything.

    They speak other protocols than Qwen-TTS Realtime: what calls them has to be changed, not only the name.
    """
    if name in _OFFICIAL:
        return ("cosyvoice-v3-flash", "cosyvoice-v3.5-flash"), _NOTICE_792
    if name in _TRANSCRIBED:
        return ("cosyvoice-v3.5-plus", "qwen3.5-omni-plus-realtime"), _THIRD_PARTY
    return None


def contested(model_name: str) -> str | None:
    """One sentence on a retirement that the sources disagree about, with sources and dates; None if there is none.

    An announced end that nobody disputes is not contested; it stands in the model's `lifecycle`.
    """
    if model_name not in _TRANSCRIBED or model_name in _OFFICIAL:
        return None
    against = (
        f"against it stand {_CONSOLE}, of 2026-10-03, which lists it with quota, and documentation dated 2026-11-19"
        if model_name in _STILL_LISTED
        else "no official notice that names it was found"
    )
    return (
        f"{model_name}: retirement on 2026-10-10 is contested: a {_THIRD_PARTY}, read 2026-10-01, says that it ends; "
        f"{against} ({_DOCS}); the notices are of the international site, so Beijing may differ (deduced)."
    )
