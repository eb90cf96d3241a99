"""Asking optional models: nothing unless told to, and how to get what is not there."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from tests.judgement.voices import session, speech
from ttsgate.collect.opinions import Opinions
from ttsgate.config import resolve
from ttsgate.errors import MissingExtra, UsageError


def opinions(tmp_path: Path, **options: Any) -> Opinions:
    (tmp_path / ".git").mkdir(exist_ok=True)
    return Opinions(resolve(options, {}, tmp_path))


def test_nobody_is_asked_by_default(tmp_path: Path) -> None:
    """No option, no opinion."""
    assert {} == opinions(tmp_path).of(session(speech()))


def test_what_is_not_installed_is_named_with_its_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each by its own extra; the run goes on."""
    for name in ("faster_whisper", "onnxruntime"):
        monkeypatch.setitem(sys.modules, name, None)
    found = opinions(tmp_path, asr=True, quality=True).of(session(speech()))

    assert ["asr", "quality"] == list(found)
    for name, one in found.items():
        assert one.missing is not None
        assert one.missing.endswith(f"pip install 'ttsgate[{name}]'")


def test_a_folder_without_a_model_is_refused_before_anything_is_asked(tmp_path: Path) -> None:
    """Nothing is billed for a typing error."""
    with pytest.raises(UsageError, match=r"there is no model\.bin"):
        opinions(tmp_path, asr_model=str(tmp_path))


def test_under_ci_a_missing_extra_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was asked for and cannot be had ends the run before it costs anything."""
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    (tmp_path / ".git").mkdir()
    config = resolve({"quality": True}, {"CI": "true"}, tmp_path)

    with pytest.raises(MissingExtra, match=r"pip install 'ttsgate\[quality\]'"):
        Opinions(config)
