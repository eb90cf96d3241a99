"""Holes, copies, seams and clicks."""

from __future__ import annotations

import numpy as np
import pytest

from tests.judgement.voices import CHINESE, ENGLISH, speech
from ttsgate.measure.integrity import clicks, dropouts, repeats, seams


@pytest.mark.parametrize("text", [ENGLISH, CHINESE])
def test_good_speech_is_whole(text: str) -> None:
    """No holes, copies or clicks, and no seam wherever it is cut into deltas."""
    samples = speech(text)

    assert [] == dropouts(samples, 24000)
    assert [] == repeats(samples, 24000)
    assert len(clicks(samples, 24000)) <= 3
    assert np.count_nonzero(seams(samples, list(range(480, len(samples), 480)), 24000) > 5) <= 1


def loudest(samples: np.ndarray[tuple[int], np.dtype[np.int16]]) -> int:
    return int(np.argmax(np.abs(samples[20000:40000]))) + 20000


def test_a_hole_is_placed() -> None:
    """Where it starts and ends, to the sample."""
    samples = speech().copy()
    at = loudest(samples)
    samples[at : at + 1000] = 0

    assert any(abs(start - at) < 3 and abs(end - at - 1000) < 3 for start, end in dropouts(samples, 24000))


def test_a_copy_is_placed() -> None:
    """Where it is, and of what."""
    samples = speech()
    at = loudest(samples) - 1200
    doubled = np.concatenate([samples[: at + 2400], samples[at : at + 2400], samples[at + 2400 :]])

    (found,) = repeats(doubled, 24000)

    assert (at + 2400, at) == (found.at, found.of)
    assert 2400 <= found.length <= 2450


def test_a_lost_piece_leaves_a_seam() -> None:
    """Most joins of pieces that do not belong together stand out."""
    samples = speech()
    places = [p for p in range(8000, len(samples) - 4000, 3000) if np.abs(samples[p : p + 2000]).max() > 3000]
    joined = [seams(np.concatenate([samples[:p], samples[p + 1777 :]]), [p], 24000)[0] for p in places]

    assert np.median(joined) > 4


def test_clicks_are_placed() -> None:
    """Each spike once, where it is."""
    samples = speech().copy()
    places = list(range(5000, 50000, 4999))
    samples[places] = 30000

    found = clicks(samples, 24000)

    assert len(set(places) & {p + d for p in found for d in (-1, 0, 1)}) >= len(places) - 1


def test_scraps() -> None:
    """A few samples are no cause for exceptions."""
    few = np.arange(10, dtype=np.int16)

    assert ([], [], []) == (dropouts(few, 24000), repeats(few, 24000), clicks(few, 24000))
    assert [0.0] == seams(few, [5], 24000).tolist()
