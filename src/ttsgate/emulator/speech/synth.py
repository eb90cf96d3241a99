"""What a back end is, and how one is opened by name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from ttsgate.emulator.speech.timbre import Timbre
from ttsgate.errors import UsageError

__all__ = ["BACK_ENDS", "MASTER_RATE", "Samples", "Synth", "open_synth"]

MASTER_RATE = 24000
"""Everything is made at the native rate of the real models; other rates are resampled from it."""

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Samples = NDArray[np.float32]
else:
    Samples = Any


class Synth(Protocol):
    """Speaks one run of text in one language. Called from one thread at a time."""

    name: str
    licence: str

    def speak(
        self, text: str, language: str, timbre: Timbre, *, rate: float, f0_hz: float, range_: float, seed: int
    ) -> Samples:
        """Mono samples at `MASTER_RATE`, any level, without the timbre's equaliser.

        `language` is one of `text.LANGUAGES` or `yue`; `rate` 0.4..2.5 (1 is normal speech); `f0_hz` the median F0
        wanted; `range_` 0.2..1.8 the liveliness of the melody (1 is normal). Same arguments, same samples.
        """
        ...


def _espeak(argument: str) -> Synth:
    from ttsgate.emulator.speech.espeak import Espeak

    _refuse_argument("espeak", argument)
    return Espeak()


def _hibari(argument: str) -> Synth:
    from ttsgate.emulator.speech.hibari import Hibari

    _refuse_argument("hibari", argument)
    return Hibari()


def _recorded(argument: str) -> Synth:
    from ttsgate.emulator.speech.recorded import Recorded

    if not argument:
        raise UsageError("the voice back end `file` needs a recording: file:PATH")
    return Recorded(Path(argument))


def _refuse_argument(name: str, argument: str) -> None:
    if argument:
        raise UsageError(f"the voice back end `{name}` takes no argument, got {argument!r}")


BACK_ENDS: dict[str, Callable[[str], Synth]] = {"espeak": _espeak, "hibari": _hibari, "file": _recorded}


def open_synth(spec: str = "espeak") -> Synth:
    """Open a back end by `NAME` or `NAME:ARGUMENT` (see the package's table).

    Raises `MissingExtra` when its package is missing, `UsageError` for an unknown name or an unreadable recording.
    """
    name, _, argument = spec.partition(":")
    if name not in BACK_ENDS:
        raise UsageError(f"unknown voice back end {name!r}; there are: {', '.join(BACK_ENDS)}")
    return BACK_ENDS[name](argument)
