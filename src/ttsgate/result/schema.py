"""The JSON Schema of ``result.json``, written from the record itself: types, and the docstring of every field."""

from __future__ import annotations

import ast
import inspect
import textwrap
from types import ModuleType
from typing import Any

import msgspec

from ttsgate.result import circumstances, conclusions, observations, record, transcript, trials
from ttsgate.result.record import SCHEMA_VERSION, Result

__all__ = ["result_schema"]


def result_schema() -> dict[str, Any]:
    """The schema, JSON Schema 2020-12; fields that it does not name are allowed, since later ones add some."""
    schema = msgspec.json.schema(Result)
    modules = (transcript, circumstances, observations, trials, conclusions, record)
    docs = {name: about for module in modules for name, about in _docs(module).items()}
    for name, definition in schema["$defs"].items():
        summary, fields = docs.get(name, ("", {}))
        if summary:
            definition["description"] = summary
        for field, about in definition.get("properties", {}).items():
            if field in fields:
                about["description"] = fields[field]
    schema["$defs"]["Result"]["properties"]["schema_version"] |= {"const": SCHEMA_VERSION}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"ttsgate result.json, version {SCHEMA_VERSION}",
        **schema,
    }


def _docs(module: ModuleType) -> dict[str, tuple[str, dict[str, str]]]:
    """Class -> its docstring's first paragraph, and the docstring under each of its fields."""
    found: dict[str, tuple[str, dict[str, str]]] = {}
    for cls in ast.parse(inspect.getsource(module)).body:
        if not isinstance(cls, ast.ClassDef):
            continue
        fields = {}
        for node, after in zip(cls.body, cls.body[1:], strict=False):
            if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and isinstance(after, ast.Expr):
                fields[node.target.id] = _line(ast.literal_eval(after.value))
        found[cls.name] = _line((ast.get_docstring(cls) or "").split("\n\n")[0]), fields
    return found


def _line(text: str) -> str:
    return " ".join(textwrap.dedent(text).split())
