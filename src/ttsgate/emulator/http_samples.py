"""Is a recording fit to be cloned? The checks of the clone guide, in its order, with its errors.

Requirements: https://help.aliyun.com/zh/model-studio/qwen-tts-voice-cloning (data URI of WAV, MP3 or M4A below 10 MB,
at least 24 kHz, at most 60 s, mono, at least 3 s of speech without a break).
"""

from __future__ import annotations

import base64
import binascii
import io
import struct
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ttsgate.emulator import http_errors as errors
from ttsgate.emulator.http_errors import ApiError

__all__ = ["MAX_ENCODED", "Recording", "decode", "judge", "read_m4a"]

MAX_ENCODED = 10 * 1024 * 1024
"""Characters of Base64; the limit counts after encoding."""

_MIN_RATE = 24_000
_MAX_SECONDS = 60.0
_MIN_SPEECH_S = 3.0
_FRAME_S = 0.02
_PAUSE_S = 0.5
"""A pause up to this long does not end a stretch of speech."""
_FLOOR_DBFS = -50.0
_BELOW_PEAK_DB = 35.0


@dataclass(frozen=True)
class Recording:
    """What is known of a recording; ``samples`` (-1 to 1, mono) are None where it could not be decoded."""

    rate: int
    channels: int
    duration_s: float
    samples: NDArray[np.float32] | None


def decode(data_uri: str) -> Recording | ApiError:
    """Open a ``data:audio/...;base64,`` URI."""
    head, comma, encoded = data_uri.partition(",")
    media_type, _, coding = head.removeprefix("data:").partition(";")
    if not comma or coding != "base64" or media_type not in ("audio/wav", "audio/mpeg", "audio/mp4"):
        return errors.AUDIO_DECODER
    if len(encoded) > MAX_ENCODED:
        return errors.AUDIO_SIZE
    try:
        content = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        return errors.AUDIO_DECODER
    if content[4:8] == b"ftyp":
        return read_m4a(content) or errors.AUDIO_DECODER
    return _read_sound(content)


def _read_sound(content: bytes) -> Recording | ApiError:
    # Costs 50 ms to import and only this call needs it.
    import soundfile

    try:
        with soundfile.SoundFile(io.BytesIO(content)) as file:
            rate, channels, frames = file.samplerate, file.channels, file.frames
            if frames > _MAX_SECONDS * rate:
                return Recording(rate, channels, frames / rate, None)
            sound = file.read(dtype="float32", always_2d=True)
    except (RuntimeError, ValueError, TypeError):
        return errors.AUDIO_DECODER
    return Recording(rate, channels, len(sound) / rate, sound.mean(axis=1))


def judge(recording: Recording, *, mixed: bool) -> ApiError | None:
    """The first requirement that a recording misses; ``mixed`` lets several channels pass."""
    if recording.rate < _MIN_RATE:
        return errors.AUDIO_RATE
    if recording.duration_s > _MAX_SECONDS:
        return errors.AUDIO_DURATION
    if recording.channels != 1 and not mixed:
        return errors.AUDIO_PREPROCESS
    if recording.samples is None:
        return None if recording.duration_s >= _MIN_SPEECH_S else errors.AUDIO_NO_SEGMENTS
    loud = _loud_frames(recording.samples, recording.rate)
    if not loud.any():
        return errors.AUDIO_PREPROCESS
    return None if _longest_stretch_s(loud) >= _MIN_SPEECH_S else errors.AUDIO_NO_SEGMENTS


def _loud_frames(samples: NDArray[np.float32], rate: int) -> NDArray[np.bool_]:
    """Per 20 ms: louder than -50 dBFS and than 35 dB below the loudest frame. Energy, not a speech detector."""
    size = int(rate * _FRAME_S)
    frames = samples[: len(samples) // size * size].reshape(-1, size).astype(np.float64)
    if not len(frames):
        return np.zeros(0, dtype=np.bool_)
    level = 10 * np.log10(np.mean(frames**2, axis=1) + 1e-12)
    return np.asarray(level > max(_FLOOR_DBFS, float(level.max()) - _BELOW_PEAK_DB))


def _longest_stretch_s(loud: NDArray[np.bool_]) -> float:
    """Seconds from the first to the last loud frame of the longest stretch without a pause."""
    places = np.flatnonzero(loud)
    breaks = np.flatnonzero(np.diff(places) * _FRAME_S > _PAUSE_S)
    starts = places[np.concatenate(([0], breaks + 1))]
    ends = places[np.concatenate((breaks, [len(places) - 1]))]
    return float((ends - starts + 1).max() * _FRAME_S)


def read_m4a(content: bytes) -> Recording | None:
    """Rate, channels and duration from the boxes of an MP4 file (ISO/IEC 14496-12), or None."""
    trak = _box(content, b"moov", b"trak", b"mdia")
    header = _box(trak, b"mdhd") if trak else None
    entries = _box(trak, b"minf", b"stbl", b"stsd") if trak else None
    if header is None or entries is None or len(header) < 32 or len(entries) < 44:
        return None
    scale, length = struct.unpack_from(">IQ", header, 20) if header[0] == 1 else struct.unpack_from(">II", header, 12)
    channels, rate = struct.unpack_from(">H", entries, 32)[0], struct.unpack_from(">I", entries, 40)[0] >> 16
    return Recording(rate, channels, length / scale, None) if scale and channels else None


def _box(content: bytes, *path: bytes) -> bytes | None:
    """What is in the box at that path, the first of each name."""
    for name in path:
        place = 0
        while place + 8 <= len(content):
            size = struct.unpack_from(">I", content, place)[0]
            if size < 8:
                return None
            if content[place + 4 : place + 8] == name:
                content = content[place + 8 : place + size]
                break
            place += size
        else:
            return None
    return content
