"""Samples to the service's formats, as they come: pcm, wav, mp3, opus.

- pcm: 16-bit little-endian mono.
- wav: one header at the start of the stream whose sizes are 0xFFFFFFFF, since the length is not known yet. The
  service documents neither this nor a header a delta (inferred).
- mp3: LAME through libsndfile, constant bit rate, bytes after every few samples. The information frame that LAME
  completes last cannot travel backwards, so a decoder finds no gapless figures and plays about 0.1 s more than was
  spoken.
- opus: Ogg pages of about 100 ms through libsndfile; decodes to exactly the length spoken. libsndfile draws the
  stream's serial number by chance; it is replaced (and the page sums with it), so that the same samples give the same
  bytes.

`bit_rate` is in kbit/s and goes to the nearest rate that the codec has: opus 6 to 256, mp3 8 to 64 at 8 kHz, 8 to 160
at 16 and 24 kHz, 32 to 320 at 48 kHz. pcm and wav have none.

Licences: libsndfile (with LAME and libopus inside) is LGPL-2.1-or-later and comes in the wheel of `soundfile`.
"""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["DEFAULT_BIT_RATE", "FORMATS", "Encoder", "wav_file"]

FORMATS: tuple[str, ...] = ("pcm", "wav", "mp3", "opus")
DEFAULT_BIT_RATE = 128
"""kbit/s, the service's documented default."""

_OPUS_RATES = (8000, 12000, 16000, 24000, 48000)
_UNKNOWN_SIZE = 0xFFFFFFFF
_OGG_SERIAL = 0x74746761
_OGG_PAGE_MS = 100.0
_SFC_SET_OGG_PAGE_LATENCY_MS = 0x1302  # sndfile.h; soundfile has no name for it
_BIT_REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


def _wav_header(sample_rate: int, data_bytes: int | None) -> bytes:
    riff = _UNKNOWN_SIZE if data_bytes is None else 36 + data_bytes
    data = _UNKNOWN_SIZE if data_bytes is None else data_bytes
    fmt = struct.pack("<IHHIIHH", 16, 1, 1, sample_rate, sample_rate * 2, 2, 16)
    return b"RIFF" + struct.pack("<I", riff) + b"WAVEfmt " + fmt + b"data" + struct.pack("<I", data)


def wav_file(samples: NDArray[np.int16], rate: int) -> bytes:
    """A complete WAV file with true sizes."""
    data = samples.astype("<i2").tobytes()
    return _wav_header(rate, len(data)) + data


class Encoder:
    """Encode one stream: `feed` samples as they come, `finish` once; the joined bytes are the stream.

    `fmt` is one of `FORMATS`, `bit_rate` in kbit/s (None or out of range: default, nearest). `ValueError` for another
    format or, with opus, a sample rate that it does not have. A WAV stream that was never fed is still a valid file
    without samples; the other formats have no such thing.
    """

    def __init__(self, fmt: str, sample_rate: int, bit_rate: int | None = None) -> None:
        if fmt not in FORMATS:
            raise ValueError(f"unknown audio format {fmt!r}; there are: {', '.join(FORMATS)}")
        if fmt == "opus" and sample_rate not in _OPUS_RATES:
            raise ValueError(f"opus has no sample rate of {sample_rate} Hz; it has: {', '.join(map(str, _OPUS_RATES))}")
        self._ready = _wav_header(sample_rate, None) if fmt == "wav" else b""
        self._codec = _Codec(fmt, sample_rate, bit_rate or DEFAULT_BIT_RATE) if fmt in ("mp3", "opus") else None

    def feed(self, samples: NDArray[np.int16]) -> bytes:
        """The bytes that are ready after these samples; may be empty."""
        if self._codec is not None:
            return self._codec.feed(samples)
        ready, self._ready = self._ready, b""
        return ready + samples.astype("<i2").tobytes()

    def finish(self) -> bytes:
        """The rest of the stream."""
        if self._codec is not None:
            return self._codec.finish()
        ready, self._ready = self._ready, b""
        return ready


class _Codec:
    """libsndfile writing into memory, read out behind it."""

    def __init__(self, fmt: str, sample_rate: int, bit_rate: int) -> None:
        import soundfile

        self._sink = _Sink()
        self._ogg = b"" if fmt == "opus" else None
        mp3 = fmt == "mp3"
        self._file = soundfile.SoundFile(
            self._sink,
            "w",
            sample_rate,
            1,
            format="MP3" if mp3 else "OGG",
            subtype="MPEG_LAYER_III" if mp3 else "OPUS",
            compression_level=_compression_level(fmt, sample_rate, bit_rate),
            bitrate_mode="CONSTANT" if mp3 else None,
        )
        if not mp3:
            _set_page_latency(soundfile, self._file)

    def feed(self, samples: NDArray[np.int16]) -> bytes:
        if len(samples):
            self._file.write(samples.astype("=i2", order="C", copy=False))
        return self._out()

    def finish(self) -> bytes:
        self._file.close()
        return self._out()

    def _out(self) -> bytes:
        data = self._sink.take()
        if self._ogg is None:
            return data
        pages, self._ogg = _with_fixed_serial(self._ogg + data)
        return pages


class _Sink:
    """The file that libsndfile believes to write; what was taken cannot be changed any more and is not kept."""

    def __init__(self) -> None:
        self._kept = bytearray()
        self._taken = 0
        self._position = 0

    def write(self, data: Any) -> int:
        piece = bytes(data)
        start = self._position - self._taken
        self._position += len(piece)
        if start < 0:  # LAME's information frame, rewritten at the end
            piece, start = piece[-start:], 0
        if piece:
            self._kept[start : start + len(piece)] = piece
        return len(data)

    def read(self, _size: int = -1) -> bytes:
        return b""

    def seek(self, offset: int, whence: int = 0) -> int:
        base = (0, self._position, self._taken + len(self._kept))[whence]
        self._position = base + offset
        return self._position

    def tell(self) -> int:
        return self._position

    def take(self) -> bytes:
        data = bytes(self._kept)
        self._taken += len(data)
        self._kept.clear()
        return data


def _compression_level(fmt: str, sample_rate: int, bit_rate: int) -> float:
    """The level that libsndfile turns back into `bit_rate` (linear; src/mpeg_l3_encode.c, src/ogg_opus.c)."""
    if fmt == "opus":
        low, high = 6, 256
    elif sample_rate >= 32000:
        low, high = 32, 320
    else:
        low, high = 8, 160 if sample_rate >= 16000 else 64
    return min(max((high - bit_rate) / (high - low), 0.0), 0.999)


def _set_page_latency(soundfile: Any, file: Any) -> None:
    try:
        value = soundfile._ffi.new("double *", _OGG_PAGE_MS)
        soundfile._snd.sf_command(file._file, _SFC_SET_OGG_PAGE_LATENCY_MS, value, 8)
    except AttributeError:  # private to soundfile; without it pages come every second
        return


def _with_fixed_serial(data: bytes) -> tuple[bytes, bytes]:
    """Whole Ogg pages with our serial number and a fresh checksum (RFC 3533 section 6), and the bytes left over."""
    out, at = [], 0
    while len(data) >= at + 27 and len(data) >= at + 27 + data[at + 26]:
        body = at + 27 + data[at + 26]
        end = body + sum(data[at + 27 : body])
        if len(data) < end:
            break
        page = bytearray(data[at:end])
        page[14:18] = struct.pack("<I", _OGG_SERIAL)
        page[22:26] = bytes(4)
        page[22:26] = struct.pack("<I", _ogg_sum(page))
        out.append(bytes(page))
        at = end
    return b"".join(out), data[at:]


def _ogg_sum(page: bytes | bytearray) -> int:
    # Ogg's sum is zlib's with the bits the other way round and no inversion at either end.
    reflected = zlib.crc32(page.translate(_BIT_REVERSED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int(f"{reflected:032b}"[::-1], 2)
