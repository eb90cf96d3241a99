"""Stage synthesis: bounded sessions for each exact model string, over each client."""

from __future__ import annotations

import pytest


@pytest.mark.stage("synthesis")
def test_synthesis(subject, judge):
    judge(subject)
