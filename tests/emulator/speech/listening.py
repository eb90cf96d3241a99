"""How these tests hear: F0, spectrum, band and loudness, measured without the code under test."""

from __future__ import annotations

import asyncio
import itertools
from typing import Any

import numpy as np

from ttsgate import catalog
from ttsgate.emulator.speech import Speech, timbre_of

FLASH = catalog.find("qwen3-tts-flash-realtime")
ENGLISH = "Please call the office before nine in the morning."
CHINESE = "今天天气很好，我们一起去公园散步吧。"


def say(text: str, *, speech: Speech | None = None, seed: int = 7, **options: Any) -> np.ndarray:
    """Render with Cherry at 24 kHz unless told otherwise."""
    used = speech or Speech(seed=seed)
    try:
        chosen: dict[str, Any] = {"voice": timbre_of(FLASH, "Cherry"), "sample_rate": 24000} | options
        return asyncio.run(used.render(text, **chosen))
    finally:
        if speech is None:
            used.close()


def median_f0(samples: np.ndarray, rate: int = 24000) -> float:
    """Median F0 in Hz by autocorrelation of 46 ms frames; 0 when nothing is voiced."""
    x = samples / 32768
    n, hop = int(0.046 * rate), int(0.012 * rate)
    frames = np.lib.stride_tricks.sliding_window_view(x, n)[::hop] * np.hanning(n)
    energy = (frames**2).sum(1)
    frames = frames[energy > energy.max() * 0.02]
    window = np.fft.irfft(np.abs(np.fft.rfft(np.hanning(n), 2 * n)) ** 2)[:n]
    correlation = np.fft.irfft(np.abs(np.fft.rfft(frames, 2 * n, axis=1)) ** 2)[:, :n] / window * window[0]
    shortest, longest = int(rate / 480), int(rate / 45)
    found = []
    for row in (correlation / correlation[:, :1])[:, shortest:longest]:
        strong = (row[1:-1] > row[:-2]) & (row[1:-1] >= row[2:]) & (row[1:-1] > 0.88 * row.max())
        if row.max() > 0.5 and strong.any():
            found.append(rate / (shortest + 1 + int(np.flatnonzero(strong)[0])))
    return float(np.median(found)) if found else 0.0


def spectrum(samples: np.ndarray, rate: int = 24000) -> np.ndarray:
    """Long-term average spectrum of the active frames in 24 mel bands from 100 Hz to 8 kHz, dB, mean removed."""
    n = 1024
    frames = np.lib.stride_tricks.sliding_window_view(samples / 32768, n)[:: n // 2] * np.hanning(n)
    power = np.abs(np.fft.rfft(frames, axis=1)) ** 2
    total = power.sum(1)
    average, hz = power[total > total.max() * 1e-3].mean(0), np.fft.rfftfreq(n, 1 / rate)
    mels = np.linspace(2595 * np.log10(1 + 100 / 700), 2595 * np.log10(1 + 8000 / 700), 25)
    edges = 700 * (10 ** (mels / 2595) - 1)
    bands = [np.interp(np.linspace(a, b, 9), hz, average).mean() for a, b in itertools.pairwise(edges)]
    decibels = 10 * np.log10(np.array(bands) + 1e-20)
    return np.asarray(decibels - decibels.mean())


def share_above(samples: np.ndarray, hz: float, rate: int) -> float:
    """Power above `hz` as a share of all power, in dB."""
    power = np.abs(np.fft.rfft(samples / 32768)) ** 2
    above = power[np.fft.rfftfreq(len(samples), 1 / rate) > hz].sum()
    return float(10 * np.log10(above / power.sum() + 1e-20))


def active_rms(samples: np.ndarray, rate: int = 24000) -> float:
    """dBFS RMS of the 20 ms frames within 30 dB of the loudest."""
    frame = rate // 50
    power = np.mean((samples[: len(samples) // frame * frame] / 32768).reshape(-1, frame) ** 2, axis=1)
    return float(10 * np.log10(power[power > power.max() / 1000].mean()))
