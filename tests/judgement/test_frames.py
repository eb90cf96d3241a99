"""Reading what services say, however they say it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ttsgate.judgement.frames import Frame

WORDS = "Requests rate limit exceeded"
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.text(max_size=8), inside, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("event", "told"),
    [
        ({"error": {"code": "Throttling", "message": WORDS}}, ("Throttling", WORDS)),
        ({"error": {"code": 429, "message": WORDS}}, ("429", WORDS)),
        ({"error": WORDS}, (None, WORDS)),
        ({"code": "Throttling", "message": WORDS}, ("Throttling", WORDS)),
        ({"error": {"code": None, "message": ["x"]}}, (None, None)),
        ({"error": {"code": True, "message": ""}}, (None, None)),
        ({}, (None, None)),
    ],
)
def test_error(event: dict[str, Any], told: tuple[str | None, str | None]) -> None:
    """Code and message are found where they are documented, and where careless services put them."""
    assert told == Frame(0, 0.0, "error", event).error


@given(st.dictionaries(st.sampled_from(("error", "code", "message", "type")), JSON))
def test_any_error_can_be_read(event: dict[str, Any]) -> None:
    """No error event is so strange that reading it fails."""
    assert all(word is None or isinstance(word, str) for word in Frame(0, 0.0, "error", event).error)
