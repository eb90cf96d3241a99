"""Parts of a matrix, joined."""

from __future__ import annotations

from itertools import permutations

import pytest

from tests.matrix.measured import matrix, runtime
from ttsgate.errors import EvidenceError
from ttsgate.matrix.merging import merge, shard
from ttsgate.matrix.record import decode, encode


def test_order_does_not_matter() -> None:
    """Parts may come in any order, and overlap."""
    parts = [
        matrix([runtime("1.26.0"), runtime("1.26.1", "hangs")], name="a"),
        matrix([runtime("1.26.1", "hangs")], name="b"),
        matrix([runtime("2.0.2", "hangs")], name="c"),
    ]
    joined = {encode(merge(order)) for order in permutations(parts)}

    assert 1 == len({tuple(sorted(r.id for r in decode(one).runtimes)) for one in joined})
    assert [["1.26.0"], ["1.26.1", "2.0.2"]] == [g.releases for g in decode(joined.pop()).groups]


def test_emulated_and_live_are_not_joined() -> None:
    """What one part claims does not hold for the other."""
    live = matrix([runtime("2.0.2")])
    live.target, live.claim = "live", "live"

    with pytest.raises(EvidenceError, match="do not belong together"):
        merge([matrix([runtime("2.0.2")]), live])


def test_a_newer_schema_is_refused_by_name() -> None:
    """It is read by who knows it."""
    newer = matrix([runtime("2.0.2")])
    newer.schema_version += 1

    with pytest.raises(EvidenceError, match="install a newer one"):
        decode(encode(newer))


def test_shards_are_the_whole() -> None:
    """Nothing is measured twice, nothing is left out."""
    whole = list(range(10))

    assert whole == sorted(x for n in (1, 2, 3) for x in shard(whole, n, 3))  # type: ignore[type-var,arg-type]
