"""Stage across: what only several sessions side by side can show."""

from __future__ import annotations

import pytest

from ttsgate.plugin import Judge, Subject


@pytest.mark.stage("across")
def test_across(subject: Subject, judge: Judge) -> None:
    judge(subject)
