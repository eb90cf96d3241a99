"""Regions and which hosts are the service's."""

from __future__ import annotations

import pytest

from ttsgate import catalog
from ttsgate.errors import UsageError


def test_public_hosts() -> None:
    """Beijing and Singapore are documented; their URLs follow one pattern."""
    assert catalog.endpoints("cn-beijing").ws_url == "wss://dashscope.aliyuncs.com/api-ws/v1/realtime"
    singapore = catalog.endpoints("ap-southeast-1")
    assert singapore.http_url == "https://dashscope-intl.aliyuncs.com/api/v1"
    assert singapore.compatible_url == "https://dashscope-intl.aliyuncs.com/compatible-mode/v1"
    assert [r.id for r in catalog.REGIONS.values() if r.documented] == ["cn-beijing", "ap-southeast-1"]


def test_a_workspace_has_its_own_host_where_there_are_such() -> None:
    """Where a region has none, the public host stays and the workspace travels as a header."""
    assert catalog.endpoints("cn-beijing", "ws-A1").hosts == ("ws-a1.cn-beijing.maas.aliyuncs.com",)
    assert catalog.endpoints("us-east-1", "ws-a1").hosts == ("dashscope-us.aliyuncs.com",)


def test_a_region_without_public_host_needs_a_workspace() -> None:
    """Frankfurt has workspace hosts only."""
    with pytest.raises(UsageError, match="--workspace"):
        catalog.endpoints("eu-central-1")
    assert catalog.endpoints("eu-central-1", "w").hosts == ("w.eu-central-1.maas.aliyuncs.com",)


@pytest.mark.parametrize("workspace", ["", "evil.com/", "a.b", "evil.com#", "a@b", "-a", "a-", "w\n", "ü", "a" * 64])
def test_a_workspace_cannot_lead_the_key_elsewhere(workspace: str) -> None:
    """What is no label of a host name is refused, for every region."""
    for region in catalog.REGIONS:
        with pytest.raises(UsageError, match="workspace"):
            catalog.endpoints(region, workspace)


def test_an_unknown_region_is_told_with_the_nearest() -> None:
    """The sentence lists what is known."""
    with pytest.raises(UsageError, match=r"did you mean 'cn-beijing'.*known: cn-beijing"):
        catalog.endpoints("cn-bejing")


@pytest.mark.parametrize(
    "host",
    [
        "dashscope.aliyuncs.com",
        "DashScope-Intl.aliyuncs.com",
        "ws-1.cn-beijing.maas.aliyuncs.com",
        "ws-1.ap-northeast-1.maas.aliyuncs.com",
        "ep-2ze-1.dashscope.cn-beijing.privatelink.aliyuncs.com",
        "vpc-ap-southeast-1.dashscope.aliyuncs.com",
    ],
)
def test_hosts_of_the_service(host: str) -> None:
    """Public, workspace and private-link hosts belong to the service."""
    assert catalog.is_catalogue_host(host)


@pytest.mark.parametrize(
    "host",
    [
        "",
        "aliyuncs.com",
        "evil.com",
        "dashscope.aliyuncs.com.evil.com",
        "evildashscope.aliyuncs.com",
        "evil.oss-cn-beijing.aliyuncs.com",
        ".cn-beijing.maas.aliyuncs.com",
        "a.b.cn-beijing.maas.aliyuncs.com",
        "evil.com/.cn-beijing.maas.aliyuncs.com",
        "dashscope.aliyuncs.com\n",
        "ws-1.cn-beijing.maas.aliyuncs.com\n",
        "ep-1.dashscope.cn-beijing.privatelink.aliyuncs.com\n",
        "ep-1.evil.cn-beijing.privatelink.aliyuncs.com",
        "dashscope.aliyuncs.com.",
    ],
)
def test_hosts_that_merely_look_like_it(host: str) -> None:
    """A key never travels to a look-alike."""
    assert not catalog.is_catalogue_host(host)


@pytest.mark.parametrize(
    ("host", "here"),
    [
        ("127.0.0.1", True),
        ("127.255.255.254", True),
        ("localhost", True),
        ("LOCALHOST", True),
        ("::1", True),
        ("[::1]", True),
        ("127.0.0.1.evil.com", False),
        ("127.1", False),
        ("127.0.0.256", False),
        ("localhost.evil.com", False),
        ("128.0.0.1", False),
        ("0.0.0.0", False),
        ("", False),
    ],
)
def test_loopback_by_name(host: str, here: bool) -> None:
    """Only names that always mean this machine."""
    assert catalog.is_loopback_host(host) is here
