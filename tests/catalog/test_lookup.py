"""Finding models, and admitting new ones."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from ttsgate import catalog
from ttsgate.errors import UsageError


def test_an_unknown_model_is_told_with_the_nearest_name_and_the_way_to_admit_it() -> None:
    """The sentence names the string, the likely one, and the configuration that admits a new one."""
    with pytest.raises(UsageError) as caught:
        catalog.find("qwen3-tts-flash-realtme")
    text = str(caught.value)
    assert "'qwen3-tts-flash-realtme'; did you mean 'qwen3-tts-flash-realtime'" in text
    assert '[models."qwen3-tts-flash-realtme"]' in text


@pytest.mark.parametrize("name", ["", "QWEN3-TTS-FLASH-REALTIME", "qwen3-tts-flash-realtime ", "qwen3-tts-vd-realtime"])
def test_names_are_exact(name: str) -> None:
    """No case folding, trimming or completing: the model is what is written in the query."""
    with pytest.raises(UsageError, match="unknown model"):
        catalog.find(name)


def test_a_new_string_takes_capabilities_but_no_history() -> None:
    """What is assumed says so; life cycle and dates belong to the other model."""
    model = catalog.assume("qwen4-tts-realtime", "qwen3-tts-instruct-flash-realtime")
    known = catalog.find("qwen3-tts-instruct-flash-realtime")
    assert (model.like, model.instructions, model.voices) == (known.name, True, known.voices)
    assert (model.lifecycle, model.snapshot, model.online_since) == ((), None, None)
    assert known.name in model.basis["*"]


def test_a_known_string_is_not_assumed() -> None:
    """Nobody can overrule the catalogue by declaring a known model to be like another."""
    with pytest.raises(UsageError, match="needs no `like`"):
        catalog.assume(catalog.FIVE[0], catalog.FIVE[3])


def test_age_is_counted_from_the_catalogue_s_day() -> None:
    """Ninety days later the catalogue is ninety days old."""
    day = date.fromisoformat(catalog.CATALOG_DATE)
    assert [catalog.age_days(day + timedelta(days=n)) for n in (-1, 0, 90)] == [-1, 0, 90]


def test_nearest_says_nothing_when_nothing_is_near() -> None:
    """A guess that is none is left out."""
    assert catalog.nearest("zzzz", catalog.MODELS) == ""
    assert catalog.nearest("regoin", ["region"]) == "; did you mean 'region'?"
