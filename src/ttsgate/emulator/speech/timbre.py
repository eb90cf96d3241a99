"""Who speaks: a voice name becomes a point on a grid of pitch levels and colours.

Any two system voices of one model differ by at least 15 % in median F0 (neighbouring levels are 18 % apart) or, on the
same level, by their colour: at least 3 dB mean absolute difference of the level-free long-term average spectrum in
24 mel bands from 100 Hz to 8 kHz. Custom voices get their place from the SHA-256 of their id, moved a little off the
grid so that two of them seldom coincide.

The table gives each name a plausible sex and age (as the service describes them); it imitates no real voice.
Names: https://help.aliyun.com/zh/model-studio/non-realtime-tts-user-guide (voice list).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from ttsgate import catalog

__all__ = ["COLOURS", "LEVELS_HZ", "Colour", "Timbre", "timbre_of"]

LEVELS_HZ: tuple[float, ...] = (98.0, 116.0, 137.0, 162.0, 192.0, 227.0)
"""Median F0 of a plain English statement; the first three levels are men, the others women and children."""


@dataclass(frozen=True)
class Colour:
    """`formants` scales the resonances of the vocal tract; `curve` is an equaliser as (Hz, dB) points."""

    formants: float
    curve: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Timbre:
    """One voice: name or id, median F0 in Hz, colour, and the Chinese it speaks (`cmn` or `yue`)."""

    voice: str
    f0_hz: float
    colour: Colour
    chinese: str = "cmn"


_DARK = ((100.0, 3.0), (500.0, 3.0), (1500.0, -3.0), (3500.0, -8.0), (8000.0, -10.0))
_EVEN = ((100.0, 0.0), (8000.0, 0.0))
_BRIGHT = ((100.0, -6.0), (400.0, -4.0), (1500.0, 1.0), (3500.0, 6.0), (8000.0, 7.0))

COLOURS: tuple[Colour, ...] = tuple(
    Colour(formants, curve) for formants in (0.92, 1.02, 1.13) for curve in (_DARK, _EVEN, _BRIGHT)
)

_MEN = (
    "Ethan", "Moon", "Kai", "Nofish", "Ryan", "Aiden", "Eldric Sage", "Mochi", "Vincent", "Neil", "Arthur", "Pip",
    "Bodega", "Alek", "Dolce", "Lenn", "Emilien", "Andre", "Radio Gol", "Dylan", "Li", "Marcus", "Roy", "Peter",
    "Eric", "Rocky",
)  # fmt: skip
_WOMEN = (
    "Cherry", "Serena", "Chelsie", "Momo", "Vivian", "Maia", "Bella", "Jennifer", "Katerina", "Mia", "Bellona",
    "Bunny", "Elias", "Nini", "Ebona", "Seren", "Stella", "Sonrisa", "Sohee", "Ono Anna", "Jada", "Sunny", "Kiki",
)  # fmt: skip


def _place(voice: str, level: int, colour: int, *, f0_scale: float = 1.0) -> Timbre:
    chinese = "yue" if catalog.DIALECTS.get(voice) == "Cantonese" else "cmn"
    return Timbre(voice, LEVELS_HZ[level] * f0_scale, COLOURS[colour], chinese)


_SYSTEM: dict[str, Timbre] = {
    name: _place(name, first + i % 3, (i // 3) % len(COLOURS))
    for first, names in ((0, _MEN), (3, _WOMEN))
    for i, name in enumerate(names)
}


def timbre_of(model: catalog.Model, voice: str) -> Timbre:
    """The voice `voice` of `model`: a system voice by the table, any other name by its hash.

    Whether the model accepts the voice is not asked here; that is the account's business.
    """
    if voice in _SYSTEM and voice in model.voices:
        return _SYSTEM[voice]
    digest = hashlib.sha256(voice.encode()).digest()
    # A shift of up to 5 % keeps neighbours on the grid of levels more than 7 % apart.
    return _place(
        voice,
        digest[0] % len(LEVELS_HZ),
        digest[1] % len(COLOURS),
        f0_scale=1.0 + (digest[2] / 255 - 0.5) * 0.1,
    )
