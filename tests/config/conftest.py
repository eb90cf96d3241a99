"""Shared by the tests of configuration."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.config.configured import Configured


@pytest.fixture
def configured(tmp_path: Path) -> Configured:
    """Resolver in an empty repository."""
    return Configured(tmp_path)
