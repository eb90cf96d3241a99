"""eSpeak NG by itself."""

from __future__ import annotations

import os
import tempfile
import threading
from pathlib import Path

import numpy as np
import pytest

from tests.emulator.speech.listening import ENGLISH, FLASH
from ttsgate.emulator.speech import timbre_of
from ttsgate.emulator.speech.espeak import Espeak
from ttsgate.emulator.speech.text import LANGUAGES
from ttsgate.errors import HarnessError

CHERRY = timbre_of(FLASH, "Cherry")


def speak(text: str, language: str = "en-us", *, f0_hz: float = 195.0, range_: float = 1.0) -> np.ndarray:
    return Espeak().speak(text, language, CHERRY, rate=1.0, f0_hz=f0_hz, range_=range_, seed=7)


@pytest.mark.parametrize("language", [*LANGUAGES.values(), "yue"])
def test_every_language_has_a_voice_file(language: str) -> None:
    """Each language that text may be routed to speaks."""
    assert len(speak("1 2 3", language)) > 4800


def test_threads_wait_for_each_other() -> None:
    """Eight threads at once give what one gives."""
    alone = speak(ENGLISH)
    results: list[np.ndarray] = []
    threads = [threading.Thread(target=lambda: results.append(speak(ENGLISH))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 8
    assert all(np.array_equal(alone, r) for r in results)


def test_temporary_folder_does_not_matter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The voice file is handed over in memory: a folder with capitals and a long name is no obstacle, nothing stays."""
    folder = tmp_path / ("Long" * 20)
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    speak(ENGLISH)
    assert os.listdir(folder) == []


def test_without_memory_files_a_short_lived_file_serves(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the system has no files in memory, the same sound comes by way of the disk, and nothing stays."""
    plain = speak(ENGLISH)
    monkeypatch.delattr(os, "memfd_create")
    # Names made by chance may hold capitals; ours may not.
    folder = Path("/tmp") / f"v{os.getpid()}"
    folder.mkdir()
    try:
        monkeypatch.setattr(tempfile, "tempdir", str(folder))
        assert np.array_equal(speak(ENGLISH), plain)
    finally:
        folder.rmdir()


def test_an_unreachable_file_names_the_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On disk, a folder that the engine cannot reach is explained."""
    folder = tmp_path / ("Long" * 20)
    folder.mkdir()
    monkeypatch.delattr(os, "memfd_create")
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    with pytest.raises(HarnessError, match="TMPDIR"):
        speak(ENGLISH)


@pytest.mark.parametrize("f0_hz", [30.0, 470.0])
def test_extreme_pitch_speaks(f0_hz: float) -> None:
    """The lowest and highest voice at the ends of pitch_rate still speak."""
    assert np.abs(speak(ENGLISH, f0_hz=f0_hz)).max() > 0.05
