"""`Speech`: text to samples."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from ttsgate import catalog
from ttsgate.emulator.speech import Speech, segments, timbre_of

FLASH = catalog.find("qwen3-tts-flash-realtime")
ENGLISH = "Please call the office before nine in the morning."
CHINESE = "今天天气很好，我们一起去公园散步吧。"


def say(text: str, *, seed: int = 7, **options: Any) -> np.ndarray:
    async def run() -> np.ndarray:
        speech = Speech(seed=seed)
        try:
            return await speech.render(
                text,
                voice=options.pop("voice", timbre_of(FLASH, "Cherry")),
                sample_rate=options.pop("sample_rate", 24000),
                **options,
            )
        finally:
            speech.close()

    return asyncio.run(run())


@pytest.mark.parametrize("text", [ENGLISH, CHINESE])
@pytest.mark.parametrize("rate", [8000, 16000, 24000, 48000])
def test_every_rate_plays_as_long(text: str, rate: int) -> None:
    """The same text lasts equally long at every sample rate."""
    assert len(say(text, sample_rate=rate)) / rate == pytest.approx(len(say(text)) / 24000, abs=0.01)


def test_same_inputs_same_bytes_whatever_was_said_before() -> None:
    """The engine's global state does not leak from one utterance to the next."""
    first = say(ENGLISH)
    say(CHINESE, voice=timbre_of(FLASH, "Ethan"))
    assert say(ENGLISH).tobytes() == first.tobytes()


def test_same_bytes_in_another_process() -> None:
    """Two processes make the same samples."""
    code = (
        "import asyncio, hashlib; from ttsgate import catalog; from ttsgate.emulator.speech import Speech, timbre_of\n"
        "m = catalog.find('qwen3-tts-flash-realtime'); s = Speech(seed=7)\n"
        f"r = asyncio.run(s.render({CHINESE!r}, voice=timbre_of(m, 'Cherry'), sample_rate=24000))\n"
        "print(hashlib.sha256(r.tobytes()).hexdigest()); s.close()"
    )
    import hashlib

    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=30)
    assert out.stdout.strip() == hashlib.sha256(say(CHINESE).tobytes()).hexdigest()


def test_whole_text_is_its_segments_joined() -> None:
    """A caller may render segment by segment and gets the same samples."""
    text = f"{ENGLISH} {CHINESE}And once more, with feeling!"
    parts = segments(text)
    assert len(parts) >= 3
    assert np.array_equal(say(text), np.concatenate([say(part) for part in parts]))


def test_nothing_to_say_is_empty() -> None:
    """Punctuation alone gives no samples."""
    assert len(say(" … 。，!?")) == 0
