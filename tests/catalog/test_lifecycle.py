"""Contradictory statements about retirement are kept, not decided."""

from __future__ import annotations

from datetime import date

import pytest

from ttsgate import catalog
from ttsgate.catalog.lifecycle import claims_for


@pytest.mark.parametrize("name", catalog.FIVE[1:])
def test_four_of_the_five_are_contested(name: str) -> None:
    """The sentence names the model, the day, both sides and when they said it."""
    sentence = catalog.contested(name)
    assert sentence is not None
    for part in (name, "2026-10-10", "2026-10-01", "2026-10-03", "2026-11-19", "contested"):
        assert part in sentence
    assert {c.basis for c in catalog.MODELS[name].lifecycle} == {"third party", "official"}


def test_flash_is_not_contested_but_its_snapshot_is() -> None:
    """The undated alias is not on the list of the notices; the dated model that it points at is."""
    alias = catalog.MODELS["qwen3-tts-flash-realtime"]
    assert catalog.contested(alias.name) is None
    assert alias.snapshot is not None
    assert catalog.contested(alias.snapshot) is not None
    assert any(alias.snapshot in c.says for c in alias.lifecycle)


@pytest.mark.parametrize("name", ["qwen-tts-realtime", "qwen-tts", "qwen-voice-design"])
def test_an_announced_end_is_not_contested(name: str) -> None:
    """An official notice names these, and nobody disputes it."""
    assert catalog.contested(name) is None
    assert next(c.basis for c in claims_for(name)) == "official"


def test_every_claim_has_a_source_and_a_day_and_they_stand_in_order() -> None:
    """A statement without source or date is hearsay."""
    for name in (*catalog.MODELS, *catalog.VOICE_SERVICES.values()):
        days = [date.fromisoformat(c.date) for c in claims_for(name)]
        assert days == sorted(days)
        assert all(c.source and c.says and set(c.as_dict()) >= {"says", "source", "date"} for c in claims_for(name))
