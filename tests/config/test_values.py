"""Reading single values: what is no such value is refused with the place named."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ttsgate.config import OPTIONS
from ttsgate.config.values import Place, read_value
from ttsgate.errors import UsageError

PLACE = Place(label="HERE", origin="test", base=Path("/base"), environ={})


@pytest.mark.parametrize(
    ("name", "raw"),
    [
        ("repeat", "0"),
        ("repeat", "1.5"),
        ("repeat", "1e3"),
        ("repeat", "many"),
        ("repeat", True),
        ("repeat", "10001"),
        ("max_rate", "nan"),
        ("max_rate", "inf"),
        ("max_rate", "0"),
        ("max_rate", []),
        ("max_cost", "2.50"),
        ("max_cost", "2.50EUR"),
        ("max_cost", "-1CNY"),
        ("max_cost", 2),
        ("sample_rate", "11025"),
        ("sample_rate", True),
        ("target", "Live"),
        ("target", 1),
        ("yes", "maybe"),
        ("yes", 1),
        ("instruction", 3),
        ("instruction", "a\0b"),
        ("output_dir", 1),
    ],
)
def test_values_that_cannot_be(name: str, raw: Any) -> None:
    """Wrong type, out of range, or not among the choices."""
    with pytest.raises(UsageError, match="HERE"):
        read_value(OPTIONS[name], raw, PLACE)


@pytest.mark.parametrize(
    ("name", "raw", "value"),
    [
        ("repeat", 3, 3),
        ("repeat", " 3 ", 3),
        ("sample_rate", 8000, "8000"),
        ("max_rate", 1, 1.0),
        ("yes", "Off", False),
        ("yes", "ON", True),
        ("verbose", True, 1),
        ("client", "wire", ("wire",)),
        ("client", ["wire", "sdk-http", "wire"], ("wire", "sdk-http")),
        ("text", ["a", "a"], ("a", "a")),
    ],
)
def test_values_from_text_and_from_toml(name: str, raw: Any, value: Any) -> None:
    """Both spellings give the same; a single value does for a list; repeated texts stay repeated."""
    assert read_value(OPTIONS[name], raw, PLACE) == value


@pytest.mark.parametrize(
    "url",
    [
        "wss://user:secret@h/api-ws/v1/realtime",
        "wss://user@h/api-ws/v1/realtime",
        "wss://h/api-ws/v1/realtime?model=x",
        "wss://h/api-ws/v1/realtime?",
        "wss://h/api-ws/v1/realtime#f",
        "https://h/api-ws/v1/realtime",
        "//h/api-ws/v1/realtime",
        "wss:///x",
        "wss://h:port/x",
        "wss://h:99999/x",
        "wss://[::1/x",
        "wss://h/a b",
        "wss://h\\@evil/x",
        "wss://h\n.evil/x",
        "h",
    ],
)
def test_urls_that_are_not_plain(url: str) -> None:
    """No user, query, fragment or characters that two parsers could read differently; nothing secret is echoed."""
    with pytest.raises(UsageError, match="HERE") as caught:
        read_value(OPTIONS["ws_url"], url, PLACE)
    assert "secret" not in str(caught.value)


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    """No input raises anything but a usage error."""
    for option in OPTIONS.values():
        with contextlib.suppress(UsageError):
            read_value(option, text, PLACE)
