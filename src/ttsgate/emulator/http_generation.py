"""POST /api/v1/services/aigc/multimodal-generation/generation: speech over plain HTTP.

Shapes: https://help.aliyun.com/zh/model-studio/qwen-tts-api
"""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

from ttsgate import catalog
from ttsgate.emulator import http_errors as errors
from ttsgate.emulator.account import Account
from ttsgate.emulator.http_errors import ApiError, invalid_parameter
from ttsgate.emulator.http_files import FileStore
from ttsgate.emulator.http_reply import Call, Reply
from ttsgate.emulator.speech.engine import Speech
from ttsgate.emulator.speech.formats import wav_file
from ttsgate.emulator.speech.timbre import timbre_of

if TYPE_CHECKING:
    import numpy as np

__all__ = ["GENERATION_PATH", "Generation"]

GENERATION_PATH = "/api/v1/services/aigc/multimodal-generation/generation"

_RATE = 24_000
_CHUNK_SAMPLES = _RATE // 5

_ELSEWHERE = ("cosyvoice-", "sambert-", "qwen-audio-", "paraformer-", "voice-enrollment", "qwen-voice-")
"""Beginnings of model names that exist but live behind another address."""


class Generation:
    """The family's handler; the WAV files go to ``files``."""

    def __init__(self, account: Account, speech: Speech, files: FileStore) -> None:
        self._account = account
        self._speech = speech
        self._files = files

    async def post(self, call: Call) -> Reply | ApiError:
        """Speak ``input.text`` with ``input.voice``, or refuse in the service's own words."""
        problem = self._refused(call)
        if problem is not None:
            return problem
        model = self._account.find_model(call.model)
        assert model is not None
        text, voice = call.input["text"], call.input["voice"]
        characters = catalog.count_characters(text)
        account = self._account
        problem = account.admit_session(call.principal, model.name) or account.spend(
            call.principal, model.name, characters
        )
        if problem is not None:
            return problem
        samples = await self._speech.render(
            text,
            voice=timbre_of(model, voice),
            sample_rate=_RATE,
            language=_language(call, model),
            instructions=_instructions(call, model),
        )
        audio_id = f"audio_{call.request_id}"
        url, expires = self._files.put(f"{audio_id}.wav", wav_file(samples, _RATE), call.origin)
        usage = _usage(model, text, characters, len(samples) / _RATE)
        last = _document(call, "stop", {"data": "", "url": url, "id": audio_id, "expires_at": expires}, usage)
        if not call.streaming:
            return Reply(document=last)
        return Reply(events=_events(call, samples, last))

    def _refused(self, call: Call) -> ApiError | None:
        """Everything that is checked before a request counts."""
        name = call.model
        if call.headers.get("X-DashScope-Async", "").lower() == "enable":
            return errors.ASYNC_NOT_SUPPORTED
        if not name:
            return errors.INVALID_PARAMETERS
        model = self._account.find_model(name)
        if model is None and name.startswith(_ELSEWHERE):
            return errors.URL_ERROR
        if model is not None and model.realtime:
            return errors.INVALID_MESSAGE_TYPE
        problem = self._account.model_problem(name)
        if problem is not None or model is None:
            return problem
        return self._bad_input(call, model)

    def _bad_input(self, call: Call, model: catalog.Model) -> ApiError | None:
        given = call.input
        for key in ("text", "voice"):
            if not isinstance(given.get(key), str) or not given[key].strip():
                return invalid_parameter(f"The {key} property is required")
        limit = model.max_characters
        if limit is not None and len(given["text"]) > limit:
            return invalid_parameter(f"Range of input length should be [1, {limit}]")
        language = given.get("language_type")
        known = language is None or language in ("Auto", *model.languages)
        if not known and self._account.behaviour("http-language") == "refused":
            return errors.INVALID_PARAMETERS
        return self._account.voice_problem(model.name, given["voice"])


def _language(call: Call, model: catalog.Model) -> str | None:
    language = call.input.get("language_type")
    return language if language in model.languages else None


def _instructions(call: Call, model: catalog.Model) -> str | None:
    wish = call.input.get("instructions") or call.parameters.get("instructions")
    return wish if model.instructions and isinstance(wish, str) else None


def _usage(model: catalog.Model, text: str, characters: int, duration_s: float) -> dict[str, Any]:
    if model.billing == "characters":
        return {"input_tokens": 0, "output_tokens": 0, "characters": characters}
    # 50 audio tokens a second, at least 50; text tokens are not published, so roughly one a word or ideograph.
    spoken = max(50, round(50 * duration_s))
    written = max(1, characters // 2)
    return {
        "input_tokens": written,
        "output_tokens": spoken,
        "total_tokens": written + spoken,
        "characters": 0,
        "input_tokens_details": {"text_tokens": written},
        "output_tokens_details": {"audio_tokens": spoken, "text_tokens": 0},
    }


def _document(call: Call, finish_reason: str, audio: dict[str, Any], usage: dict[str, Any]) -> dict[str, Any]:
    output = {"text": None, "finish_reason": finish_reason, "choices": None, "audio": audio}
    return {"output": output, "usage": usage, "request_id": call.request_id}


async def _events(call: Call, samples: np.ndarray[Any, Any], last: dict[str, Any]) -> AsyncIterator[dict[str, Any]]:
    audio = last["output"]["audio"]
    for start in range(0, len(samples), _CHUNK_SAMPLES):
        chunk = samples[start : start + _CHUNK_SAMPLES].astype("<i2").tobytes()
        data = {**audio, "data": base64.b64encode(chunk).decode("ascii"), "url": ""}
        # While it runs, finish_reason is the four letters "null", not a JSON null.
        yield _document(call, "null", data, last["usage"])
    yield last
