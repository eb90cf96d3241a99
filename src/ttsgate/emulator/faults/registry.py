"""Every fault by name: what it does, its parameters, and the finding that it should cause.

A fault is asked for as ``name``, ``name:param=value,param=value`` or either with ``@model``
(shell patterns allowed).  Besides their own parameters all faults take the modifiers of
`MODIFIERS`, which say in which sessions they strike.
"""

from __future__ import annotations

import difflib
import fnmatch
import importlib
import random
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ttsgate.emulator.faults.hooks import Context, Hooks, Injection, OnlyResponse
from ttsgate.errors import UsageError

__all__ = [
    "FAULTS",
    "GROUPS",
    "MODIFIERS",
    "SCENES",
    "Args",
    "Builder",
    "Expect",
    "Fault",
    "Injector",
    "Param",
    "Selected",
    "benign",
    "count",
    "fault",
    "harmless",
    "load_all",
    "number",
    "parse_fault",
    "seconds",
    "word",
]

GROUPS = {
    "handshake": "The websocket handshake is refused, delayed or broken.",
    "session": "The session hears, answers or ends otherwise than it should.",
    "order": "Events are missing, doubled or out of order.",
    "field": "Fields are missing, wrong or of another type.",
    "frame": "Frames are not what the protocol carries.",
    "lookalike": "Nearly this protocol, as servers speak it that imitate it from memory.",
    "timing": "Audio comes late, unevenly or all at once.",
    "audio": "The audio is not the speech that was asked for.",
    "quota": "The account is throttled, overdue or used up.",
    "http": "HTTP answers are refused, broken or wrong.",
    "security": "Answers that try to harm or to extract something.",
    "benign": "Unusual but legal: no finding may come of it.",
}
"""Classes of faults, in the order in which they are listed."""

SCENES = {
    "session": "any session shows it",
    "pace": "a session at real pace shows it",
    "long": "a session of a few sentences at real pace shows it",
    "commit": "a session in commit mode shows it: elsewhere the event in question is not certain to come",
    "settings": "a session that asks for other settings than the defaults shows it",
    "voices": "two sessions with the same text and different voices show it",
    "instruction": "two sessions of an instruct model with the same text, one of them with an instruction, show it",
    "lists": "the read-only calls over HTTP show it",
    "refusal": "a realtime model called over HTTP shows it",
    "fallback": "fetching speech from the non-realtime sibling shows it",
    "custom-voice": "making and deleting a custom voice shows it",
}
"""What it takes to see a fault."""
_FURTHER = ("endings", "surplus", "encoding", "doors")
"""Files with faults of several classes, beside one file a class."""
_USUAL = {"timing": "pace", "http": "lists"}
"""The scene of most faults of a class, where it is not any session."""

Args = dict[str, Any]
"""Values of a fault's parameters, by name (``for`` arrives as ``for_``)."""


@dataclass(frozen=True, slots=True)
class Param:
    """A parameter of a fault."""

    kind: str
    """``seconds``, ``number``, ``count`` or ``word``."""
    default: Any
    says: str = ""
    choices: tuple[str, ...] = ()

    def read(self, name: str, text: str) -> Any:
        """The value that `text` stands for.

        Raises:
            UsageError: it does not fit; the text says what would.
        """
        match self.kind:
            case "seconds":
                found = re.fullmatch(r"(\d+(?:\.\d+)?)(ms|s)?", text)
                if found:
                    return float(found[1]) / (1000 if found[2] == "ms" else 1)
                raise UsageError(f"fault parameter {name}={text!r}: expected a time such as 1.2s or 300ms")
            case "number":
                if re.fullmatch(r"-?\d+(?:\.\d+)?", text):
                    return float(text)
                raise UsageError(f"fault parameter {name}={text!r}: expected a number")
            case "count":
                if re.fullmatch(r"\d{1,9}", text):
                    return int(text)
                raise UsageError(f"fault parameter {name}={text!r}: expected a whole number")
        if self.choices and text not in self.choices:
            raise UsageError(f"fault parameter {name}={text!r}: expected {' or '.join(self.choices)}")
        return text


def seconds(default: float, says: str = "") -> Param:
    """A time, written ``1.2s``, ``300ms`` or in plain seconds."""
    return Param("seconds", default, says)


def number(default: float, says: str = "") -> Param:
    """A decimal number."""
    return Param("number", default, says)


def count(default: int, says: str = "") -> Param:
    """A whole number, not negative."""
    return Param("count", default, says)


def word(default: str, says: str = "", *choices: str) -> Param:
    """A word, perhaps one of a few."""
    return Param("word", default, says, choices)


MODIFIERS: dict[str, Param] = {
    "every": Param("count", 1, "strike in every n-th session (or HTTP call) only"),
    "p": Param("number", 1.0, "strike with this probability (seeded)"),
    "skip": Param("count", 0, "spare the first n sessions"),
    "first": Param("count", 0, "strike in the first n sessions only (after those spared); 0: in all"),
    "response": Param("count", 0, "strike in the n-th response of a session only; 0: in all"),
}
"""Parameters that every fault takes."""


@dataclass(frozen=True, slots=True)
class Expect:
    """The finding that a fault should cause."""

    checks: tuple[str, ...]
    """Ids of the checks of which at least one must fail; the first is the one meant."""
    causes: tuple[str, ...]
    """Ids of causes of which the diagnosis should name one first; the first is the one meant."""
    party: str = "service"
    """Whose fault it should be called."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One registered fault."""

    name: str
    """``class.words-with-hyphens``."""
    says: str
    """One line: what the service does."""
    expect: Expect | None
    """What should come of it; None when nothing need be found."""
    build: Callable[[Args], Hooks]
    """Makes the hooks of one session."""
    params: dict[str, Param] = field(default_factory=dict)
    aliases: tuple[str, ...] = ()
    scene: str = "session"
    """What it takes to see it, a key of `SCENES`."""

    @property
    def group(self) -> str:
        """The fault's class, a key of `GROUPS`."""
        return self.name.partition(".")[0]


FAULTS: dict[str, Fault] = {}
"""All registered faults by name (`load_all` fills it)."""

_ALIASES: dict[str, str] = {}

Builder = Callable[[Args], Hooks]


def fault(
    name: str,
    says: str,
    /,
    *,
    check: str,
    cause: str,
    party: str = "service",
    alias: str = "",
    scene: str = "",
    params: Mapping[str, Param] | None = None,
    **named: Param,
) -> Callable[[Builder], Builder]:
    """Register the decorated builder as a fault.

    Args:
        name: ``class.words-with-hyphens``.
        says: What the service does, one line.
        check: Id of the check that should fail; several, split by spaces, where any of them will do.
        cause: Id of the cause that should be named first; several likewise.
        party: Whose fault it should be called.
        alias: Short name.
        scene: What it takes to see it, a key of `SCENES`; what is usual in its class if left out.
        params: Parameters; a trailing underscore is not part of the name (``for_``).
        named: Further parameters.
    """
    return _register(
        name, says, Expect(tuple(check.split()), tuple(cause.split()), party), alias, {**(params or {}), **named}, scene
    )


def benign(name: str, says: str, *, alias: str = "", **params: Param) -> Callable[[Builder], Builder]:
    """Register the decorated builder as a variation that must cause no finding."""
    return _register(f"benign.{name}", says, None, alias, params)


def harmless(name: str, says: str, **params: Param) -> Callable[[Builder], Builder]:
    """Register a fault that must do no harm and need not be noticed."""
    return _register(name, says, None, "", params)


def _register(
    name: str, says: str, expect: Expect | None, alias: str, params: dict[str, Param], scene: str = ""
) -> Callable[[Builder], Builder]:
    group = name.partition(".")[0]
    if group not in GROUPS or name in FAULTS or name in _ALIASES:
        raise ValueError(f"fault name {name!r} is taken or has no class")
    scene = scene or _USUAL.get(group, "session")
    if scene not in SCENES:
        raise ValueError(f"fault {name!r}: there is no scene {scene!r}")

    def register(build: Builder) -> Builder:
        FAULTS[name] = Fault(name, says, expect, build, params, (alias,) if alias else (), scene)
        if alias:
            _ALIASES[alias] = name
        return build

    return register


def load_all() -> dict[str, Fault]:
    """Import every file that registers faults; returns `FAULTS`."""
    for group in (*GROUPS, *_FURTHER):
        importlib.import_module(f"ttsgate.emulator.faults.{group}")
    return FAULTS


@dataclass(slots=True)
class Selected:
    """A fault as asked for."""

    fault: Fault
    args: Args
    modifiers: dict[str, Any]
    model: str | None
    """Shell pattern of the models concerned."""
    text: str
    """As written."""
    seen: int = 0
    """Sessions (or HTTP calls) that it could have struck so far."""

    def matches(self, model: str | None) -> bool:
        """Whether it concerns `model`."""
        return self.model is None or (model is not None and fnmatch.fnmatchcase(model, self.model))

    def strikes(self, rng: random.Random) -> bool:
        """Whether it strikes this time; counts the call."""
        self.seen += 1
        turn = self.seen - self.modifiers["skip"]
        if turn < 1 or (self.modifiers["first"] and turn > self.modifiers["first"]):
            return False
        if turn % max(1, self.modifiers["every"]):
            return False
        chance: float = self.modifiers["p"]
        return chance >= 1.0 or rng.random() < chance

    @property
    def for_http(self) -> bool:
        """Whether it strikes HTTP calls rather than sessions."""
        kind = type(self.fault.build(dict(self.args)))
        return kind.http is not Hooks.http or kind.http_event is not Hooks.http_event

    def hooks(self) -> Hooks:
        """Fresh hooks for one session."""
        built = self.fault.build(dict(self.args))
        return OnlyResponse(built, self.modifiers["response"]) if self.modifiers["response"] else built


def parse_fault(spec: str) -> Selected:
    """Read ``name[:param=value,...][@model]``.

    Raises:
        UsageError: an unknown fault or parameter, with the nearest name, or a value that does not fit.
    """
    load_all()
    text = spec.strip()
    head, _, model = text.partition("@")
    name, colon, rest = head.partition(":")
    name = _ALIASES.get(name.strip(), name.strip())
    found = FAULTS.get(name)
    if found is None:
        near = difflib.get_close_matches(name, [*FAULTS, *_ALIASES], n=1, cutoff=0.4)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise UsageError(f"unknown fault {name!r}{hint} (ttsgate serve --list-faults)")
    args = {key: param.default for key, param in found.params.items()}
    modifiers = {key: param.default for key, param in MODIFIERS.items()}
    for pair in filter(None, (p.strip() for p in rest.split(","))) if colon else ():
        key, equals, value = (part.strip() for part in pair.partition("="))
        inner = f"{key}_" if f"{key}_" in found.params else key
        if not equals or (inner not in found.params and key not in MODIFIERS):
            known = [*(k.rstrip("_") for k in found.params), *MODIFIERS]
            near = difflib.get_close_matches(key, known, n=1, cutoff=0.4)
            hint = f"; did you mean {near[0]!r}?" if near and equals else f"; it takes {', '.join(known)}"
            raise UsageError(f"fault {found.name!r} has no parameter {pair!r}{hint}")
        if inner in found.params:
            args[inner] = found.params[inner].read(key, value)
        else:
            modifiers[key] = MODIFIERS[key].read(key, value)
    return Selected(found, args, modifiers, model or None, text)


class Injector:
    """The faults in force in one emulator."""

    def __init__(self, specs: Iterable[str], *, seed: int) -> None:
        self.selected = [parse_fault(spec) for spec in specs]
        self.seed = seed
        self._rng = random.Random(f"{seed}/faults")

    def replace(self, specs: Sequence[str]) -> None:
        """Put other faults in force.

        Raises:
            UsageError: one of them is unknown; those in force stay.
        """
        self.selected = [parse_fault(spec) for spec in specs]

    def names(self) -> list[str]:
        """The faults in force, as written."""
        return [selected.text for selected in self.selected]

    def for_session(self, ctx: Context, *, extra: Sequence[Selected] = ()) -> Injection:
        """The faults that strike one session, those of its own request last."""
        chosen = [s for s in self.selected if not s.for_http and s.matches(ctx.model)]
        struck = [*(s for s in chosen if s.strikes(self._rng)), *extra]
        return Injection([s.hooks() for s in struck], ctx)

    def for_http(self, ctx: Context, *, extra: Sequence[Selected] = ()) -> list[Hooks]:
        """The faults that strike one HTTP call."""
        chosen = [s for s in self.selected if s.for_http and s.matches(ctx.model)]
        hooks = [s.hooks() for s in [*(s for s in chosen if s.strikes(self._rng)), *extra]]
        for hook in hooks:
            hook.attach(ctx)
        return hooks
