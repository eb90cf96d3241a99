"""The HTML report: what its template is given."""

from __future__ import annotations

import base64
import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup

from ttsgate.errors import UsageError
from ttsgate.judgement.negative import told
from ttsgate.report import drawing, matrix
from ttsgate.report.index import Index
from ttsgate.report.safe import file_name
from ttsgate.report.sound import listening_copies
from ttsgate.report.templating import kept, read_asset, render
from ttsgate.report.words import (
    METRICS,
    OUTCOMES,
    PARTIES,
    Mark,
    Metric,
    claim_meaning,
    mark,
    metric,
    worst,
    worst_first,
)
from ttsgate.result.record import Cell, CheckRecord, Result, SessionRecord

__all__ = ["MOST_SESSIONS", "CheckLine", "SessionCard", "StageView", "html"]

MOST_SESSIONS = 60
"""Sessions shown one by one; cells that did not pass come first, the rest is in the evidence."""
_MOST_SUBJECTS = 12
"""Subjects named under one check; its counts cover all."""


@dataclass(frozen=True, slots=True)
class SessionCard:
    """A session, as it stands in the report."""

    session: SessionRecord
    cell: Cell
    anchor: str
    mark: Mark
    word: str
    waveform: drawing.Waveform | None
    strokes: str
    """Path data of the waveform."""
    lane: drawing.Lane | None
    player: str | None
    """``data:`` URI of the listening copy."""
    checks: dict[str, int]
    own_first_audio_ms: float | None
    """The SDK's own number, beside ours."""


@dataclass(frozen=True, slots=True)
class CheckLine:
    """A check with everything that it was applied to."""

    id: str
    sentence: str
    mark: Mark
    severity: str
    counts: dict[str, int]
    telling: list[CheckRecord]
    """Records that did not pass, worst first, at most a dozen."""
    more: int


@dataclass(frozen=True, slots=True)
class StageView:
    """A stage's checks."""

    name: str
    mark: Mark
    counts: dict[str, int]
    open: bool
    lines: list[CheckLine]


def html(result: Result, *, audio: Callable[[str], bytes | None], templates: Path | None = None) -> str:
    """See `ttsgate.report.render.html`."""
    css = read_asset("report.css", templates=templates)
    if "</" in css:
        raise UsageError("report.css must not contain '</': it would end the style element")
    css = f"\n{css}"
    index = Index(result)
    cards = _cards(index, audio)
    timed = [card for card in cards if card.session.timing and (card.cell.expectation == "speech" or card.waveform)]
    scale = drawing.lanes_scale([c.session for c in timed])
    context = {
        "index": index,
        "result": result,
        "css": Markup(css),
        "policy": kept(_policy(css)),
        "means": claim_meaning(result.target),
        "table": matrix.build(index),
        "by_model": _by_model(cards),
        "sessions_left_out": len(result.sessions) - len(cards),
        "timed": timed,
        "columns": _columns(timed),
        "sdk_measured": any(card.own_first_audio_ms is not None for card in timed),
        "scale_ms": scale,
        "lane_width": drawing.LANE_WIDTH,
        "wave_height": drawing.WAVE_HEIGHT,
        "stages": _stages(index),
        "evidence_name": file_name,
        "mark": mark,
        "metric": metric,
        "outcomes": OUTCOMES,
        "parties": PARTIES,
        "told": told,
    }
    return render("report.html.j2", context, kind="html", templates=templates)


def _policy(css: str) -> str:
    digest = base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()
    return (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; media-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def _cards(index: Index, audio: Callable[[str], bytes | None]) -> list[SessionCard]:
    result = index.result
    cells = {c.id: (place, c) for place, c in enumerate(result.cells)}
    known = [s for s in result.sessions if s.cell in cells]
    by_session: dict[str, list[CheckRecord]] = defaultdict(list)
    for check in result.checks:
        by_session[check.subject].append(check)
    turns: Counter[tuple[str, bool]] = Counter()
    ranked: list[tuple[bool, bool, int, SessionRecord]] = []
    for session in known:
        cell = cells[session.cell][1]
        passed = _state(session, cell, by_session) == "pass"
        turns[session.cell, passed] += 1
        ranked.append((passed, cell.state == "pass", turns[session.cell, passed], session))
    # What failed first; then of each cell in turn, so that none is left out for another one's repetitions.
    told = [s for *_, s in sorted(ranked, key=lambda r: r[:3])[:MOST_SESSIONS]]
    copies = listening_copies(told, audio)
    shown = sorted(told, key=lambda s: (cells[s.cell][0], s.attempt))
    scale = drawing.lanes_scale([s for s in shown if s.timing])
    waves = {s.id: drawing.waveform(s) for s in shown}
    return [
        SessionCard(
            session=session,
            cell=cells[session.cell][1],
            anchor=file_name(session.id),
            mark=(sign := mark(_state(session, cells[session.cell][1], by_session))),
            word=matrix.cell_word(cells[session.cell][1]) if sign.name == cells[session.cell][1].state else sign.word,
            waveform=(wave := waves[session.id]),
            strokes=kept(wave.path) if wave else "",
            lane=drawing.lane(session, scale_ms=scale),
            player=kept(copies[session.id]) if session.id in copies else None,
            checks=index.tally_of(by_session[session.id]),
            own_first_audio_ms=index.own_first_audio_ms(session),
        )
        for session in shown
    ]


def _state(session: SessionRecord, cell: Cell, by_session: dict[str, list[CheckRecord]]) -> str | None:
    own = worst([c.outcome for c in by_session[session.id] if c.severity == "fail"])
    return own or cell.state


def _by_model(cards: list[SessionCard]) -> dict[str, list[SessionCard]]:
    table: dict[str, list[SessionCard]] = defaultdict(list)
    for card in cards:
        table[card.cell.model].append(card)
    return dict(table)


def _columns(timed: list[SessionCard]) -> list[Metric]:
    return [m for m in METRICS.values() if any(m.name in card.session.timing for card in timed)]


def _stages(index: Index) -> list[StageView]:
    return [
        StageView(
            name=stage,
            mark=mark(worst([c.outcome for c in checks])),
            counts=index.tally_of(checks),
            open=any(c.outcome in ("fail", "error") for c in checks),
            lines=_lines(index, checks),
        )
        for stage, checks in index.stages.items()
    ]


def _lines(index: Index, checks: list[CheckRecord]) -> list[CheckLine]:
    by_check: dict[str, list[CheckRecord]] = defaultdict(list)
    for check in checks:
        by_check[check.check].append(check)
    lines = []
    for name, records in by_check.items():
        telling = sorted((c for c in records if c.outcome != "pass"), key=worst_first)
        lines.append(
            CheckLine(
                id=name,
                sentence=index.result.requirements.get(name, ""),
                mark=mark(worst([c.outcome for c in records])),
                severity=records[0].severity,
                counts=index.tally_of(records),
                telling=telling[:_MOST_SUBJECTS],
                more=max(0, len(telling) - _MOST_SUBJECTS),
            )
        )
    return lines
