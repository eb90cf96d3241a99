"""Policies as they stand in files: those that ttsgate ships, and ``[policy.NAME]`` of the user's."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import lru_cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from ttsgate import judgement
from ttsgate.config.files import FileSettings
from ttsgate.errors import UsageError
from ttsgate.verdict.expectations import Expectation, load_expectations
from ttsgate.verdict.policy import Policy, load_policy

if TYPE_CHECKING:
    from ttsgate.config.resolution import Config

__all__ = ["find_expectations", "find_policy", "policy_names", "refuse_early", "shipped_policies"]

SHIPPED = "policies.toml"


@lru_cache(maxsize=1)
def shipped_policies() -> Mapping[str, Any]:
    """The shipped tables by name."""
    text = resources.files("ttsgate.config").joinpath(SHIPPED).read_text(encoding="utf-8")
    tables = tomllib.loads(text)["policy"]
    assert isinstance(tables, dict)
    return tables


def policy_names(file: FileSettings | None) -> list[str]:
    """Every policy that can be asked for, the user's first."""
    return list(dict.fromkeys((*(file.policies if file else ()), *shipped_policies())))


def find_policy(name: str, file: FileSettings | None) -> Policy:
    """The policy of that name, of the user's file or shipped.

    Raises:
        UsageError: unknown (with the nearest name), or wrong in itself; see `load_policy`.
    """
    own: Mapping[str, Any] = file.policies if file else {}
    return load_policy(name, own, shipped_policies(), source=file.path.name if file else "gate.toml")


def find_expectations(file: FileSettings | None) -> tuple[Expectation, ...]:
    """The known failures that the user's file lists.

    Raises:
        UsageError: see `load_expectations`.
    """
    if file is None or not file.expectations:
        return ()
    judgement.load_all()
    return load_expectations(file.expectations, source=file.path.name)


def refuse_early(config: Config) -> None:
    """Refuse a run whose evidence its own policy could not accept, before it costs anything.

    Raises:
        UsageError: another kind of target is required, or a subject.
    """
    if config.rules is None:
        return
    name, requires = config.rules.name, config.rules.requires
    if requires.target not in (None, config.target):
        raise UsageError(f"policy {name} requires {requires.target} evidence, but the target is {config.target}")
    if requires.subject and not config.subject:
        raise UsageError(f"policy {name} requires a subject: pass --subject NAME=sha256:... or git:COMMIT")
