"""A result in pieces is the same document as a result at once."""

from __future__ import annotations

import json

import msgspec
import pytest

from tests.report.samples import SAMPLES
from ttsgate.result.reading import read_result
from ttsgate.result.record import Result
from ttsgate.result.writing import encoded


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_pieces_are_the_document(name: str) -> None:
    """Byte for byte what the encoder makes of the whole, hostile strings and line feeds included."""
    result = SAMPLES[name]()
    data = b"".join(encoded(result))

    assert msgspec.json.format(msgspec.json.encode(result), indent=1) + b"\n" == data
    assert json.loads(msgspec.json.encode(result)) == json.loads(data)
    assert read_result(data) == read_result(msgspec.json.encode(result))


def test_an_item_is_a_piece() -> None:
    """No piece grows with the number of sessions or outcomes."""
    result: Result = SAMPLES["hostile"]()
    once = max(map(len, encoded(result)))
    result.sessions, result.checks = result.sessions * 50, result.checks * 50

    assert once == max(map(len, encoded(result)))
