"""The renderings of a result: pure functions of it and of the templates.

The same result and templates give the same bytes: no clock, no random number and no name of
this machine goes in that is not in the result.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ttsgate.judgement.negative import told
from ttsgate.report import evidence, matrix, page
from ttsgate.report.exports import badge_json, ctrf_json
from ttsgate.report.index import Index
from ttsgate.report.junit import junit
from ttsgate.report.safe import clean
from ttsgate.report.templating import render
from ttsgate.report.words import METRICS, OUTCOMES, PARTIES, mark
from ttsgate.result.record import Result

__all__ = [
    "SUMMARY_LIMIT",
    "badge_json",
    "ctrf_json",
    "evidence_json",
    "evidence_md",
    "first_line",
    "html",
    "junit",
    "summary_md",
    "validate_txt",
]

SUMMARY_LIMIT = 1_000_000
"""Most bytes of `summary_md`: GitHub drops a step summary above 1 MiB as a whole."""

_OPTIONAL_SECTIONS = ("timing", "skips", "negative", "findings", "matrix")
"""Sections of the summary that give way when it is too long, first to go first."""


def first_line(result: Result) -> str:
    """Line 1 of ``validate.txt``: ``py_compile_ok``, or what came instead of a pass.

    A pass whose compile stage is empty, or has an undecided script, is INCONCLUSIVE here: that
    line says that every script compiles, and nothing less.
    """
    index = Index(result)
    if index.headline.name != "PASS":
        return index.headline.name
    if any(script.ok is False for script in result.scripts):
        return "FAIL"
    good, all_of_them = index.scripts_compiled
    return "py_compile_ok" if good == all_of_them > 0 else "INCONCLUSIVE"


def validate_txt(result: Result) -> str:
    """The latest run in lines that `grep` and `cut` understand; never from a user's template."""
    index = Index(result)
    good, all_of_them = index.scripts_compiled
    rows = {
        "verdict": index.headline.name,
        "exit_code": index.exit_code,
        "cause": index.cause,
        "summary": index.summary,
        "target": result.target.kind,
        "claim": result.target.claim,
        "region": result.target.region or "none",
        "vantage": result.target.vantage or "none",
        "py_compile": f"{'ok' if good == all_of_them > 0 else 'not-ok'} {good}/{all_of_them}",
        "counts": " ".join(f"{name}:{n}" for name, n in index.counts.items()) or "none",
        "models": ",".join(clean(m.name) for m in index.models) or "none",
        "started": result.started,
        "finished": result.finished or "",
        "bundle": index.bundle,
    }
    return render("validate.txt.j2", {"first": first_line(result), "rows": rows}, kind="text")


def evidence_json(result: Result, model: str) -> bytes:
    """Everything that the run has to say about `model`, as JSON."""
    data = evidence.build(Index(result), model)
    return (json.dumps(data, ensure_ascii=False, indent=2) + "\n").encode()


def evidence_md(result: Result, model: str, *, templates: Path | None = None) -> str:
    """The same for people."""
    data = evidence.build(Index(result), model)
    return render("evidence.md.j2", {"e": data, **_vocabulary()}, kind="markdown", templates=templates)


def summary_md(result: Result, *, templates: Path | None = None) -> str:
    """The run on one screen of Markdown, for a step summary or a comment; below `SUMMARY_LIMIT` bytes."""
    index = Index(result)
    changed = [o for o in result.observations if o.before and told(o.before) != told(o)]
    context = {
        "index": index,
        "result": result,
        "table": matrix.build(index),
        "told": told,
        "changed": changed,
        **_vocabulary(),
    }
    for gone in range(len(_OPTIONAL_SECTIONS) + 1):
        left_out = _OPTIONAL_SECTIONS[:gone]
        context["left_out"] = left_out
        text = render("summary.md.j2", context, kind="markdown", templates=templates)
        if len(text.encode()) < SUMMARY_LIMIT:
            break
    return text


def html(result: Result, *, audio: Callable[[str], bytes | None], templates: Path | None = None) -> str:
    """The report as one file that fetches nothing and runs nothing.

    Args:
        result: The run.
        audio: Gives the bytes of an audio file of the bundle by its name there, None if it is not at hand.
        templates: Folder whose templates stand in for shipped ones of the same name.
    """
    return page.html(result, audio=audio, templates=templates)


def _vocabulary() -> dict[str, Any]:
    return {"mark": mark, "metrics": METRICS, "outcomes": OUTCOMES, "parties": PARTIES}
