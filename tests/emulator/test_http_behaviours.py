"""The table of what is assumed, reported or contested."""

from __future__ import annotations

from pathlib import Path

import pytest

from ttsgate.emulator import http_behaviours, http_errors
from ttsgate.emulator.http_behaviours import BEHAVIOUR_DEFAULTS, BEHAVIOURS
from ttsgate.emulator.http_errors import ApiError
from ttsgate.emulator.switches import SWITCHES, Switch


def test_names_are_unique() -> None:
    """No name stands twice, nor for a switch of the websocket side."""
    names = [behaviour.name for behaviour in BEHAVIOURS]

    assert len(names) == len(set(names)) == len(BEHAVIOUR_DEFAULTS)
    assert {name for name in names if SWITCHES.get(name) not in (None, *BEHAVIOURS)} == set()


@pytest.mark.parametrize("behaviour", BEHAVIOURS, ids=lambda b: b.name)
def test_entries_are_whole(behaviour: Switch) -> None:
    """Each entry has values, a source and a sentence; one that can be switched is read somewhere."""
    assert behaviour.values
    assert behaviour.source
    assert behaviour.description.endswith(".")
    if len(behaviour.values) > 1:
        package = Path(http_behaviours.__file__).parent
        texts = [path.read_text(encoding="utf-8") for path in package.glob("*.py") if "behaviours" not in path.name]
        stem = behaviour.name.replace("-unknown-", "-{state}-").replace("-retired-", "-{state}-")
        assert any(f'behaviour("{behaviour.name}")' in text or f'behaviour(f"{stem}")' in text for text in texts)


def test_refusals_are_well_formed() -> None:
    """Every refusal has an error status and a code; the messages are the service's, misspelling included."""
    every = [value for value in vars(http_errors).values() if isinstance(value, ApiError)]

    assert len(every) > 25
    assert all(400 <= error.status < 600 and error.code and error.message for error in every)
    assert "occured" in http_errors.INTERNAL.message
    assert http_errors.INVALID_MESSAGE_TYPE.message.endswith(": ")
