"""The voice of a recording: no engine, no GPL part."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.emulator.speech.listening import FLASH, active_rms, median_f0, say
from ttsgate.emulator.speech import Speech, open_synth, timbre_of, wav_file
from ttsgate.errors import UsageError


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    """Three seconds of a 150 Hz buzz that swells and fades, at 16 kHz."""
    t = np.arange(3 * 16000) / 16000
    buzz = sum(np.sin(2 * np.pi * 150 * k * t) / k for k in range(1, 30)) * (0.6 + 0.4 * np.sin(2 * np.pi * 2 * t))
    path = tmp_path / "voice.wav"
    path.write_bytes(wav_file((buzz * 5000).astype(np.int16), 16000))
    return path


def speak(recording: Path, text: str, **options: Any) -> np.ndarray:
    speech = Speech(open_synth(f"file:{recording}"))
    try:
        return say(text, speech=speech, **options)
    finally:
        speech.close()


def test_duration_follows_the_text(recording: Path) -> None:
    """Twice the text is about twice as long, twice the rate half; both plausible for speech."""
    once = speak(recording, "Please call the office before nine.")
    twice = speak(recording, "Please call the office before nine. Please call the office before nine.")
    assert 1.0 < len(once) / 24000 < 4.0
    assert len(twice) / len(once) == pytest.approx(2, rel=0.05)
    assert len(once) / len(speak(recording, "Please call the office before nine.", speech_rate=2.0)) == pytest.approx(
        2, rel=0.05
    )


def test_voices_and_pitch(recording: Path) -> None:
    """Voices and pitch_rate change the pitch; the level is that of every other voice."""
    ethan, cherry = (speak(recording, "Hello, how are you?", voice=timbre_of(FLASH, v)) for v in ("Ethan", "Cherry"))
    assert median_f0(cherry) > 1.5 * median_f0(ethan)
    higher = speak(recording, "Hello, how are you?", voice=timbre_of(FLASH, "Ethan"), pitch_rate=1.5)
    assert median_f0(higher) / median_f0(ethan) == pytest.approx(1.5, rel=0.05)
    assert active_rms(cherry) == pytest.approx(-20, abs=2.5)


def test_repeatable_but_not_the_same_for_every_text(recording: Path) -> None:
    """The same text gives the same bytes, another text of the same length others."""
    assert np.array_equal(speak(recording, "Hello one."), speak(recording, "Hello one."))
    assert not np.array_equal(speak(recording, "Hello one."), speak(recording, "Hello two."))


@pytest.mark.parametrize("content", [b"", b"not a recording", wav_file(np.zeros(48000, np.int16), 24000)])
def test_useless_file(tmp_path: Path, content: bytes) -> None:
    """A file that is none, or holds no sound, is a usage error that names it."""
    path = tmp_path / "bad.wav"
    path.write_bytes(content)
    with pytest.raises(UsageError, match=r"bad\.wav"):
        open_synth(f"file:{path}")


def test_loads_no_engine(recording: Path) -> None:
    """The whole way from text to samples runs without eSpeak NG."""
    code = (
        "import sys, asyncio; sys.modules['espeakng_loader'] = None\n"
        "from ttsgate import catalog; from ttsgate.emulator.speech import Speech, timbre_of\n"
        f"s = Speech('file:' + {str(recording)!r}); m = catalog.find('qwen3-tts-flash-realtime')\n"
        "print(len(asyncio.run(s.render('Hello.', voice=timbre_of(m, 'Cherry'), sample_rate=24000)))); s.close()\n"
        "assert 'ttsgate.emulator.speech.espeak' not in sys.modules"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert int(out.stdout) > 5000
