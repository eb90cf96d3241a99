"""Where the key comes from, and where it may travel."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from tests.config.configured import Configured
from ttsgate.config import Credential, allowed_host, find_key, key_variables, resolve_target
from ttsgate.errors import CredentialError

LIVE = {"target": "live", "region": "cn-beijing"}
KEY = "sk-canary-0123456789abcdef"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home folder with nothing in it."""
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


def write_profile(home: Path, text: str) -> None:
    (home / ".alibabacloud").mkdir(exist_ok=True)
    (home / ".alibabacloud/credentials").write_text(text)


def key_of(configured: Configured, home: Path, environ: dict[str, str], **cli: object) -> Credential:
    config = configured(environ, **(cli or LIVE))
    return find_key(config, resolve_target(config), environ, home=home)


def test_places_in_order(configured: Configured, home: Path) -> None:
    """The region's variable, the general one, the profile, .env: each is used when the stronger ones are gone."""
    write_profile(home, "[default]\ndashscope_api_key = sk-profile\n")
    (configured.folder / ".env").write_text("DASHSCOPE_API_KEY=sk-dotenv\n")
    environ = {"TTSGATE_API_KEY_CN_BEIJING": "sk-region", "DASHSCOPE_API_KEY": "sk-general"}
    found = []
    while True:
        credential = key_of(configured, home, environ)
        found.append((credential.key.reveal(), credential.origin))
        if environ:
            environ.pop(next(iter(environ)))
        elif (home / ".alibabacloud/credentials").exists():
            (home / ".alibabacloud/credentials").unlink()
        else:
            break
    assert found == [
        ("sk-region", "environment TTSGATE_API_KEY_CN_BEIJING"),
        ("sk-general", "environment DASHSCOPE_API_KEY"),
        ("sk-profile", "~/.alibabacloud/credentials profile default"),
        ("sk-dotenv", ".env DASHSCOPE_API_KEY"),
    ]


def test_another_region_s_key_is_not_used(configured: Configured, home: Path) -> None:
    """Keys belong to a region."""
    with pytest.raises(CredentialError):
        key_of(configured, home, {"TTSGATE_API_KEY_AP_SOUTHEAST_1": KEY})


def test_no_key_lists_the_places(configured: Configured, home: Path) -> None:
    """The sentence says where a key can be, in order; exit 7."""
    with pytest.raises(CredentialError) as caught:
        key_of(configured, home, {})
    text = str(caught.value)
    places = ["TTSGATE_API_KEY_CN_BEIJING", "DASHSCOPE_API_KEY", "~/.alibabacloud/credentials", ".env"]
    assert sorted(places, key=text.index) == places
    assert caught.value.exit_code == 7


def test_an_empty_variable_is_no_key(configured: Configured, home: Path) -> None:
    """CI sets variables empty when a secret is not shared with a fork."""
    with pytest.raises(CredentialError, match="no API key"):
        key_of(configured, home, {"DASHSCOPE_API_KEY": " "})


def test_dotenv_is_ignored_under_ci(configured: Configured, home: Path) -> None:
    """A pull request could bring one along; the error says so."""
    (configured.folder / ".env").write_text(f"DASHSCOPE_API_KEY={KEY}\n")
    assert key_of(configured, home, {}).origin == ".env DASHSCOPE_API_KEY"
    with pytest.raises(CredentialError, match="ignored under CI"):
        key_of(configured, home, {"CI": "true"})


@pytest.mark.parametrize(
    ("environ", "key"),
    [
        ({}, "sk-default"),
        ({"ALICLOUD_PROFILE": "old"}, "sk-old"),
        ({"ALICLOUD_PROFILE": "old", "ALIBABA_CLOUD_PROFILE": "new"}, "sk-new"),
    ],
)
def test_profiles_in_order(configured: Configured, home: Path, environ: dict[str, str], key: str) -> None:
    """``ALIBABA_CLOUD_PROFILE``, else ``ALICLOUD_PROFILE``, else default."""
    write_profile(home, "".join(f"[{n}]\ndashscope_api_key=sk-{n}\n" for n in ("default", "old", "new")))
    assert key_of(configured, home, environ).key.reveal() == key


def test_a_profile_that_was_asked_for_must_exist(configured: Configured, home: Path) -> None:
    """Another profile's key, or the next place's, is not what was asked for."""
    write_profile(home, "[default]\ndashscope_api_key=sk-default\n")
    with pytest.raises(CredentialError, match="ALIBABA_CLOUD_PROFILE names profile 'gone'"):
        key_of(configured, home, {"ALIBABA_CLOUD_PROFILE": "gone"})


def test_home_is_that_of_the_environment(configured: Configured, home: Path) -> None:
    """``HOME`` decides when none is handed in."""
    write_profile(home, f"[default]\ndashscope_api_key={KEY}\n")
    environ = {"HOME": str(home)}
    config = configured(environ, **LIVE)
    assert find_key(config, resolve_target(config), environ).key.reveal() == KEY


def test_the_emulator_gets_a_made_up_key(configured: Configured, home: Path) -> None:
    """A real key is not even looked at."""
    credential = key_of(configured, home, {"DASHSCOPE_API_KEY": KEY}, target="emulator")
    assert (credential.key.reveal(), credential.origin) == ("sk-emulator", "made up for the emulator")


def test_the_fingerprint_is_a_short_digest(configured: Configured, home: Path) -> None:
    """It tells keys apart and holds no part of the key; the record prints nothing secret."""
    credential = key_of(configured, home, {"DASHSCOPE_API_KEY": f" {KEY}\n"})
    assert credential.as_dict() == {
        "origin": "environment DASHSCOPE_API_KEY",
        "fingerprint": hashlib.sha256(KEY.encode()).hexdigest()[:12],
    }
    assert KEY not in repr(credential)
    assert "canary" not in repr(credential)


@pytest.mark.parametrize("key", ["sk-a b", "sk-a\nb", "sk-ü", "sk-\x7f"])
def test_malformed_keys_are_told_without_echo(configured: Configured, home: Path, key: str) -> None:
    """A pasted line break is found here, not as a refusal by the service."""
    with pytest.raises(CredentialError, match="environment DASHSCOPE_API_KEY") as caught:
        key_of(configured, home, {"DASHSCOPE_API_KEY": key})
    assert key not in str(caught.value)


def test_a_coding_plan_key_is_told_apart(configured: Configured, home: Path) -> None:
    """It works on its own host only, so the service would merely call it invalid."""
    with pytest.raises(CredentialError, match="Coding Plan"):
        key_of(configured, home, {"DASHSCOPE_API_KEY": "sk-sp-0123456789"})


@pytest.mark.parametrize(
    ("ws_url", "http_url"),
    [
        ("ws://127.0.0.1:1/api-ws/v1/realtime", None),
        ("wss://localhost/api-ws/v1/realtime", None),
        ("wss://dashscope.aliyuncs.com/api-ws/v1/realtime", None),
        ("wss://w-1.cn-beijing.maas.aliyuncs.com/api-ws/v1/realtime", None),
    ],
)
def test_the_key_goes_to_the_service_and_to_this_machine(
    configured: Configured, home: Path, ws_url: str, http_url: str | None
) -> None:
    """Custom URLs that point there need no further word."""
    credential = key_of(configured, home, {"DASHSCOPE_API_KEY": KEY}, ws_url=ws_url, http_url=http_url)
    assert credential.key.reveal() == KEY


@pytest.mark.parametrize(
    ("ws_url", "http_url"),
    [
        ("wss://gw.example/api-ws/v1/realtime", None),
        ("ws://dashscope.aliyuncs.com/api-ws/v1/realtime", None),
        ("wss://dashscope.aliyuncs.com.evil.example/api-ws/v1/realtime", None),
        ("wss://dashscope.aliyuncs.com/api-ws/v1/realtime", "https://evil.example/api/v1"),
        ("wss://dashscope.aliyuncs.com/api-ws/v1/realtime", "http://dashscope.aliyuncs.com/api/v1"),
        ("ws://127.0.0.1:1/api-ws/v1/realtime", "http://10.0.0.1/api/v1"),
    ],
)
def test_the_key_goes_nowhere_else(configured: Configured, home: Path, ws_url: str, http_url: str | None) -> None:
    """Neither to another host nor over plain text; the error names the way; a key named for the host may."""
    environ = {"DASHSCOPE_API_KEY": KEY, "GW_KEY": "gw-key"}
    with pytest.raises(CredentialError, match="--custom-key-env NAME"):
        key_of(configured, home, environ, ws_url=ws_url, http_url=http_url)
    credential = key_of(configured, home, environ, ws_url=ws_url, http_url=http_url, custom_key_env="GW_KEY")
    assert (credential.key.reveal(), credential.origin) == ("gw-key", "environment GW_KEY")


def test_the_custom_key_must_be_there(configured: Configured, home: Path) -> None:
    """The ordinary key is no substitute for the one that was named."""
    with pytest.raises(CredentialError, match="--custom-key-env names GW_KEY"):
        key_of(
            configured,
            home,
            {"DASHSCOPE_API_KEY": KEY, "GW_KEY": ""},
            ws_url="wss://gw.example/api-ws/v1/realtime",
            custom_key_env="GW_KEY",
        )


def test_variables_that_must_leave_the_environment() -> None:
    """Every variable that can hold a key, and no other."""
    environ = dict.fromkeys(["PATH", "DASHSCOPE_API_KEY", "TTSGATE_API_KEY_US_EAST_1", "GW_KEY"], "x")
    assert key_variables(environ) == ["DASHSCOPE_API_KEY", "TTSGATE_API_KEY_US_EAST_1"]
    assert key_variables(environ, "GW_KEY") == ["DASHSCOPE_API_KEY", "TTSGATE_API_KEY_US_EAST_1", "GW_KEY"]


def test_hosts_of_a_url() -> None:
    """Judged by host and scheme; what has no host is nowhere."""
    assert allowed_host("wss://dashscope.aliyuncs.com:443/x")
    assert allowed_host("http://[::1]:8/x")
    assert not allowed_host("wss://dashscope.aliyuncs.com@evil.example/x")
    assert not allowed_host("", custom=True)
    assert allowed_host("wss://gw.example/x", custom=True)
