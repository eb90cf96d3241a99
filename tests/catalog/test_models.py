"""The catalogue's entries hold together."""

from __future__ import annotations

from datetime import date

import pytest

from ttsgate import catalog
from ttsgate.catalog.voices import FLASH, FLASH_2025_09_18, INSTRUCT


def test_the_five_stand_first_and_in_order() -> None:
    """The five model strings are exact and lead the catalogue."""
    assert catalog.FIVE == (
        "qwen3-tts-flash-realtime",
        "qwen3-tts-instruct-flash-realtime",
        "qwen3-tts-instruct-flash-realtime-2026-01-22",
        "qwen3-tts-vd-realtime-2026-01-15",
        "qwen3-tts-vc-realtime-2026-01-15",
    )
    assert tuple(catalog.MODELS)[:5] == catalog.FIVE


def test_undated_custom_voice_models_are_unknown() -> None:
    """Third-party lists have them, no official list does."""
    assert not {"qwen3-tts-vd-realtime", "qwen3-tts-vc-realtime"} & set(catalog.MODELS)


@pytest.mark.parametrize("name", catalog.MODELS)
def test_every_model_is_consistent(name: str) -> None:
    """Siblings and snapshots are known, custom voices exclude system voices, facts have a source and a day."""
    model = catalog.MODELS[name]
    assert model.name == name
    assert model.realtime == ("-realtime" in name)
    assert (model.sibling is not None) == model.realtime
    if model.sibling is not None:
        sibling = catalog.MODELS[model.sibling]
        assert (sibling.realtime, sibling.family) == (False, model.family)
    if model.snapshot is not None:
        snapshot = catalog.MODELS[model.snapshot]
        assert (snapshot.snapshot, snapshot.voices) == (None, model.voices)
    assert (model.custom_voice is None) == bool(model.voices)
    assert model.default_voice == ("Cherry" if model.voices else None)
    assert model.instructions == ("instruct" in name)
    assert set(model.regions) <= set(catalog.REGIONS)
    assert model.native_rate in model.sample_rates
    assert set(model.languages) < set(catalog.LANGUAGES)
    assert model.source.startswith("https://")
    assert date.fromisoformat(model.date) <= date.fromisoformat(catalog.CATALOG_DATE)


def test_voice_lists_have_the_documented_lengths() -> None:
    """49, 25 and 17 voices, without duplicates; dialects are voices of flash."""
    assert [len(set(v)) for v in (FLASH, INSTRUCT, FLASH_2025_09_18)] == [49, 25, 17]
    assert set(INSTRUCT) | set(FLASH_2025_09_18) | set(catalog.DIALECTS) <= set(FLASH)
    assert not set(INSTRUCT) & (set(catalog.DIALECTS) | {"Jennifer", "Ryan", "Katerina", "Aiden"})


def test_ten_languages_and_auto() -> None:
    """The values of language_type."""
    assert len(set(catalog.LANGUAGES)) == 11
    assert catalog.LANGUAGES[0] == "Auto"
