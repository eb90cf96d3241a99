"""Suites, templates and the script are found beside the code, never in the working directory."""

from __future__ import annotations

from pathlib import Path

import pytest

from ttsgate.config import data as module
from ttsgate.config import find_data
from ttsgate.errors import HarnessError, UsageError


def test_the_checkout_s_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder of that name in the working directory is not looked at."""
    (tmp_path / "reports").mkdir()
    monkeypatch.chdir(tmp_path)
    found = find_data("reports")
    assert found.is_dir()
    assert tmp_path not in found.parents


def test_an_explicit_folder(tmp_path: Path) -> None:
    """It wins, and must exist."""
    assert find_data("checks", tmp_path) == tmp_path
    with pytest.raises(UsageError, match="gone"):
        find_data("checks", tmp_path / "gone")


def test_packaged_data_comes_before_the_checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wheel carries its own; a checkout is known by its pyproject.toml; else the installation is broken."""
    package = tmp_path / "src/ttsgate"
    package.mkdir(parents=True)
    (tmp_path / "checks").mkdir()
    monkeypatch.setattr(module, "_PACKAGE", package)
    with pytest.raises(HarnessError, match="reinstall"):
        find_data("checks")
    (tmp_path / "pyproject.toml").touch()
    assert find_data("checks") == tmp_path / "checks"
    (package / "_data/checks").mkdir(parents=True)
    assert find_data("checks") == package / "_data/checks"
