"""From what travelled to samples: Base64, PCM, and the WAV container."""

from __future__ import annotations

import base64
import binascii
import struct
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

__all__ = [
    "Container",
    "Floats",
    "Samples",
    "Wav",
    "container_of",
    "decode_base64",
    "read_wav",
    "samples_of",
    "to_float",
]

Samples: TypeAlias = npt.NDArray[np.int16]
"""Mono, 16 bit, one entry a sample."""
Floats: TypeAlias = npt.NDArray[np.float32]
"""Mono, -1..1, one entry a sample."""
Container: TypeAlias = str
"""``wav``, ``mp3``, ``ogg``, ``flac`` or ``mp4``."""


@dataclass(frozen=True, slots=True)
class Wav:
    """The facts of a RIFF/WAVE file and where its samples lie."""

    channels: int
    sample_rate: int
    bits: int
    format: int
    """1 is integer PCM, 3 is IEEE float, 0xFFFE is extensible."""
    start: int
    """Offset of the first sample byte."""
    size: int
    """Bytes of samples that are really there."""
    declared: int
    """Bytes of samples that the header declares; streaming writers put 0 or 0xFFFFFFFF."""


def decode_base64(text: object) -> bytes | None:
    """Decode Base64 as leniently as a player would; None when it is not Base64 at all."""
    if not isinstance(text, str):
        return None
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None


def samples_of(data: bytes) -> Samples:
    """Little-endian 16-bit mono samples; an odd last byte is dropped."""
    return np.frombuffer(data[: len(data) // 2 * 2], dtype="<i2").astype(np.int16, copy=False)


def to_float(samples: Samples) -> Floats:
    """Samples as -1..1."""
    return (samples / np.float32(32768.0)).astype(np.float32, copy=False)


def container_of(data: bytes) -> Container | None:
    """The container that these first bytes announce, None for headerless data.

    An MP3 without a tag starts with a frame sync of eleven set bits, which loud PCM can hold
    too; so it counts only when its header is legal and a second frame follows where it must.
    """
    if data[:4] in (b"RIFF", b"RIFX", b"RF64") and data[8:12] == b"WAVE":
        return "wav"
    if data[:4] == b"OggS":
        return "ogg"
    if data[:4] == b"fLaC":
        return "flac"
    if data[:3] == b"ID3":
        return "mp3"
    if data[4:8] == b"ftyp":
        return "mp4"
    first = _mp3_frame_bytes(data, 0)
    if first and _mp3_frame_bytes(data, first):
        return "mp3"
    return None


_MP3_KBPS = {
    1: (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    2: (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_MP3_RATES = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}


def _mp3_frame_bytes(data: bytes, at: int) -> int | None:
    """Length of the MPEG layer III frame at that place (ISO/IEC 11172-3 2.4.1.3), None if there is none."""
    if len(data) < at + 4 or data[at] != 0xFF or data[at + 1] & 0xE0 != 0xE0:
        return None
    version, layer = data[at + 1] >> 3 & 3, data[at + 1] >> 1 & 3
    rate_index, kbps_index, padding = data[at + 2] >> 2 & 3, data[at + 2] >> 4, data[at + 2] >> 1 & 1
    if version == 1 or layer != 1 or rate_index == 3 or kbps_index in (0, 15):
        return None
    table = 1 if version == 3 else 2
    return 144 // table * _MP3_KBPS[table][kbps_index] * 1000 // _MP3_RATES[version][rate_index] + padding


def read_wav(data: bytes) -> Wav | None:
    """Read the header of a WAV file, also of one whose writer did not know its length.

    Chunk layout: RIFF/WAVE, https://www.mmsp.ece.mcgill.ca/Documents/AudioFormats/WAVE/WAVE.html
    """
    if data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        return None
    at, facts = 12, None
    while at + 8 <= len(data):
        name, size = data[at : at + 4], struct.unpack_from("<I", data, at + 4)[0]
        body = at + 8
        if name == b"fmt " and body + 16 <= len(data):
            facts = struct.unpack_from("<HHIIHH", data, body)
        elif name == b"data":
            if facts is None:
                return None
            left = len(data) - body
            there = left if size in (0, 0xFFFFFFFF) or size > left else size
            return Wav(facts[1], facts[2], facts[5], facts[0], body, there, size)
        at = body + size + size % 2
    return None
