"""Deployment regions, their hosts, and which hosts are the service's own.

Source: https://help.aliyun.com/zh/model-studio/regions and the connection page
https://help.aliyun.com/zh/model-studio/interactive-process-of-qwen-tts-realtime-synthesis (two
translations of it print the Singapore host under Beijing, which is a mistake of theirs).
"""

from __future__ import annotations

import re

from ttsgate.catalog.lookup import nearest
from ttsgate.catalog.model import Endpoints, Region
from ttsgate.errors import UsageError

__all__ = ["REGIONS", "endpoints", "find_region", "is_catalogue_host", "is_loopback_host"]

_PAGE = "https://help.aliyun.com/zh/model-studio/interactive-process-of-qwen-tts-realtime-synthesis"
_REGIONS_PAGE = "https://help.aliyun.com/zh/model-studio/regions"
_DATE = "2026-11-22"

REGIONS: dict[str, Region] = {
    r.id: r
    for r in (
        Region(
            id="cn-beijing",
            label="China (Beijing)",
            host="dashscope.aliyuncs.com",
            workspace_host="{workspace}.cn-beijing.maas.aliyuncs.com",
            documented=True,
            source=_PAGE,
            date=_DATE,
            basis="the workspace host answers the realtime path by a field report of 2026-09-19",
        ),
        Region(
            id="ap-southeast-1",
            label="International (Singapore)",
            host="dashscope-intl.aliyuncs.com",
            workspace_host="{workspace}.ap-southeast-1.maas.aliyuncs.com",
            documented=True,
            source=_PAGE,
            date=_DATE,
            basis="the workspace host is documented for Qwen-Audio-TTS; for Qwen-TTS Realtime it is deduced",
        ),
        Region(
            id="us-east-1",
            label="US (Virginia)",
            host="dashscope-us.aliyuncs.com",
            workspace_host=None,
            documented=False,
            source=_REGIONS_PAGE,
            date=_DATE,
        ),
        Region(
            id="eu-central-1",
            label="Germany (Frankfurt)",
            host=None,
            workspace_host="{workspace}.eu-central-1.maas.aliyuncs.com",
            documented=False,
            source=_REGIONS_PAGE,
            date=_DATE,
        ),
        Region(
            id="cn-hongkong",
            label="China (Hong Kong)",
            host="cn-hongkong.dashscope.aliyuncs.com",
            workspace_host=None,
            documented=False,
            source=_REGIONS_PAGE,
            date=_DATE,
            basis="host by a field report of 2026-09-19",
        ),
        Region(
            id="ap-northeast-1",
            label="Japan (Tokyo)",
            host=None,
            workspace_host="{workspace}.ap-northeast-1.maas.aliyuncs.com",
            documented=False,
            source=_REGIONS_PAGE,
            date=_DATE,
            basis="host by a field report of 2026-09-19",
        ),
    )
}
"""Known regions by id."""

_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\Z", re.IGNORECASE)
_PUBLIC = frozenset(r.host for r in REGIONS.values() if r.host)
_WORKSPACE_SUFFIXES = tuple(r.workspace_host.removeprefix("{workspace}") for r in REGIONS.values() if r.workspace_host)
# https://help.aliyun.com/zh/model-studio/access-model-studio-through-privatelink (2026-03-30): the
# endpoint's own name, and the custom name, for Beijing and Singapore.
_PRIVATE_LINK = re.compile(
    r"(ep-[a-z0-9-]+\.dashscope\.(cn-beijing|ap-southeast-1)\.privatelink"
    r"|vpc-(cn-beijing|ap-southeast-1)\.dashscope)\.aliyuncs\.com\Z"
)


def find_region(region: str) -> Region:
    """The region of that id.

    Raises:
        UsageError: unknown; the text gives the nearest ids.
    """
    try:
        return REGIONS[region]
    except KeyError:
        raise UsageError(f"unknown region {region!r}{nearest(region, REGIONS)}; known: {', '.join(REGIONS)}") from None


def endpoints(region: str, workspace: str | None = None) -> Endpoints:
    """URLs of a region, on the workspace's own host when one is named and the region has such hosts.

    Raises:
        UsageError: unknown region, a workspace that cannot be part of a host name, or a region that
            has workspace hosts only and none was named.
    """
    known = find_region(region)
    if workspace is not None and not _LABEL.match(workspace):
        raise UsageError(f"workspace {workspace!r} must be letters, digits and hyphens, as the console shows it")
    if workspace is not None and known.workspace_host:
        host = known.workspace_host.format(workspace=workspace).lower()
    elif known.host is not None:
        host = known.host
    else:
        raise UsageError(f"region {region} has no host of its own: name the workspace with --workspace")
    return Endpoints(
        ws_url=f"wss://{host}/api-ws/v1/realtime",
        http_url=f"https://{host}/api/v1",
        compatible_url=f"https://{host}/compatible-mode/v1",
        hosts=(host,),
    )


def is_catalogue_host(host: str) -> bool:
    """Whether the host is the service's: public, one workspace's, or a private link.

    `host` is a name without port; anything that is not exactly such a name is not.
    """
    name = host.lower()
    if name in _PUBLIC or _PRIVATE_LINK.match(name):
        return True
    for suffix in _WORKSPACE_SUFFIXES:
        if name.endswith(suffix):
            return _LABEL.match(name.removesuffix(suffix)) is not None
    return False


def is_loopback_host(host: str) -> bool:
    """Whether the host is this machine by name: ``localhost``, ``127.0.0.0/8`` in dotted form, or ``::1``."""
    name = host.lower().strip("[]")
    return name in ("localhost", "::1") or re.match(r"127(\.(25[0-5]|2[0-4]\d|1?\d?\d)){3}\Z", name) is not None
