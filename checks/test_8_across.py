"""Stage across: what only several sessions side by side can show."""

from __future__ import annotations

import pytest


@pytest.mark.stage("across")
def test_across(subject, judge):
    judge(subject)
