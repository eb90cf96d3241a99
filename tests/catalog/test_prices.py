"""List prices, and none where none is known."""

from __future__ import annotations

from decimal import Decimal

import pytest

from ttsgate import catalog
from ttsgate.errors import UsageError


def test_prices_of_the_documented_regions() -> None:
    """Beijing has one price for all realtime models; Singapore's is known for flash only."""
    for name in catalog.FIVE:
        price = catalog.price(name, "cn-beijing")
        assert price is not None
        assert (price.amount, price.currency, price.per_characters) == (Decimal(1), "CNY", 10_000)
    singapore = [catalog.price(name, "ap-southeast-1") for name in catalog.FIVE]
    assert singapore[0] is not None
    assert (singapore[0].amount, singapore[0].currency) == (Decimal("0.13"), "USD")
    assert singapore[1:] == [None] * 4


def test_http_siblings_cost_less() -> None:
    """The HTTP models have a list of their own."""
    price = catalog.price("qwen3-tts-flash", "cn-beijing")
    assert price is not None
    assert price.of(12_345) == Decimal("0.8") * 12_345 / 10_000


@pytest.mark.parametrize(("model", "region"), [("qwen-tts-realtime", "cn-beijing"), (catalog.FIVE[0], "us-east-1")])
def test_unknown_is_not_free(model: str, region: str) -> None:
    """Token-billed models and regions without a list have no price, rather than zero."""
    assert catalog.price(model, region) is None


def test_an_assumed_model_s_price_says_that_it_is_assumed() -> None:
    """A number for a string that no list has must not pass for read."""
    price = catalog.price(catalog.assume("new-realtime", catalog.FIVE[0]), "cn-beijing")
    assert price is not None
    assert price.basis == f"assumed to cost what {catalog.FIVE[0]} costs"


def test_creating_voices_has_its_own_price() -> None:
    """It counts voices, not characters; the clone's price in Singapore was not found."""
    design, clone = (catalog.creation_price(kind, "cn-beijing") for kind in ("design", "clone"))
    assert design is not None
    assert clone is not None
    assert (design.of(3), clone.of(2)) == (Decimal("0.6"), Decimal("0.02"))
    with pytest.raises(ValueError, match="voices"):
        _ = design.per_characters
    assert catalog.creation_price("clone", "ap-southeast-1") is None
    assert catalog.creation_price("design", "us-east-1") is None


def test_regions_are_checked() -> None:
    """A typing error in a region is no missing price."""
    with pytest.raises(UsageError, match="unknown region"):
        catalog.price(catalog.FIVE[0], "beijing")
