"""Stage synthesis: bounded sessions for each exact model string, over each client."""

from __future__ import annotations

import pytest

from ttsgate.plugin import Judge, Subject


@pytest.mark.stage("synthesis")
def test_synthesis(subject: Subject, judge: Judge) -> None:
    judge(subject)
