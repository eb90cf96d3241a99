"""Policies: what is demanded, of whom, and who may block.

A policy is a table of ``gate.toml`` (or one that ttsgate ships); `load_policy` turns it, with what it extends,
into one `Policy` whose digest is part of every decision made by it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from ttsgate.catalog import MODELS, REGIONS, nearest
from ttsgate.errors import UsageError
from ttsgate.result.record import Party, TargetKind
from ttsgate.verdict.exit_codes import PARTY_CODE
from ttsgate.verdict.limits import needed_samples, parse_limit
from ttsgate.verdict.metrics import TIMES
from ttsgate.verdict.requirements import REQUIREMENT_SETS
from ttsgate.verdict.skips import SKIP_CODES

__all__ = ["Caps", "Effect", "Lifecycle", "LimitRule", "Policy", "Regression", "Requires", "json_schema", "load_policy"]

Effect = Literal["pass", "warn", "fail"]
"""What a state of affairs does to the verdict."""

_Count = Annotated[int, Meta(ge=1)]
_Share = Annotated[float, Meta(gt=0, lt=1)]


class LimitRule(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """A limit and where it applies; a plain text in ``limits`` applies everywhere."""

    limit: str
    """Expression over a named metric, e.g. ``first_audio_ms.p50 < 900``."""
    model: str | None = None
    """Only this model."""
    client: str | None = None
    """Only this client."""
    region: str | None = None
    """Only this region."""
    vantage: str | None = None
    """Only measured from there."""
    target: TargetKind | None = None
    """Only on this kind of target."""
    history: _Count = 1
    """Over how many bundles: this one and the ``history - 1`` before it (``gate --history``)."""
    together: bool = False
    """Whether all cells in its scope are taken as one; for counts and rates, since times of unlike cells do not mix."""


class Requires(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """What the evidence must be; judged by ``gate``."""

    target: TargetKind | None = None
    """Kind of target that every bundle must have."""
    subject: bool = False
    """Whether every bundle must name the same subject."""
    age_hours: Annotated[float, Meta(gt=0)] | None = None
    """Oldest evidence that counts, hours from its start."""
    verified: bool = True
    """Whether the digests of every bundle must agree with its files."""
    signers: tuple[str, ...] = ()
    """Public keys (64 hexadecimal digits), of which one must have signed each bundle; empty demands no signature."""
    models: tuple[str, ...] = ()
    """Models that must have been judged."""
    clients: tuple[str, ...] = ()
    """Clients over which each of those models must have been judged; ``wire`` alone if none is named."""
    regions: tuple[str, ...] = ()
    """Regions in which that must have happened."""
    vantages: tuple[str, ...] = ()
    """Places from which that must have been measured."""
    sdk: tuple[str, ...] = ()
    """Version ranges such as ``>=2.0,<3``; each must contain a ``dashscope`` release that was judged."""
    baseline: bool = False
    """Whether a comparison with a baseline must have been possible."""


class Lifecycle(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """What the end of a model does to a live verdict."""

    moved: Effect = "warn"
    """An alias no longer speaks like the dated model that it points at (check ``X-alias``)."""
    retiring: Effect = "warn"
    """An undisputed end lies within `warn_days`."""
    retired: Effect = "fail"
    """The end has passed, or the service says so."""
    refused: Effect = "fail"
    """Listed, but refused when spoken to."""
    contested: Effect = "warn"
    """Sources disagree about an end within `warn_days` or past."""
    warn_days: Annotated[int, Meta(ge=0)] = 30
    """How many days ahead an end counts."""


class Regression(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """Comparison with earlier bundles by a stratified rank test."""

    metrics: tuple[str, ...] = ("first_audio_ms",)
    """Times that are compared; higher is worse."""
    tolerance: Annotated[float, Meta(ge=0, lt=10)] = 0.05
    """Relative slowdown that does not count."""
    error_rate: _Share = 0.005
    """Chance that a service that has not changed is called slower in one decision, all comparisons together."""
    window: _Count = 3
    """How many bundles, this one and those before it, are also tested together."""


class Caps(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """Budget of a run under this policy, unless something else sets it; not on the emulator, which costs nothing."""

    sessions: _Count | None = None
    """Most sessions (``--max-sessions``)."""
    chars: _Count | None = None
    """Most billable characters (``--max-chars``)."""
    seconds: Annotated[float, Meta(ge=1)] | None = None
    """Longest duration (``--max-seconds``)."""
    rate: Annotated[float, Meta(gt=0)] | None = None
    """Most new sessions a second and model (``--max-rate``)."""


class Policy(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """One policy with everything that it extends worked in."""

    name: str
    """How it is asked for."""
    extends: tuple[str, ...] = ()
    """Policies that it starts from, nearest first; in a file the name of one."""
    description: str = ""
    """One sentence for people."""
    blocks: tuple[Party, ...]
    """Parties whose failures fail the verdict; a failure of another is a warning."""
    samples: _Count = 1
    """Sessions a cell that a run under this policy makes, and on which its limits may count."""
    confidence: Annotated[float, Meta(ge=0.5, lt=1)] = 0.95
    """Confidence of each bound that a limit is compared with."""
    limits: tuple[LimitRule, ...] = ()
    """All must hold."""
    inconclusive: Literal["fail", "warn"] = "fail"
    """What too few samples, or a check that could not decide, do."""
    intermittent: Literal["fail", "warn"] = "fail"
    """What a failure in some sessions of a cell does, while others of the same cell succeed, whoever is blamed."""
    stability: _Count = 1
    """Over how many bundles, this one and those before it (``gate --history``), a cell is named intermittent."""
    skips: tuple[str, ...] = ()
    """Reason codes of skips that are allowed; any other skip fails."""
    requirements: str | None = None
    """Date of the requirement set; None demands every check that this ttsgate has."""
    requires: Requires = Requires()
    """What the evidence must be: table below."""
    lifecycle: Lifecycle = Lifecycle()
    """What the end of a model does: table below."""
    regression: Regression | None = None
    """How it is compared with a baseline: table below.  ``false`` switches an inherited one off."""
    caps: Caps = Caps()
    """Budget where it costs something: table below."""

    def sha256(self, expectations: Sequence[Any] = ()) -> str:
        """Digest over everything that decides, with the expectations in force."""
        data = {"policy": msgspec.to_builtins(self), "expectations": msgspec.to_builtins(list(expectations))}
        return hashlib.sha256(msgspec.json.encode(data, order="sorted")).hexdigest()


def json_schema() -> dict[str, Any]:
    """JSON Schema of a policy table as it is written in a file."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **msgspec.json.schema(_Table)}


class _Table(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What may stand under ``[policy.NAME]``."""

    extends: str | None = None
    description: str | None = None
    blocks: list[Party] | None = None
    samples: _Count | None = None
    confidence: Annotated[float, Meta(ge=0.5, lt=1)] | None = None
    limits: list[str | LimitRule] | None = None
    inconclusive: Literal["fail", "warn"] | None = None
    intermittent: Literal["fail", "warn"] | None = None
    stability: _Count | None = None
    skips: list[str] | None = None
    requirements: str | None = None
    requires: Requires | None = None
    lifecycle: Lifecycle | None = None
    regression: Regression | Literal[False] | None = None
    caps: Caps | None = None


_NESTED: dict[str, type[msgspec.Struct]] = {
    "requires": Requires,
    "lifecycle": Lifecycle,
    "regression": Regression,
    "caps": Caps,
}


def load_policy(name: str, own: Mapping[str, Any], shipped: Mapping[str, Any], *, source: str) -> Policy:
    """The policy of that name.

    Args:
        name: Asked for.
        own: The ``[policy.NAME]`` tables of the user's file.
        shipped: The tables that ttsgate brings.  A table that extends its own name means the shipped one.
        source: The user's file, for errors.

    Tables are worked in key by key; lists replace lists.

    Raises:
        UsageError: unknown, empty, circular, an unknown key or value (with the nearest name), or a limit that
            its samples cannot decide.
    """
    merged: dict[str, Any] = {}
    chain: list[str] = []
    step, at_home = name, True
    while True:
        table, at_home, where = _find(
            step, own if at_home else {}, shipped, source, wanted_by=chain[-1] if chain else None
        )
        _check_keys(table, _Table, where)
        merged = _merge(table, merged)
        chain.append(step)
        parent = table.get("extends")
        if parent is None:
            break
        if not isinstance(parent, str):
            raise UsageError(f"extends in {where} must be the name of a policy")
        if parent == step:
            if not at_home or parent not in shipped:
                raise UsageError(f"{where} extends itself")
            at_home = False
        elif parent in chain:
            raise UsageError(f"{where}: the policies {', '.join([*chain, parent])} extend each other in a circle")
        step = parent
    where = f"policy {name!r}"
    if not merged.get("blocks"):
        raise UsageError(
            f"{where} lets nobody block, so nothing could fail it: name parties in blocks "
            f"({', '.join(PARTY_CODE)}), or a policy in extends ({', '.join(shipped)})"
        )
    policy = _convert(name, chain, merged, where)
    _check_values(policy, where)
    return policy


def _find(
    name: str, own: Mapping[str, Any], shipped: Mapping[str, Any], source: str, *, wanted_by: str | None
) -> tuple[Mapping[str, Any], bool, str]:
    if name in own:
        table, where, at_home = own[name], f"[policy.{name}] of {source}", True
    elif name in shipped:
        table, where, at_home = shipped[name], f"the shipped policy {name}", False
    else:
        by = f", which {wanted_by!r} extends" if wanted_by else ""
        known = list(dict.fromkeys((*own, *shipped)))
        raise UsageError(
            f"unknown policy {name!r}{by}{nearest(name, known) or ';'} known: {', '.join(known) or 'none'}"
        )
    if not isinstance(table, Mapping):
        raise UsageError(f"{where} must be a table")
    if not table:
        raise UsageError(f"{where} is empty: say what it extends, or who may block")
    return table, at_home, where


def _merge(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in over.items():
        both = isinstance(value, Mapping) and isinstance(merged.get(key), Mapping)
        merged[key] = _merge(merged[key], value) if both else value
    return merged


def _check_keys(table: Mapping[str, Any], shape: type[msgspec.Struct], where: str) -> None:
    known = [f.encode_name for f in msgspec.structs.fields(shape)]
    for key, value in table.items():
        if key not in known:
            raise UsageError(f"unknown key {key!r} in {where}{nearest(key.replace('-', '_'), known)}")
        if key in _NESTED and isinstance(value, Mapping):
            _check_keys(value, _NESTED[key], f"{where}, {key}")
        if key == "limits" and isinstance(value, list):
            for rule in value:
                if isinstance(rule, Mapping):
                    _check_keys(rule, LimitRule, f"{where}, limits")


def _convert(name: str, chain: Sequence[str], merged: Mapping[str, Any], where: str) -> Policy:
    table = {k: v for k, v in merged.items() if k != "extends"}
    if isinstance(table.get("limits"), list):
        table["limits"] = [{"limit": rule} if isinstance(rule, str) else rule for rule in table["limits"]]
    if table.get("regression") is False:
        table["regression"] = None
    _known(table.get("blocks", ()), PARTY_CODE, f"blocks of {where}")
    _known(table.get("skips", ()), SKIP_CODES, f"skips of {where}")
    try:
        return msgspec.convert({**table, "name": name, "extends": chain[1:]}, Policy)
    except msgspec.ValidationError as exc:
        raise UsageError(f"{where}: {exc}") from None


def _check_values(policy: Policy, where: str) -> None:
    requires = policy.requires
    _known(requires.models, MODELS, f"requires.models of {where}")
    _known(requires.regions, REGIONS, f"requires.regions of {where}")
    for public in requires.signers:
        if not re.fullmatch("[0-9a-f]{64}", public):
            raise UsageError(f"requires.signers of {where}: {public!r} is no public key of 64 hexadecimal digits")
    if policy.requirements is not None:
        _known((policy.requirements,), REQUIREMENT_SETS, f"requirements of {where}")
    if policy.regression is not None:
        _known(policy.regression.metrics, TIMES, f"regression.metrics of {where}")
        if not policy.regression.metrics:
            raise UsageError(f"regression of {where} names no metric")
    for rule in policy.limits:
        _known([rule.model] if rule.model else (), MODELS, f"limits of {where}")
        _known([rule.region] if rule.region else (), REGIONS, f"limits of {where}")
        limit = parse_limit(rule.limit)
        if rule.together and limit.metric in TIMES:
            raise UsageError(f"{where}: {rule.limit!r} cannot be taken together: times of unlike cells do not mix")
        needed, have = needed_samples(limit, policy.confidence), policy.samples * rule.history
        if needed is None:
            raise UsageError(f"{where}: {rule.limit!r} can never be shown to hold at any number of samples")
        if needed > have:
            raise UsageError(
                f"{where}: {rule.limit!r} needs {needed} samples a cell at a confidence of {policy.confidence:g}, but "
                f"{have} are planned (samples = {policy.samples}, history = {rule.history}): it could never hold; "
                "raise samples, or judge it over more bundles"
            )


def _known(values: Any, known: Iterable[str], where: str) -> None:
    names = list(known)
    if not isinstance(values, list | tuple):
        raise UsageError(f"{where} must be a list")
    for value in values:
        if value not in names:
            raise UsageError(f"{where}: unknown {value!r}{nearest(str(value), names)}; known: {', '.join(names)}")
