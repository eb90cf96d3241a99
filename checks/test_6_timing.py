"""Stage timing: did it stream, without stalls, fast enough to be played?"""

from __future__ import annotations

import pytest

from ttsgate.plugin import Judge, Subject


@pytest.mark.stage("timing")
def test_timing(subject: Subject, judge: Judge) -> None:
    judge(subject)
