"""The way out: proxies, authorities, overridden names."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.config.configured import Configured
from ttsgate.config import find_network, resolve_target
from ttsgate.config.network import Network, read_overrides
from ttsgate.errors import CredentialError, UsageError

LIVE = {"target": "live", "region": "cn-beijing"}
HOST = "dashscope.aliyuncs.com"


@pytest.fixture
def configured(tmp_path: Path) -> Configured:
    """Resolves in a repository of its own."""
    return Configured(tmp_path)


def network(configured: Configured, environ: dict[str, str] | None = None, **cli: object) -> Network:
    """The way of a run with those options."""
    config = configured(**{**LIVE, **cli})
    return find_network(config, resolve_target(config), environ or {})


@pytest.mark.parametrize(
    ("environ", "proxy", "origin"),
    [
        ({}, None, None),
        ({"HTTPS_PROXY": "http://door:3128"}, "http://door:3128", "environment HTTPS_PROXY"),
        ({"https_proxy": "http://door"}, "http://door:80", "environment https_proxy"),
        ({"ALL_PROXY": "http://[::1]:8"}, "http://[::1]:8", "environment ALL_PROXY"),
        ({"HTTP_PROXY": "http://door:3128"}, None, None),
        ({"HTTPS_PROXY": "http://door:1", "NO_PROXY": "other, .aliyuncs.com"}, None, None),
        ({"HTTPS_PROXY": "http://door:1", "no_proxy": "*"}, None, None),
        ({"HTTPS_PROXY": "http://door:1", "NO_PROXY": "yuncs.com"}, "http://door:1", "environment HTTPS_PROXY"),
    ],
)
def test_proxy_of_the_environment(
    configured: Configured, environ: dict[str, str], proxy: str | None, origin: str | None
) -> None:
    """The variable for TLS, else the one for all; not for hosts that are exempt."""
    found = network(configured, environ)

    assert (proxy, origin) == (found.proxy, found.proxy_origin)


def test_the_proxys_password_is_a_secret(configured: Configured) -> None:
    """It is used, and shown nowhere."""
    found = network(configured, {"HTTPS_PROXY": "http://me:pass%20word@door:1"})

    assert ["pass word"] == found.secrets()
    assert "pass" not in f"{found} {found.facts()}"


def test_nothing_lies_before_this_machine(configured: Configured) -> None:
    """A proxy of the environment is none for loopback."""
    config = configured(ws_url="ws://127.0.0.1:9/api-ws/v1/realtime")
    environ = {"HTTP_PROXY": "http://door:1", "ALL_PROXY": "http://door:1"}

    assert find_network(config, resolve_target(config), environ).proxy is None


@pytest.mark.parametrize(
    ("cli", "environ", "told"),
    [
        ({}, {"ALL_PROXY": "socks5h://door:1"}, "only http:// proxies"),
        ({"connect_to": (f"{HOST}=127.0.0.1",)}, {"HTTPS_PROXY": "http://door:1"}, "exclude each other"),
        ({}, {"SSL_CERT_FILE": "/no/such.pem"}, "cannot be read"),
    ],
)
def test_refused(configured: Configured, cli: dict[str, object], environ: dict[str, str], told: str) -> None:
    """What cannot be used is refused with the remedy."""
    with pytest.raises(UsageError, match=told):
        network(configured, environ, **cli)


def test_a_file_without_certificates_is_refused(configured: Configured) -> None:
    """Trusting nothing by mistake would look like an outage."""
    (configured.folder / "ca.pem").write_text("hello", "utf-8")
    with pytest.raises(UsageError, match="holds no certificate"):
        network(configured, ca_file=str(configured.folder / "ca.pem"))


def test_overrides() -> None:
    """Name, address, port; IPv6 in brackets."""
    assert {"a.b": ("127.0.0.1", 8443), "c": ("::1", None)} == read_overrides(["A.b=127.0.0.1:8443", "c=[::1]"], "x")
    for wrong in (["a"], ["a=b:99999"], ["a=1", "a=2"], ["=x"]):
        with pytest.raises(UsageError):
            read_overrides(wrong, "--connect-to")


def test_a_key_is_not_led_astray(configured: Configured) -> None:
    """An override may lead to this machine only, unless the key is one for that host."""
    with pytest.raises(CredentialError, match="only this machine"):
        network(configured, connect_to=(f"{HOST}=192.0.2.1:443",))
    assert network(configured, connect_to=(f"{HOST}=127.0.0.1:1",)).facts() == {"connect_to": {HOST: "127.0.0.1:1"}}


def test_live_caps(configured: Configured) -> None:
    """A live run has caps of its own; what anybody sets wins, a policy's among them; shards share the rate."""
    config = configured(**LIVE)
    assert (100, 5000, 600, 0.5) == (config.max_sessions, config.max_chars, config.max_seconds, config.max_rate)
    assert 120 == configured(**LIVE, policy="nightly").max_sessions
    assert 7 == configured(**LIVE, max_sessions="7").max_sessions
    assert 0.125 == configured(**LIVE, shards="4").max_rate
    assert 500 == configured().max_sessions


def test_the_policy_is_pinned(configured: Configured) -> None:
    """A loosened policy is refused before anything runs; the message has the digest that would fit."""
    rules = configured(policy="ci").rules
    assert rules is not None
    assert "ci" == configured(policy="ci", policy_sha256=f"sha256:{rules.sha256()}").policy
    configured.gate('[policy.ci]\nextends = "ci"\nblocks = ["harness"]\n')
    with pytest.raises(UsageError, match="not the one agreed on"):
        configured(policy="ci", policy_sha256=rules.sha256())
    with pytest.raises(UsageError, match="none is named"):
        configured(policy_sha256=rules.sha256())
