"""Stage audio: is what came speech, whole, and at the rate it claims?"""

from __future__ import annotations

import pytest

from ttsgate.plugin import Judge, Subject


@pytest.mark.stage("audio")
def test_audio(subject: Subject, judge: Judge) -> None:
    judge(subject)
