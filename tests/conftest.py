"""What holds for every test: no variable of the caller's shell, no key of theirs, no address but this machine's."""

from __future__ import annotations

import ipaddress
import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest

STRANGE_PREFIXES = ("ALIBABA_CLOUD_", "ALICLOUD_", "CI_", "DASHSCOPE_", "GITHUB_", "GITLAB_", "MAKE", "TTSGATE_")
STRANGE_NAMES = (
    "BUILDKITE",
    "CI",
    "FORCE_COLOR",
    "MFLAGS",
    "NO_COLOR",
    "OUTPUT_DIR",
    "PYTEST_ADDOPTS",
    "SOURCE_DATE_EPOCH",
)

# A busy machine is no finding; `--hypothesis-seed` repeats a failure.
hypothesis.settings.register_profile("ttsgate", deadline=None, max_examples=60, database=None)
hypothesis.settings.load_profile("ttsgate")


@pytest.fixture(scope="session", autouse=True)
def _clean_environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The caller's keys, CI variables and home folder are out of sight, for child processes too."""
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.startswith(STRANGE_PREFIXES) or name in STRANGE_NAMES:
                patch.delenv(name)
        patch.setenv("HOME", str(tmp_path_factory.mktemp("home")))
        yield


@pytest.fixture(scope="session", autouse=True)
def _ctrl_c_reaches_children() -> Iterator[None]:
    """Children take SIGINT although the caller ignores it, as `nohup` and jobs behind an ``&`` do."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="session", autouse=True)
def _only_this_machine() -> Iterator[None]:
    """A test that would leave this machine fails at its ``connect``."""
    original = socket.socket.connect

    def connect(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6) and not _is_loopback(address[0]):
            raise RuntimeError(f"a test tried to connect to {address!r}")
        original(self, address)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", connect)
        yield


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@pytest.fixture(scope="session")
def checkout() -> Path:
    """The folder of this checkout."""
    return Path(__file__).resolve().parent.parent
