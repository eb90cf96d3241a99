"""From configuration to the target's record."""

from __future__ import annotations

import pytest

from tests.config.configured import Configured
from ttsgate.config import compatible_url, resolve_target
from ttsgate.errors import UsageError


def test_the_emulator_is_never_called_live(configured: Configured) -> None:
    """Its URLs are known when it runs; region, workspace and vantage mean nothing there."""
    environ = {"TTSGATE_REGION": "cn-beijing", "TTSGATE_VANTAGE": "lab", "TTSGATE_WORKSPACE": "w"}
    target = resolve_target(configured(environ, fault=("stall",)))
    assert (target.kind, target.claim, target.ws_url, target.http_url) == ("emulator", "emulated, not live", "", "")
    assert (target.region, target.vantage, target.workspace) == (None, None, None)
    assert target.faults == ["stall"]


def test_live_is_asked_for_not_established(configured: Configured) -> None:
    """Only the preflight of a run establishes it."""
    target = resolve_target(configured(target="live", region="cn-beijing", workspace="w-1", vantage="lab"))
    assert target.ws_url == "wss://w-1.cn-beijing.maas.aliyuncs.com/api-ws/v1/realtime"
    assert target.http_url == "https://w-1.cn-beijing.maas.aliyuncs.com/api/v1"
    assert "not yet established" in target.claim
    assert (target.region, target.workspace, target.vantage) == ("cn-beijing", "w-1", "lab")


@pytest.mark.parametrize(
    ("given", "ws_url", "http_url"),
    [
        ({"ws_url": "ws://h:1/api-ws/v1/realtime"}, "ws://h:1/api-ws/v1/realtime", "http://h:1/api/v1"),
        ({"http_url": "https://h/p/api/v1"}, "wss://h/p/api-ws/v1/realtime", "https://h/p/api/v1"),
        ({"ws_url": "wss://h"}, "wss://h/api-ws/v1/realtime", "https://h/api/v1"),
        ({"http_url": "http://h/"}, "ws://h/api-ws/v1/realtime", "http://h/api/v1"),
        ({"ws_url": "ws://h/odd", "http_url": "http://i/odd"}, "ws://h/odd", "http://i/odd"),
        ({"ws_url": "ws://[::1]:1/api-ws/v1/realtime/"}, "ws://[::1]:1/api-ws/v1/realtime", "http://[::1]:1/api/v1"),
        ({"ws_url": "wss://h/odd/x"}, "wss://h/odd/x", "https://h/api/v1"),
        ({"ws_url": "ws://h/a/api-ws/v1/realtime"}, "ws://h/a/api-ws/v1/realtime", "http://h/a/api/v1"),
    ],
)
def test_the_other_url_is_derived(configured: Configured, given: dict[str, str], ws_url: str, http_url: str) -> None:
    """From the same host; a bare host gets the documented path; both given are taken as they are."""
    target = resolve_target(configured(**given))
    assert (target.kind, target.ws_url, target.http_url) == ("custom", ws_url, http_url)
    assert "not established as live" in target.claim


def test_a_websocket_is_not_guessed_from_an_odd_http_path(configured: Configured) -> None:
    """Where HTTP is does not say at which path the websocket is, without which nothing can be judged."""
    with pytest.raises(UsageError, match="give --ws-url too"):
        resolve_target(configured(http_url="http://h/odd"))


def test_custom_needs_a_url(configured: Configured) -> None:
    """There is nothing to fall back on."""
    with pytest.raises(UsageError, match="--target custom needs"):
        resolve_target(configured(target="custom"))


def test_a_required_target_is_required(configured: Configured) -> None:
    """A gate that demands live is not opened by the emulator, nor by a URL."""
    with pytest.raises(UsageError, match="target live is required, but this run is set to emulator"):
        resolve_target(configured(require_target="live"))
    with pytest.raises(UsageError, match="set to custom"):
        resolve_target(configured(require_target="live", ws_url="wss://dashscope.aliyuncs.com/api-ws/v1/realtime"))
    assert resolve_target(configured(require_target="live", target="live", region="cn-beijing")).kind == "live"


def test_the_compatible_url_stands_beside() -> None:
    """Same host, other path."""
    assert compatible_url("https://h/p/api/v1") == "https://h/p/compatible-mode/v1"
