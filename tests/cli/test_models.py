"""``ttsgate models``."""

from __future__ import annotations

import json

from click.testing import CliRunner

from ttsgate import catalog
from ttsgate.cli.models import command


def test_the_table_names_every_model() -> None:
    """One line a model, the five first; contested ends are marked; the catalogue's age stands below."""
    result = CliRunner().invoke(command, [])
    lines = result.stdout.splitlines()
    assert result.exit_code == 0
    assert [line.split()[0] for line in lines[1 : 1 + len(catalog.MODELS)]] == list(catalog.MODELS)
    assert "2026-10-10, contested" in lines[2]
    assert "contested" not in lines[1]
    assert lines[-1].startswith(f"Catalogue of {catalog.CATALOG_DATE}, ")


def test_a_page_has_sources_prices_and_both_sides() -> None:
    """All that is known of one model, with what was deduced."""
    text = CliRunner().invoke(command, [catalog.FIVE[4]]).stdout
    for part in (
        "qwen-voice-enrollment",
        "CNY 1 per 10,000 characters",
        "price in ap-southeast-1: not found",
        "deduced, sibling",
        "2026-10-01, third party",
        "2026-11-19, official",
        "https://help.aliyun.com/",
    ):
        assert part in text
    assert "price in cn-beijing: by token" in CliRunner().invoke(command, ["qwen-tts-realtime"]).stdout


def test_json_is_one_document_with_everything() -> None:
    """For scripts: nothing else on stdout."""
    document = json.loads(CliRunner().invoke(command, ["--json"]).stdout)
    assert [m["name"] for m in document["models"]] == list(catalog.MODELS)
    first = document["models"][0]
    assert first["covered_by_default"] is True
    assert first["prices"]["ap-southeast-1"]["amount"] == "0.13"
    assert all(m["source"] and m["date"] for m in document["models"])


def test_an_unknown_name_is_a_usage_error() -> None:
    """With the nearest one."""
    result = CliRunner().invoke(command, ["qwen3-tts-flash-realtme"])
    assert "did you mean 'qwen3-tts-flash-realtime'" in str(result.exception)
