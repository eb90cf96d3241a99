"""Stage compile: do the scripts parse under the Pythons that they must run on?"""

from __future__ import annotations

import pytest


@pytest.mark.stage("compile")
def test_compile(subject, judge):
    judge(subject)
