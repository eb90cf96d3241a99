"""How fast a model may be asked, and when it may not be asked any more."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ttsgate.catalog import Model
from ttsgate.judgement.causes import cause_of_error
from ttsgate.result.transcript import Transcript

__all__ = ["SHARE", "Pace", "paces", "read_limits", "throttled"]

SHARE = 6
"""A live run takes a sixth of what a model allows the whole account: 0.5 new sessions a second of 180 a minute."""
_QUOTA = frozenset(("quota.rate", "quota.free-tier", "quota.allocated", "arrears", "service.overloaded"))
"""Causes after which asking again would only take more of the account's quota."""
_THROTTLED_CLOSE = 1011


def throttled(transcript: Transcript) -> str | None:
    """In the service's words, why the model must not be asked again for now; None while it may.

    What counts is a refusal, an error event or a close that speaks of quota, rate, capacity or arrears.
    """
    for note in transcript.notes("refused"):
        data = note.data or {}
        body = str(data.get("body") or "")
        if _cause(data.get("status"), body) in _QUOTA:
            return f"the handshake was refused with HTTP {data.get('status')}: {body[:160]}"
    for entry in transcript.received("error"):
        error = (entry.event or {}).get("error")
        if isinstance(error, dict):
            code, message = str(error.get("code") or ""), str(error.get("message") or "")
            if cause_of_error(code, message) in _QUOTA:
                return f"{code}: {message[:160]}"
    for note in transcript.notes("closed"):
        data = note.data or {}
        reason = str(data.get("reason") or "")
        if data.get("code") == _THROTTLED_CLOSE and cause_of_error(None, reason) in _QUOTA:
            return f"closed with {_THROTTLED_CLOSE}: {reason[:160]}"
    return None


def _cause(status: Any, body: str) -> str:
    try:
        answer = json.loads(body)
    except ValueError:
        answer = None
    answer = answer if isinstance(answer, dict) else {}
    code, message = str(answer.get("code") or ""), str(answer.get("message") or body)
    return cause_of_error(code, message, status if isinstance(status, int) else None, body)


def read_limits(body: Any) -> dict[str, float]:
    """New sessions a second that the service allows by model, from ``/models/limits``; empty where it says nothing.

    Nobody who wrote about this call had tried it (protocol.md 6.3): what does not look as expected is left out.
    """
    output = body.get("output") if isinstance(body, dict) else None
    quotas = output.get("quotas") if isinstance(output, dict) else None
    found: dict[str, float] = {}
    for quota in quotas if isinstance(quotas, list) else ():
        name = quota.get("model") if isinstance(quota, dict) else None
        rates = [_rate(quota.get(key)) for key in ("model_limit", "workspace_limit")] if isinstance(name, str) else []
        known = [r for r in rates if r is not None]
        if known and isinstance(name, str):
            found[name] = min(known)
    return found


def _rate(limit: Any) -> float | None:
    if not isinstance(limit, dict):
        return None
    count, period = limit.get("request_limit"), limit.get("request_limit_period")
    numbers = [v for v in (count, period) if isinstance(v, int | float) and not isinstance(v, bool) and v > 0]
    return numbers[0] / numbers[1] if len(numbers) == 2 else None


def paces(
    models: Iterable[Model], max_rate: float, *, limits: Mapping[str, float], shards: int = 1, asked: bool
) -> dict[str, float]:
    """New sessions a second by model.

    Args:
        models: Of the run.
        max_rate: Of this run, shards taken into account.
        limits: What the service said, requests a second by model; the catalogue's figure stands in.
        shards: Runs that share the account now.
        asked: Whether the user asked for this rate: then the service's limit alone bounds it, else a sixth of that.
    """
    found = {}
    for model in models:
        catalogued = model.requests_per_minute / 60 if model.requests_per_minute else None
        allowed = limits.get(model.name, catalogued)
        share = allowed / shards / (1 if asked else SHARE) if allowed else max_rate
        found[model.name] = min(max_rate, share)
    return found


@dataclass(slots=True)
class Pace:
    """Holds sessions of a model apart, outside of every measured section."""

    rate: float
    """New sessions a second and model where `rates` says nothing else."""
    rates: Mapping[str, float] = field(default_factory=dict)
    _last: dict[str, float] = field(default_factory=dict)

    def wait_s(self, model: str, now: float) -> float:
        """Seconds until the model may be asked again."""
        return max(0.0, self._last.get(model, -1e9) + 1 / self.rates.get(model, self.rate) - now)

    async def turn(self, model: str) -> None:
        """Wait until the model may be asked again, and count that it is; who comes first has the earlier turn."""
        now = time.monotonic()
        wait = self.wait_s(model, now)
        self._last[model] = now + wait
        if wait > 0:
            await asyncio.sleep(wait)
