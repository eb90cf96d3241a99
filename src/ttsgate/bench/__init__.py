"""The bench: other people's programs against a service that behaves as a scenario says."""

from __future__ import annotations

from ttsgate.bench.program import Program
from ttsgate.bench.run import Bench
from ttsgate.bench.scenarios import SCENARIOS, Scenario, find_scenarios

__all__ = ["SCENARIOS", "Bench", "Program", "Scenario", "find_scenarios"]
