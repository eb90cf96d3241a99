"""``python -m ttsgate`` is the ``ttsgate`` command."""

from __future__ import annotations

from ttsgate.cli.main import main

main()
