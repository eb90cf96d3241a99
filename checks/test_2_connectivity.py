"""Stage connectivity: the way to the service, read-only and free of charge."""

from __future__ import annotations

import pytest


@pytest.mark.stage("connectivity")
def test_connectivity(subject, judge):
    judge(subject)
