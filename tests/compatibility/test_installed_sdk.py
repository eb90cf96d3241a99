"""The vendor's SDK as it is installed here, unchanged, against the emulator.

`make emulator-clients` tries other releases and other clients.
"""

from __future__ import annotations

import sys
from pathlib import Path

from tests.compatibility.comparison import speak_with
from ttsgate.emulator.process import EmulatorProcess


class TestInstalledSdk:
    def test_audio_is_whole(self, tmp_path: Path) -> None:
        """Both modes, every format: what the callback is given is what the emulator sent, and lasts as long."""
        with EmulatorProcess(pace=20, extra=["--unlimited", "--admin"]) as emulator:
            assert emulator.endpoints is not None
            heard = speak_with(sys.executable, emulator.endpoints, tmp_path)

        assert 8 == len(heard)
        assert [] == [h for h in heard if not h.whole]
