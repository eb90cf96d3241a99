"""Stage compatibility: refusals where they are expected, and a fallback that plays."""

from __future__ import annotations

import pytest


@pytest.mark.stage("compatibility")
def test_compatibility(subject, judge):
    judge(subject)
