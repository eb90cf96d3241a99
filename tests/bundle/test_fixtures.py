"""Bundles of released versions keep verifying; each folder below fixtures/ is one."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from ttsgate.bundle.reading import open_bundle
from ttsgate.bundle.signers import read_signers
from ttsgate.bundle.verifying import Demands, verify
from ttsgate.result.record import SCHEMA_VERSION

FIXTURES = Path(__file__).parent / "fixtures"


class TestReleased:
    def test_there_is_one_of_every_version(self) -> None:
        """No version of the result is without a bundle that it wrote."""
        assert {f"v{n}" for n in range(1, SCHEMA_VERSION + 1)} == {p.name for p in FIXTURES.iterdir()}

    @pytest.mark.parametrize("version", sorted(p.name for p in FIXTURES.iterdir()))
    def test_still_verifies(self, version: str) -> None:
        """Whole, signed by the key of its list, and its verdict follows again, if need be with drift in numbers."""
        folder = FIXTURES / version
        bundle = open_bundle(str(folder / "run.zip"), lambda: folder)
        demands = Demands(target="emulator", signers=read_signers(folder / "signers.toml"))
        done = verify(bundle, demands, now=datetime(2100, 1, 1, tzinfo=UTC))

        assert [] == [problem for part in done.parts for problem in part.problems]
        assert {"integrity": "ok", "origin": "signed"}.items() <= {p.name: p.state for p in done.parts}.items()
        assert done.parts[2].state in ("match", "drift")
        assert bundle.result.verdict is not None
        assert "pass" == bundle.result.verdict.name
