"""The command line is made from the table of options."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from ttsgate.cli.options import GroupedCommand, common_options
from ttsgate.config import OPTIONS, resolve


def run(*args: str, names: tuple[str, ...] = ()) -> Any:
    """What a command with those options is given."""
    given: dict[str, Any] = {}

    @click.command(cls=GroupedCommand)
    @common_options(*names)
    def command(**options: Any) -> None:
        given.update(options)

    result = CliRunner().invoke(command, list(args))
    return given if result.exit_code == 0 and "--help" not in args else result


def test_what_is_not_given_leaves_everything_at_its_default(tmp_path: Path) -> None:
    """The mapping that click hands over is one that resolution understands."""
    (tmp_path / ".git").mkdir()
    given = run()
    assert set(given) == set(OPTIONS)
    assert {s.origin for s in resolve(given, {}, tmp_path).settings} == {"default"}


def test_values_arrive_as_they_were_typed(tmp_path: Path) -> None:
    """Repeated, counted, flagged and empty."""
    given = run("--model", "a", "--model", "b", "-vv", "-y", "--target", "", "--repeat", "x")
    assert (given["model"], given["verbose"], given["yes"]) == (("a", "b"), 2, True)
    assert (given["target"], given["repeat"], given["region"]) == ("", "x", None)


def test_a_verb_may_take_some_of_them() -> None:
    """An option that a verb does not know is refused by it."""
    assert set(run(names=("region", "json"))) == {"region", "json"}
    assert run("--target", "live", names=("region",)).exit_code == 2


@pytest.mark.parametrize("name", OPTIONS)
def test_help_lists_every_option(name: str) -> None:
    """Under its heading, with its default."""
    text = run("--help").stdout
    assert f"{OPTIONS[name].flag} " in text
    assert f"\n{OPTIONS[name].group}:\n" in text
