"""Which target a configuration means, and its URLs."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ttsgate.catalog import endpoints
from ttsgate.config.recording import recorded_facts
from ttsgate.errors import UsageError
from ttsgate.result.record import Target
from ttsgate.store.recordings import header_of

if TYPE_CHECKING:
    from ttsgate.config.resolution import Config

__all__ = ["CLAIMS", "REHEARSED", "compatible_url", "derive_http_url", "derive_ws_url", "resolve_target"]

CLAIMS = {
    "emulator": "emulated, not live",
    "live": "asked for as live, not yet established",
    "custom": "a target of the user's own, not established as live",
    "replay": "replayed, not live",
}
"""What evidence of a target may claim before its preflight, by kind."""

REHEARSED = "rehearsed over names of our own, not live"
"""Claim of a run for which we resolved the service's names ourselves."""

_WS_PATH = "/api-ws/v1/realtime"
_HTTP_PATH = "/api/v1"


def _with_path(url: str, path: str) -> str:
    return url if urlsplit(url).path else url + path


def derive_http_url(ws_url: str) -> str:
    """The HTTP base on the same host: ``ws(s)://H/api-ws/v1/realtime`` gives ``http(s)://H/api/v1``.

    What stands before the service's own path is kept; another path says nothing of where HTTP is, if anywhere.
    """
    parts = urlsplit(ws_url)
    before = parts.path.removesuffix(_WS_PATH) if parts.path.endswith(_WS_PATH) else ""
    return f"{parts.scheme.replace('ws', 'http', 1)}://{parts.netloc}{before}{_HTTP_PATH}"


def derive_ws_url(http_url: str) -> str:
    """The websocket URL on the same host: ``http(s)://H/api/v1`` gives ``ws(s)://H/api-ws/v1/realtime``.

    Raises:
        UsageError: the path does not end so; the websocket URL has to be given.
    """
    if not http_url.endswith(_HTTP_PATH):
        raise UsageError(
            f"{http_url} does not end in {_HTTP_PATH}, so the websocket URL cannot be told: give --ws-url too"
        )
    return "ws" + http_url.removeprefix("http").removesuffix(_HTTP_PATH) + _WS_PATH


def compatible_url(http_url: str) -> str:
    """Base of the OpenAI-style calls beside an HTTP base: ``…/api/v1`` gives ``…/compatible-mode/v1``."""
    return http_url.removesuffix(_HTTP_PATH) + "/compatible-mode/v1"


def resolve_target(config: Config) -> Target:
    """The target's record as far as configuration can tell; the embedded emulator's URLs are empty until it runs.

    A live run whose names we resolve ourselves (``--connect-to``) does all that a live run does, but its evidence is of
    a custom target.

    Raises:
        UsageError: live without region, custom without URL, or not the target that was required.
    """
    kind = config.target
    claim = CLAIMS[kind]
    if config.require_target is not None and config.require_target != kind:
        raise UsageError(f"target {config.require_target} is required, but this run is set to {kind}: pass --target")
    if config.connect_to and config.require_target == "live":
        raise UsageError("--connect-to rehearses: its evidence never counts as live, which --require-target asks for")
    ws_url = http_url = ""
    if kind == "live":
        if config.region is None:
            raise UsageError("--target live needs --region, e.g. --region cn-beijing: a key belongs to one region")
        place = endpoints(config.region, config.workspace)
        ws_url, http_url = place.ws_url, place.http_url
        if config.connect_to:
            kind, claim = "custom", REHEARSED
    elif kind == "custom":
        if config.ws_url is None and config.http_url is None:
            raise UsageError("--target custom needs --ws-url or --http-url")
        given_ws = _with_path(config.ws_url, _WS_PATH) if config.ws_url else None
        given_http = _with_path(config.http_url, _HTTP_PATH) if config.http_url else None
        ws_url = given_ws or derive_ws_url(given_http or "")
        http_url = given_http or derive_http_url(ws_url)
    return Target(
        kind=kind,
        claim=claim,
        ws_url=ws_url,
        http_url=http_url,
        region=config.region if kind in ("live", "custom") else None,
        vantage=config.vantage if kind in ("live", "custom") else None,
        workspace=config.workspace if kind in ("live", "custom") else None,
        faults=list(config.faults),
        facts=recorded_facts(header_of(config.recording)) if kind == "replay" and config.recording else {},
    )
