"""GitHub Actions: annotations for the log, outputs for later steps."""

from __future__ import annotations as _annotations

import json
from collections.abc import Iterable

from ttsgate.report.index import Index
from ttsgate.report.safe import clean
from ttsgate.report.words import PARTIES
from ttsgate.result.record import Result

__all__ = ["MOST_OF_A_KIND", "annotations", "outputs"]

MOST_OF_A_KIND = 10
"""GitHub shows no more annotations of one kind in a step."""


def annotations(result: Result) -> list[str]:
    """Workflow commands that say what is wrong, worst first; at most ten errors and ten warnings."""
    index = Index(result)
    claim = clean(result.target.claim)
    errors: list[str] = []
    warnings: list[str] = []
    if result.status == "complete" and index.exit_code == 3 and not any(f.blocking for f in result.findings):
        errors.append(_command("error", title=f"ttsgate: {index.headline.word}", text=f"{index.summary} [{claim}]"))
    for script in result.scripts:
        if script.ok is False:
            where = {"file": script.script, "line": str(script.line or 1)}
            text = f"{script.error} (Python {script.python})"
            errors.append(_command("error", title="script does not compile", text=text, **where))
    for finding in index.findings:
        diagnosis = finding.diagnosis
        title = f"{PARTIES[diagnosis.party]}: {diagnosis.cause}"
        concerns = f" ({', '.join(finding.models)})" if finding.models else ""
        text = f"{diagnosis.summary}{concerns}. Next step: {diagnosis.next_step} [{claim}]"
        kind = "error" if finding.blocking else "warning"
        (errors if finding.blocking else warnings).append(_command(kind, title=title, text=text))
    if not errors and index.headline.name != "PASS":
        errors.append(_command("error", title=f"ttsgate: {index.headline.word}", text=f"{index.summary} [{claim}]"))
    return [*_ten(errors, "error"), *_ten(warnings, "warning")]


def outputs(result: Result) -> dict[str, str]:
    """Values for ``$GITHUB_OUTPUT``, each on one line."""
    index = Index(result)
    values: dict[str, object] = {
        "verdict": index.headline.name,
        "exit-code": index.exit_code,
        "cause": index.cause,
        "target": result.target.kind,
        "claim": result.target.claim,
        "run": result.run,
        "bundle": index.bundle,
        "report": f"{index.bundle}/report.html",
        "counts": json.dumps(index.counts),
    }
    return {name: clean(value) for name, value in values.items()}


def _ten(commands: list[str], kind: str) -> Iterable[str]:
    if len(commands) <= MOST_OF_A_KIND:
        return commands
    shown = commands[: MOST_OF_A_KIND - 1]
    more = len(commands) - len(shown)
    return [*shown, _command(kind, title="ttsgate", text=f"and {more} more in the report")]


def _command(kind: str, *, title: str, text: str, **where: str) -> str:
    properties = {**where, "title": title}
    listed = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    return f"::{kind} {listed}::{_escape(clean(text))}"


def _escape(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(value: str) -> str:
    return _escape(clean(value)).replace(":", "%3A").replace(",", "%2C")
