"""How a run reaches its target: one key, one verifying TLS context, one HTTP client."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field

import certifi

from ttsgate.clients.http import HttpClient
from ttsgate.clients.route import Route
from ttsgate.clients.wire import WireSession
from ttsgate.collect.plan import Plan, utterance
from ttsgate.config import Config, Network, Secret, compatible_url
from ttsgate.result.record import Target

__all__ = ["Way"]


@dataclass(frozen=True)
class Way:
    """The way to the service."""

    target: Target
    key: Secret
    network: Network = field(default_factory=Network)

    def tls(self) -> ssl.SSLContext | None:
        """A context that verifies, for wss; certifi's roots unless other authorities were named."""
        if not self.target.ws_url.startswith("wss"):
            return None
        return ssl.create_default_context(cafile=self.network.ca_file or certifi.where())

    def route(self) -> Route:
        """How connections are made."""
        login = self.network.proxy_login
        return Route(
            tls=self.tls(),
            proxy=self.network.proxy,
            proxy_login=(login[0], login[1].reveal()) if login else None,
            ip_version=self.network.ip_version,
            connect_to=self.network.connect_to,
            ca_file=self.network.ca_file,
        )

    def http(self) -> HttpClient:
        """Calls against the service's HTTP side."""
        return HttpClient(
            http_url=self.target.http_url,
            compatible_url=compatible_url(self.target.http_url),
            api_key=self.key.reveal(),
            workspace=self.target.workspace,
            route=self.route(),
        )

    def knock(self, plan: Plan, config: Config, *, model: str | None = None) -> WireSession:
        """A handshake, with the first model of the plan unless one is named: it says nothing about the model."""
        first = plan.sessions[0]
        asked = plan.models[model or first.cell.model]
        return WireSession(
            session="connectivity",
            ws_url=self.target.ws_url,
            model=asked.name,
            utterance=utterance(config, first, asked.default_voice or "Cherry"),
            api_key=self.key.reveal(),
            workspace=self.target.workspace,
            deadline_s=6.0,
            route=self.route(),
        )
