"""Where each model stands in its life, as this account sees it.

A state is set by hand for a model, or follows the contested announcement of its end (behaviour ``retirement``), or is
``active``. Who announced what, with sources and dates, is in the catalogue.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Literal, cast, get_args

from ttsgate import catalog
from ttsgate.catalog.lifecycle import ENDS, claims_for
from ttsgate.errors import UsageError

__all__ = ["Lifecycle", "ModelState"]

ModelState = Literal["active", "retiring", "retired", "absent", "unknown"]
"""``absent``: the model exists but this key may not call it. ``unknown``: no such name."""

_END = datetime.fromisoformat(ENDS).timestamp()


class Lifecycle:
    """Answers which models there are and the state of each at a time.

    Args:
        states: model name -> state, set by hand; wins over everything.
        extra: model name -> name of a known model that it resembles.
        announced: follow the contested announcement.

    Raises:
        UsageError: a state that does not exist, or a model like one that is unknown.
    """

    def __init__(self, states: Mapping[str, str], extra: Mapping[str, str], *, announced: bool) -> None:
        self._models = dict(catalog.MODELS)
        for name, like in extra.items():
            self._models[name] = catalog.assume(name, like)
        known = (*self._models, *catalog.VOICE_SERVICES.values())
        for name, state in states.items():
            if name not in known:
                raise UsageError(f"unknown model {name!r}{catalog.nearest(name, known)}")
            if state not in get_args(ModelState):
                raise UsageError(f"{name} cannot be {state!r}, only {', '.join(get_args(ModelState))}")
        self._states = {name: cast(ModelState, state) for name, state in states.items()}
        self._announced = announced

    def find(self, name: str) -> catalog.Model | None:
        """The model of exactly that name, or None."""
        return self._models.get(name)

    def names(self) -> list[str]:
        """Every model name, in the catalogue's order."""
        return list(self._models)

    def state(self, name: str, now: float) -> ModelState:
        """The state of a model or voice service at ``now`` (Unix seconds)."""
        if name in self._states:
            return self._states[name]
        if name not in self._models and name not in catalog.VOICE_SERVICES.values():
            return "unknown"
        ending = [claim for claim in claims_for(name) if claim.says.startswith(f"{name} ends")]
        if self._announced and ending:
            if now >= _END:
                return "retired"
            if now >= min(datetime.fromisoformat(f"{claim.date}T00:00:00+08:00").timestamp() for claim in ending):
                return "retiring"
        return "active"
