"""What the tests of the renderings share."""

from __future__ import annotations

import pytest

from tests.report.samples import SAMPLES, wav
from ttsgate.result.record import Result


@pytest.fixture(params=list(SAMPLES))
def result(request: pytest.FixtureRequest) -> Result:
    """Each of the sample results in turn."""
    return SAMPLES[request.param]()


@pytest.fixture(scope="session")
def recording() -> bytes:
    """A WAV file."""
    return wav()
