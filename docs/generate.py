"""Brings the parts of docs/ that repeat the code up to date; ``make docs`` runs it, a test compares.

A part stands between ``<!-- begin NAME -->`` and ``<!-- end -->``; `PARTS` says how NAME is written.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import get_args

import click

from ttsgate.catalog import REGIONS
from ttsgate.cli.main import VERBS, app
from ttsgate.config.credentials import region_variable
from ttsgate.config.options import OPTIONS
from ttsgate.emulator import listing
from ttsgate.judgement import document, load_all
from ttsgate.judgement.registry import CHECKS, Stage
from ttsgate.result.schema import result_schema
from ttsgate.verdict import document as policy_pages
from ttsgate.verdict.exit_codes import PRECEDENCE, ExitCode

__all__ = ["current", "pages"]

DOCS = Path(__file__).resolve().parent
PART = re.compile(r"(?P<begin><!-- begin (?P<name>[^>]+?) -->\n).*?(?P<end><!-- end -->)", re.DOTALL)


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A Markdown table."""
    lines = [list(head)]
    lines.append(["---"] * len(lines[0]))
    lines += [[" ".join(cell.split()).replace("|", "\\|") for cell in row] for row in rows]
    return "".join("| " + " | ".join(line) + " |\n" for line in lines)


def command(verb: str) -> str:
    """What a verb does and its options, as its ``--help`` has them; a group's commands one after the other."""
    root = click.Context(app, info_name="ttsgate", **app.context_settings)
    found = app.get_command(root, verb)
    assert found is not None
    context = click.Context(found, parent=root, info_name=verb, **found.context_settings)
    text = _command(context)
    for name, inner in found.commands.items() if isinstance(found, click.Group) else ():
        below = click.Context(inner, parent=context, info_name=name, **inner.context_settings)
        text += f"\n## ttsgate {verb} {name}\n\n{_command(below)}"
    return text


def _command(context: click.Context) -> str:
    found = context.command
    usage = " ".join(found.collect_usage_pieces(context))
    records = (p.get_help_record(context) for p in found.get_params(context) if isinstance(p, click.Option))
    rows = [(f"`{record[0]}`", record[1]) for record in records if record]
    head = f"```\n{context.command_path} {usage}\n```\n\n{_paragraphs(found.help or '')}\n\n"
    return head + table(("option", "meaning"), rows)


def _paragraphs(text: str) -> str:
    """Help text with each paragraph on one line, without click's marks."""
    return "\n\n".join(" ".join(p.split()) for p in text.replace("\b", "").split("\n\n") if p.strip())


def options() -> str:
    """Every option: flag, variable, key in the file, default."""
    rows = []
    for option in OPTIONS.values():
        default = option.default
        if isinstance(default, tuple):
            default = ", ".join(default)
        also = f", else `{option.also_env}`" if option.also_env else ""
        rows.append(
            (
                f"`{option.flag}`",
                f"`{option.env}`{also}" + (" (one a line)" if option.repeatable else ""),
                f"`{option.name}`" if option.in_file else "—",
                "" if default in (None, False, 0) else f"`{default}`",
                option.help,
            )
        )
    return table(("option", "variable", "in `gate.toml`", "default", "meaning"), rows)


def keys() -> str:
    """The variable of each region's key."""
    return table(
        ("region", "where", "variable"),
        ((f"`{r.id}`", r.label, f"`{region_variable(r.id)}`") for r in REGIONS.values()),
    )


def exit_codes() -> str:
    """The table of exit codes and their order."""
    docs = _attribute_docs()
    rows = ((f"**{code.value}**", f"`{code.name}`", docs[code.name]) for code in ExitCode)
    order = ", ".join(str(code.value) for code in PRECEDENCE)
    return table(("code", "name", "meaning"), rows) + f"\nSeveral causes at once: the first of {order} that applies.\n"


def _attribute_docs() -> dict[str, str]:
    """The docstrings under the members of `ExitCode`, which Python itself does not keep."""
    import ast
    import inspect
    import textwrap

    (cls,) = ast.parse(textwrap.dedent(inspect.getsource(ExitCode))).body
    assert isinstance(cls, ast.ClassDef)
    found = {}
    for node, after in zip(cls.body, cls.body[1:], strict=False):
        if isinstance(node, ast.Assign) and isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant):
            target = node.targets[0]
            assert isinstance(target, ast.Name)
            found[target.id] = str(after.value.value)
    return found


def checks() -> str:
    """Every check: id, sentence, reason."""
    load_all()
    text = ""
    for stage in get_args(Stage):
        rows = [
            (f"`{c.id}`", c.sentence, c.why, c.severity, ", ".join(f"`{level}`" for level in sorted(c.levels)) or "—")
            for c in CHECKS.values()
            if c.stage == stage
        ]
        if not rows:
            continue
        text += f"\n## {stage.capitalize()}\n\n" + table(("id", "what must hold", "why", "severity", "read at"), rows)
    return text.lstrip("\n")


def fidelity() -> str:
    """What the emulator does where the service is undocumented, and what that rests on."""
    return table(("behaviour", "`--switch` values, default first", "basis", "what", "source"), listing.fidelity_rows())


def faults() -> str:
    """Every fault of the emulator with the finding that it should cause."""
    return table(("fault and parameters", "what the service does", "finding"), listing.fault_rows())


PARTS: dict[str, Callable[[], str]] = {
    "options": options,
    "keys": keys,
    "exit codes": exit_codes,
    "checks": checks,
    "causes": document.causes_table,
    "metrics": document.metrics_table,
    "fidelity": fidelity,
    "policy keys": policy_pages.policy_keys,
    "policy metrics": policy_pages.policy_metrics,
    "shipped policies": policy_pages.shipped,
    "expectation keys": policy_pages.expectation_keys,
    "skip codes": policy_pages.skip_codes,
    "faults": faults,
    **{f"command {verb}": lambda verb=verb: command(verb) for verb in VERBS},  # type: ignore[misc]
}


def current(text: str) -> str:
    """A page with its parts as the code has them now; KeyError names a part that nobody writes."""
    return PART.sub(lambda m: f"{m['begin']}\n{PARTS[m['name']]().strip()}\n\n{m['end']}", text)


def pages() -> dict[Path, str]:
    """Every page with a part, and a page for each verb, as they should be."""
    texts = {path: path.read_text("utf-8") for path in sorted(DOCS.rglob("*.md"))}
    for verb in VERBS:
        texts.setdefault(
            DOCS / "reference" / "commands" / f"{verb}.md",
            f"# ttsgate {verb}\n\n<!-- begin command {verb} -->\n<!-- end -->\n",
        )
    schema = json.dumps(result_schema(), ensure_ascii=False, indent=1) + "\n"
    written = {"result.schema.json": schema, **policy_pages.schemas()}
    return {path: current(text) for path, text in texts.items()} | {
        DOCS / "reference" / name: text for name, text in written.items()
    }


if __name__ == "__main__":
    for page, text in pages().items():
        if not page.is_file() or page.read_text("utf-8") != text:
            page.write_text(text, "utf-8")
            sys.stdout.write(f"{page.relative_to(DOCS.parent)}\n")
