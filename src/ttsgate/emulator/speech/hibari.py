"""`hibari-tts` as a back end: natural English at 24 kHz.

Licence: Apache-2.0, model included (https://github.com/MMWilliams/hibari, a voice distilled from Kokoro-82M). Extra
`neural`. No GPL part is loaded unless another language is asked for: the model speaks English only, the other languages
go to eSpeak NG (extra `emulator`).

The wheel holds one voice. The model gives spectral envelopes and a pitch curve and the package's own synthesiser
turns them into sound, so between the two the pitch is scaled, its melody widened or flattened, and the envelopes are
stretched: as many voices as the grid has, at any rate, without resampling.
"""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np

from ttsgate.emulator.speech.synth import MASTER_RATE, Samples, Synth, open_synth
from ttsgate.emulator.speech.timbre import Timbre
from ttsgate.errors import HarnessError, MissingExtra

__all__ = ["Hibari"]

_OWN_F0_HZ = 195.0
_OWN_FORMANTS = 1.08  # a woman's: what the grid calls 1.08 is left as it is
_UNVOICED_BELOW_HZ = 40.0
_SPEED_LIMITS = (0.4, 2.5)
_BIN_HZ = 20.0


class Hibari:
    """English by hibari; about 60 times faster than real time on one core."""

    name = "hibari"
    licence = "Apache-2.0 (other languages than English: GPL-3.0-or-later)"

    def __init__(self) -> None:
        try:
            package = importlib.import_module("hibari")
        except ImportError as error:
            raise MissingExtra(extra="neural", needed_for="the hibari voice of the emulator") from error
        if package.SAMPLE_RATE != MASTER_RATE:
            raise HarnessError("this release of hibari-tts has another sample rate; install hibari-tts==0.2.1")
        self._speaker = package.Hibari(threads=1)
        self._bend = _Bend(self._speaker.sess)
        self._speaker.sess = self._bend
        self._others: Synth | None = None

    def speak(
        self, text: str, language: str, timbre: Timbre, *, rate: float, f0_hz: float, range_: float, seed: int
    ) -> Samples:
        """See `synth.Synth`."""
        if language != "en-us":
            return self._other().speak(text, language, timbre, rate=rate, f0_hz=f0_hz, range_=range_, seed=seed)
        self._bend.pitch = f0_hz / _OWN_F0_HZ
        self._bend.range_ = range_
        self._bend.formants = timbre.formants / _OWN_FORMANTS
        speed = min(max(rate, _SPEED_LIMITS[0]), _SPEED_LIMITS[1])
        return np.asarray(self._speaker(text, speed=speed, seed=seed), np.float32)

    def _other(self) -> Synth:
        if self._others is None:
            try:
                self._others = open_synth("espeak")
            except MissingExtra as error:
                needed = "any language but English with the hibari voice"
                raise MissingExtra(extra="emulator", needed_for=needed) from error
        return self._others


class _Bend:
    """Stands between the model and the package's synthesiser; the figures are set before each utterance.

    The model's outputs are log magnitudes and phases in bins of 20 Hz (harmonic part, noise, a small direct part) and
    F0, each a column every 12.5 ms.
    """

    def __init__(self, session: Any) -> None:
        self._session = session
        self.pitch = self.range_ = self.formants = 1.0

    def run(self, names: Any, inputs: Any) -> list[Any]:
        outputs = self._session.run(names, inputs)
        if len(outputs) != 6:
            raise HarnessError("this release of hibari-tts works differently; install hibari-tts==0.2.1")
        harmonics, phases, noise, direct, angles, f0 = outputs
        voiced = f0 > _UNVOICED_BELOW_HZ
        bent = f0
        if voiced.any():
            middle = float(np.median(f0[voiced]))
            moved = (middle + (f0 - middle) * self.range_) * self.pitch
            bent = np.where(voiced, np.maximum(moved, _UNVOICED_BELOW_HZ + 1), f0).astype(np.float32)
        bins = np.arange(harmonics.shape[1])
        source = np.minimum(bins / self.formants, bins[-1])
        stretched = np.empty_like(harmonics[0])
        for frame, own in enumerate(f0[0]):
            column = harmonics[0, :, frame]
            if own > _UNVOICED_BELOW_HZ:
                # Between the voice's own harmonics the magnitudes mean nothing, and other harmonics will fall there.
                peaks = np.arange(1, int(bins[-1] * _BIN_HZ / own) + 1) * own / _BIN_HZ
                stretched[:, frame] = np.interp(source, peaks, np.interp(peaks, bins, column))
            else:
                stretched[:, frame] = np.interp(source, bins, column)
        return [stretched[None], phases, _stretch(noise, source), _stretch(direct, source), angles, bent]


def _stretch(envelope: Any, source: Any) -> Any:
    """Read a (1, bins, frames) log envelope at the fractional bins `source`."""
    below = np.minimum(source.astype(int), envelope.shape[1] - 2)
    share = (source - below)[None, :, None].astype(np.float32)
    return envelope[:, below] * (1 - share) + envelope[:, below + 1] * share
