"""Sessions that only comparisons need: the same text in another voice, with an instruction, at another rate."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ttsgate import catalog
from ttsgate.catalog import Model
from ttsgate.config import Config

__all__ = ["INSTRUCTION", "Comparison", "comparisons"]

INSTRUCTION = "Speak in a high and excited voice."
"""Asks for what can be measured, pitch above all, without making the session longer."""
_OTHER_RATES = (16_000, 8_000)
"""The first that differs from what is asked for anyway; below the models' own, so that the bands differ."""


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """One session beside the plain one of the same model over our own client."""

    name: str
    """``instruction``, ``voice``, ``rate`` or ``alias``."""
    model: Model
    changes: dict[str, Any]
    """Fields of the utterance that are otherwise."""


def comparisons(config: Config) -> Iterator[Comparison]:
    """What ``--compare`` asks for, each with a model of the run that can show it: the first that shows nothing yet, so
    that no model is asked more often than it must be, else the first.

    What no model of the run can show is left out: the checks that need it have nothing to say then.
    """
    if "wire" not in config.clients:
        return
    models = [config.known_models[name] for name in config.models]
    busy: set[str] = set()
    for name in config.compare:
        able = [c for m in models if (c := _of(name, m, config)) is not None]
        found = next((c for c in able if c.model.name not in busy), next(iter(able), None))
        if found is not None:
            busy.add(found.model.name)
            yield found


def _of(name: str, model: Model, config: Config) -> Comparison | None:
    match name:
        case "instruction" if model.instructions:
            # With one where the run gives none, without where it does.
            return Comparison(
                name=name, model=model, changes={"instruction": None if config.instruction else INSTRUCTION}
            )
        case "voice":
            voice = config.voice_for(model.name) or model.default_voice
            other = next((v for v in _contrasting(model.voices) if v != voice), None)
            return Comparison(name=name, model=model, changes={"voice": other}) if voice and other else None
        case "rate":
            asked = config.sample_rate or model.native_rate
            rate = next((r for r in _OTHER_RATES if r != asked and r in model.sample_rates), None)
            return Comparison(name=name, model=model, changes={"sample_rate": rate}) if rate else None
        case "alias" if model.snapshot is not None and model.snapshot not in config.models:
            return Comparison(name=name, model=catalog.find(model.snapshot), changes={})
    return None


def _contrasting(voices: tuple[str, ...]) -> list[str]:
    """A man's voice first, since the default voice of every model is a woman's."""
    return sorted(voices, key=lambda v: v != "Ethan")
