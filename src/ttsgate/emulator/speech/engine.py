"""`Speech`: text in, samples out, one utterance at a time, repeatable."""

from __future__ import annotations

import asyncio
import hashlib
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ttsgate.emulator.speech.directions import Delivery, delivery_of
from ttsgate.emulator.speech.synth import MASTER_RATE, Samples, Synth, open_synth
from ttsgate.emulator.speech.text import language_of, pause_after, runs, segments, speakable
from ttsgate.emulator.speech.timbre import Timbre

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["Speech"]


@dataclass(frozen=True)
class _Manner:
    """How a text is to be spoken: with the text, the key of a rendering."""

    voice: Timbre
    sample_rate: int
    language: str | None
    speech_rate: float
    pitch_rate: float
    volume: int
    delivery: Delivery


class Speech:
    """One per emulator. Renders on one worker thread; results are kept, so a repeated request costs nothing.

    `synth` is a back end or its name (opened on first use), `seed` moves everything pseudo-random. Rendering a text
    gives the same samples as rendering its `segments` one by one and joining them.
    """

    def __init__(self, synth: Synth | str = "espeak", *, seed: int = 7, cache_bytes: int = 48_000_000) -> None:
        self._synth = synth
        self._seed = seed
        self._cache: OrderedDict[tuple[str, _Manner], NDArray[np.int16]] = OrderedDict()
        self._cache_bytes = cache_bytes
        self._cached = 0
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="ttsgate-speech")

    async def render(
        self,
        text: str,
        *,
        voice: Timbre,
        sample_rate: int,
        language: str | None = None,
        speech_rate: float = 1.0,
        pitch_rate: float = 1.0,
        volume: int = 50,
        instructions: str | None = None,
    ) -> NDArray[np.int16]:
        """Mono int16 samples of `text` at `sample_rate` Hz (read-only); empty when there is nothing to say.

        `language`: a `language_type` of the service, None or `Auto` to go by script. `speech_rate` and `pitch_rate`
        0.5..2, `volume` 0..100 (50 is normal, linear in amplitude, 0 silent). `instructions` change rate, pitch,
        melody or level; pass them for instruct models only. Raises `MissingExtra` if the back end is not installed.
        """
        manner = _Manner(voice, sample_rate, language, speech_rate, pitch_rate, volume, delivery_of(instructions))
        key = (text, manner)
        if key in self._cache:
            self._cache.move_to_end(key)
            return self._cache[key]
        loop = asyncio.get_running_loop()
        samples = await loop.run_in_executor(self._worker, self._render, text, manner)
        self._remember(key, samples)
        return samples

    def warm_up(self) -> None:
        """Load the engine and the libraries of sound in the background, so that the first request need not wait."""
        self._worker.submit(self._load)

    def open(self) -> None:
        """Load the engine now.

        Raises:
            MissingExtra: its package is not installed.
            UsageError: there is no such back end, or it cannot read its recording.
        """
        self._worker.submit(self._open).result()

    def close(self) -> None:
        """End the worker thread; renders under way are finished first."""
        self._worker.shutdown(wait=True, cancel_futures=True)

    def _remember(self, key: tuple[str, _Manner], samples: NDArray[np.int16]) -> None:
        samples.flags.writeable = False
        if samples.nbytes > self._cache_bytes // 4 or key in self._cache:
            return
        self._cache[key] = samples
        self._cached += samples.nbytes
        while self._cached > self._cache_bytes:
            self._cached -= self._cache.popitem(last=False)[1].nbytes

    def _open(self) -> Synth:
        if isinstance(self._synth, str):
            self._synth = open_synth(self._synth)
        return self._synth

    def _load(self) -> None:
        import soundfile  # noqa: F401 - its first import takes long; here nobody waits for it
        import soxr  # noqa: F401

        self._open()

    def _render(self, text: str, manner: _Manner) -> NDArray[np.int16]:
        import numpy as np

        parts = [self._segment(piece, manner) for piece in segments(text) if speakable(piece)]
        return np.concatenate(parts) if parts else np.zeros(0, np.int16)

    def _segment(self, text: str, manner: _Manner) -> NDArray[np.int16]:
        import numpy as np
        import soxr

        from ttsgate.emulator.speech import shape

        synth, voice, delivery = self._open(), manner.voice, manner.delivery
        seed = int.from_bytes(hashlib.sha256(f"{self._seed}/{text}".encode("utf-8", "replace")).digest()[:3], "big")
        rate = manner.speech_rate * delivery.rate
        spoken = language_of(text, manner.language)
        pieces: list[Samples] = [
            synth.speak(
                piece,
                tongue,
                voice,
                rate=rate,
                f0_hz=voice.f0_hz * manner.pitch_rate * delivery.pitch,
                range_=delivery.range_,
                seed=seed,
            )
            for tongue, piece in runs(text, spoken, chinese=voice.chinese)
        ]
        pieces.append(np.zeros(round(pause_after(text) / rate * MASTER_RATE), np.float32))
        master = shape.level(shape.fill(shape.colour(np.concatenate(pieces), voice), seed))
        gain = manner.volume / 50 * 10 ** (delivery.gain_db / 20)
        master = shape.limit(master * np.float32(gain))
        if manner.sample_rate != MASTER_RATE:
            master = soxr.resample(master, MASTER_RATE, manner.sample_rate)
        return np.asarray(np.rint(master * 32767), np.int16)
