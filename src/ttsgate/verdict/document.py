"""The parts of the reference that repeat policies, metrics and codes, as Markdown; and the schemas."""

from __future__ import annotations

import ast
import inspect
import json
import textwrap
from collections.abc import Iterable, Mapping
from importlib import resources
from typing import Any

import msgspec

from ttsgate.verdict.decision import decision_schema
from ttsgate.verdict.expectations import Expectation, expectation_schema
from ttsgate.verdict.metrics import COUNTS, RATES, TIMES
from ttsgate.verdict.policy import Caps, Lifecycle, LimitRule, Policy, Regression, Requires, json_schema
from ttsgate.verdict.skips import SKIP_CODES

__all__ = ["expectation_keys", "policy_keys", "policy_metrics", "schemas", "shipped", "skip_codes"]

_TABLES: tuple[tuple[str, type[msgspec.Struct]], ...] = (
    ("[policy.NAME]", Policy),
    ("an entry of limits", LimitRule),
    ("[policy.NAME.requires]", Requires),
    ("[policy.NAME.lifecycle]", Lifecycle),
    ("[policy.NAME.regression]", Regression),
    ("[policy.NAME.caps]", Caps),
)
_NOT_WRITTEN = {"name"}


def policy_keys() -> str:
    """Every key of a policy by its table."""
    parts = []
    for title, shape in _TABLES:
        docs = _field_docs(shape)
        rows = [(f"`{f.name}`", _default(f), docs[f.name]) for f in _fields(shape)]
        parts.append(f"### `{title}`\n\n{_table(('key', 'default', 'meaning'), rows)}")
    return "\n".join(parts)


def policy_metrics() -> str:
    """Every metric that a limit can name."""
    kinds: tuple[tuple[str, Mapping[str, str]], ...] = (
        ("`.pNN`, `.min`, `.max`", TIMES),
        ("—", COUNTS),
        ("`.rate`", RATES),
    )
    return _table(
        ("metric", "statistic", "what it is"),
        [(f"`{name}`", statistic, what) for statistic, names in kinds for name, what in names.items()],
    )


def shipped() -> str:
    """The shipped policies, line by line."""
    text = resources.files("ttsgate.config").joinpath("policies.toml").read_text(encoding="utf-8")
    return f"```toml\n{text.strip()}\n```\n"


def expectation_keys() -> str:
    """Every key of a known failure."""
    docs = _field_docs(Expectation)
    rows = [(f"`{f.name}`", _default(f), docs[f.name]) for f in _fields(Expectation)]
    return _table(("key", "default", "meaning"), rows)


def skip_codes() -> str:
    """Every reason for leaving something out."""
    return _table(("code", "meaning"), [(f"`{code}`", what) for code, what in SKIP_CODES.items()])


def schemas() -> dict[str, str]:
    """JSON Schemas by file name."""
    every = {
        "policy.schema.json": json_schema(),
        "expectation.schema.json": expectation_schema(),
        "decision.schema.json": decision_schema(),
    }
    return {name: json.dumps(schema, ensure_ascii=False, indent=1) + "\n" for name, schema in every.items()}


def _fields(shape: type[msgspec.Struct]) -> list[msgspec.structs.FieldInfo]:
    return [f for f in msgspec.structs.fields(shape) if f.name not in _NOT_WRITTEN]


def _default(field: msgspec.structs.FieldInfo) -> str:
    if field.default is msgspec.NODEFAULT and field.default_factory is msgspec.NODEFAULT:
        return "required"
    value: Any = field.default
    if value is None or value == "" or value == () or isinstance(value, msgspec.Struct):
        return ""
    return f"`{json.dumps(value)}`"


def _field_docs(shape: type[msgspec.Struct]) -> dict[str, str]:
    """The docstrings under the fields, which Python itself does not keep."""
    (cls,) = ast.parse(textwrap.dedent(inspect.getsource(shape))).body
    assert isinstance(cls, ast.ClassDef)
    found = {}
    for node, after in zip(cls.body, cls.body[1:], strict=False):
        if isinstance(node, ast.AnnAssign) and isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant):
            assert isinstance(node.target, ast.Name)
            found[node.target.id] = " ".join(str(after.value.value).split()).replace("``", "`")
    return found


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    lines = [list(head)]
    lines.append(["---"] * len(lines[0]))
    lines += [[cell.replace("|", "\\|") for cell in row] for row in rows]
    return "".join("| " + " | ".join(line) + " |\n" for line in lines)
