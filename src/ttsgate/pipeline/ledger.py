"""What is known of each check on each subject, and which cells do not run."""

from __future__ import annotations

from ttsgate.collect.plan import PlannedSession
from ttsgate.config import Config
from ttsgate.judgement.registry import CHECKS, Check
from ttsgate.result.record import CheckRecord, Outcome, Result, Skip
from ttsgate.result.redact import Redactor
from ttsgate.result.transcript import Level

__all__ = ["LEVEL_OF", "Ledger", "reads"]

LEVEL_OF: dict[str, Level] = {
    "wire": "frames",
    "sdk-realtime": "sdk-events",
    "sdk-client": "sdk-events",
    "sdk-http": "http",
}
"""Observation level of each client."""


def reads(check: Check, session: PlannedSession) -> bool:
    """Whether a check on sessions is selected for a planned one: its level, and what is expected of it."""
    refusal = session.cell.expectation == "refusal"
    return LEVEL_OF[session.cell.client] in check.levels and (not refusal or check.stage == "compatibility")


class Ledger:
    """Outcomes by check and subject; cells that are blocked or skipped, with the reason."""

    def __init__(self, config: Config, result: Result, redactor: Redactor) -> None:
        self._config, self._result, self._redactor = config, result, redactor
        self.records: dict[tuple[str, str], CheckRecord] = {}
        """By check and subject."""
        self.blocked: dict[str, tuple[Outcome, str, str]] = {}
        """Cell id -> outcome, reason code, words."""

    def keep(self, *records: CheckRecord) -> None:
        """Keep outcomes; a later one on the same subject replaces the earlier."""
        for record in records:
            record.decides = record.model is None or self._config.decides(record.model)
            self.records[(record.check, record.subject)] = record
            if record.reason == "extra" and not any(s.subject == record.check for s in self._result.skips):
                self._result.skips.append(Skip(subject=record.check, code="extra", why=record.message))

    def block(self, cell_id: str, outcome: Outcome, code: str, why: str) -> None:
        """Say that a cell does not run; the first reason stands."""
        why = self._redactor.text(why)
        if cell_id not in self.blocked:
            self.blocked[cell_id] = (outcome, code, why)
            cell = self._result.cell(cell_id)
            cell.state, cell.reason = outcome, f"{code}: {why}"
            self._result.skips.append(Skip(subject=cell_id, code=code, why=why))

    def not_run(self, session: PlannedSession) -> None:
        """Every check of a session that did not run says so: never passed, never silently absent."""
        outcome, code, why = self.blocked.get(session.cell.id, ("blocked", "not-run", "the session did not run"))
        for check in CHECKS.values():
            if check.subject == "session" and reads(check, session):
                self.keep(
                    CheckRecord(
                        check=check.id,
                        stage=check.stage,
                        subject=session.id,
                        outcome=outcome,
                        severity=check.severity,
                        message=why,
                        reason=code,
                        model=session.cell.model,
                        client=session.cell.client,
                        cell=session.cell.id,
                    )
                )
