"""Sessions on real sockets."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import socket
from typing import Any

import numpy as np
import pytest
import soundfile
from websockets.asyncio.client import ClientConnection

from tests.emulator.realtime_service import (
    COMMIT,
    DELTA,
    FINISH,
    FLASH,
    INSTRUCT,
    KEY,
    TEXT,
    VC,
    VD,
    Talk,
    address,
    append,
    one,
    run,
    running,
    talk,
    update,
)
from ttsgate import catalog

CHAIN = [
    "input_text_buffer.committed",
    "response.created",
    "response.output_item.added",
    "response.content_part.added",
    DELTA,
    "response.audio.done",
    "response.content_part.done",
    "response.output_item.done",
    "response.done",
]
LONG = "It rained all day and nobody went out. " * 12


def alone(messages: list[Any], model: str = FLASH, **settings: Any) -> Talk:
    """One session with an emulator of its own."""

    async def go() -> Talk:
        async with running(**settings) as emulator:
            return await talk(address(emulator, model), messages)

    seen: Talk = run(go())
    return seen


def sound_of(data: bytes) -> tuple[Any, int]:
    """Samples and rate of a container."""
    samples, rate = soundfile.read(io.BytesIO(data), dtype="int16")
    return samples, int(rate)


class TestSession:
    def test_order(self) -> None:
        """The order is the one that was measured against the service, the end is 1000."""
        seen = alone(one())

        assert ["session.created", "session.updated", *CHAIN, "session.finished"] == seen.types
        assert 1000 == seen.code

    def test_default_session(self) -> None:
        """Without session.update, commit or event ids, text and finish are enough."""
        seen = alone([append(TEXT), FINISH])

        assert ["session.created", *CHAIN, "session.finished"] == seen.types
        assert "Cherry" == seen.of("response.created")[0]["response"]["voice"]

    def test_several_responses(self) -> None:
        """A socket carries several rounds in commit mode, each with its own ids and usage."""
        rounds = [part for text in ("One.", "Two or three.", "四") for part in (append(text), COMMIT)]
        seen = alone([update(mode="commit"), *rounds, FINISH])
        done = seen.of("response.done")

        # Commits are acknowledged at once, so only the responses keep to one another's order.
        assert 3 == seen.types.count("input_text_buffer.committed")
        without = [t for t in seen.types if t != "input_text_buffer.committed"]
        assert ["session.created", "session.updated", *CHAIN[1:] * 3, "session.finished"] == without
        assert [4, 13, 2] == [d["response"]["usage"]["characters"] for d in done]
        assert 3 == len({d["response"]["id"] for d in done})

    def test_server_commit_cuts(self) -> None:
        """Long text in server_commit is spoken in several segments without a commit; all of it is billed."""
        joined = alone([append(LONG), FINISH])
        seen = alone([append(LONG), FINISH], switches={"auto-responses": "separate"})
        done = seen.of("response.done")

        assert len(done) > 3
        assert 1 == len(joined.of("response.done"))
        assert len(joined.of("input_text_buffer.committed")) == len(done)
        assert len(joined.audio) == len(seen.audio)
        assert (
            sum(d["response"]["usage"]["characters"] for d in done)
            == (joined.of("response.done")[0]["response"]["usage"]["characters"])
        )
        assert len(LONG.rstrip()) <= sum(d["response"]["usage"]["characters"] for d in done) <= len(LONG)

    def test_unique_ids(self) -> None:
        """Every event has an id of its own: event_ and 21 characters."""
        ids = [e["event_id"] for e in alone(one()).events]

        assert len(ids) == len(set(ids))
        assert all(i.startswith("event_") and len(i) == 27 for i in ids)

    def test_same_seed_same_bytes(self) -> None:
        """Two emulators with one seed give the same bytes and ids; another seed gives other ids."""
        first, second, other = alone(one(), seed=3), alone(one(), seed=3), alone(one(), seed=4)

        assert first.messages == second.messages
        assert first.messages != other.messages

    @pytest.mark.parametrize("model", catalog.FIVE)
    def test_five_models(self, model: str) -> None:
        """Each of the five models speaks, with a system voice or a custom voice made for exactly it."""

        async def go() -> Talk:
            async with running() as emulator:
                voice = "Ethan"
                if (kind := catalog.find(model).custom_voice) is not None:
                    made = emulator.account.create_voice(kind, model, "mine")
                    voice = made.voice  # type: ignore[union-attr]
                return await talk(address(emulator, model), one(voice=voice))

        seen: Talk = run(go())

        assert 1000 == seen.code
        assert model == seen.of("session.created")[0]["session"]["model"]
        assert len(seen.audio) > 48_000

    @pytest.mark.parametrize("model", [VD, VC])
    @pytest.mark.parametrize(
        ("voice", "code"), [("Cherry", "CLIENT_ERROR"), ("qwen-tts-vd-nobody-voice-1", "invalid_value")]
    )
    def test_custom_voice_needed(self, model: str, voice: str, code: str) -> None:
        """vd and vc refuse system voices and unknown voices with the documented codes."""
        seen = alone(one(voice=voice), model)

        assert ["session.created", "error", "session.finished"] == seen.types
        assert code == seen.of("error")[0]["error"]["code"]

    def test_voice_of_another_model(self) -> None:
        """A custom voice speaks with its own target model only."""

        async def go() -> Talk:
            async with running() as emulator:
                made = emulator.account.create_voice("design", "qwen3-tts-vd-realtime-2025-12-16", "mine")
                return await talk(address(emulator, VD), one(voice=made.voice))  # type: ignore[union-attr]

        seen: Talk = run(go())

        assert "is not supported." in seen.of("error")[0]["error"]["message"]

    def test_instructions(self) -> None:
        """instructions change the speech of instruct models and of no others."""
        for model, differs in ((INSTRUCT, True), (FLASH, False)):
            plain = alone(one(), model)
            told = alone(one(instructions="Speak very fast and cheerfully."), model)

            assert differs == (plain.audio != told.audio)


class TestAudio:
    @pytest.mark.parametrize("rate", [8_000, 16_000, 24_000, 48_000])
    def test_pcm(self, rate: int) -> None:
        """PCM can be decoded piece by piece or joined first, no sample is split, and its length is the rate's."""
        seen = alone(one(sample_rate=rate))
        deltas = [e["delta"] for e in seen.of(DELTA)]

        assert seen.audio == base64.b64decode("".join(deltas))
        assert all(len(base64.b64decode(d)) % 6 == 0 for d in deltas[:-1])
        assert 0 == len(seen.audio) % 2
        assert all(deltas)
        assert 1.0 < len(seen.audio) / 2 / rate < 5.0

    @pytest.mark.parametrize("rate", [8_000, 24_000, 48_000])
    @pytest.mark.parametrize("form", ["wav", "mp3", "opus"])
    def test_containers(self, form: str, rate: int) -> None:
        """wav, mp3 and opus streams open with a player and last as long as the PCM."""
        seen = alone(one(response_format=form, sample_rate=rate, bit_rate=96))
        deltas = [e["delta"] for e in seen.of(DELTA)]
        samples, told = sound_of(seen.audio)
        expected = len(alone(one(sample_rate=rate)).audio) / 2 / rate

        assert seen.audio == base64.b64decode("".join(deltas))
        # An MP3 coder adds up to 2400 samples of delay and padding, which last longest at 8 kHz.
        assert -0.01 < len(samples) / told - expected < 0.1 + 2400 / rate

    def test_volume_and_speed(self) -> None:
        """speech_rate shortens, volume changes the level; both are measurable."""
        plain, fast = alone(one()), alone(one(speech_rate=1.6))
        soft = alone(one(volume=20))

        assert len(fast.audio) < 0.8 * len(plain.audio)
        assert _level(soft.audio) < 0.6 * _level(plain.audio)

    def test_text_without_sound(self) -> None:
        """Text with nothing to say is a response without audio, not a failure."""
        seen = alone(one("!?"))

        assert [] == seen.of(DELTA)
        assert "completed" == seen.of("response.done")[0]["response"]["status"]

    def test_own_figures(self) -> None:
        """The emulator's own account of a session agrees with what the client received."""

        async def go() -> tuple[Talk, Any]:
            async with running() as emulator:
                seen = await talk(address(emulator), one())
                return seen, emulator.door.recent[-1]

        seen, figures = run(go())

        assert len(seen.audio) == figures.audio_bytes
        assert len(seen.audio) / 48_000 == pytest.approx(figures.audio_s)
        assert len(seen.of(DELTA)) == figures.deltas
        assert (1, len(TEXT), "finished") == (figures.responses, figures.characters, figures.ended)


def _level(audio: bytes) -> float:
    return float(np.sqrt(np.mean(np.frombuffer(audio, "<i2").astype(float) ** 2)))


class TestCancel:
    def test_stops_audio(self) -> None:
        """response.cancel ends the response as incomplete long before its end; the session goes on."""

        async def cancel(ws: ClientConnection, seen: Talk) -> None:
            if len(seen.of(DELTA)) == 2 and not seen.of("response.done"):
                await ws.send('{"type":"response.cancel"}')
            elif seen.types[-1] == "response.done" and len(seen.of("response.done")) == 1:
                for message in (append("Next."), COMMIT, FINISH):
                    await ws.send(json.dumps(message))

        async def go() -> Talk:
            async with running(pace=2.0) as emulator:
                messages = [update(mode="commit"), append(LONG), COMMIT]
                return await talk(address(emulator), messages, meanwhile=cancel)

        seen: Talk = run(go())

        assert ["incomplete", "completed"] == [d["response"]["status"] for d in seen.of("response.done")]
        assert 1000 == seen.code
        assert len(seen.audio) / 48_000 < 5


class TestIdle:
    def test_times_out(self) -> None:
        """A session that hears nothing says so in the vendor's words and closes."""
        seen = alone([], switches={"idle-seconds": "1"})

        assert "request timeout after 1 seconds." == seen.of("error")[0]["error"]["message"]
        assert 1000 == seen.code

    def test_not_while_speaking(self) -> None:
        """The idle clock stands still while a response is spoken."""
        seen = alone([append("It rained all day."), COMMIT], pace=1.0, switches={"idle-seconds": "1"})

        assert "response.done" in seen.types
        assert ["error"] == seen.types[-1:]


class TestHostile:
    def test_nonsense_then_speech(self) -> None:
        """After malformed, deep, binary and unknown messages the session still speaks; each is an error event."""
        nonsense: list[Any] = ["{", "[" * 50_000, b"\x00\x01", "null", {"type": "nope"}, {}, {"type": "session.update"}]
        seen = alone([*nonsense[:-1], *one()])

        assert 6 == len(seen.of("error"))
        assert "session.finished" == seen.types[-1]

    def test_too_large_message(self) -> None:
        """A frame of 100 MB is refused by its header alone: 1009, before anything is stored."""

        async def go() -> bytes:
            async with running() as emulator:
                reader, writer = await _upgraded(emulator.port)
                writer.write(b"\x81\xff" + (100_000_000).to_bytes(8, "big") + bytes(4) + b"x" * 100)
                data = await reader.read()
                writer.close()
                return data

        assert run(go()).endswith(b"\x88\x02\x03\xf1")

    def test_slow_reader(self) -> None:
        """A client that does not read costs a bounded buffer, is dropped, and disturbs nobody."""

        async def go() -> tuple[Talk, list[int], str]:
            async with running(send_timeout_s=0.5, pace=1000.0) as emulator:
                sock = socket.socket()
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                sock.setblocking(False)
                await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", emulator.port))
                _, writer = await _upgraded(emulator.port, sock=sock)
                writer.transport.pause_reading()  # type: ignore[attr-defined]
                for message in (update(mode="commit", sample_rate=48_000), append(LONG * 3), COMMIT):
                    writer.write(_frame(json.dumps(message).encode()))
                (stuck,) = emulator.door.connections
                other = await talk(address(emulator), one())
                sizes = []
                while emulator.door.connections:
                    transport = stuck._transport
                    sizes.append(transport.get_write_buffer_size() if transport else 0)
                    await asyncio.sleep(0.01)
                writer.close()
                return other, sizes, emulator.door.recent[0].ended

        other, sizes, ended = run(go())

        assert 1000 == other.code
        assert 0 < max(sizes) < 300_000
        assert ended.startswith("dropped: nothing was read")

    def test_vanished_client(self) -> None:
        """A client that resets its connection in the middle of the audio leaves nothing behind."""

        async def go() -> tuple[int, int]:
            async with running(pace=1.0) as emulator:
                before = len(asyncio.all_tasks())
                reader, writer = await _upgraded(emulator.port)
                for message in (append(LONG), COMMIT):
                    writer.write(_frame(json.dumps(message).encode()))
                await reader.readuntil(b"response.audio.delta")
                writer.transport.abort()
                while emulator.door.connections:
                    await asyncio.sleep(0.01)
                return before, len(asyncio.all_tasks())

        before, after = run(go())

        assert after <= before

    def test_many_at_once(self) -> None:
        """Sessions side by side do not mix: each gets its own audio."""

        async def go() -> list[Talk]:
            async with running() as emulator:
                texts = [f"This is number {n}." for n in range(12)]
                return list(await asyncio.gather(*(talk(address(emulator), one(text)) for text in texts)))

        seen = run(go())

        assert {1000} == {s.code for s in seen}
        assert 12 == len({s.audio for s in seen})


async def _upgraded(
    port: int, *, sock: socket.socket | None = None
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A bare connection after the websocket handshake."""
    if sock is not None:
        reader, writer = await asyncio.open_connection(sock=sock)
    else:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(
        f"GET /api-ws/v1/realtime?model={FLASH} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
        f"Authorization: Bearer {KEY}\r\n\r\n".encode()
    )
    await reader.readuntil(b"\r\n\r\n")
    return reader, writer


def _frame(data: bytes) -> bytes:
    """A masked text frame, mask zero."""
    if len(data) < 126:
        head = bytes((0x81, 0x80 | len(data)))
    else:
        head = bytes((0x81, 0x80 | 126)) + len(data).to_bytes(2, "big")
    return head + bytes(4) + data
