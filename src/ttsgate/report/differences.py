"""The difference of two runs as text and as Markdown."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ttsgate.report.safe import clean

__all__ = ["markdown", "text"]

_CHECKS = (("newly_failing", "Newly failing"), ("fixed", "Fixed"), ("newly_skipped", "No longer judged"))


def text(found: dict[str, Any]) -> list[str]:
    """Lines for a terminal.

    Args:
        found: Plain data of a `ttsgate.bundle.diff.Diff`.
    """
    lines = [_headline(found["before"], found["after"])]
    for heading, rows in _sections(found):
        lines += ["", f"{heading}:", *(f"  {row}" for row in rows)]
    lines += ["", *(f"note: {clean(n, cap=400)}" for n in found["notes"])] if found["notes"] else []
    return lines


def markdown(found: dict[str, Any]) -> str:
    """The same for a comment or a step summary."""
    lines = [f"**{_escaped(_headline(found['before'], found['after']))}**", ""]
    for heading, rows in _sections(found):
        lines += [f"### {heading}", "", *(f"- {_escaped(row)}" for row in rows), ""]
    lines += [f"> {_escaped(clean(n, cap=400))}" for n in found["notes"]]
    return "\n".join(lines).rstrip() + "\n"


def _headline(before: dict[str, Any], after: dict[str, Any]) -> str:
    return (
        f"{before['run']} ({clean(before['claim'])}): {before['verdict']}"
        f" -> {after['run']} ({clean(after['claim'])}): {after['verdict']}"
    )


def _sections(found: dict[str, Any]) -> Iterator[tuple[str, list[str]]]:
    for name, heading in _CHECKS:
        if found[name]:
            yield (
                heading,
                [
                    f"{c['check']} on {clean(c['where'])}: {c['before']} -> {c['after']}"
                    + (f" ({clean(c['message'], cap=160)})" if c["message"] else "")
                    for c in found[name]
                ],
            )
    if found["findings"]:
        yield (
            "Findings",
            [
                f"{clean(f['cause'])} ({f['party']}): {clean(f['change'])}: {clean(f['message'], cap=160)}"
                for f in found["findings"]
            ],
        )
    if found["latency"]:
        yield (
            "Latency",
            [
                f"{m['metric']} of {clean(m['cell'])}: {m['before_ms']:.0f} ms -> {m['after_ms']:.0f} ms "
                f"(medians of {m['samples'][0]} and {m['samples'][1]} sessions, p={m['p']:.1g})"
                for m in found["latency"]
            ],
        )
    if found["behaviour"]:
        yield (
            "Behaviour",
            [
                f"{b['of']}, {clean(b['where'])}: {clean(b['what'])}: {_value(b['before'])} -> {_value(b['after'])}"
                for b in found["behaviour"]
            ],
        )
    if not any(found[k] for k in ("newly_failing", "fixed", "newly_skipped", "findings", "latency", "behaviour")):
        yield "Changes", ["none"]


def _value(value: Any) -> str:
    if value is None or value == []:
        return "nothing"
    if isinstance(value, list):
        return ", ".join("nothing" if v is None else clean(v, cap=80) for v in value)
    return clean(value, cap=80)


def _escaped(line: str) -> str:
    return "".join(f"\\{c}" if c in "\\`*_{}[]<>#|!" else c for c in line)
