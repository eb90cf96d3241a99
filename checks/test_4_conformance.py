"""Stage conformance: did the service keep the protocol?"""

from __future__ import annotations

import pytest


@pytest.mark.stage("conformance")
def test_conformance(subject, judge):
    judge(subject)
