"""Stage timing: did it stream, without stalls, fast enough to be played?"""

from __future__ import annotations

import pytest


@pytest.mark.stage("timing")
def test_timing(subject, judge):
    judge(subject)
