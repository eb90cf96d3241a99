"""Back ends by name."""

from __future__ import annotations

import subprocess
import sys

import pytest

from ttsgate.emulator.speech import BACK_ENDS, open_synth
from ttsgate.errors import UsageError


@pytest.mark.parametrize(
    ("package", "spec", "command"),
    [
        ("espeakng_loader", "espeak", "pip install 'ttsgate[emulator]'"),
        ("hibari", "hibari", "pip install 'ttsgate[neural]'"),
    ],
)
def test_missing_package_names_the_command(package: str, spec: str, command: str) -> None:
    """Without its package a back end says what to install."""
    code = (
        f"import sys; sys.modules[{package!r}] = None\n"
        "from ttsgate.emulator.speech import open_synth\nfrom ttsgate.errors import MissingExtra\n"
        f"try: open_synth({spec!r})\nexcept MissingExtra as error: print(error)"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert command in out.stdout


@pytest.mark.parametrize(
    ("spec", "named"),
    [
        ("festival", "espeak, hibari, file"),
        ("espeak:x", "no argument"),
        ("file", "file:PATH"),
        ("file:/nowhere", "nowhere"),
    ],
)
def test_wrong_spec(spec: str, named: str) -> None:
    """An unknown name or a bad argument is a usage error that names the remedy."""
    with pytest.raises(UsageError, match=named):
        open_synth(spec)


def test_default_states_its_licence() -> None:
    """eSpeak NG is GPL and says so."""
    assert "GPL-3.0" in open_synth().licence
    assert set(BACK_ENDS) == {"espeak", "hibari", "file"}
