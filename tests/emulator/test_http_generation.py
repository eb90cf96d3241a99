"""Speech over plain HTTP: what a client gets and how it is refused."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from tests.emulator.http_service import FLASH, GENERATION, VC, VD, Service, with_service
from ttsgate import catalog
from ttsgate.emulator.speech import Speech

PARAMETERS = "Required parameter(s) missing or invalid, please check the request parameters."
NOT_EXIST = (400, "InvalidParameter", "Model not exist.")
NOT_FOUND = (404, "ModelNotFound", "Model can not be found.")
URL_ERROR = (400, "InvalidParameter", "url error, please check url！")
REALTIME = [name for name, model in catalog.MODELS.items() if model.realtime]
HTTP = [name for name, model in catalog.MODELS.items() if not model.realtime]


def frames(content: bytes) -> list[dict[str, Any]]:
    """The data of each event of a stream, after checking its framing."""
    documents = []
    for number, block in enumerate(content.decode().split("\n\n")[:-1], 1):
        first, event, status, data = block.split("\n")
        assert (first, event, status) == (f"id:{number}", "event:result", ":HTTP_STATUS/200")
        documents.append(json.loads(data.removeprefix("data:")))
    return documents


class TestSpeech:
    def test_wav_by_url(self) -> None:
        """The reply has the documented shape and its address serves a 24 kHz mono WAV of speech, without a key."""

        async def scene(service: Service) -> None:
            answer = await service.speak(text="Good morning.")
            output = answer.json["output"]
            audio = output.pop("audio")
            wav = await service.ask("GET", audio["url"], headers={"Authorization": ""})
            sound, rate = soundfile.read(io.BytesIO(wav.content))

            assert output == {"text": None, "finish_reason": "stop", "choices": None}
            assert (audio["data"], audio["id"]) == ("", f"audio_{answer.json['request_id']}")
            assert audio["expires_at"] == int(service.clock.now) + 86_400
            assert audio["url"].startswith(service.base)
            assert answer.json["usage"] == {"input_tokens": 0, "output_tokens": 0, "characters": 13}
            assert (rate, sound.ndim) == (24_000, 1)
            assert 0.5 < len(sound) / rate < 3
            assert np.sqrt(np.mean(sound**2)) > 0.01

        with_service(scene)

    def test_stream_and_file_are_the_same_audio(self) -> None:
        """The stream's chunks are 24 kHz PCM that together is the file; only the last event says stop."""

        async def scene(service: Service) -> None:
            events = frames((await service.speak(stream=True)).content)
            *parts, last = [event["output"] for event in events]
            pcm = b"".join(base64.b64decode(part["audio"]["data"]) for part in parts)
            wav = await service.ask("GET", last["audio"]["url"])
            sound, _ = soundfile.read(io.BytesIO(wav.content), dtype="int16")

            assert len(parts) > 2
            assert {part["finish_reason"] for part in parts} == {"null"}
            assert {part["audio"]["url"] for part in parts} == {""}
            assert (last["finish_reason"], last["audio"]["data"]) == ("stop", "")
            assert sound.astype("<i2").tobytes() == pcm
            assert len({event["request_id"] for event in events}) == 1

        with_service(scene)

    def test_han_counts_two(self) -> None:
        """Characters are billed by the service's rule."""

        async def scene(service: Service) -> None:
            answer = await service.speak(text="你好, Bob")

            assert answer.json["usage"]["characters"] == 4 + len(", Bob")

        with_service(scene)

    @pytest.mark.parametrize("model", [name for name in HTTP if catalog.MODELS[name].custom_voice is None])
    def test_every_http_model_speaks(self, model: str) -> None:
        """Each model of the catalogue that is called by HTTP answers; token-billed ones report tokens."""

        async def scene(service: Service) -> None:
            answer = await service.speak(model, text="Hello.")
            usage = answer.json["usage"]

            assert answer.status == 200
            assert (usage["characters"] > 0) == (catalog.MODELS[model].billing == "characters")
            assert (usage["output_tokens"] >= 50) == (catalog.MODELS[model].billing == "tokens")

        with_service(scene)

    def test_instructions_reach_instruct_models_only(self) -> None:
        """The wish and the language reach the voice of an instruct model; other models never hear a wish."""
        heard = []

        class Listening(Speech):
            async def render(self, text: str, **options: Any) -> Any:
                heard.append((options["language"], options["instructions"]))
                return await super().render(text, **options)

        async def scene(service: Service) -> None:
            for model in ("qwen3-tts-flash", "qwen3-tts-instruct-flash"):
                for language in ("English", "Auto"):
                    assert (await service.speak(model, instructions="Fast.", language_type=language)).status == 200

        with_service(scene, speech=Listening())
        assert heard == [("English", None), (None, None), ("English", "Fast."), (None, "Fast.")]

    def test_custom_voice_of_the_exact_model(self) -> None:
        """A designed voice speaks with its target model; one for the realtime twin does not."""

        async def scene(service: Service) -> None:
            target = "qwen3-tts-vd-2026-01-26"
            fits = (await service.design(target_model=target)).json["output"]["voice"]
            other = (await service.design(target_model=VD)).json["output"]["voice"]

            assert (await service.speak(target, voice=fits)).status == 200
            assert (await service.speak(target, voice=other)).error == (
                400,
                "InvalidParameter",
                "Voice is not supported",
            )

        with_service(scene)


class TestRefusals:
    @pytest.mark.parametrize("model", REALTIME)
    @pytest.mark.parametrize("stream", [False, True])
    def test_realtime_models_are_not_called_by_http(self, model: str, *, stream: bool) -> None:
        """A realtime model is refused in the reported words, whatever the voice; output and usage are null."""

        async def scene(service: Service) -> None:
            answer = await service.speak(model, stream=stream, voice="no-such-voice")
            content = answer.content.decode()
            body = json.loads(content.rsplit("data:", 1)[1] if stream else content)
            body.pop("request_id")

            assert answer.status == 400
            expected = {"output": None, "usage": None, "code": "InvalidParameter", "message": "Invalid message type: "}
            assert body == expected

        with_service(scene)

    @pytest.mark.parametrize(
        ("given", "message"),
        [
            ({"voice": None}, "The voice property is required"),
            ({"voice": ""}, "The voice property is required"),
            ({"voice": 7}, "The voice property is required"),
            ({"text": None}, "The text property is required"),
            ({"text": " \n"}, "The text property is required"),
            ({"text": "a" * 601}, "Range of input length should be [1, 600]"),
            ({"voice": "cherry"}, "Voice is not supported"),
            ({"voice": "Klingon"}, "Voice is not supported"),
            ({"language_type": "Klingon"}, PARAMETERS),
            ({"language_type": ["English"]}, PARAMETERS),
        ],
    )  # fmt: skip
    def test_bad_input(self, given: dict[str, Any], message: str) -> None:
        """Each mistake in the input has its own words."""

        async def scene(service: Service) -> None:
            assert (await service.speak(**given)).error == (400, "InvalidParameter", message)

        with_service(scene)

    def test_600_characters_are_legal(self) -> None:
        """The longest legal text is spoken, Chinese too, where it is billed double."""

        async def scene(service: Service) -> None:
            answer = await service.speak(text="好" * 600)

            assert answer.json["usage"]["characters"] == 1200

        with_service(scene)

    @pytest.mark.parametrize(
        ("model", "switches", "states", "expected"),
        [
            ("qwen3-tts-flsh", {}, {}, NOT_EXIST),
            ("qwen3-tts-flsh", {"http-unknown-model": "ModelNotFound"}, {}, NOT_FOUND),
            (FLASH, {}, {FLASH: "retired"}, NOT_FOUND),
            (FLASH, {"http-retired-model": "InvalidParameter"}, {FLASH: "retired"}, NOT_EXIST),
            (FLASH, {}, {FLASH: "absent"}, (403, "Model.AccessDenied", "Model access denied.")),
            ("cosyvoice-v3-flash", {}, {}, URL_ERROR),
            ("qwen-voice-design", {}, {}, URL_ERROR),
        ],
    )  # fmt: skip
    def test_models_that_cannot_be_called(
        self, model: str, switches: dict[str, str], states: dict[str, str], expected: tuple[int, str, str]
    ) -> None:
        """Misspelt, retired, not for this key, or behind another address: each is told apart."""

        async def scene(service: Service) -> None:
            assert (await service.speak(model)).error == expected

        with_service(scene, switches=switches, model_states=states)

    def test_stream_refusals(self) -> None:
        """A refused stream is one error event with the refusal's status; a wrong key is plain JSON."""

        async def scene(service: Service) -> None:
            answer = await service.speak(stream=True, voice=None)
            service.headers = {"Authorization": "Bearer wrong"}
            keyless = await service.speak(stream=True)

            head, data = answer.content.decode().strip().rsplit("\n", 1)
            assert (answer.status, head) == (400, "id:1\nevent:error\n:HTTP_STATUS/400")
            assert json.loads(data.removeprefix("data:"))["code"] == "InvalidParameter"
            assert keyless.error == (401, "InvalidApiKey", "Invalid API-key provided.")

        with_service(scene)

    def test_stream_refusals_as_json(self) -> None:
        """The other way to refuse a stream can be chosen."""

        async def scene(service: Service) -> None:
            assert (await service.speak(stream=True, voice=None)).error[0] == 400

        with_service(scene, switches={"sse-refusal": "json"})

    def test_asynchronous_call(self) -> None:
        """The header for asynchronous calls is refused as documented."""

        async def scene(service: Service) -> None:
            answer = await service.post(GENERATION, {"model": FLASH}, **{"X-DashScope-Async": "enable"})

            assert answer.error == (403, "AccessDenied", "Current user api does not support asynchronous calls.")

        with_service(scene)

    def test_limits_and_money(self) -> None:
        """Rate, then allowance: refused requests are neither spoken nor billed."""

        async def scene(service: Service) -> None:
            assert [(await service.speak(text="Hello.")).status for _ in range(4)] == [200, 200, 200, 429]
            service.clock.now += 1
            assert (await service.speak(text="Hello.")).status == 200
            assert (await service.speak(text="Hello.")).error[1] == "AllocationQuota.FreeTierOnly"

        with_service(scene, sessions_per_second=3, sessions_per_minute=180, free_tier=24)


SDK_CHILD = """
import json, sys
import dashscope
dashscope.base_http_api_url = sys.argv[1]
out = []
for model, stream in (("qwen3-tts-flash", False), ("qwen3-tts-flash", True), (sys.argv[2], False)):
    reply = dashscope.MultiModalConversation.call(
        model=model, api_key="sk-emulator", text="Good morning.", voice="Cherry", stream=stream)
    replies = list(reply) if stream else [reply]
    out.append([{"status": r.status_code, "code": r.code, "message": r.message, "output": r.output, "usage": r.usage}
                for r in replies])
wrong = dashscope.MultiModalConversation.call(model="qwen3-tts-flash", api_key="sk-wrong", text="Hi.", voice="Cherry")
names = [m["model"] for m in dashscope.Models.list(page=1, page_size=50, api_key="sk-emulator").output["models"]]
print(json.dumps({"replies": out, "wrong": [wrong.status_code, wrong.code], "models": names}))
"""


def test_the_vendors_sdk(tmp_path: Path) -> None:
    """`dashscope` calls, streams, is refused and lists models against the emulator, unchanged."""

    async def scene(service: Service) -> None:
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-I", "-c", SDK_CHILD, f"{service.base}/api/v1", VC,
            env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"}, cwd=tmp_path,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        out, err = await child.communicate()
        assert child.returncode == 0, err.decode()
        seen = json.loads(out.decode().splitlines()[-1])
        (whole,), stream, (refused,) = seen["replies"]

        assert (whole["status"], whole["output"]["finish_reason"]) == (200, "stop")
        assert whole["output"]["audio"]["url"].startswith(service.base)
        assert whole["usage"]["characters"] == 13
        assert {r["status"] for r in stream} == {200}
        assert sum(len(base64.b64decode(r["output"]["audio"]["data"])) for r in stream) > 24_000
        assert stream[-1]["output"]["audio"]["url"]
        assert (refused["status"], refused["code"]) == (400, "InvalidParameter")
        assert (refused["message"], refused["output"], refused["usage"]) == ("Invalid message type: ", None, None)
        assert seen["wrong"] == [401, "InvalidApiKey"]
        assert seen["models"][:5] == list(catalog.FIVE)

    with_service(scene)
