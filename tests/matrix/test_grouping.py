"""Consecutive releases that behave alike collapse, and nothing of them is lost."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.matrix.measured import runtime
from ttsgate.matrix.grouping import boundaries, regroup


@given(st.lists(st.sampled_from(["ok", "raises:ValueError", "hangs"]), min_size=1, max_size=12))
def test_groups_hold_every_release_once_and_in_order(answers: list[str]) -> None:
    """Borders lie just where the answer changes."""
    releases = [f"1.{n}.0" for n in range(len(answers))]
    groups, borders = regroup(runtime(r, a) for r, a in zip(releases, answers, strict=True))

    assert releases == [r for g in groups for r in g.releases]
    changed = [releases[n] for n in range(1, len(answers)) if answers[n] != answers[n - 1]]
    assert changed == [b.after for b in borders]
    assert set(boundaries(groups)) == {r for g in groups for r in (g.first, g.last)}


def test_releases_are_lined_up_by_version_not_by_spelling() -> None:
    """1.9 comes before 1.10, whatever came first."""
    groups, _ = regroup([runtime("1.10.0"), runtime("1.9.0")])

    assert [["1.9.0", "1.10.0"]] == [g.releases for g in groups]


def test_pythons_do_not_mix() -> None:
    """Each Python has groups of its own."""
    groups, borders = regroup([runtime("2.0.2", python="3.9"), runtime("2.0.2", "hangs", python="3.12")])

    assert (["3.9", "3.12"], []) == ([g.python for g in groups], borders)
