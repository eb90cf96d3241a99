"""Which releases ``--sdk`` asks for."""

from __future__ import annotations

import pytest

from ttsgate.errors import UsageError
from ttsgate.matrix.releases import select, snapshot


def test_the_snapshot_needs_no_index() -> None:
    """It knows the releases from 1.20.0 on, oldest first, and where behaviour changed."""
    known = snapshot()
    every = select("all", known)

    assert ("1.20.0", True) == (every[0], "2.0.2" in every)
    assert set(select("boundaries", known)) < set(every)


def test_specifiers_and_lists() -> None:
    """A specifier chooses among what there is; a list is taken as it is, in order of versions."""
    chosen = select(">=1.26,<1.27", snapshot())

    assert chosen
    assert all(v.startswith("1.26.") for v in chosen)
    assert ["1.25.11", "2.0.2"] == select("2.0.2, 1.25.11,2.0.2", snapshot())


@pytest.mark.parametrize("wanted", [">=99", "newest", ">=1.2.3.x!", ""])
def test_what_matches_nothing_is_refused(wanted: str) -> None:
    """With the option's name; an empty matrix is none."""
    with pytest.raises(UsageError, match="--sdk"):
        select(wanted, snapshot())
