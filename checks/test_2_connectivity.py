"""Stage connectivity: the way to the service, read-only and free of charge."""

from __future__ import annotations

import pytest

from ttsgate.plugin import Judge, Subject


@pytest.mark.stage("connectivity")
def test_connectivity(subject: Subject, judge: Judge) -> None:
    judge(subject)
