"""What a run has to do beyond the emulator's: establish that it is live, learn its limits, take a temporary key."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

import certifi

from ttsgate.catalog import Model, is_catalogue_host
from ttsgate.clients.http import HttpClient
from ttsgate.clients.route import Route
from ttsgate.collect.pacing import paces, read_limits
from ttsgate.config import Config, Network, Secret
from ttsgate.errors import CredentialError
from ttsgate.result.record import ConnectivityStep, Target
from ttsgate.verdict.evidence import LIVE

__all__ = ["INTERCEPTED", "establish", "known_paces", "temporary_key"]

INTERCEPTED = "through a private certificate authority (intercepted), not established as live"
_HANDSHAKE_S = 6.0
_KEY_SPARE_S = 120
_KEY_MOST_S = 1800
"""Longest life of a temporary key: https://help.aliyun.com/zh/model-studio/generate-temporary-api-key"""


async def establish(target: Target, steps: Iterable[ConnectivityStep], network: Network, route: Route) -> None:
    """Say of a target what its preflight has shown; live only when nothing stands against it.

    Live means that our own client met a host of the catalogue, whose name nobody overrode, over TLS that verifies
    against certifi's roots, and read ``session.created`` there.

    Args:
        target: Changed in place: facts of the peer and of the way, ``intercepted``, the claim.
        steps: Connectivity, as it went.
        network: The way as configured.
        route: The same, to connect once more where other authorities are trusted.
    """
    target.facts = {**target.facts, **network.facts()}
    met = next((s for s in steps if s.name == "session" and s.outcome == "pass"), None)
    if met is None or "sha256" not in met.facts:
        return
    target.facts.update(met.facts)
    if network.ca_file is not None and not await _publicly_trusted(target.ws_url, route):
        target.facts["intercepted"] = True
    if target.kind != "live":
        return
    host = urlsplit(target.ws_url).hostname or ""
    if target.facts.get("intercepted"):
        target.claim = INTERCEPTED
    elif is_catalogue_host(host) and not network.connect_to:
        target.claim = LIVE


async def _publicly_trusted(url: str, route: Route) -> bool:
    """Whether the service's certificate would also verify against the public roots."""
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or 443
    try:
        async with asyncio.timeout(_HANDSHAKE_S):
            sock = await route.connect(host, port)
            context = ssl.create_default_context(cafile=certifi.where())
            _, writer = await asyncio.open_connection(sock=sock, ssl=context, server_hostname=host)
            writer.close()
    except (OSError, TimeoutError):
        return False
    return True


async def known_paces(
    http: HttpClient, config: Config, models: Mapping[str, Model], *, asked: bool
) -> tuple[dict[str, float], str | None]:
    """New sessions a second by model, and what the service says of limits; nothing of it can fail a run.

    Args:
        http: Of the run.
        config: Its rate, which shards share already.
        models: Of the run, by name.
        asked: Whether somebody asked for this rate.
    """
    answer = await http.limits(*models)
    limits = read_limits(answer.body) if answer.ok else {}
    found = paces(models.values(), config.max_rate, limits=limits, shards=config.shards, asked=asked)
    ours = {name: round(rate * 60) for name, rate in limits.items() if name in models}
    if not ours:
        return found, f"the service names no limits (HTTP {answer.status or 'none'}); the catalogue's stand in"
    low = min(ours.values())
    named = f"{low}" if low == max(ours.values()) else f"{low} to {max(ours.values())}"
    ours_at_most = min(found.values()) * 60
    return found, f"the account may open {named} sessions a minute and model; this run opens at most {ours_at_most:g}"


async def temporary_key(http: HttpClient, config: Config) -> Secret:
    """A key that outlives the run by little; it cannot be revoked, only run out.

    Raises:
        CredentialError: the service made none.
    """
    seconds = min(_KEY_MOST_S, int((config.max_seconds or _KEY_MOST_S) + _KEY_SPARE_S))
    answer = await http.temporary_key(seconds)
    token = answer.body.get("token") if answer.ok else None
    if not isinstance(token, str) or not token:
        why = answer.message or answer.error or f"HTTP {answer.status}"
        raise CredentialError(f"no temporary key was made ({why}); leave --temporary-key out")
    return Secret(token)
