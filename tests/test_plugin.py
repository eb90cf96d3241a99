"""The suites' plugin: what pytest shows is what the run judged, and what it cannot show is not lost."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ttsgate.plugin import take_keys


def test_keys_leave_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every variable that holds a key is gone, the one that was named, too; others stay."""
    keys = {"DASHSCOPE_API_KEY": "a", "TTSGATE_API_KEY_CN_BEIJING": "b", "MY_KEY": "c"}
    for name, value in {**keys, "TTSGATE_MODEL": "m"}.items():
        monkeypatch.setenv(name, value)

    take_keys(dict(os.environ), "MY_KEY")

    assert not set(keys) & set(os.environ)
    assert "m" == os.environ["TTSGATE_MODEL"]


def test_our_own_tests_are_no_run(request: pytest.FixtureRequest) -> None:
    """`pytest tests/` in the clone does not start a run, though the same conftest.py is read."""
    assert not request.config.pluginmanager.has_plugin("ttsgate-suite")


def test_a_bare_pytest_does_not_take_the_suites_for_its_root(checkout: Path) -> None:
    """With a pytest.ini in checks/ the conftest.py beside it would never be read."""
    assert not [
        p.name for p in (checkout / "checks").iterdir() if p.name in ("pytest.ini", "pyproject.toml", "tox.ini")
    ]
