"""Stage negative: what does the service do with wrong requests, and did it do so before?"""

from __future__ import annotations

import pytest

from ttsgate.plugin import Judge, Subject


@pytest.mark.stage("negative")
def test_negative(subject: Subject, judge: Judge) -> None:
    judge(subject)
