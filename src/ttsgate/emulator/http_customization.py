"""POST /api/v1/services/audio/tts/customization: designed and cloned voices.

Shapes and limits: https://help.aliyun.com/zh/model-studio/voice-design-api-references (``qwen-voice-design``) and
https://help.aliyun.com/zh/model-studio/qwen-tts-voice-cloning (``qwen-voice-enrollment``).
"""

from __future__ import annotations

import asyncio
import base64
import re
from typing import Any

from ttsgate import catalog
from ttsgate.emulator import http_errors as errors
from ttsgate.emulator.account import Account, CustomVoice, VoiceKind
from ttsgate.emulator.http_errors import ApiError, invalid_parameter
from ttsgate.emulator.http_reply import Call, Reply
from ttsgate.emulator.speech.engine import Speech
from ttsgate.emulator.speech.formats import Encoder, wav_file
from ttsgate.emulator.speech.timbre import timbre_of

__all__ = ["CUSTOMIZATION_PATH", "LANGUAGE_CODES", "Customization"]

CUSTOMIZATION_PATH = "/api/v1/services/audio/tts/customization"

LANGUAGE_CODES = {
    "zh": "Chinese", "en": "English", "de": "German", "it": "Italian", "pt": "Portuguese",
    "es": "Spanish", "ja": "Japanese", "ko": "Korean", "fr": "French", "ru": "Russian",
}  # fmt: skip
"""``language`` of a custom voice -> the language's name as ``language_type`` has it."""

_KINDS: dict[str, VoiceKind] = {"qwen-voice-design": "design", "qwen-voice-enrollment": "clone"}
_NAME = re.compile(r"[A-Za-z0-9_]{1,16}", re.ASCII)
_PAGE_INDEX = {"design": range(201), "clone": range(1_000_001)}
_PAGE_SIZE = {"design": range(1, 1_000_001), "clone": range(1_000_001)}
_RATES = (8_000, 16_000, 24_000, 48_000)
_FORMATS = ("pcm", "wav", "mp3", "opus")


class Customization:
    """The family's handler."""

    def __init__(self, account: Account, speech: Speech) -> None:
        self._account = account
        self._speech = speech

    async def post(self, call: Call) -> Reply | ApiError:
        """Create, list, query or delete custom voices of the service that ``model`` names."""
        kind = _KINDS.get(call.model)
        if kind is None:
            known = self._account.find_model(call.model) is not None
            return errors.URL_ERROR if known else errors.MODEL_NOT_EXIST if call.model else errors.INVALID_PARAMETERS
        problem = self._account.model_problem(call.model) or self._account.admit(call.model)
        if problem is not None:
            return problem
        action = call.input.get("action")
        if action == "create":
            return await (self._design(call) if kind == "design" else self._clone(call))
        if action == "list":
            return self._list(call, kind)
        if action == "delete":
            return self._delete(call, kind)
        if action == "query" and (kind == "design" or self._account.behaviour("clone-query") == "answered"):
            return self._query(call, kind)
        return errors.INVALID_PARAMETERS

    def _common(self, call: Call, kind: VoiceKind) -> tuple[catalog.Model, str] | ApiError:
        """The target model and the language of a create request."""
        given = call.input
        name = given.get("preferred_name")
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            return errors.INVALID_PARAMETERS
        language = given.get("language", "zh")
        if not isinstance(language, str) or language not in LANGUAGE_CODES:
            return errors.INVALID_PARAMETERS
        target = given.get("target_model")
        model = self._account.find_model(target) if isinstance(target, str) else None
        if model is None or model.custom_voice != kind:
            return errors.MODEL_NOT_EXIST if target else errors.INVALID_PARAMETERS
        return self._account.model_problem(model.name) or (model, language)

    async def _design(self, call: Call) -> Reply | ApiError:
        common = self._common(call, "design")
        if isinstance(common, ApiError):
            return common
        model, language = common
        prompt, preview = call.input.get("voice_prompt"), call.input.get("preview_text")
        for text, longest in ((prompt, 2048), (preview, 1024)):
            if not isinstance(text, str) or not text.strip():
                return errors.INVALID_PARAMETERS
            if len(text) > longest:
                return invalid_parameter(f"Range of input length should be [1, {longest}]")
        rate, fmt = call.parameters.get("sample_rate", 24_000), call.parameters.get("response_format", "wav")
        if type(rate) is not int or rate not in _RATES or fmt not in _FORMATS:
            return errors.INVALID_PARAMETERS
        voice = self._account.create_voice(
            "design", model.name, call.input["preferred_name"],
            language=language, voice_prompt=prompt, preview_text=preview,
        )  # fmt: skip
        if isinstance(voice, ApiError):
            return voice
        data = await self._preview(model, voice, rate, fmt)
        audio = {"data": data, "sample_rate": rate, "response_format": fmt}
        output = {"voice": voice.voice, "target_model": model.name, "preview_audio": audio}
        return Reply(document={"output": output, "usage": {"count": 1}, "request_id": call.request_id})

    async def _preview(self, model: catalog.Model, voice: CustomVoice, rate: int, fmt: str) -> str:
        samples = await self._speech.render(
            voice.preview_text or "",
            voice=timbre_of(model, voice.voice),
            sample_rate=rate,
            language=LANGUAGE_CODES[voice.language],
        )
        if fmt == "wav":
            return base64.b64encode(wav_file(samples, rate)).decode("ascii")
        encoder = Encoder(fmt, rate, 128)
        return base64.b64encode(encoder.feed(samples) + encoder.finish()).decode("ascii")

    async def _clone(self, call: Call) -> Reply | ApiError:
        common = self._common(call, "clone")
        if isinstance(common, ApiError):
            return common
        model, language = common
        audio = call.input.get("audio")
        data = audio.get("data") if isinstance(audio, dict) else None
        if not isinstance(data, str) or not data:
            return errors.INVALID_PARAMETERS
        problem = await self._unfit(data)
        if problem is not None:
            return problem
        voice = self._account.create_voice("clone", model.name, call.input["preferred_name"], language=language)
        if isinstance(voice, ApiError):
            return voice
        output: dict[str, Any] = {"voice": voice.voice, "target_model": model.name}
        fallback = self._account.behaviour("clone-fallback")
        if fallback != "absent":
            output |= {"fallback_mode": True, "fallback_reason": fallback}
        return Reply(document={"output": output, "usage": {"count": 1}, "request_id": call.request_id})

    async def _unfit(self, data: str) -> ApiError | None:
        if data.startswith(("http://", "https://")):
            return None if self._account.behaviour("clone-audio-url") == "accepted" else errors.AUDIO_DECODER
        mixed = self._account.behaviour("clone-stereo") == "mixed"
        return await asyncio.to_thread(_judge, data, mixed=mixed)

    def _list(self, call: Call, kind: VoiceKind) -> Reply | ApiError:
        index, size = call.input.get("page_index", 0), call.input.get("page_size", 10)
        # bool is an int, and true is no page.
        if type(index) is not int or type(size) is not int:
            return errors.INVALID_PARAMETERS
        if index not in _PAGE_INDEX[kind] or size not in _PAGE_SIZE[kind]:
            return errors.INVALID_PARAMETERS
        voices = self._account.voices(kind)
        page = [_entry(voice) for voice in voices[index * size : (index + 1) * size]]
        output = {"page_index": index, "page_size": size, "total_count": len(voices), "voice_list": page}
        return self._reply(call, kind, output)

    def _query(self, call: Call, kind: VoiceKind) -> Reply | ApiError:
        name = call.input.get("voice")
        if not isinstance(name, str) or not name:
            return errors.INVALID_PARAMETERS
        voice = self._account.find_voice(kind, name)
        if voice is None:
            return ApiError(400, "VoiceNotFound", f"Voice not found: {name}")
        return self._reply(call, kind, _entry(voice))

    def _delete(self, call: Call, kind: VoiceKind) -> Reply | ApiError:
        name = call.input.get("voice")
        if not isinstance(name, str) or not name:
            return errors.INVALID_PARAMETERS
        if self._account.find_voice(kind, name) is None:
            return ApiError(400, "BadRequest.VoiceNotFound", f"Voice '{name}' not found.")
        self._account.delete_voice(name)
        return self._reply(call, kind, {"voice": name})

    def _reply(self, call: Call, kind: VoiceKind, output: dict[str, Any]) -> Reply:
        count = self._account.behaviour("design-usage-count") if kind == "design" else "0"
        usage = {} if count == "absent" else {"count": int(count)}
        return Reply(document={"output": output, "usage": usage, "request_id": call.request_id})


def _judge(data: str, *, mixed: bool) -> ApiError | None:
    from ttsgate.emulator.http_samples import decode, judge

    recording = decode(data)
    return recording if isinstance(recording, ApiError) else judge(recording, mixed=mixed)


def _entry(voice: CustomVoice) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "voice": voice.voice,
        "gmt_create": voice.gmt_create,
        "gmt_modified": voice.gmt_create,
        "language": voice.language,
        "target_model": voice.target_model,
    }
    if voice.kind == "design":
        entry |= {"voice_prompt": voice.voice_prompt, "preview_text": voice.preview_text}
    return entry
