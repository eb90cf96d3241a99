"""eSpeak NG as a back end.

Licence: the engine inside the wheel `espeakng-loader` is GPL-3.0-or-later (https://github.com/espeak-ng/espeak-ng).
It is an optional extra (`emulator`), loaded at run time with ctypes, and never shipped with ttsgate; who distributes
both together has to heed the GPL. The `hibari` and `file:` back ends do without.

eSpeak NG keeps its state in globals: one process-wide lock, one utterance at a time. Its flutter and roughness are
pseudo-random over the life of the process, so every utterance runs with both off and with the seed set anew; then the
same call gives the same samples. The voice is given as a voice file of ours (the language's own file plus pitch and
formant lines) that exists only while the engine reads it.
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import os
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from ttsgate.emulator.speech.synth import MASTER_RATE, Samples
from ttsgate.emulator.speech.timbre import Timbre
from ttsgate.errors import HarnessError, MissingExtra

__all__ = ["Espeak"]

_LOCK = threading.Lock()

_VOICE_FILES = {
    "cmn": "sit/cmn",
    "yue": "sit/yue",
    "en-us": "gmw/en-US",
    "de": "gmw/de",
    "it": "roa/it",
    "pt-br": "roa/pt-BR",
    "es": "roa/es",
    "ja": "jpx/ja",
    "ko": "ko",
    "fr": "roa/fr",
    "ru": "zle/ru",
}
_WPM = {"cmn": 215, "yue": 215, "ja": 185, "ko": 185}
_WPM_DEFAULT = 165
_WPM_EXPONENT = {"cmn": 0.89, "yue": 0.89, "it": 1.06, "ru": 1.1}  # measured: duration goes with wpm ** (-1 / this)
_WPM_LIMITS = (80, 449)  # speak_lib.h: espeakRATE_MINIMUM; above 450 the engine switches to another time-scaling

_OPEN_FILES = "/proc/self/fd"
_SYNCHRONOUS, _BUFFER_MS, _DONT_EXIT = 2, 200, 0x8000
_CHARS_UTF8, _PARAMETER_RATE = 1, 1
_CALLBACK = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p)


class Espeak:
    """eSpeak NG 1.52 with our own voice files; about 600 times faster than real time."""

    name = "espeak"
    licence = "GPL-3.0-or-later"

    def __init__(self) -> None:
        _library()

    def speak(
        self, text: str, language: str, timbre: Timbre, *, rate: float, f0_hz: float, range_: float, seed: int
    ) -> Samples:
        """See `synth.Synth`."""
        import soxr

        engine = _library()
        wpm = round(_WPM.get(language, _WPM_DEFAULT) * rate ** _WPM_EXPONENT.get(language, 1.0))
        voice = engine.language_file(language) + _voice_lines(f0_hz, range_, timbre.formants).encode()
        with _LOCK:
            pcm = engine.utter(text, voice, min(max(wpm, _WPM_LIMITS[0]), _WPM_LIMITS[1]), seed)
        samples = np.frombuffer(pcm, "<i2").astype(np.float32) / np.float32(32768)
        if not len(samples):
            return samples
        return np.asarray(soxr.resample(samples, engine.rate, MASTER_RATE), np.float32)


def _voice_lines(f0_hz: float, range_: float, formants: float) -> str:
    # The median lies at 1.245 times the lower figure when the upper is 1.44 times it (the engine's own 82 118).
    middle = f0_hz / 1.022
    low, high = middle * (1 - 0.18 * range_), middle * (1 + 0.18 * range_)
    percent = round(100 * formants)
    lines = [f"pitch {round(low)} {round(high)}", "flutter 0", "roughness 0"]
    lines += [f"formant {n} {percent} 100 100" for n in range(1, 6)]
    return "\n" + "\n".join(lines) + "\n"


class _Library:
    def __init__(self, library: Any, data: Path, rate: int) -> None:
        self.rate = rate
        self._library = library
        self._data = data
        self._parts: list[bytes] = []
        self._callback = _CALLBACK(self._take)  # kept: the engine holds only its address
        library.espeak_SetSynthCallback(self._callback)

    def _take(self, samples: int | None, count: int, _events: int | None) -> int:
        if samples and count > 0:
            self._parts.append(ctypes.string_at(samples, 2 * count))
        return 0

    @functools.cache  # noqa: B019 -- one instance a process
    def language_file(self, language: str) -> bytes:
        return (self._data / "lang" / _VOICE_FILES[language]).read_bytes()

    def utter(self, text: str, voice: bytes, wpm: int, seed: int) -> bytes:
        self._parts = []
        with _as_file(voice) as path:
            status = self._library.espeak_ng_SetVoiceByFile(os.fsencode(path))
        if status:
            remedy = "; set TMPDIR to a short path without capitals" if not path.startswith(_OPEN_FILES) else ""
            raise HarnessError(f"eSpeak NG refused our voice file {path} (status {status:#x}){remedy}")
        self._library.espeak_SetParameter(_PARAMETER_RATE, wpm, 0)
        self._library.espeak_ng_SetRandSeed(seed)
        data = text.encode("utf-8", "replace").replace(b"\0", b" ") + b"\0"
        self._library.espeak_Synth(data, len(data), 0, 0, 0, _CHARS_UTF8, None, None)
        parts, self._parts = self._parts, []
        return b"".join(parts)


@contextlib.contextmanager
def _as_file(content: bytes) -> Iterator[str]:
    """The path of a file that holds `content`, in memory where the system can, else on disk for the moment.

    The engine cuts a path after 59 bytes and makes it lower case: a temporary folder may be out of its reach.
    """
    if hasattr(os, "memfd_create") and os.path.isdir(_OPEN_FILES):
        handle = os.memfd_create("ttsgate-voice")
        try:
            os.write(handle, content)
            yield f"{_OPEN_FILES}/{handle}"
        finally:
            os.close(handle)
        return
    handle, path = tempfile.mkstemp(prefix="ttsgate-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        yield path
    finally:
        os.unlink(path)


@functools.cache
def _library() -> _Library:
    """Load the engine once a process: its globals allow no second instance."""
    try:
        import espeakng_loader
    except ImportError as error:
        raise MissingExtra(extra="emulator", needed_for="the eSpeak NG voice of the emulator") from error
    library = ctypes.CDLL(espeakng_loader.get_library_path())
    data = Path(espeakng_loader.get_data_path())
    library.espeak_Synth.argtypes = [
        ctypes.c_char_p,
        ctypes.c_size_t,
        ctypes.c_uint,
        ctypes.c_int,
        ctypes.c_uint,
        ctypes.c_uint,
        ctypes.c_void_p,
        ctypes.c_void_p,
    ]
    library.espeak_ng_SetVoiceByFile.argtypes = [ctypes.c_char_p]
    library.espeak_ng_SetRandSeed.argtypes = [ctypes.c_long]
    library.espeak_ng_SetRandSeed.restype = None
    rate = library.espeak_Initialize(_SYNCHRONOUS, _BUFFER_MS, os.fsencode(data), _DONT_EXIT)
    if rate <= 0:
        raise HarnessError("eSpeak NG found but it does not start; reinstall espeakng-loader")
    return _Library(library, data, rate)
