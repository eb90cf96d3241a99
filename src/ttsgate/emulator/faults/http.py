"""HTTP answers are refused, broken or wrong."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from typing import Any

from ttsgate.emulator.faults.hooks import Hooks, HttpCall
from ttsgate.emulator.faults.registry import Args, Param, fault, seconds, word
from ttsgate.emulator.faults.transforms import OnHttp

__all__: list[str] = []

_FAMILY = word("any", "answers concerned", "any", "generation", "customization", "models", "tokens", "files")
_HTML = (
    b"<!DOCTYPE html><html><head><title>Welcome</title></head><body>Please log in to the guest network.</body></html>"
)


def _concerned(args: Args) -> tuple[str, ...]:
    return () if args["on"] == "any" else (args["on"],)


def _refusing(
    name: str, says: str, status: int, code: str, message: str, *, check: str, cause: str, party: str
) -> None:
    def build(args: Args) -> Hooks:
        def change(call: HttpCall, _: Hooks) -> None:
            call.answer(
                status, {"code": code, "message": message, "request_id": "2a8e4c70-91d3-4f5b-a6c2-7d0b3e9f1848"}
            )

        return OnHttp(change, *_concerned(args))

    fault(name, says, check=check, cause=cause, party=party, on=_FAMILY)(build)


_WAYS = "N-models N-voices"

_refusing(
    "http.bad-key",
    "A good key is refused with 401 InvalidApiKey.",
    401,
    "InvalidApiKey",
    "Invalid API-key provided.",
    check=_WAYS,
    cause="key.invalid",
    party="key",
)
_refusing(
    "http.denied",
    "Access is denied with 403.",
    403,
    "AccessDenied",
    "Access denied.",
    check=_WAYS,
    cause="permission.denied",
    party="key",
)
_refusing(
    "http.rate",
    "Too many requests: 429.",
    429,
    "Throttling.RateQuota",
    "Requests rate limit exceeded, please try again later.",
    check=_WAYS,
    cause="quota.rate",
    party="key",
)
_refusing(
    "http.arrears",
    "The account is overdue: 400 Arrearage.",
    400,
    "Arrearage",
    "Access denied, please make sure your account is in good standing.",
    check=_WAYS,
    cause="arrears",
    party="key",
)
_refusing(
    "http.internal-error",
    "500 InternalError.",
    500,
    "InternalError",
    "An internal error has occured, please try again later.",
    check=_WAYS,
    cause="service.error",
    party="service",
)
_refusing(
    "http.busy",
    "503 ModelUnavailable.",
    503,
    "ModelUnavailable",
    "Model is unavailable, please try again later.",
    check=_WAYS,
    cause="service.overloaded",
    party="service",
)


def _changing(
    name: str,
    says: str,
    change: Any,
    *,
    check: str,
    cause: str,
    party: str = "service",
    family: str = "",
    scene: str = "",
    **params: Param,
) -> None:
    """A fault that changes answers of one family of addresses, or of one that is named as parameter ``on``."""

    def build(args: Args) -> Hooks:
        families = (family,) if family else _concerned(args)
        return OnHttp(lambda call, _: change(call, args), *families)

    known = params if family else {**params, "on": _FAMILY}
    fault(f"http.{name}", says, check=check, cause=cause, party=party, scene=scene, params=known)(build)


def _wait(call: HttpCall, args: Args) -> None:
    call.wait_s += args["for_"]


def _reset(call: HttpCall, _: Args) -> None:
    call.cut_at = 0


def _cut(call: HttpCall, _: Args) -> None:
    call.cut_at = 25


_changing(
    "hang",
    "Answers come only after minutes.",
    _wait,
    check=_WAYS,
    cause="service.hang network.timeout",
    for_=seconds(300.0, "time before the answer"),
)
_changing(
    "reset",
    "The connection is reset instead of an answer.",
    _reset,
    check=_WAYS,
    cause="network.dropped",
    party="network",
)
_changing("cut", "The answer ends in its middle.", _cut, check=_WAYS, cause="network.dropped", party="network")
_changing(
    "portal",
    "A captive portal answers with its log-in page.",
    lambda call, _: call.answer_bytes(200, _HTML, "text/html"),
    check=_WAYS,
    cause="network.portal",
    party="network",
)
_changing(
    "empty-object",
    "Everything is answered with an empty object.",
    lambda call, _: call.answer(200, {}),
    check=_WAYS,
    cause="service.nonsense service.error",
)
_changing(
    "hidden-reason",
    "Refusals have an empty object for a body, as on workspace hosts.",
    lambda call, _: call.answer(call.status, {}) if call.status >= 400 else None,
    check="C-http-refusal",
    cause="service.error service.protocol client.request",
    scene="refusal",
)


def _without_ours(call: HttpCall, _: Args) -> None:
    if call.document and isinstance(call.document.get("data"), list):
        call.document["data"] = [m for m in call.document["data"] if "tts" not in str(m.get("id"))]


_changing(
    "models-without-tts",
    "The model list has none of the speech models.",
    _without_ours,
    check="N-models-listed",
    cause="lifecycle.unavailable permission.model",
    family="models",
)
_changing(
    "models-null",
    "The model list is null.",
    lambda call, _: call.answer(200, {"object": "list", "data": None}),
    check="N-models",
    cause="service.nonsense service.error service.protocol",
    family="models",
)


def _served(call: HttpCall, _: Args) -> None:
    if call.status == 400:
        audio = {"data": "", "url": "http://127.0.0.1/none.wav", "id": "audio_1", "expires_at": 1790000000}
        output = {"text": None, "finish_reason": "stop", "choices": None, "audio": audio}
        call.answer(200, {"request_id": "r-1", "output": output, "usage": {"characters": 13}})


_changing(
    "realtime-served",
    "A realtime model is served over HTTP as if it were not one.",
    _served,
    check="C-http-refusal",
    cause="service.protocol",
    family="generation",
    scene="refusal",
)


def _audio(call: HttpCall) -> dict[str, Any]:
    output = (call.document or {}).get("output")
    audio = output.get("audio") if isinstance(output, dict) else None
    return audio if isinstance(audio, dict) else {}


_changing(
    "no-url",
    "The non-realtime answer has no address of the audio.",
    lambda call, _: _audio(call).pop("url", None),
    check="C-fallback-wav",
    cause="service.fallback",
    family="generation",
    scene="fallback",
)
_changing(
    "no-output",
    "The non-realtime answer has no output.",
    lambda call, _: (call.document or {}).pop("output", None),
    check="C-fallback-wav",
    cause="service.fallback",
    family="generation",
    scene="fallback",
)
_changing(
    "wav-gone",
    "The address of the audio answers 404.",
    lambda call, _: call.answer_bytes(404, b"<Error><Code>NoSuchKey</Code></Error>", "application/xml"),
    check="C-fallback-wav",
    cause="service.fallback",
    family="files",
    scene="fallback",
)
_changing(
    "wav-expired",
    "The address of the audio has expired at once.",
    lambda call, _: call.answer_bytes(403, b"<Error><Code>AccessDenied</Code></Error>", "application/xml"),
    check="C-fallback-wav",
    cause="service.fallback permission.denied",
    family="files",
    scene="fallback",
)
_changing(
    "wav-page",
    "The address of the audio answers with a page instead of a WAV.",
    lambda call, _: call.answer_bytes(200, _HTML, "text/html"),
    check="C-fallback-wav",
    cause="service.fallback network.portal",
    family="files",
    scene="fallback",
)
_changing(
    "wav-empty",
    "The WAV is empty.",
    lambda call, _: call.answer_bytes(200, b"", "audio/wav"),
    check="C-fallback-wav",
    cause="service.fallback",
    family="files",
    scene="fallback",
)
_changing(
    "wav-header-only",
    "The WAV has a header and no samples.",
    lambda call, _: call.answer_bytes(call.status, call.content[:44], "audio/wav"),
    check="C-fallback-wav",
    cause="service.fallback",
    family="files",
    scene="fallback",
)
_changing(
    "wav-silent",
    "The WAV holds zeros.",
    lambda call, _: call.answer_bytes(call.status, call.content[:44] + bytes(len(call.content[44:])), "audio/wav"),
    check="C-fallback-wav A-silence",
    cause="service.fallback service.silence",
    family="files",
    scene="fallback",
)


class _SilentStream(Hooks):
    def http_event(self, document: dict[str, Any]) -> Iterable[dict[str, Any]]:
        audio = document.get("output", {}).get("audio", {})
        if audio.get("data"):
            audio["data"] = base64.b64encode(bytes(len(base64.b64decode(audio["data"])))).decode()
        return (document,)


@fault(
    "http.stream-silent",
    "The audio of server-sent events is silence.",
    check="C-fallback-wav A-silence",
    cause="service.fallback service.silence",
    scene="fallback",
)
def _stream_silent(_: Args) -> Hooks:
    return _SilentStream()


class _EndlessStream(Hooks):
    def http_event(self, document: dict[str, Any]) -> Iterable[dict[str, Any]]:
        return () if document.get("output", {}).get("finish_reason") == "stop" else (document,)


@fault(
    "http.stream-unfinished",
    "The stream of server-sent events ends without its last event.",
    check="C-fallback-wav",
    cause="service.fallback",
    scene="fallback",
)
def _stream_unfinished(_: Args) -> Hooks:
    return _EndlessStream()


# -- custom voices -----------------------------------------------------------------------------


def _action(call: HttpCall) -> str:
    given = call.request.get("input")
    return str(given.get("action")) if isinstance(given, dict) else ""


def _on_action(
    name: str, says: str, action: str, change: Any, *, check: str, cause: str, scene: str = "custom-voice"
) -> None:
    def apply(call: HttpCall, args: Args) -> None:
        if _action(call) == action:
            change(call)

    _changing(name, says, apply, check=check, cause=cause, family="customization", scene=scene)


def _error(status: int, code: str, message: str) -> Any:
    return lambda call: call.answer(status, {"code": code, "message": message, "request_id": "r-2"})


def _other_target(call: HttpCall) -> None:
    if call.document and isinstance(call.document.get("output"), dict):
        call.document["output"]["target_model"] = "qwen3-tts-vd-2026-01-26"


def _no_voices(call: HttpCall) -> None:
    if call.document and isinstance(call.document.get("output"), dict):
        call.document["output"].update(voice_list=[], total_count=0)


_on_action(
    "voice-create-fails",
    "Creating a voice fails with 500.",
    "create",
    _error(500, "InternalError", "An internal error has occured, please try again later."),
    check="N-voice-create",
    cause="service.error",
)
_on_action(
    "voice-quota",
    "No more voices may be created.",
    "create",
    _error(400, "Throttling.AllocationQuota", "Maximum voice storage limit exceeded, please delete existing voices."),
    check="N-voice-create",
    cause="quota.allocated",
)
_on_action(
    "voice-other-target",
    "A created voice belongs to another model than the one asked for.",
    "create",
    _other_target,
    check="N-voice-create",
    cause="service.setting service.voice",
)
_on_action(
    "voice-list-fails",
    "The list of voices fails with 500.",
    "list",
    _error(500, "InternalError", "An internal error has occured, please try again later."),
    check="N-voices",
    cause="service.error",
    scene="lists",
)
_on_action(
    "voice-list-empty",
    "The list of voices is empty although there are some.",
    "list",
    _no_voices,
    check="N-voice-listed",
    cause="service.voice",
)
_on_action(
    "voice-delete-fails",
    "Deleting a voice fails with 500.",
    "delete",
    _error(500, "InternalError", "An internal error has occured, please try again later."),
    check="N-voice-delete",
    cause="service.error",
)
