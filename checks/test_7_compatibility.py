"""Stage compatibility: refusals where they are expected, and a fallback that plays."""

from __future__ import annotations

import pytest

from ttsgate.plugin import Judge, Subject


@pytest.mark.stage("compatibility")
def test_compatibility(subject: Subject, judge: Judge) -> None:
    judge(subject)
