"""Samples to the service's formats.

PCM is 16-bit little-endian mono. A streamed WAV starts with one header whose sizes are 0xFFFFFFFF, since the length
is not known yet.
"""

from __future__ import annotations

import struct

import numpy as np
from numpy.typing import NDArray

__all__ = ["FORMATS", "Encoder", "wav_file"]

FORMATS: tuple[str, ...] = ("pcm", "wav")
_UNKNOWN_SIZE = 0xFFFFFFFF


def _wav_header(sample_rate: int, data_bytes: int | None) -> bytes:
    riff = _UNKNOWN_SIZE if data_bytes is None else 36 + data_bytes
    data = _UNKNOWN_SIZE if data_bytes is None else data_bytes
    fmt = struct.pack("<IHHIIHH", 16, 1, 1, sample_rate, sample_rate * 2, 2, 16)
    return b"RIFF" + struct.pack("<I", riff) + b"WAVEfmt " + fmt + b"data" + struct.pack("<I", data)


def wav_file(samples: NDArray[np.int16], rate: int) -> bytes:
    """A complete WAV file with true sizes."""
    data = np.asarray(samples, "<i2").tobytes()
    return _wav_header(rate, len(data)) + data


class Encoder:
    """Encode one stream: `feed` samples as they come, `finish` once; the joined bytes are the stream.

    `fmt` is one of `FORMATS`, `bit_rate` in kbit/s matters to opus and mp3 only. `ValueError` for another format.
    """

    def __init__(self, fmt: str, sample_rate: int, bit_rate: int = 128) -> None:
        if fmt not in FORMATS:
            raise ValueError(f"unknown audio format {fmt!r}")
        self._header = _wav_header(sample_rate, None) if fmt == "wav" else b""

    def feed(self, samples: NDArray[np.int16]) -> bytes:
        """The bytes that are ready after these samples; may be empty."""
        header, self._header = self._header, b""
        return header + np.asarray(samples, "<i2").tobytes()

    def finish(self) -> bytes:
        """The rest of the stream."""
        header, self._header = self._header, b""
        return header
