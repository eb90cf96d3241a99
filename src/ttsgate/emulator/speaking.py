"""From a segment of text to timed pieces of encoded audio."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Any

from ttsgate import catalog
from ttsgate.emulator.config import EmulatorConfig
from ttsgate.emulator.faults.hooks import Injection, Samples, Utter
from ttsgate.emulator.pacing import Cutter, Schedule
from ttsgate.emulator.speech.engine import Speech
from ttsgate.emulator.speech.formats import Encoder
from ttsgate.emulator.speech.text import segments
from ttsgate.emulator.speech.timbre import Timbre, timbre_of
from ttsgate.protocol.realtime.server import Segment

__all__ = ["Piece", "Renders", "Stream", "speak", "utterance_of"]


class Renders:
    """Renders each text once when several sessions ask for it at the same time."""

    def __init__(self, speech: Speech) -> None:
        self._speech = speech
        self._running: dict[tuple[Any, ...], asyncio.Future[Samples]] = {}

    async def render(self, utter: Utter, text: str, voice: Timbre) -> Samples:
        """The samples of `text`, spoken as `utter` says."""
        key = (
            text,
            voice,
            utter.render_rate,
            utter.language,
            utter.speech_rate,
            utter.pitch_rate,
            utter.volume,
            utter.instructions,
        )
        running = self._running.get(key)
        if running is None:
            running = asyncio.ensure_future(
                self._speech.render(
                    text,
                    voice=voice,
                    sample_rate=utter.render_rate,
                    language=utter.language,
                    speech_rate=utter.speech_rate,
                    pitch_rate=utter.pitch_rate,
                    volume=utter.volume,
                    instructions=utter.instructions,
                )
            )
            self._running[key] = running
            running.add_done_callback(lambda _: self._running.pop(key, None))
        # Shielded: one session that leaves must not take the others' audio with it.
        return await asyncio.shield(running)


@dataclass(frozen=True, slots=True)
class Piece:
    """One delta's worth of audio, due now."""

    delta: str
    """Base64."""
    at_s: float
    """Seconds of audio before it."""
    until_s: float
    """Seconds of audio up to its end."""


def utterance_of(segment: Segment, model: catalog.Model, config: EmulatorConfig) -> Utter:
    """What is to be spoken for `segment` when nothing is at fault."""
    settings = segment.settings
    return Utter(
        text=segment.text,
        voice=settings.voice,
        sample_rate=settings.sample_rate,
        render_rate=settings.sample_rate,
        format=settings.response_format,
        language=settings.language_type,
        speech_rate=settings.speech_rate,
        pitch_rate=settings.pitch_rate,
        volume=settings.volume,
        instructions=settings.instructions if model.instructions else None,
        bit_rate=settings.bit_rate,
        delta_ms=float(config.number("delta-ms")),
        pace=config.pace,
        first_audio_s=config.number("first-audio-ms") / 1000,
    )


class Stream:
    """The encoded audio of one response, through all of its segments.

    Args:
        utter: Format, rate and pace, as the first segment has them.
        schedule: When each piece is due.
    """

    def __init__(self, utter: Utter, schedule: Schedule) -> None:
        self.schedule = schedule
        self.sample_rate = utter.sample_rate
        self.fed = self.sent = 0
        """Samples encoded, and those whose bytes were sent."""
        self._encoder = Encoder(utter.format, utter.sample_rate, utter.bit_rate)
        # Raw samples must not be split; other formats only have to stay decodable when the strings are joined.
        self._cutter = Cutter(6 if utter.format in ("pcm", "wav") else 3)

    @property
    def spoken_s(self) -> float:
        """Seconds of audio encoded so far."""
        return self.fed / self.sample_rate

    async def encode(self, samples: Samples, *, last: bool) -> Piece | None:
        """The next samples, when they are due; None while the encoder keeps them, which it does not with the last."""
        data = self._cutter.feed(self._encoder.feed(samples))
        if last:
            data += self._cutter.feed(self._encoder.finish()) + self._cutter.finish()
        self.fed += len(samples)
        if not data:
            return None
        at, self.sent = self.sent / self.sample_rate, self.fed
        await self.schedule.wait_for(at)
        return Piece(b64encode(data).decode(), at, self.spoken_s)


async def speak(
    utter: Utter, stream: Stream, *, last: bool, model: catalog.Model, renders: Renders, injection: Injection
) -> AsyncGenerator[Piece]:
    """Render, encode and cut `utter`, the last of its response or not; each piece comes out when it is due.

    Text is rendered sentence by sentence, the next one while the one before is being sent, unless
    a fault wants to see it whole.
    """
    import numpy as np

    block = max(3, round(utter.sample_rate * utter.delta_ms / 1000) // 3 * 3)
    rest: Samples = np.zeros(0, np.int16)
    begun = False
    async for samples in _rendered(utter, model=model, renders=renders, injection=injection):
        if stream.schedule.origin is None:
            stream.schedule.start(delay_s=utter.first_audio_s)
        elif not begun:
            stream.schedule.resume(stream.sent / stream.sample_rate)
        begun = True
        rest = np.concatenate((rest, samples)) if len(rest) else samples
        while len(rest) > block:
            piece = await stream.encode(rest[:block], last=False)
            rest = rest[block:]
            if piece is not None:
                yield piece
    piece = await stream.encode(rest, last=last)
    if piece is not None:
        yield piece


async def _rendered(
    utter: Utter, *, model: catalog.Model, renders: Renders, injection: Injection
) -> AsyncGenerator[Samples]:
    """The samples of `utter`: by sentences, or whole when a fault changes them."""
    import numpy as np

    voice = timbre_of(model, utter.voice)
    if not utter.text.strip():
        yield np.zeros(0, np.int16)
        return
    texts = segments(utter.text) or [utter.text]
    if injection.needs_whole_audio:
        yield injection.samples(np.concatenate([await renders.render(utter, text, voice) for text in texts]))
        return
    ahead = asyncio.ensure_future(renders.render(utter, texts[0], voice))
    try:
        for following in [*texts[1:], None]:
            samples = await ahead
            if following is not None:
                ahead = asyncio.ensure_future(renders.render(utter, following, voice))
            yield samples
    finally:
        ahead.cancel()
