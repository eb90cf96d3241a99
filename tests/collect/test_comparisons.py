"""Sessions for comparisons: which model shows what, and against what."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ttsgate import catalog
from ttsgate.collect.comparisons import INSTRUCTION, comparisons
from ttsgate.config import resolve
from ttsgate.errors import UsageError

FLASH, INSTRUCT, DATED, VD, _ = catalog.FIVE


def compared(tmp_path: Path, **given: Any) -> dict[str, tuple[str, dict[str, Any]]]:
    """Name -> model and changes."""
    return {c.name: (c.model.name, c.changes) for c in comparisons(resolve(given, {}, tmp_path))}


def test_defaults(tmp_path: Path) -> None:
    """An instruction where one is taken, another voice and a lower rate: each with a model of its own."""
    assert {
        "instruction": (INSTRUCT, {"instruction": INSTRUCTION}),
        "voice": (FLASH, {"voice": "Ethan"}),
        "rate": (DATED, {"sample_rate": 16_000}),
    } == compared(tmp_path)


def test_one_model_shows_everything_that_it_can(tmp_path: Path) -> None:
    """With a single model there is no other to spread over."""
    assert {FLASH} == {model for model, _ in compared(tmp_path, model=(FLASH,)).values()}


def test_they_differ_from_what_is_asked_for_anyway(tmp_path: Path) -> None:
    """With an instruction, that voice and that rate given, the compared session does without or takes another."""
    found = compared(tmp_path, instruction="Be calm.", voice=("Ethan",), sample_rate="16000")

    assert {"instruction": None} == found["instruction"][1]
    assert "Ethan" != found["voice"][1]["voice"]
    assert {"sample_rate": 8_000} == found["rate"][1]


def test_what_no_model_can_show_is_left_out(tmp_path: Path) -> None:
    """A model with custom voices has one voice and takes no instruction; without our own client nothing is compared."""
    assert ["rate"] == list(compared(tmp_path, model=(VD,)))
    assert {} == compared(tmp_path, client=("sdk-realtime",))


def test_the_dated_model_behind_an_alias(tmp_path: Path) -> None:
    """Asked for, the snapshot of the first alias joins; where it runs anyway, nothing is added for it."""
    assert {"alias": ("qwen3-tts-flash-realtime-2025-11-27", {})} == compared(tmp_path, compare=("alias",))
    assert {} == compared(tmp_path, compare=("alias",), model=(INSTRUCT, f"{INSTRUCT}-2026-01-22"))


def test_none_stands_alone(tmp_path: Path) -> None:
    """None and something is a contradiction."""
    with pytest.raises(UsageError, match="none and voice"):
        compared(tmp_path, compare=("voice", "none"))
