"""Records what clients and a target say to each other: relays up, links kept, sessions written when nothing runs."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import urlsplit

from ttsgate.catalog import is_catalogue_host, is_loopback_host
from ttsgate.recorder.capture import Capture
from ttsgate.recorder.relay import Link, Relay, Upstream
from ttsgate.result.recording import Recorded, Recording
from ttsgate.result.redact import Redactor

__all__ = ["Recorder", "described", "live_claim"]

_CLIENTS_SPEAK_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
"""For relays whose clients' TLS ends in a doorway: they listen nowhere themselves."""

IDLE_S = 1.0
"""Sessions are read and written when no connection has been open for so long: writing one never delays another."""
MOST_WAITING = 64 << 20
"""Bytes that may wait to be written; above that, memory matters more."""


@dataclass
class Recorder:
    """Relays for the URLs of a target, and the recording that they fill.

    Args:
        ws_url: Websocket URL of the target.
        http_url: HTTP base of the target.
        folder: Where the recording goes.
        recording: What it says of itself.
        upstream_tls: Context that verifies the target, for wss and https.
        serve_tls: Context to serve clients with; None serves without TLS.
        redactor: Makes a redactor that knows the secrets given to it.
        established: What the recording claims once the target has answered over verified TLS.
        say: Takes one line for each session that was written.
    """

    ws_url: str
    http_url: str
    folder: Path
    recording: Recording
    upstream_tls: ssl.SSLContext | None = None
    serve_tls: ssl.SSLContext | None = None
    redactor: Callable[[Iterable[str]], Redactor] = Redactor
    established: str | None = None
    say: Callable[[str], None] = lambda line: None
    _relays: dict[tuple[str, int, bool], Relay] = field(default_factory=dict)
    _named: dict[str, Relay] = field(default_factory=dict)
    _waiting: list[Link] = field(default_factory=list)
    _timer: asyncio.TimerHandle | None = None

    def __post_init__(self) -> None:
        self._capture = Capture(self.folder, self.recording, redactor=self.redactor)

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> tuple[str, str]:
        """Listen; returns the websocket URL and the HTTP base for clients.

        A target whose two URLs are on different hosts gets a second port, a free one.
        """
        urls = []
        for url in (self.ws_url, self.http_url):
            parts = urlsplit(url)
            secure = parts.scheme in ("wss", "https")
            name = parts.hostname or ""
            place = (name, parts.port or (443 if secure else 80), secure)
            if place not in self._relays:
                relay = Relay(self._upstream(*place), done=self._done, tls=self.serve_tls)
                await relay.start(host, port if not self._relays else 0)
                self._relays[place] = relay
            relay = self._relays[place]
            plain = "ws" if parts.scheme in ("ws", "wss") else "http"
            urls.append(f"{plain}{'s' if self.serve_tls is not None else ''}://{relay.address}{parts.path}")
        addresses = dict.fromkeys(r.address for r in self._relays.values())
        self.recording.source.addresses = [*addresses, *self.recording.source.addresses]
        return urls[0], urls[1]

    def standing_for(self, host: str) -> Relay | None:
        """The relay of clients that ask for the service by its own name; None for a name that is not the service's.

        Where the target is on this machine, every host of the catalogue means it.
        """
        for (name, port, secure), relay in self._relays.items():
            local = is_loopback_host(name) and is_catalogue_host(host)
            if local or host == name:
                if host not in self._named:
                    # Addresses in what the target says are to lead back here, not to the real service.
                    header = relay.address if local else None
                    upstream = replace(self._upstream(name, port, secure), host_header=header)
                    self._named[host] = Relay(upstream, done=self._done, tls=self.serve_tls or _CLIENTS_SPEAK_TLS)
                return self._named[host]
        return None

    def _upstream(self, host: str, port: int, secure: bool) -> Upstream:
        standard = port == (443 if secure else 80)
        header = None if is_loopback_host(host) else host if standard else f"{host}:{port}"
        return Upstream(host=host, port=port, tls=self.upstream_tls if secure else None, host_header=header)

    async def stop(self) -> Recording:
        """Stop listening, write what waits, and make the recording whole.

        Raises:
            UsageError: nothing was recorded.
            HarnessError: a secret was left in a file.
        """
        await self._quiet(1.0)  # of a client that has just ended, the last bytes are still on their way
        for relay in self._all():
            await relay.stop()
        await self._quiet(1.0)
        self._write()
        return self._capture.close()

    def _all(self) -> list[Relay]:
        return [*self._relays.values(), *self._named.values()]

    async def _quiet(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while any(relay.active for relay in self._all()) and time.monotonic() < until:
            await asyncio.sleep(0.01)

    def _done(self, link: Link) -> None:
        self._waiting.append(link)
        if sum(waiting.size for waiting in self._waiting) > MOST_WAITING:
            self._write()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(IDLE_S, self._when_idle)

    def _when_idle(self) -> None:
        self._timer = None
        if any(relay.active for relay in self._all()):
            self._timer = asyncio.get_running_loop().call_later(IDLE_S, self._when_idle)
        else:
            self._write()

    def _write(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        waiting, self._waiting = self._waiting, []
        for link in sorted(waiting, key=lambda link: link.began):
            told = link.conversation()
            if self.established and any(x.status and any(e.name == "tls" for e in x.entries) for x in told.exchanges):
                self.recording.source.claim = self.established
            for record in self._capture.add(told, started=link.started):
                self.say(described(record))


def live_claim(environ: Mapping[str, str]) -> str:
    """What may be said of a service of the catalogue that was met over verified TLS."""
    if environ.get("SSL_CERT_FILE"):
        return "live, but through a private certificate authority (intercepted)"
    return "live"


def described(record: Recorded) -> str:
    """One line about a session, for people."""
    what = record.model or f"{record.method} {record.target.partition('?')[0]}"
    return f"{record.id}  {record.level:6}  {record.seconds:7.3f} s  {what}  {record.ended}  {record.agent[:40]}"
