"""Stage audio: is what came speech, whole, and at the rate it claims?"""

from __future__ import annotations

import pytest


@pytest.mark.stage("audio")
def test_audio(subject, judge):
    judge(subject)
