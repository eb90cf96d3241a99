"""An emulator that tests of the command line share, as somebody's service behind URLs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ttsgate.emulator.process import EmulatorProcess, Endpoints


@pytest.fixture(scope="session")
def service() -> Iterator[Endpoints]:
    """``ttsgate serve`` with one key, quick speech and no limit on sessions."""
    with EmulatorProcess(api_keys=["sk-right"], pace=8, extra=["--unlimited"]) as process:
        assert process.endpoints is not None
        yield process.endpoints
