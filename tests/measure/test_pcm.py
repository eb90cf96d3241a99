"""From what travelled to samples."""

from __future__ import annotations

import base64
import io
import struct

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from ttsgate.measure.pcm import container_of, decode_base64, read_wav, samples_of, to_float


@given(st.binary(max_size=200))
def test_base64_goes_round(data: bytes) -> None:
    """Whatever was encoded is decoded, also without padding."""
    text = base64.b64encode(data).decode()

    assert data == decode_base64(text)
    assert data == decode_base64(text.rstrip("="))


@pytest.mark.parametrize("value", [None, 7, ["AAAA"], "not base64!", "AAA-"])
def test_what_is_no_base64(value: object) -> None:
    """Anything else is None, never an exception."""
    assert decode_base64(value) is None


@given(st.binary(max_size=400))
def test_any_bytes_have_a_container_or_none(data: bytes) -> None:
    """Arbitrary bytes never raise, neither here nor in the WAV reader."""
    container_of(data)
    read_wav(data)
    read_wav(b"RIFF\0\0\0\0WAVE" + data)


@pytest.mark.parametrize(("kind", "name"), [("WAV", "wav"), ("FLAC", "flac"), ("OGG", "ogg"), ("MP3", "mp3")])
def test_real_containers(kind: str, name: str) -> None:
    """Files of the usual formats are recognised by their beginning."""
    file = io.BytesIO()
    soundfile.write(file, np.sin(np.arange(24000) / 20) / 2, 24000, format=kind)

    assert name == container_of(file.getvalue()[:4096])


def test_loud_pcm_is_no_mp3() -> None:
    """A frame sync can occur in samples; it takes a second frame in its place to be believed."""
    assert container_of(b"\xff\xfb\x90\x00" + bytes(4000)) is None


def test_wav_header() -> None:
    """The facts of a header, with the bytes that are really there."""
    file = io.BytesIO()
    soundfile.write(file, np.zeros(100), 16000, format="WAV", subtype="PCM_16")
    wav = read_wav(file.getvalue())

    assert wav is not None
    assert (1, 16000, 16, 200) == (wav.channels, wav.sample_rate, wav.bits, wav.size)


def test_wav_of_unknown_length() -> None:
    """A streaming writer that declares 4 GiB has written what is there."""
    head = b"RIFF\xff\xff\xff\xffWAVEfmt " + struct.pack("<IHHIIHH", 16, 1, 1, 24000, 48000, 2, 16)
    wav = read_wav(head + b"data\xff\xff\xff\xff" + bytes(60))

    assert wav is not None
    assert 60 == wav.size


def test_samples() -> None:
    """Little-endian, an odd last byte dropped; full scale is one."""
    assert [1, -1] == samples_of(b"\x01\x00\xff\xff\x07").tolist()
    assert [-1.0, 0.5] == to_float(np.array([-32768, 16384], dtype=np.int16)).tolist()
