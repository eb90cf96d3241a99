"""Reading recordings that anybody may have made."""

from __future__ import annotations

import base64
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.emulator.http_service import data_uri, tone
from ttsgate.emulator import http_errors as errors
from ttsgate.emulator.http_errors import ApiError
from ttsgate.emulator.http_samples import Recording, decode, judge, read_m4a


def uri(content: bytes) -> str:
    return "data:audio/wav;base64," + base64.b64encode(content).decode()


@given(st.binary(max_size=200))
def test_any_bytes_are_a_recording_or_refused(noise: bytes) -> None:
    """Noise, noise behind a good header and noise in a container never raise."""
    header = base64.b64decode(data_uri(tone(0.01)).split(",")[1])[:44]
    for content in (noise, header + noise, b"\0\0\0\x08ftyp" + noise, noise[:4] + b"ftyp" + noise):
        outcome = decode(uri(content))
        if isinstance(outcome, ApiError):
            assert outcome == errors.AUDIO_DECODER
        else:
            judge(outcome, mixed=False)


@given(
    st.lists(st.tuples(st.sampled_from([b"moov", b"trak", b"mdia", b"mdhd"]), st.integers(0, 2**32 - 1)), max_size=6)
)
def test_boxes_of_any_size(boxes: list[tuple[bytes, int]]) -> None:
    """Boxes that announce any size, nested or not, end the search."""
    content = b"".join(struct.pack(">I", size) + name for name, size in boxes)

    assert read_m4a(content) is None


@pytest.mark.parametrize("fmt", ["WAV", "MP3", "FLAC"])
def test_what_is_known_of_a_recording(fmt: str) -> None:
    """Rate, channels and duration are those of the file; channels are mixed."""
    recording = decode(data_uri(tone(1.0, rate=48_000, channels=2), rate=48_000, fmt=fmt))

    assert isinstance(recording, Recording)
    assert (recording.rate, recording.channels) == (48_000, 2)
    assert recording.duration_s == pytest.approx(1.0, abs=0.05)
    assert recording.samples is not None
    assert recording.samples.ndim == 1


@pytest.mark.parametrize(
    ("pieces", "fits"),
    [
        ([(3.0, 0.3)], True),
        ([(1.5, 0.3), (0.4, 0.0), (1.5, 0.3)], True),
        ([(1.5, 0.3), (0.6, 0.0), (1.5, 0.3)], False),
        ([(2.0, 0.0), (3.1, 0.3), (2.0, 0.0)], True),
        ([(1.0, 0.9), (5.0, 0.01), (1.0, 0.9)], False),
        ([(4.0, 0.01)], True),
    ],
    ids=["just long enough", "short pause", "long pause", "silence around", "background behind speech", "quiet"],
)
def test_three_seconds_without_a_break(pieces: list[tuple[float, float]], *, fits: bool) -> None:
    """Three seconds of speech energy must stand without a pause of more than half a second."""
    sound = np.concatenate([tone(seconds, level=level)[:, 0] for seconds, level in pieces]).astype(np.float32)
    recording = Recording(24_000, 1, len(sound) / 24_000, sound)

    assert (judge(recording, mixed=False) is None) == fits
