"""Stage compile: do the scripts parse under the Pythons that they must run on?"""

from __future__ import annotations

import pytest

from ttsgate.plugin import Judge, Subject


@pytest.mark.stage("compile")
def test_compile(subject: Subject, judge: Judge) -> None:
    judge(subject)
