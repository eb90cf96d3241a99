"""List prices of synthesis and of creating voices.

Sources: https://help.aliyun.com/zh/model-studio/qwen3-tts-flash-realtime (Beijing) and
https://www.alibabacloud.com/help/en/model-studio/qwen-tts-realtime (Singapore).  Prices that were
not found are None, never zero.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from ttsgate.catalog.lookup import find
from ttsgate.catalog.model import Model, Price
from ttsgate.catalog.regions import find_region

__all__ = ["creation_price", "price"]

_BEIJING = "https://help.aliyun.com/zh/model-studio/tts-model/"
_SINGAPORE = "https://www.alibabacloud.com/help/en/model-studio/qwen-tts-realtime"
_DESIGN = "https://help.aliyun.com/zh/model-studio/voice-design-api-references"
_CLONE = "https://help.aliyun.com/zh/model-studio/qwen-tts-voice-cloning"


def _characters(amount: str, currency: Literal["CNY", "USD"], source: str, date: str, basis: str | None) -> Price:
    return Price(
        amount=Decimal(amount),
        currency=currency,
        per=10_000,
        unit="characters",
        source=source,
        date=date,
        basis=basis,
    )


def price(model: Model | str, region: str) -> Price | None:
    """List price of synthesis, per 10,000 characters; None where none is known or tokens are billed.

    Raises:
        UsageError: unknown model or region.
    """
    known = find(model) if isinstance(model, str) else model
    find_region(region)
    if known.billing != "characters":
        return None
    basis = f"assumed to cost what {known.like} costs" if known.like else None
    if region == "cn-beijing":
        return _characters("1" if known.realtime else "0.8", "CNY", _BEIJING, "2026-11-22", basis)
    if region == "ap-southeast-1":
        if known.family == "flash":
            return _characters("0.13" if known.realtime else "0.10", "USD", _SINGAPORE, "2025-11-15", basis)
        if not known.realtime:
            return _characters("0.8", "CNY", _BEIJING, "2026-11-22", basis)
    return None


def creation_price(kind: Literal["design", "clone"], region: str) -> Price | None:
    """List price of creating one custom voice; failed clones are free, deleting is free.

    Raises:
        UsageError: unknown region.
    """
    find_region(region)
    if region not in ("cn-beijing", "ap-southeast-1"):
        return None
    international = region == "ap-southeast-1"
    if kind == "design":
        return Price(
            amount=Decimal("0.2"),
            currency="USD" if international else "CNY",
            per=1,
            unit="voices",
            source=_DESIGN,
            date="2026-11-22",
            basis="the international notice says USD 0.2, the catalogue CNY 0.2" if international else None,
        )
    if international:
        return None
    return Price(
        amount=Decimal("0.01"), currency="CNY", per=1, unit="voices", source=_CLONE, date="2026-11-22", basis=None
    )
