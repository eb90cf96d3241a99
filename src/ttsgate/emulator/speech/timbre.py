"""Who speaks: a voice name becomes a point on a grid of pitch levels and colours.

Any two system voices of one model differ by at least 15 % in median F0 (neighbouring levels are 20 % apart) or, on the
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

__all__ = ["LEVELS_HZ", "Timbre", "timbre_of"]

LEVELS_HZ: tuple[float, ...] = (94.0, 113.0, 135.0, 162.0, 195.0, 234.0)
"""Median F0 of a plain English statement; the first three levels are men, the others women and children."""


@dataclass(frozen=True)
class Timbre:
    """One voice: its name, and the figures that decide how it sounds."""

    voice: str
    """Name or id."""
    f0_hz: float
    """Median F0 of a plain statement."""
    formants: float = 1.0
    """Scales the resonances of the vocal tract: below 1 a longer tract."""
    tilt_db: float = 0.0
    """Spectral slope: this much up at 8 kHz and down at 100 Hz, linear in mel between."""
    middle_db: float = 0.0
    """One cosine over the same mel range: this much down in the middle (about 2 kHz) and up at both ends."""
    chinese: str = "cmn"
    """The Chinese that it speaks: `cmn` or `yue`."""


_COLOURS: tuple[tuple[float, float], ...] = tuple((8.5 * t, 6.0 * m) for m in (0, 1, -1) for t in (0, 1, -1))
"""(tilt_db, middle_db); the plainest first."""
_FORMANTS_MEN, _FORMANTS_WOMEN = 0.96, 1.08
_FORMANTS_STEP = 0.06

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
    tilt, middle = _COLOURS[colour]
    return Timbre(
        voice,
        f0_hz=LEVELS_HZ[level] * f0_scale,
        formants=(_FORMANTS_MEN if level < 3 else _FORMANTS_WOMEN) + _FORMANTS_STEP * (colour // 3 - 1),
        tilt_db=tilt,
        middle_db=middle,
        chinese="yue" if catalog.DIALECTS.get(voice) == "Cantonese" else "cmn",
    )


_SYSTEM: dict[str, Timbre] = {
    name: _place(name, first + i % 3, (i // 3) % len(_COLOURS))
    for first, names in ((0, _MEN), (3, _WOMEN))
    for i, name in enumerate(names)
}


def timbre_of(model: catalog.Model, voice: str) -> Timbre:
    """The voice `voice` of `model`: a system voice by the table, any other name by its hash.

    Whether the model accepts the voice is not asked here; that is the account's business.
    """
    if voice in _SYSTEM and voice in model.voices:
        return _SYSTEM[voice]
    digest = hashlib.sha256(voice.encode("utf-8", "replace")).digest()
    # A shift of up to 5 % keeps neighbours on the grid of levels more than 7 % apart.
    return _place(
        voice,
        digest[0] % len(LEVELS_HZ),
        digest[1] % len(_COLOURS),
        f0_scale=1.0 + (digest[2] / 255 - 0.5) * 0.1,
    )
