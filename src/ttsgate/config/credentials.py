"""Finding the key, and where it may travel.

Order: ``TTSGATE_API_KEY_<REGION>``, ``DASHSCOPE_API_KEY``, ``dashscope_api_key`` in
``~/.alibabacloud/credentials``, ``.env`` in the working directory (not under CI).  A key goes to
hosts of the catalogue, over TLS, and to this machine; any other host gets only the key in the
variable named by ``--custom-key-env``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ttsgate.catalog import REGIONS, is_catalogue_host, is_loopback_host
from ttsgate.config.files import read_dotenv, read_profile
from ttsgate.config.secret import Secret, fingerprint
from ttsgate.errors import CredentialError

if TYPE_CHECKING:
    from ttsgate.config.resolution import Config
    from ttsgate.result.record import Target

__all__ = [
    "EMULATOR_KEY",
    "Credential",
    "allowed_host",
    "find_key",
    "key_variables",
    "region_variable",
]

EMULATOR_KEY = "sk-emulator"
"""The made-up key of the embedded emulator and of replays: no secret, never billed."""

_GENERAL = "DASHSCOPE_API_KEY"
_FILE = Path(".alibabacloud") / "credentials"
_FIELD = "dashscope_api_key"


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """A key and what may be told about it."""

    key: Secret
    """The key."""
    origin: str
    """Where it came from, without any part of it."""
    fingerprint: str
    """Twelve hexadecimal digits of its SHA-256."""

    def as_dict(self) -> dict[str, str]:
        """``origin`` and ``fingerprint``, as the result keeps them."""
        return {"origin": self.origin, "fingerprint": self.fingerprint}


def region_variable(region: str) -> str:
    """Name of a region's own variable: ``cn-beijing`` gives ``TTSGATE_API_KEY_CN_BEIJING``."""
    return "TTSGATE_API_KEY_" + region.upper().replace("-", "_")


def key_variables(environ: Mapping[str, str], custom_key_env: str | None = None) -> list[str]:
    """Variables of `environ` that hold keys; they are to leave the environment before anything else starts."""
    names = {_GENERAL, *map(region_variable, REGIONS), custom_key_env}
    return [n for n in environ if n in names]


def allowed_host(url: str, *, custom: bool = False) -> bool:
    """Whether a key may travel to that URL: this machine, or a host of the catalogue over TLS.

    With `custom` the key is one that the user named for this very host, and may.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    if custom or is_loopback_host(host):
        return bool(host)
    return parts.scheme in ("https", "wss") and is_catalogue_host(host)


def find_key(config: Config, target: Target, environ: Mapping[str, str], *, home: Path | None = None) -> Credential:
    """The key for that target.

    `home` is the home directory; ``HOME`` of `environ` if left out.

    Raises:
        CredentialError: no key was found (the text lists the places), it is malformed, or it may not
            travel to the target's hosts.
    """
    if target.kind in ("emulator", "replay"):
        return _credential(EMULATOR_KEY, f"made up for the {target.kind}")
    if config.custom_key_env is not None:
        value = environ.get(config.custom_key_env, "").strip()
        if not value:
            raise CredentialError(f"--custom-key-env names {config.custom_key_env}, which is not set or empty")
        return _credential(value, f"environment {config.custom_key_env}")
    for url in (target.ws_url, target.http_url):
        if not allowed_host(url):
            raise CredentialError(
                f"the key goes to hosts of the service (over TLS) and to this machine only, and {url} is neither: "
                "put the key for that host into a variable and name it with --custom-key-env NAME"
            )
    if home is None and environ.get("HOME"):
        home = Path(environ["HOME"])
    for found, origin in _places(config, target.region, environ, home):
        if found and found.strip():
            credential = _credential(found.strip(), origin)
            if found.strip().startswith("sk-sp-"):
                raise CredentialError(
                    f"the key in {origin} is a Coding Plan key (sk-sp-...), which works on its own host only: "
                    "create an ordinary key in the Model Studio console"
                )
            return credential
    raise CredentialError(_nowhere(config, target.region, environ))


def _places(
    config: Config, region: str | None, environ: Mapping[str, str], home: Path | None
) -> Iterator[tuple[str | None, str]]:
    names = [region_variable(region), _GENERAL] if region else [_GENERAL]
    yield from ((environ.get(name), f"environment {name}") for name in names)
    profile, chosen_by = _profile(environ)
    if home is not None:
        exists, value = read_profile(home / _FILE, profile, _FIELD)
        if chosen_by is not None and (home / _FILE).is_file() and not exists:
            raise CredentialError(f"{chosen_by} names profile {profile!r}, which ~/{_FILE} does not have")
        yield value, f"~/{_FILE} profile {profile}"
    if not config.ci:
        found = read_dotenv(config.cwd / ".env")
        yield from ((found.get(name), f".env {name}") for name in names)


def _profile(environ: Mapping[str, str]) -> tuple[str, str | None]:
    for name in ("ALIBABA_CLOUD_PROFILE", "ALICLOUD_PROFILE"):
        if environ.get(name):
            return environ[name], name
    return "default", None


def _nowhere(config: Config, region: str | None, environ: Mapping[str, str]) -> str:
    profile, _ = _profile(environ)
    places = [
        *([region_variable(region)] if region else []),
        _GENERAL,
        f"{_FIELD} in ~/{_FILE} (profile {profile})",
        ".env in the working directory" + (" (ignored under CI)" if config.ci else ""),
    ]
    where = f" for region {region}" if region else ""
    return f"no API key{where}; looked for, in this order: {', '.join(places)}"


def _credential(value: str, origin: str) -> Credential:
    if not value.isascii() or not value.isprintable() or " " in value:
        raise CredentialError(f"the key in {origin} has a space, a line break or a character that no key has")
    return Credential(key=Secret(value), origin=origin, fingerprint=fingerprint(value))
