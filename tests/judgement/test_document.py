"""The written references have every cause and every number."""

from __future__ import annotations

from pathlib import Path

import pytest

from ttsgate.judgement.causes import CAUSES
from ttsgate.judgement.document import causes_table, metrics_table
from ttsgate.judgement.numbers import AUDIO_METRICS
from ttsgate.measure.timing import METRICS

DOCS = Path(__file__).resolve().parents[2] / "docs"


@pytest.mark.parametrize(
    ("page", "table"), [("explanation/diagnosis.md", causes_table()), ("reference/metrics.md", metrics_table())]
)
def test_the_page_is_current(page: str, table: str) -> None:
    """`make docs` was run after the last change of the data."""
    assert table.strip() in (DOCS / page).read_text("utf-8")


def test_nothing_is_left_out() -> None:
    """A line for each cause and each number."""
    assert len(CAUSES) == len(causes_table().splitlines()) - 2
    assert len(METRICS) + len(AUDIO_METRICS) == len(metrics_table().splitlines()) - 2
