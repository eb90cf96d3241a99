"""Encoders."""

from __future__ import annotations

import io
import struct

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from tests.emulator.speech.listening import ENGLISH, say
from ttsgate.emulator.speech import Encoder, wav_file

RATES = [8000, 16000, 24000, 48000]


def stream(samples: np.ndarray, fmt: str, rate: int, *, bit_rate: int | None = None) -> list[bytes]:
    encoder = Encoder(fmt, rate, bit_rate)
    step = rate // 10
    out = [encoder.feed(samples[i : i + step]) for i in range(0, len(samples), step)]
    return [*out, encoder.finish()]


def decode(data: bytes) -> tuple[np.ndarray, int]:
    samples, rate = soundfile.read(io.BytesIO(data), dtype="int16")
    return samples, rate


def likeness(a: np.ndarray, b: np.ndarray) -> float:
    """The best correlation of two signals over shifts."""
    n = len(a) + len(b)
    cross = np.fft.irfft(np.fft.rfft(a.astype(float), n) * np.conj(np.fft.rfft(b.astype(float), n)), n)
    return float(cross.max() / np.sqrt((a.astype(float) ** 2).sum() * (b.astype(float) ** 2).sum()))


@given(st.lists(st.lists(st.integers(-32768, 32767), max_size=50), max_size=8))
def test_pcm_and_wav_are_exact(pieces: list[list[int]]) -> None:
    """Whatever the cut, the samples come out bit by bit, in WAV behind one header."""
    samples = np.array([x for piece in pieces for x in piece], np.int16)
    pcm, wav = Encoder("pcm", 24000), Encoder("wav", 24000)
    assert b"".join([*(pcm.feed(np.array(p, np.int16)) for p in pieces), pcm.finish()]) == samples.tobytes()
    data = b"".join([*(wav.feed(np.array(p, np.int16)) for p in pieces), wav.finish()])
    assert data[:4] == b"RIFF"
    assert data[44:] == samples.tobytes()
    assert struct.unpack("<I", data[40:44]) == (0xFFFFFFFF,)


@pytest.mark.parametrize("rate", RATES)
def test_wav_reads(rate: int) -> None:
    """A streamed and a whole WAV read as what was spoken."""
    samples = say(ENGLISH, sample_rate=rate)
    for data in (b"".join(stream(samples, "wav", rate)), wav_file(samples, rate)):
        read, found = decode(data)
        assert found == rate
        assert np.array_equal(read, samples)


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize(("fmt", "extra_s"), [("opus", 0.0), ("mp3", 0.35)])
def test_compressed_is_whole(fmt: str, extra_s: float, rate: int) -> None:
    """It decodes at its rate to the same speech, as long as it was (mp3: plus the codec's own frames)."""
    samples = say(ENGLISH, sample_rate=rate)
    pieces = stream(samples, fmt, rate)
    read, found = decode(b"".join(pieces))
    assert found == rate
    assert len(samples) <= len(read) <= len(samples) + extra_s * rate
    assert likeness(read, samples) > 0.9


@pytest.mark.parametrize("fmt", ["opus", "mp3"])
def test_compressed_flows(fmt: str) -> None:
    """Sound leaves long before the end: at no time are more than 0.5 s held back."""
    samples = say(ENGLISH)
    got = b""
    for i, piece in enumerate(stream(samples, fmt, 24000)[:-1]):
        got += piece
        if i in (9, 19):
            assert len(decode(got)[0]) > ((i + 1) * 0.1 - 0.5) * 24000


@pytest.mark.parametrize("fmt", ["opus", "mp3"])
def test_same_samples_same_bytes(fmt: str) -> None:
    """Nothing of the clock or of chance is in the stream."""
    samples = say(ENGLISH)
    assert stream(samples, fmt, 24000) == stream(samples, fmt, 24000)


@pytest.mark.parametrize(
    ("fmt", "rate", "asked", "expected"),
    [
        ("opus", 24000, 32, 32),
        ("opus", 48000, 128, 128),
        ("opus", 24000, 510, 256),
        ("mp3", 24000, 64, 64),
        ("mp3", 48000, 320, 320),
        ("mp3", 8000, 128, 64),
        ("mp3", 16000, None, 128),
    ],
)
def test_bit_rate(fmt: str, rate: int, asked: int | None, expected: int) -> None:
    """The stream has the bit rate asked for, or the nearest there is."""
    samples = np.tile(say(ENGLISH, sample_rate=rate), 2)
    data = b"".join(stream(samples, fmt, rate, bit_rate=asked))
    assert len(data) * 8 / 1000 / (len(samples) / rate) == pytest.approx(expected, rel=0.2)


def test_ogg_pages_hold() -> None:
    """Every page has the same serial number and numbers count up, so that strict demultiplexers accept the stream."""
    data = b"".join(stream(say(ENGLISH), "opus", 24000))
    pages, at = [], 0
    while at < len(data):
        assert data[at : at + 4] == b"OggS"
        pages.append(struct.unpack("<II", data[at + 14 : at + 22]))
        at += 27 + data[at + 26] + sum(data[at + 27 : at + 27 + data[at + 26]])
    assert at == len(data)
    assert len({serial for serial, _ in pages}) == 1
    assert [number for _, number in pages] == list(range(len(pages)))


@pytest.mark.parametrize("fmt", ["pcm", "wav", "opus", "mp3"])
def test_never_fed(fmt: str) -> None:
    """A stream of nothing ends without an error."""
    data = b"".join(stream(np.zeros(0, np.int16), fmt, 24000))
    if fmt == "wav":
        assert len(decode(data)[0]) == 0


@pytest.mark.parametrize(("fmt", "rate"), [("flac", 24000), ("opus", 44100)])
def test_refused(fmt: str, rate: int) -> None:
    """Another format, or a rate that the codec lacks, is named."""
    with pytest.raises(ValueError, match=r"flac|44100"):
        Encoder(fmt, rate)
