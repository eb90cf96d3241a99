"""What a listener gets: when something can first be heard, and how often playback runs dry."""

from __future__ import annotations

from collections.abc import Sequence

from ttsgate.measure.pcm import samples_of
from ttsgate.measure.timing import Arrival, play

__all__ = ["AUDIBLE", "PLAYBACK_METRICS", "playback_metrics"]

AUDIBLE = 58
"""Smallest 16-bit sample that counts as heard: -55 dBFS, where lead-in and tail are measured, too."""
BUFFER_S = 0.2
"""Jitter buffer of the simulated player."""

PLAYBACK_METRICS: dict[str, str] = {
    "first_audible_ms": "from the first text leaving to the first delta with a sample above -55 dBFS",
    "underruns": "how often playback with a buffer of 200 ms ran dry",
    "starved_ms": "unwanted silence of that playback, in all",
}
"""Name of each number and what it is."""


def playback_metrics(pieces: Sequence[Arrival], *, rate: int, asked_at: float | None) -> dict[str, float]:
    """The numbers of `PLAYBACK_METRICS` for 16-bit mono PCM; empty without audio.

    Args:
        pieces: Every delta with its time.
        rate: Hz.
        asked_at: When the first text left, on the clock of `pieces`.
    """
    heard = [p for p in pieces if p.data]
    if not heard:
        return {}
    # Floats throughout: what was written must be what is read back, byte for byte.
    numbers = {"underruns": 0.0, "starved_ms": 0.0}
    for response in sorted({p.response for p in heard}):
        of_it = [p for p in heard if p.response == response]
        found = play(of_it, bytes_per_second=2 * rate, buffer_s=BUFFER_S)
        numbers["underruns"] += found.underruns
        numbers["starved_ms"] = round(numbers["starved_ms"] + found.starved_s * 1000, 3)
    audible = next((p for p in heard if _audible(p.data)), None)
    if audible is not None and asked_at is not None and audible.t >= asked_at:
        numbers["first_audible_ms"] = round((audible.t - asked_at) * 1000, 3)
    return numbers


def _audible(data: bytes) -> bool:
    samples = samples_of(data[: len(data) // 2 * 2]).astype("int32")
    return bool(len(samples)) and int(abs(samples).max()) >= AUDIBLE
