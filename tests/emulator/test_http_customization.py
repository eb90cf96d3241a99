"""Designed and cloned voices: create, list, query, delete, and every limit."""

from __future__ import annotations

import base64
import io
import struct
from typing import Any

import numpy as np
import pytest
import soundfile

from tests.emulator.http_service import CUSTOMIZATION, VC, VD, Service, data_uri, tone, with_service

DESIGN, CLONE = "qwen-voice-design", "qwen-voice-enrollment"
BAD = (400, "InvalidParameter", "Required parameter(s) missing or invalid, please check the request parameters.")
DECODER = (400, "Audio.DecoderError", "Decoder audio file failed.")
RATE = (400, "Audio.AudioRateError", "File sample rate unsupported.")
DURATION = (400, "Audio.DurationLimitError", "Audio duration exceeds maximum allowed limit.")
PREPROCESS = (400, "Audio.PreprocessError", "Audio preprocess error.")
SEGMENTS = (400, "Audio.PreprocessError", "No segments meet minimum duration requirement")


class TestDesign:
    def test_life_of_a_voice(self) -> None:
        """Created with a preview, listed and queried with what it was made of, deleted, gone."""

        async def scene(service: Service) -> None:
            made = (await service.design(language="en")).json
            voice = made["output"]["voice"]
            preview = made["output"]["preview_audio"]
            sound, rate = soundfile.read(io.BytesIO(base64.b64decode(preview["data"])))

            assert voice.startswith("qwen-tts-vd-demo-voice-20260101100000-")
            assert (made["output"]["target_model"], made["usage"]) == (VD, {"count": 1})
            assert (preview["sample_rate"], preview["response_format"], rate) == (24_000, "wav", 24_000)
            assert np.abs(sound).max() > 0.05

            entry = {
                "voice": voice, "gmt_create": "2026-01-01 10:00:00", "gmt_modified": "2026-01-01 10:00:00",
                "language": "en", "target_model": VD, "voice_prompt": "calm low voice",
                "preview_text": "Good evening.",
            }  # fmt: skip
            listed = (await service.voices(DESIGN, "list")).json
            assert listed["output"] == {"page_index": 0, "page_size": 10, "total_count": 1, "voice_list": [entry]}
            assert listed["usage"] == {"count": 0}
            assert (await service.voices(DESIGN, "query", voice=voice)).json["output"] == entry
            assert (await service.voices(CLONE, "list")).json["output"]["total_count"] == 0

            gone = (await service.voices(DESIGN, "delete", voice=voice)).json
            assert (gone["output"], gone["usage"]) == ({"voice": voice}, {"count": 0})
            assert (await service.voices(DESIGN, "delete", voice=voice)).error == (
                400, "BadRequest.VoiceNotFound", f"Voice '{voice}' not found.",
            )  # fmt: skip
            assert (await service.voices(DESIGN, "query", voice=voice)).error == (
                400, "VoiceNotFound", f"Voice not found: {voice}",
            )  # fmt: skip

        with_service(scene)

    def test_two_voices_sound_different(self) -> None:
        """Previews of two voices with the same text differ."""

        async def scene(service: Service) -> None:
            one, two = [(await service.design()).json["output"]["preview_audio"]["data"] for _ in range(2)]

            assert one != two

        with_service(scene)

    @pytest.mark.parametrize("fmt", ["pcm", "wav", "mp3", "opus"])
    def test_preview_format(self, fmt: str) -> None:
        """The preview comes in the format that was asked for and lasts as long in each."""

        async def scene(service: Service) -> None:
            made = await service.design(parameters={"response_format": fmt})
            preview = made.json["output"]["preview_audio"]
            data = base64.b64decode(preview["data"])
            seconds = len(data) / 48_000 if fmt == "pcm" else soundfile.info(io.BytesIO(data)).duration

            assert preview["response_format"] == fmt
            assert 0.5 < seconds < 2.5

        with_service(scene)

    @pytest.mark.parametrize("rate", [8000, 16000, 48000])
    def test_preview_rate(self, rate: int) -> None:
        """The preview has the rate that was asked for."""

        async def scene(service: Service) -> None:
            made = await service.design(parameters={"sample_rate": rate, "response_format": "wav"})
            data = base64.b64decode(made.json["output"]["preview_audio"]["data"])

            assert soundfile.info(io.BytesIO(data)).samplerate == rate

        with_service(scene)

    @pytest.mark.parametrize(
        ("given", "expected"),
        [
            ({"preferred_name": "a" * 16}, None),
            ({"preferred_name": "a" * 17}, BAD),
            ({"preferred_name": "my-voice"}, BAD),
            ({"preferred_name": "stimme_é"}, BAD),
            ({"preferred_name": "demo\n"}, BAD),
            ({"preferred_name": ""}, BAD),
            ({"preferred_name": None}, BAD),
            ({"language": "nl"}, BAD),
            ({"language": ["zh"]}, BAD),
            ({"voice_prompt": None}, BAD),
            ({"voice_prompt": "x" * 2048}, None),
            ({"voice_prompt": "x" * 2049}, (400, "InvalidParameter", "Range of input length should be [1, 2048]")),
            ({"preview_text": " "}, BAD),
            ({"preview_text": "x" * 1025}, (400, "InvalidParameter", "Range of input length should be [1, 1024]")),
            ({"target_model": None}, BAD),
            ({"target_model": "qwen3-tts-vd-realtime"}, (400, "InvalidParameter", "Model not exist.")),
            ({"target_model": VC}, (400, "InvalidParameter", "Model not exist.")),
            ({"target_model": {"a": 1}}, (400, "InvalidParameter", "Model not exist.")),
            ({"parameters": {"sample_rate": 22050}}, BAD),
            ({"parameters": {"sample_rate": [1]}}, BAD),
            ({"parameters": {"sample_rate": 24000.0}}, BAD),
            ({"parameters": {"response_format": "ogg"}}, BAD),
            ({"action": "create_voice"}, BAD),
            ({"action": None}, BAD),
        ],
    )
    def test_limits(self, given: dict[str, Any], expected: tuple[int, str, str] | None) -> None:
        """Each documented limit holds, at its edge."""

        async def scene(service: Service) -> None:
            answer = await service.design(**given)

            assert (None if answer.status == 200 else answer.error) == expected
            assert len(service.account.voices("design")) == (expected is None)

        with_service(scene)

    @pytest.mark.parametrize(("value", "usage"), [("0", {"count": 0}), ("1", {"count": 1}), ("absent", {})])
    def test_contested_usage(self, value: str, usage: dict[str, int]) -> None:
        """What a list costs is told in three ways by the documentation; each can be chosen."""

        async def scene(service: Service) -> None:
            assert (await service.voices(DESIGN, "list")).json["usage"] == usage

        with_service(scene, switches={"design-usage-count": value})


class TestList:
    def test_pages_newest_first(self) -> None:
        """Pages count from zero, newest first, and end quietly."""

        async def scene(service: Service) -> None:
            made = []
            for _ in range(3):
                service.clock.now += 1
                made.append((await service.design()).json["output"]["voice"])

            async def page(index: int) -> list[str]:
                listed = await service.voices(DESIGN, "list", page_index=index, page_size=2)
                assert listed.json["output"]["total_count"] == 3
                return [entry["voice"] for entry in listed.json["output"]["voice_list"]]

            assert [await page(0), await page(1), await page(2)] == [made[:0:-1], made[:1], []]

        with_service(scene)

    @pytest.mark.parametrize(
        ("service_name", "given", "good"),
        [
            (DESIGN, {"page_index": 200}, True), (DESIGN, {"page_index": 201}, False),
            (CLONE, {"page_index": 201}, True), (CLONE, {"page_size": 0}, True), (DESIGN, {"page_size": 0}, False),
            (DESIGN, {"page_index": -1}, False), (DESIGN, {"page_index": "0"}, False),
            (CLONE, {"page_size": True}, False),
            (CLONE, {"page_size": 1.0}, False), (CLONE, {"page_size": None}, False),
        ],
    )  # fmt: skip
    def test_bounds(self, service_name: str, given: dict[str, Any], *, good: bool) -> None:
        """Page numbers and sizes have documented bounds and are whole numbers."""

        async def scene(service: Service) -> None:
            answer = await service.voices(service_name, "list", **given)

            assert answer.status == 200 if good else answer.error == BAD

        with_service(scene)


class TestClone:
    def test_life_of_a_voice(self) -> None:
        """A good recording becomes a voice for exactly its model; there is nothing to query."""

        async def scene(service: Service) -> None:
            made = (await service.clone(data_uri(tone(4)))).json
            voice = made["output"]["voice"]

            assert made["output"] == {"voice": voice, "target_model": VC}
            assert made["usage"] == {"count": 1}
            assert service.account.voice_problem(VC, voice) is None
            assert service.account.voice_problem("qwen3-tts-vc-realtime-2025-11-27", voice) is not None
            (entry,) = (await service.voices(CLONE, "list")).json["output"]["voice_list"]
            assert (entry["voice"], entry["target_model"]) == (voice, VC)
            assert "voice_prompt" not in entry
            assert (await service.voices(CLONE, "query", voice=voice)).error == BAD
            assert (await service.voices(DESIGN, "delete", voice=voice)).error[1] == "BadRequest.VoiceNotFound"
            assert (await service.voices(CLONE, "delete", voice=voice)).status == 200

        with_service(scene)

    def test_contested_query(self) -> None:
        """The other reading of the documentation, that clones can be queried, can be chosen."""

        async def scene(service: Service) -> None:
            voice = (await service.clone(data_uri(tone(4)))).json["output"]["voice"]

            assert (await service.voices(CLONE, "query", voice=voice)).json["output"]["voice"] == voice

        with_service(scene, switches={"clone-query": "answered"})

    @pytest.mark.parametrize(
        ("data", "expected"),
        [
            (data_uri(tone(3)), None),
            (data_uri(tone(2.9)), SEGMENTS),
            (data_uri(tone(4), fmt="MP3", media_type="audio/mpeg"), None),
            (data_uri(tone(4, rate=16_000), rate=16_000), RATE),
            (data_uri(tone(4, rate=44_100), rate=44_100), None),
            (data_uri(tone(60.5)), DURATION),
            (data_uri(tone(4, channels=2)), PREPROCESS),
            (data_uri(tone(4, level=0)), PREPROCESS),
            (data_uri(tone(4, level=0.0005)), PREPROCESS),
            (data_uri(np.concatenate([tone(2), tone(1, level=0), tone(2)])), SEGMENTS),
            (data_uri(np.concatenate([tone(2), tone(0.3, level=0), tone(2)])), None),
            (data_uri(tone(4)[:0]), PREPROCESS),
            (data_uri(tone(4), media_type="audio/ogg"), DECODER),
            (data_uri(tone(4))[:400], DECODER),
            ("data:audio/wav;base64,!!!", DECODER),
            ("data:audio/wav;base64,", DECODER),
            ("data:audio/wav,AAAA", DECODER),
            ("data:audio/wav;base64," + base64.b64encode(b"RIFF" + bytes(2000)).decode(), DECODER),
            ("not a data uri", DECODER),
            ("data:audio/wav;base64," + "A" * (10 * 1024 * 1024 + 1), (400, "Audio.FileSizeExceed", "File too large")),
        ],
        ids=lambda value: value[:40] if isinstance(value, str) else None,
    )
    def test_recordings(self, data: str, expected: tuple[int, str, str] | None) -> None:
        """Each requirement on the recording is checked on its sound and has its own error."""

        async def scene(service: Service) -> None:
            answer = await service.clone(data)

            assert (None if answer.status == 200 else answer.error) == expected

        with_service(scene)

    @pytest.mark.parametrize("audio", [None, "data:", {}, {"data": None}, {"data": ""}, {"data": 7}, []])
    def test_missing_recording(self, audio: Any) -> None:
        """A request without a recording is no decoder's business."""

        async def scene(service: Service) -> None:
            assert (await service.clone("", audio=audio)).error == BAD

        with_service(scene)

    def test_stereo_and_address_as_switches(self) -> None:
        """Two undocumented choices can be turned round."""

        async def scene(service: Service) -> None:
            assert (await service.clone(data_uri(tone(4, channels=2)))).status == 200
            assert (await service.clone("https://example.com/a.wav")).error == DECODER

        with_service(scene, switches={"clone-stereo": "mixed", "clone-audio-url": "refused"})

    def test_an_address_is_not_fetched(self) -> None:
        """A public address is accepted unheard: the emulator goes nowhere."""

        async def scene(service: Service) -> None:
            before = service.base
            assert (await service.clone(f"{before}/never-asked.wav")).status == 200

        with_service(scene)

    def test_fallback(self) -> None:
        """The reply can say that the service fell back."""

        async def scene(service: Service) -> None:
            output = (await service.clone(data_uri(tone(4)))).json["output"]

            assert (output["fallback_mode"], output["fallback_reason"]) == (True, "no_merged_segments")

        with_service(scene, switches={"clone-fallback": "no_merged_segments"})


def box(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", 8 + len(content)) + name + content


def m4a(*, rate: int = 44_100, channels: int = 1, seconds: float = 5.0) -> str:
    """An M4A file without any sound in it, as far as its container goes."""
    mdhd = bytes(12) + struct.pack(">II", 1000, int(seconds * 1000)) + bytes(16)
    entry = bytes(16) + struct.pack(">HHHHI", channels, 16, 0, 0, rate << 16)
    stsd = bytes(8) + box(b"mp4a", bytes(8) + entry[8:])
    mdia = box(b"mdhd", mdhd) + box(b"minf", box(b"stbl", box(b"stsd", stsd)))
    file = box(b"ftyp", b"M4A \0\0\0\0") + box(b"moov", box(b"trak", box(b"mdia", mdia)))
    return "data:audio/mp4;base64," + base64.b64encode(file).decode()


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (m4a(), None), (m4a(rate=16_000), RATE), (m4a(seconds=61), DURATION), (m4a(channels=2), PREPROCESS),
        (m4a(seconds=2), SEGMENTS), (m4a()[:60], DECODER),
    ],
)  # fmt: skip
def test_m4a_by_its_container(data: str, expected: tuple[int, str, str] | None) -> None:
    """M4A is judged by what its container says, since nothing here decodes it."""

    async def scene(service: Service) -> None:
        answer = await service.clone(data)

        assert (None if answer.status == 200 else answer.error) == expected

    with_service(scene)


class TestService:
    @pytest.mark.parametrize(
        ("model", "expected"),
        [
            ("voice-enrollment", (400, "InvalidParameter", "Model not exist.")),
            (VD, (400, "InvalidParameter", "url error, please check url！")),
            ("", BAD),
            (None, BAD),
            (["qwen-voice-design"], BAD),
        ],
    )
    def test_other_models(self, model: Any, expected: tuple[int, str, str]) -> None:
        """The neighbouring protocol's service and speech models are refused as reported."""

        async def scene(service: Service) -> None:
            answer = await service.post(CUSTOMIZATION, {"model": model, "input": {"action": "list"}})

            assert answer.error == expected

        with_service(scene)

    def test_retired_service(self) -> None:
        """A voice service can be gone while the other one works."""

        async def scene(service: Service) -> None:
            assert (await service.voices(DESIGN, "list")).error[:2] == (404, "ModelNotFound")
            assert (await service.voices(CLONE, "list")).status == 200

        with_service(scene, model_states={DESIGN: "retired"})

    @pytest.mark.parametrize(
        ("switch", "expected"),
        [
            ("storage", (400, "Throttling.AllocationQuota",
                         "Maximum voice storage limit exceeded, please delete existing voices.")),
            ("clone", (429, "Throttling.AllocationQuota", "Maximum voice-clone voice limit exceeded.")),
        ],
    )  # fmt: skip
    def test_quota_of_voices(self, switch: str, expected: tuple[int, str, str]) -> None:
        """The account holds so many voices of both kinds together; deleting one makes room."""

        async def scene(service: Service) -> None:
            first = (await service.design()).json["output"]["voice"]
            await service.clone(data_uri(tone(4)))
            assert (await service.design()).error == expected
            await service.voices(DESIGN, "delete", voice=first)
            assert (await service.design()).status == 200

        with_service(scene, voice_quota=2, switches={"voice-quota-error": switch})

    def test_rate(self) -> None:
        """Voice calls have the service's rate, too, but cost nothing that an overdue account lacks."""

        async def scene(service: Service) -> None:
            outcomes = [(await service.voices(DESIGN, "list")).status for _ in range(4)]

            assert outcomes == [200, 200, 200, 429]

        with_service(scene, sessions_per_second=3, sessions_per_minute=180, arrears=True)
