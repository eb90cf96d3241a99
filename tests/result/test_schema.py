"""The published schema is that of the record, and says what each field is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ttsgate.result.schema import result_schema


class TestSchema:
    def test_published_copy(self, checkout: Path) -> None:
        """docs/reference/result.schema.json is what the code gives; else run `make docs`."""
        published = json.loads((checkout / "docs" / "reference" / "result.schema.json").read_text("utf-8"))

        assert result_schema() == published

    def test_every_field_is_described(self) -> None:
        """Each type and each field has its docstring in the schema."""
        silent = []
        definitions: dict[str, Any] = result_schema()["$defs"]
        for name, definition in definitions.items():
            silent += [name] if not definition.get("description") else []
            silent += [f"{name}.{f}" for f, about in definition["properties"].items() if not about.get("description")]

        assert [] == silent
        assert {"Result", "SessionRecord", "CheckRecord", "Utterance"} <= set(definitions)
