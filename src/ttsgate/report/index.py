"""A result, looked up: what templates and writers ask of it again and again."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from functools import cached_property

from ttsgate.report.safe import clean
from ttsgate.report.words import OUTCOMES, Mark, duration_s, headline, stage_order, worst_first
from ttsgate.result.record import Cell, CheckRecord, Finding, ModelFacts, Result, SessionRecord

__all__ = ["Index"]


class Index:
    """Lookup tables over a finished result; nothing here judges."""

    def __init__(self, result: Result) -> None:
        self.result = result

    @cached_property
    def headline(self) -> Mark:
        """Verdict word with its mark."""
        return headline(self.result)

    @cached_property
    def exit_code(self) -> int:
        """Exit code; 130 for an interrupted run, 3 for one that never got a verdict."""
        if self.result.status == "interrupted":
            return 130
        return self.result.verdict.exit_code if self.result.verdict else 3

    @cached_property
    def cause(self) -> str:
        """Party or reason that decided."""
        if self.result.status != "complete":
            return self.result.status if self.result.status == "interrupted" else "unfinished"
        return self.result.verdict.cause if self.result.verdict else "harness"

    @cached_property
    def summary(self) -> str:
        """The verdict in one sentence."""
        if self.result.status == "started":
            return "the run has not ended: it is still under way, or was killed"
        if self.result.status == "interrupted":
            return "the run was interrupted; what it had seen until then is below"
        if self.result.verdict is None:
            return "the run ended without a verdict, which is an error of ttsgate"
        return self.result.verdict.summary

    @cached_property
    def counts(self) -> dict[str, int]:
        """Check records by outcome, worst first."""
        found = self.result.counts()
        return {name: found[name] for name in OUTCOMES if name in found}

    @cached_property
    def tally(self) -> str:
        """Counts in words: ``118 passed, 1 failed``."""
        return ", ".join(f"{n:,} {OUTCOMES[o].word}" for o, n in reversed(self.counts.items())) or "no check ran"

    @cached_property
    def scripts_compiled(self) -> tuple[int, int]:
        """Compile records that are fine, and all of them."""
        return sum(s.ok is True for s in self.result.scripts), len(self.result.scripts)

    @cached_property
    def took_s(self) -> float | None:
        """Wall time of the run, seconds."""
        return duration_s(self.result.started, self.result.finished)

    @cached_property
    def bundle(self) -> str:
        """Folder of the bundle, relative to the base's ``aliyun-qwen-tts-realtime``."""
        return f"runs/{self.result.run}"

    @cached_property
    def models(self) -> list[ModelFacts]:
        """Models with facts, in the order of the plan; a cell's model without facts gets bare ones."""
        known = {m.name: m for m in self.result.models}
        for cell in self.result.cells:
            known.setdefault(cell.model, ModelFacts(name=cell.model, required=True))
        return list(known.values())

    @cached_property
    def cells(self) -> dict[str, Cell]:
        """Cells by id."""
        return {c.id: c for c in self.result.cells}

    @cached_property
    def sessions_of(self) -> dict[str, list[SessionRecord]]:
        """Sessions by cell."""
        table: dict[str, list[SessionRecord]] = defaultdict(list)
        for session in self.result.sessions:
            table[session.cell].append(session)
        return table

    @cached_property
    def checks_of(self) -> dict[str, list[CheckRecord]]:
        """Checks of a cell and of its sessions by cell, worst first."""
        table: dict[str, list[CheckRecord]] = defaultdict(list)
        for check in self.result.checks:
            if check.cell is not None:
                table[check.cell].append(check)
        for checks in table.values():
            checks.sort(key=worst_first)
        return table

    @cached_property
    def stages(self) -> dict[str, list[CheckRecord]]:
        """Checks by stage, in order of the run."""
        table: dict[str, list[CheckRecord]] = defaultdict(list)
        for check in self.result.checks:
            table[check.stage].append(check)
        return {stage: table[stage] for stage in sorted(table, key=stage_order)}

    @cached_property
    def findings(self) -> list[Finding]:
        """Findings, blocking ones first, otherwise as diagnosed."""
        return sorted(self.result.findings, key=lambda f: not f.blocking)

    @cached_property
    def _excused(self) -> frozenset[str]:
        blocking = {pair for f in self.result.findings if f.blocking for pair in f.checks}
        return frozenset(pair for f in self.result.findings for pair in f.checks) - blocking

    def decides(self, check: CheckRecord) -> bool:
        """Whether this record's outcome bears on the verdict (severity, surveyed model, policy)."""
        return check.decides and check.severity == "fail" and f"{check.check}@{check.subject}" not in self._excused

    def lifecycle_lines(self, model: str) -> list[str]:
        """The contested claims about a model's retirement, a line each."""
        facts = next((m for m in self.result.models if m.name == model), None)
        return [
            f"{clean(claim.get('says'))} ({clean(claim.get('source'))}, {clean(claim.get('date')) or 'undated'})"
            for claim in (facts.lifecycle if facts else [])
        ]

    def own_first_audio_ms(self, session: SessionRecord) -> float | None:
        """What the SDK itself calls its delay to the first audio, milliseconds: shown beside ours, never instead."""
        inner = session.probe.get("realtime_probe")
        for report in (session.probe, inner if isinstance(inner, dict) else {}):
            value = report.get("sdk_first_audio_delay_ms")
            if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
                return float(value)
        return None

    def tally_of(self, checks: list[CheckRecord]) -> dict[str, int]:
        """Outcomes of some checks, worst first."""
        found: Counter[str] = Counter(c.outcome for c in checks)
        return {name: found[name] for name in OUTCOMES if name in found}
