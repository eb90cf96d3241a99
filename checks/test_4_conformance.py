"""Stage conformance: did the service keep the protocol?"""

from __future__ import annotations

import pytest

from ttsgate.plugin import Judge, Subject


@pytest.mark.stage("conformance")
def test_conformance(subject: Subject, judge: Judge) -> None:
    judge(subject)
