"""What people read at the end of a run in a terminal or a log."""

from __future__ import annotations

import json
from collections.abc import Callable

from ttsgate.report import matrix
from ttsgate.report.index import Index
from ttsgate.report.safe import clean
from ttsgate.report.words import PARTIES
from ttsgate.result.record import Result

__all__ = ["closing", "lines"]

_COLORS = {"good": "32", "bad": "31", "warn": "33", "ours": "35", "calm": "2"}


def lines(result: Result, *, color: bool) -> list[str]:
    """The result for people; the last line is `closing`, never coloured, for grep."""
    index = Index(result)

    def paint(tone: str, text: str) -> str:
        return f"\x1b[{_COLORS[tone]}m{text}\x1b[0m" if color else text

    out = [*_matrix(index, paint), ""]
    for script in result.scripts:
        if script.ok is not True:
            tone = "bad" if script.ok is False else "warn"
            where = f"{clean(script.script)}:{script.line or 1}"
            out += [paint(tone, f"✗ {where}") + f"  Python {clean(script.python)}: {clean(script.error)}", ""]
    for finding in index.findings:
        diagnosis = finding.diagnosis
        sign, tone = ("✗", "bad") if finding.blocking else ("!", "warn")
        out.append(paint(tone, f"{sign} {PARTIES[diagnosis.party]} · {clean(diagnosis.cause)}"))
        out.append(f"  {clean(diagnosis.summary)}")
        if diagnosis.candidates:
            out.append(f"  cannot be told apart from: {clean(', '.join(diagnosis.candidates))}")
        out += [f"  next: {clean(diagnosis.next_step)}", ""]
    out += [f"note: {clean(note)}" for note in result.notes]
    good, all_of_them = index.scripts_compiled
    scripts = f"{good} of {all_of_them} scripts compile; " if all_of_them or not result.trials else ""
    out.append(f"{scripts}checks: {index.tally}")
    out.append(paint(index.headline.tone, f"{index.headline.sign} {index.headline.name}") + f"  {clean(index.summary)}")
    claim = clean(result.target.claim)
    out.append(f"{paint('warn', claim) if result.target.kind != 'live' else claim}  {index.bundle}/report.html")
    out.append(closing(result))
    return out


def closing(result: Result) -> str:
    """The line that ends every run: ``ttsgate: FAIL exit=8 cause=service target=emulator ...``."""
    index = Index(result)
    fields = {
        "exit": index.exit_code,
        "cause": clean(index.cause),
        "target": result.target.kind,
        "claim": json.dumps(clean(result.target.claim), ensure_ascii=False),
        "checks": ",".join(f"{name}:{n}" for name, n in index.counts.items()) or "none",
        "bundle": clean(index.bundle),
    }
    return f"ttsgate: {index.headline.name} " + " ".join(f"{k}={v}" for k, v in fields.items())


def _matrix(index: Index, paint: Callable[[str, str], str]) -> list[str]:
    table = matrix.build(index)
    rows = []
    for row in table.rows:
        rows.append(clean(row.model.name) + ("" if row.model.required else "  (surveyed)"))
        for column, chips in zip(table.columns, row.places, strict=True):
            for chip in chips:
                runtime = f" {clean(column.runtime.id)}" if column.runtime else ""
                who = f"{column.client}{runtime}{' ' + chip.variant if chip.variant else ''}"
                tail = "  ".join(clean(t, cap=160) for t in (chip.detail, chip.reason) if t)
                rows.append(
                    f"  {paint(chip.mark.tone, f'{chip.mark.sign} {chip.word}')}  {clean(who)}  {tail}".rstrip()
                )
    return rows
