"""How connections leave this machine: proxy, certificate authorities, IP version, and overridden names."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import unquote, urlsplit

from ttsgate.catalog import is_loopback_host
from ttsgate.config.secret import Secret
from ttsgate.errors import CredentialError, UsageError

if TYPE_CHECKING:
    from ttsgate.config.resolution import Config
    from ttsgate.result.record import Target

__all__ = ["Network", "find_network", "read_overrides"]

_OVERRIDE = re.compile(
    r"(?P<host>[A-Za-z0-9.-]+)=(?P<address>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+)(?::(?P<port>\d{1,5}))?\Z"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """The way out, as configured."""

    proxy: str | None = None
    """``http://HOST:PORT`` of the proxy, without user and password."""
    proxy_origin: str | None = None
    """Where the proxy came from, e.g. ``environment HTTPS_PROXY``."""
    proxy_login: tuple[str, Secret] | None = None
    """User and password for the proxy, from its variable."""
    ca_file: Path | None = None
    """Authorities that are trusted instead of the public ones."""
    ip_version: Literal["4", "6"] | None = None
    """The only one to use; None for both."""
    connect_to: Mapping[str, tuple[str, int | None]] = field(default_factory=dict)
    """Host -> address and port that are connected to instead."""

    def secrets(self) -> list[str]:
        """What must not be printed."""
        return [self.proxy_login[1].reveal()] if self.proxy_login else []

    def facts(self) -> dict[str, Any]:
        """What the result keeps of it; empty for a direct way."""
        found: dict[str, Any] = {}
        if self.proxy:
            found["proxy"] = f"{self.proxy} ({self.proxy_origin})"
        if self.ca_file:
            found["ca_file"] = self.ca_file.name
        if self.ip_version:
            found["ip_version"] = self.ip_version
        if self.connect_to:
            found["connect_to"] = {
                host: address + (f":{port}" if port else "") for host, (address, port) in self.connect_to.items()
            }
        return found


def read_overrides(given: Sequence[str], label: str) -> dict[str, tuple[str, int | None]]:
    """``HOST=ADDRESS[:PORT]`` as a mapping; an IPv6 address stands in brackets.

    Raises:
        UsageError: not of that form, or a host named twice.
    """
    found: dict[str, tuple[str, int | None]] = {}
    for text in given:
        match = _OVERRIDE.match(text.strip())
        port = int(match["port"]) if match and match["port"] else None
        if match is None or (port is not None and not 0 < port < 65_536):
            raise UsageError(f"{label} is {text!r}, expected HOST=ADDRESS or HOST=ADDRESS:PORT")
        host = match["host"].lower()
        if host in found:
            raise UsageError(f"{label} names {host} twice")
        found[host] = (match["address"].strip("[]"), port)
    return found


def find_network(config: Config, target: Target, environ: Mapping[str, str]) -> Network:
    """The way to that target.  The emulator is on this machine: nothing lies between.

    A proxy of the environment is left out for this machine and for hosts in ``NO_PROXY``.

    Raises:
        UsageError: a proxy of another kind than HTTP, an override beside a proxy, a CA file that is none.
        CredentialError: an override would send the key to another machine.
    """
    if target.kind in ("emulator", "replay"):
        return Network()
    proxy, origin = (config.proxy, "option --proxy") if config.proxy else _proxy_of(environ, target.ws_url)
    login = None
    if proxy is not None:
        parts = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
        if parts.scheme != "http" or not parts.hostname:
            raise UsageError(
                f"the proxy in {origin} is of the kind {parts.scheme or 'unknown'}: only http:// proxies can be used "
                "(they carry TLS through CONNECT); name one with --proxy URL, or list the host in NO_PROXY"
            )
        login = (unquote(parts.username), Secret(unquote(parts.password or ""))) if parts.username else None
        host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
        proxy = f"http://{host}:{parts.port or 80}"
    if proxy is not None and config.connect_to:
        raise UsageError("--connect-to and a proxy exclude each other: the proxy resolves names; set NO_PROXY='*'")
    if config.custom_key_env is None:
        for host, (address, _) in config.connect_to.items():
            if not is_loopback_host(address):
                raise CredentialError(
                    f"--connect-to would send the key for {host} to {address}: only this machine may be named, or put "
                    "a key for it into a variable and name it with --custom-key-env"
                )
    return Network(
        proxy=proxy,
        proxy_origin=origin if proxy else None,
        proxy_login=login,
        ca_file=_authorities(config, environ),
        ip_version=config.ip_version,
        connect_to=config.connect_to,
    )


def _proxy_of(environ: Mapping[str, str], url: str) -> tuple[str | None, str]:
    parts = urlsplit(url)
    host = parts.hostname or ""
    if is_loopback_host(host):
        return None, ""
    lowered = {name.lower(): value for name, value in environ.items() if value}
    # The rule of curl and of the SDK's libraries: the host, or a domain that it lies in.
    exempt = [part.strip().lower().lstrip(".") for part in lowered.get("no_proxy", "").split(",")]
    if any(part and (part == "*" or host == part or host.endswith(f".{part}")) for part in exempt):
        return None, ""
    scheme = "https_proxy" if parts.scheme in ("wss", "https") else "http_proxy"
    for name in (scheme, "all_proxy"):
        if name in lowered:
            shown = name if environ.get(name) else name.upper()
            return lowered[name], f"environment {shown}"
    return None, ""


def _authorities(config: Config, environ: Mapping[str, str]) -> Path | None:
    path, label = config.ca_file, "--ca-file"
    if path is None and environ.get("SSL_CERT_FILE"):
        path, label = config.cwd / environ["SSL_CERT_FILE"], "SSL_CERT_FILE"
    if path is None:
        return None
    try:
        text = path.read_bytes()
    except OSError as exc:
        raise UsageError(f"{label} names {path}, which cannot be read: {exc.strerror}") from exc
    if b"-----BEGIN CERTIFICATE-----" not in text:
        raise UsageError(f"{label} names {path}, which holds no certificate in PEM form")
    return path
