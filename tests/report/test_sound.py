from __future__ import annotations

import base64
import io

import pytest
import soundfile

from tests.report.samples import build, session
from ttsgate.report import sound
from ttsgate.report.sound import listening_copies
from ttsgate.result.record import SessionRecord


def talks(count: int) -> list[SessionRecord]:
    cell = build().cells[0]
    return [session(cell, id=f"s{n}", audio=f"audio/s{n}.wav") for n in range(count)]


class TestListeningCopies:
    def test_a_copy_plays_as_long_as_the_original(self, recording: bytes) -> None:
        """The copy is an MP3 of the same length, a fraction of the size."""
        uri = listening_copies(talks(1), lambda _: recording)["s0"]
        data = base64.b64decode(uri.removeprefix("data:audio/mpeg;base64,"))
        copy, original = soundfile.info(io.BytesIO(data)), soundfile.info(io.BytesIO(recording))

        assert copy.samplerate == original.samplerate
        assert copy.duration == pytest.approx(original.duration, abs=0.1)
        assert len(data) < len(recording) / 2

    def test_what_is_no_audio_has_no_copy(self, recording: bytes) -> None:
        """Missing files, rubbish and empty files are passed over; the rest still plays."""
        files = {"audio/s1.wav": b"rubbish", "audio/s2.wav": b"", "audio/s3.wav": recording}
        silent = session(build().cells[0], id="s4", audio=None)

        assert {"s3"} == set(listening_copies([*talks(4), silent], files.get))

    def test_the_budget_is_kept_in_order(self, recording: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
        """Copies are made in the order given until the budget is spent, and no further file is read."""
        one = len(listening_copies(talks(1), lambda _: recording)["s0"])
        monkeypatch.setattr(sound, "BUDGET", 2 * one)
        asked: list[str] = []

        def read(name: str) -> bytes:
            asked.append(name)
            return recording

        assert ["s0", "s1"] == list(listening_copies(talks(9), read))
        assert 3 == len(asked)
