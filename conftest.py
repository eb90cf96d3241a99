"""Makes a bare ``pytest checks/`` in a clone the same run as ``ttsgate validate``."""

from __future__ import annotations

from pathlib import Path

import pytest


def pytest_configure(config: pytest.Config) -> None:
    checks = Path(__file__).resolve().parent / "checks"
    if any((config.invocation_params.dir / arg.split("::")[0]).resolve().is_relative_to(checks) for arg in config.args):
        from ttsgate.plugin import adopt

        adopt(config, checks)
