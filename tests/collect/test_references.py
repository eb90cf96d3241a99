"""Reference readings."""

from __future__ import annotations

import pytest

from ttsgate.collect.references import LONGEST_S, reference
from ttsgate.measure.alignment import FRAMES_PER_S, decoded


def test_a_text_is_read() -> None:
    """A sentence of three seconds has some hundred frames, the same each time."""
    read = decoded(reference("Please call the office before nine.", None))

    assert read is not None
    assert FRAMES_PER_S < len(read) < 4 * FRAMES_PER_S
    assert read.tobytes() == decoded(reference("Please call the office before nine.", "English")).tobytes()  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "text", ["", "?!", "明日の朝お電話ください。", "Call 0171 2345678 now.", "word " * 20 * LONGEST_S]
)
def test_texts_without_a_reading(text: str) -> None:
    """Nothing to say, kanji, numbers that everybody reads in another way, and what is too long."""
    assert reference(text, None) is None
