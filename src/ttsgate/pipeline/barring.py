"""Which cells do not run, because a step on the way to the service failed."""

from __future__ import annotations

from ttsgate.collect.plan import Plan
from ttsgate.pipeline.ledger import Ledger
from ttsgate.probes.connectivity import NO_HTTP
from ttsgate.result.record import Result, Skip

__all__ = ["HARD", "bar_cells"]

HARD = frozenset(("name", "tcp", "tls"))
"""Connectivity steps without which nothing can be judged."""


def bar_cells(result: Result, plan: Plan, ledger: Ledger) -> None:
    """Block the cells that need a step that failed, and only those; skip those whose way is not there.

    Args:
        result: Its connectivity is read; what is not there is added to its skips.
        plan: The cells.
        ledger: Takes the reasons.
    """
    failed = {s.name: s for s in result.connectivity if s.outcome not in ("pass", "skipped")}
    absent = {s.name: s for s in result.connectivity if s.outcome == "skipped"}
    result.skips += [Skip(subject=s.name, code=NO_HTTP, why=s.detail) for s in absent.values()]
    broken = next((s for s in result.connectivity if s.outcome == "fail" and s.name in HARD), None)
    refused = next((s for s in failed.values() if s.name == "models" and s.status in (401, 403)), None)
    for cell in plan.cells:
        model = plan.models[cell.model]
        words = None
        if (why := broken or refused) is not None:
            words = f"step {why.name} failed: {why.detail}"
        elif cell.client == "sdk-http":
            if "models" in absent:
                ledger.block(cell.id, "skipped", NO_HTTP, absent["models"].detail)
            elif "models" in failed and failed["models"].status is None:
                words = f"step models failed: {failed['models'].detail}"
        elif "session" in failed:
            words = f"step session failed: {failed['session'].detail}"
        elif model.custom_voice and f"voices-{model.custom_voice}" in failed:
            words = "the list of custom voices failed"
        if words is not None:
            ledger.block(cell.id, "blocked", "connectivity", words)
