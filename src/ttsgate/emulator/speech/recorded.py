"""A recording as a back end: an emulator without any speech engine, hence without a GPL part.

The file says what it says: its words have nothing to do with the text. What follows the text is the duration (about
that of the text spoken), the place in the recording where it starts (by the text's hash, so that two texts differ) and
the voice (the recording is played faster or slower; nothing measures the recording's own pitch, 150 Hz is taken for
granted). Good for transport, timing and level tests; of no use where the words are heard. `range_` has no effect.

Licence: that of your recording. The emulator plays any file that libsndfile reads, at any rate, mono or not; at least a
few seconds of one voice at 24 kHz or more serve best.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ttsgate.emulator.speech.synth import MASTER_RATE, Samples
from ttsgate.emulator.speech.text import spoken_width
from ttsgate.emulator.speech.timbre import Timbre
from ttsgate.errors import UsageError

__all__ = ["Recorded"]

_ASSUMED_F0_HZ = 150.0
_SECONDS_PER_WIDTH = 0.075
_SHORTEST_S = 0.35
_LEAST_RECORDING_S = 0.5
_FADE_S = 0.01
_SILENT = 10 ** (-50 / 20)


class Recorded:
    """One recording, cut and looped."""

    name = "file"
    licence = "that of the recording"

    def __init__(self, path: Path) -> None:
        import soundfile
        import soxr

        try:
            data, rate = soundfile.read(path, dtype="float32", always_2d=True)
        except (OSError, soundfile.LibsndfileError) as error:
            raise UsageError(f"cannot read the recording {path}: {error}") from error
        self._samples = _trimmed(np.asarray(soxr.resample(data.mean(axis=1), rate, MASTER_RATE), np.float32))
        if len(self._samples) < _LEAST_RECORDING_S * MASTER_RATE:
            raise UsageError(f"the recording {path} holds less than {_LEAST_RECORDING_S} s of sound")

    def speak(
        self, text: str, language: str, timbre: Timbre, *, rate: float, f0_hz: float, range_: float, seed: int
    ) -> Samples:
        """See `synth.Synth`."""
        import soxr

        ratio = f0_hz / _ASSUMED_F0_HZ
        seconds = max(_SHORTEST_S, spoken_width(text) * _SECONDS_PER_WIDTH) / rate
        wanted = round(seconds * MASTER_RATE)
        source = self._from(seed % len(self._samples), round(wanted * ratio) + 8)
        played = np.asarray(soxr.resample(source, MASTER_RATE * ratio, MASTER_RATE), np.float32)[:wanted]
        return _faded(played)

    def _from(self, start: int, count: int) -> Samples:
        """`count` samples from `start`, going round; each pass fades out and in, so that the seam does not click."""
        loop = _faded(self._samples)
        return np.resize(np.roll(loop, -start), count)


def _trimmed(samples: Samples) -> Samples:
    loud = np.flatnonzero(np.abs(samples) > _SILENT)
    return samples[loud[0] : loud[-1] + 1] if len(loud) else samples[:0]


def _faded(samples: Samples) -> Samples:
    ramp = min(round(_FADE_S * MASTER_RATE), len(samples) // 2)
    gains = np.ones(len(samples), np.float32)
    gains[:ramp] = np.linspace(0, 1, ramp, dtype=np.float32)
    gains[len(samples) - ramp :] = gains[:ramp][::-1]
    return samples * gains
