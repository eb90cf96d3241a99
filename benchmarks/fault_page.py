"""The tables of the fault score as Markdown."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import ttsgate
from benchmarks.fault_scenes import Score
from ttsgate.emulator.faults.registry import FAULTS, GROUPS

__all__ = ["Measured", "page"]


@dataclass
class Measured:
    """Everything that was scored."""

    alone: list[Score] = field(default_factory=list)
    """Each fault, over our own client or over HTTP."""
    sdk: list[Score] = field(default_factory=list)
    """Each fault over the SDK alone."""
    both: list[Score] = field(default_factory=list)
    """The same over both clients, as a run of the defaults compares them."""
    pairs: list[Score] = field(default_factory=list)
    benign: list[Score] = field(default_factory=list)
    variations: int = 0
    """How many benign variations there are."""

    @property
    def everything(self) -> list[Score]:
        """All of them."""
        return [*self.alone, *self.sdk, *self.both, *self.pairs, *self.benign]


def page(measured: Measured, reasons: dict[str, str]) -> str:
    """The tables; `reasons` says why a fault that is known to be missed is missed."""
    alone, pairs, benign = measured.alone, measured.pairs, measured.benign
    lines = [f"Measured on {datetime.now(UTC):%Y-%m-%d} with ttsgate {ttsgate.__version__}.", "", *_table(measured)]
    if pairs:
        broke = _count(pairs, lambda s: bool(s.broke))
        lines += [
            "",
            f"**In pairs**: of {len(pairs)} pairs drawn at random {_count(pairs, _caught)} were caught, and in "
            f"{_count(pairs, _right)} the first finding named one of the two; {broke} broke a check of ours.",
        ]
    if benign:
        lines += [
            "",
            f"**False alarms**: {_count(benign, _caught)} in {len(benign)} good sessions: {measured.variations} benign "
            "variations and none, in both modes, in English and Chinese.",
        ]
    for title, wrong in (
        ("Missed", [s for s in alone if not s.caught]),
        ("Caught, but another cause first", [s for s in alone if s.caught and not s.right]),
        ("With the SDK beside it: another cause first", [s for s in measured.both if not s.right]),
        ("Pairs missed, or neither named first", [s for s in pairs if not s.right]),
        ("False alarms", [s for s in benign if s.caught]),
        ("Checks of ours that broke", [s for s in measured.everything if s.broke]),
        ("Not found over the SDK alone", [s for s in measured.sdk if not s.caught]),
    ):
        if wrong:
            lines += ["", f"## {title}", ""]
            lines += [_line(s, reasons if title == "Missed" else {}) for s in wrong]
    return "\n".join(lines) + "\n"


def _table(measured: Measured) -> list[str]:
    lines = [
        "| class | what goes wrong | faults | caught | right cause first | with the SDK beside it: right cause first "
        "| over the SDK alone: caught |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    by_group: dict[str, list[list[Score]]] = defaultdict(lambda: [[], [], []])
    for place, scores in enumerate((measured.alone, measured.both, measured.sdk)):
        for score in scores:
            by_group[score.group][place].append(score)
    for group in (g for g in GROUPS if g in by_group):
        alone, both, sdk = by_group[group]
        lines.append(
            f"| {group} | {GROUPS[group]} | {len(alone)} | {_count(alone, _caught)} | {_count(alone, _right)} | "
            f"{_of(both, _right)} | {_of(sdk, _caught)} |"
        )
    alone = measured.alone
    lines.append(
        f"| **all** | | **{len(alone)}** | **{_count(alone, _caught)}** ({_share(alone, _caught)}) | "
        f"**{_count(alone, _right)}** ({_share(alone, _right)}) | {_of(measured.both, _right)} | "
        f"{_of(measured.sdk, _caught)} |"
    )
    return lines


def _caught(score: Score) -> bool:
    return score.caught


def _right(score: Score) -> bool:
    return score.right


def _count(scores: Sequence[Score], what: Callable[[Score], bool]) -> int:
    return sum(what(s) for s in scores)


def _of(scores: Sequence[Score], what: Callable[[Score], bool]) -> str:
    return f"{_count(scores, what)} of {len(scores)}" if scores else "—"


def _share(scores: Sequence[Score], what: Callable[[Score], bool]) -> str:
    """A share in percent, rounded down: 99.96 % is not 100 %."""
    return f"{_count(scores, what) * 1000 // len(scores) / 10:g} %" if scores else "—"


def _line(score: Score, reasons: dict[str, str]) -> str:
    says = f": {FAULTS[score.name].says}" if score.name in FAULTS else ""
    found = f" Named: {', '.join(f'`{c}`' for c in score.found)}." if score.found else ""
    why = f" {reasons[score.name]}" if score.name in reasons else ""
    return f"- `{score.name}`{says}{found}{why}"
