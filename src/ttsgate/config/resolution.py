"""From command line, environment and file to one typed configuration."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, cast

from ttsgate.catalog import FIVE, REGIONS, Model, assume, find, nearest
from ttsgate.config.credentials import region_variable
from ttsgate.config.files import FileSettings, find_file, read_file
from ttsgate.config.network import read_overrides
from ttsgate.config.options import DEFAULT_TEXT, OPTIONS, Option
from ttsgate.config.policies import find_expectations, find_policy
from ttsgate.config.recording import find_recording, offered, refuse_unrecorded
from ttsgate.config.values import Money, Place, read_value
from ttsgate.errors import UsageError
from ttsgate.result.record import Setting, TargetKind
from ttsgate.verdict.expectations import Expectation
from ttsgate.verdict.policy import Caps, Policy

__all__ = ["Config", "is_ci", "resolve"]

_SUBJECT = re.compile(r"(?:(?P<name>[^=]+)=)?(?P<kind>sha256|git):(?P<digest>[0-9a-fA-F]+)\Z")
LIVE_CAPS = Caps(sessions=100, chars=5000, seconds=600, rate=0.5)
"""Of a live run unless something else sets them: a sixth of what the service allows an account (180 a minute)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """Every option resolved; paths are absolute.  `OPTIONS` documents the fields named there."""

    cwd: Path
    """Working directory."""
    ci: bool
    """Whether this runs under CI."""
    config_file: Path | None
    """Configuration file in force."""
    settings: tuple[Setting, ...]
    """Every option with its value as given and its origin."""
    target: TargetKind
    region: str | None
    workspace: str | None
    vantage: str | None
    ws_url: str | None
    http_url: str | None
    custom_key_env: str | None
    proxy: str | None
    ca_file: Path | None
    ip_version: Literal["4", "6"] | None
    connect_to: Mapping[str, tuple[str, int | None]]
    """Host -> address and port that are connected to instead: a rehearsal."""
    temporary_key: bool
    require_target: TargetKind | None
    yes: bool
    allow_mutating: bool
    recording: Path | None
    allow_expired: bool
    faults: tuple[str, ...]
    models: tuple[str, ...]
    """Models to run, in order, without duplicates."""
    required_models: frozenset[str]
    """Models named by ``--model`` or ``[models] required``: they decide a live verdict."""
    known_models: Mapping[str, Model]
    """`models` with what is known or assumed of them."""
    clients: tuple[str, ...]
    texts: tuple[str, ...]
    """Texts of ``--text`` and of the files of ``--texts``; never empty."""
    text_files: tuple[Path, ...]
    voices: Mapping[str, str]
    """Voice by model; ``*`` for all others."""
    voice_sample: Path | None
    instruction: str | None
    language_type: str | None
    modes: tuple[str, ...]
    formats: tuple[str, ...]
    sample_rate: int | None
    repeat: int
    compare: tuple[str, ...]
    """What sessions are added for comparisons; empty for none."""
    skip_probes: bool
    baseline: str | None
    asr: bool
    asr_model: Path | None
    quality: bool
    quality_model: Path | None
    pythons: tuple[Path, ...]
    """Interpreters under test; empty for the harness's own."""
    missing_pythons: tuple[str, ...]
    """Interpreters that the file lists and this machine does not have; their cells are skipped."""
    scripts: tuple[str, ...]
    """Absolute patterns; empty for the packaged script."""
    script_pythons: tuple[str, ...]
    subject: Mapping[str, str] | None
    """``name`` and ``sha256`` or ``git``."""
    policy: str | None
    policy_sha256: str | None
    rules: Policy | None
    """The policy of that name, with what it extends."""
    expectations: tuple[Expectation, ...]
    """Known failures of the file; empty without a policy."""
    checks: Path | None
    max_chars: int
    max_sessions: int
    max_cost: Money | None
    max_seconds: float | None
    max_rate: float
    """New sessions a second and model of this run: its part of what all shards may open."""
    shards: int
    output_dir: Path
    templates: Path | None
    keep_audio: Literal["all", "failed", "none"]
    sign_key: Path | None
    json: bool
    quiet: bool
    verbose: int

    def voice_for(self, model: str) -> str | None:
        """Voice asked for that model; None to leave the choice to its catalogue entry."""
        return self.voices.get(model, self.voices.get("*"))

    def decides(self, model: str) -> bool:
        """Whether that model's findings decide the verdict; a live run merely surveys models that nobody named."""
        return self.target != "live" or model in self.required_models


def is_ci(environ: Mapping[str, str]) -> bool:
    """Whether ``CI`` says so; empty, ``0``, ``false``, ``no`` and ``off`` say no."""
    return environ.get("CI", "").strip().lower() not in ("", "0", "false", "no", "off")


@dataclass(frozen=True, slots=True)
class _Found:
    """One option's value and the layer that set it."""

    value: Any
    raw: Any
    layer: int
    place: Place
    missing: tuple[str, ...] = ()
    """What was asked for and is not there."""


def resolve(cli: Mapping[str, Any], environ: Mapping[str, str], cwd: Path) -> Config:
    """Resolve all options: command line, else environment, else file, else default.

    `cli` maps option names to what was given: text, True, a count, or a tuple for repeatable ones; None,
    False, 0 and an empty tuple count as not given.

    Raises:
        UsageError: an unknown name, a value that cannot be, a file that cannot be read, or a combination
            that makes no sense; the text names the option and the remedy.
    """
    cwd = cwd.absolute()
    for name in cli:
        if name not in OPTIONS:
            raise UsageError(f"unknown option {name!r}{nearest(name, OPTIONS)}")
    ci = is_ci(environ)
    path = _from_cli(OPTIONS["config"], cli, environ, cwd) or _from_env(OPTIONS["config"], environ, cwd)
    config_file = cast("Path | None", path.value) if path else find_file(cwd)
    file = read_file(config_file) if config_file else None
    found = {
        o.name: _from_cli(o, cli, environ, cwd)
        or _from_env(o, environ, cwd)
        or _from_file(o, file, environ, ci=ci)
        or _default(o, environ, cwd)
        for o in OPTIONS.values()
    }
    rules = find_policy(found["policy"].value, file) if found["policy"].value is not None else None
    kind = _target_kind(found)
    if rules is not None:
        found.update(_from_policy(rules, found, billed=kind != "emulator"))
    if kind == "live":
        found.update(_unset(LIVE_CAPS, found, origin="default on live"))
    _check_environment(environ, found["custom_key_env"].value)
    _check_target(found, kind, ci=ci)
    recording = None
    if kind == "replay":
        today, late = datetime.now(UTC).date(), bool(found["allow_expired"].value)
        recording = find_recording(found["recording"].value, today, allow_expired=late)
        found.update(_filled(offered(recording), found, origin=f"recording {recording.id}"))
    values: dict[str, Any] = {o.attribute: found[o.name].value for o in OPTIONS.values()}
    known, required, models = _models(found, file)
    expectations = find_expectations(file) if rules is not None else ()
    _check_digest(found["policy_sha256"], rules, expectations)
    values.update(
        target=kind,
        cwd=cwd,
        rules=rules,
        expectations=expectations,
        ci=ci,
        config_file=config_file,
        models=models,
        known_models=known,
        required_models=required,
        texts=_texts(found),
        compare=_compare(found["compare"]),
        missing_pythons=found["python"].missing,
        voices=_voices(found["voice"], known),
        sample_rate=int(values["sample_rate"]) if values["sample_rate"] else None,
        script_pythons=_versions(found["script_python"]),
        subject=_subject(found["subject"]),
        connect_to=read_overrides(found["connect_to"].value, found["connect_to"].place.label),
        max_rate=values["max_rate"] / values["shards"],
    )
    if recording is not None:
        refuse_unrecorded(
            recording, models=models, modes=values["modes"], formats=values["formats"], texts=values["texts"]
        )
    values["settings"] = tuple(_settings(found, values))
    return Config(**values)


def _from_cli(option: Option, cli: Mapping[str, Any], environ: Mapping[str, str], cwd: Path) -> _Found | None:
    raw = cli.get(option.name)
    if raw is None or raw is False or raw == () or (raw == 0 and option.kind == "count"):
        return None
    place = Place(label=option.flag, origin="command line", base=cwd, environ=environ)
    return _Found(read_value(option, raw, place), raw, 3, place)


def _from_env(option: Option, environ: Mapping[str, str], cwd: Path) -> _Found | None:
    name = option.env
    if name not in environ:
        if not option.also_env or not environ.get(option.also_env):
            return None
        name = option.also_env
    raw: Any = environ[name]
    if option.repeatable and raw.strip():
        raw = [line.strip() for line in raw.splitlines() if line.strip()]
    place = Place(label=name, origin=f"environment {name}", base=cwd, environ=environ)
    return _Found(read_value(option, raw, place), raw, 2, place)


def _from_file(option: Option, file: FileSettings | None, environ: Mapping[str, str], *, ci: bool) -> _Found | None:
    if file is None or option.name not in file.options:
        return None
    raw = file.options[option.name]
    place = Place(
        label=f"{option.name} in {file.path.name}",
        origin=f"file {file.path.name}",
        base=file.path.parent,
        environ=environ,
    )
    if option.kind == "program" and option.repeatable and isinstance(raw, list) and not ci:
        return _present(option, raw, place)
    return _Found(read_value(option, raw, place), raw, 1, place)


def _present(option: Option, raw: list[Any], place: Place) -> _Found:
    """Of the programs that a file lists for every machine, those that this one has."""
    there: list[Any] = []
    missing: list[str] = []
    for one in raw:
        try:
            there += read_value(option, [one], place)
        except UsageError:
            missing.append(str(one))
    return _Found(tuple(there), raw, 1, place, tuple(missing))


def _default(option: Option, environ: Mapping[str, str], cwd: Path) -> _Found:
    place = Place(label=option.flag, origin="default", base=cwd, environ=environ)
    value = option.default
    if value is None and option.repeatable:
        value = ()
    elif option.kind == "folder" and value is not None:
        return _Found(read_value(option, value, place), value, 0, place)
    return _Found(value, list(value) if isinstance(value, tuple) else value, 0, place)


def _from_policy(rules: Policy, found: Mapping[str, _Found], *, billed: bool) -> dict[str, _Found]:
    """Samples and, where somebody pays or waits, caps of the policy, for what nothing else has set."""
    caps = rules.caps if billed else Caps()
    return _unset(caps, found, origin=f"policy {rules.name}", repeat=rules.samples)


def _unset(caps: Caps, found: Mapping[str, _Found], *, origin: str, repeat: int | None = None) -> dict[str, _Found]:
    """What `caps` and `repeat` say of options that nothing has set yet."""
    said = {
        "repeat": repeat,
        "max_sessions": caps.sessions,
        "max_chars": caps.chars,
        "max_seconds": caps.seconds,
        "max_rate": caps.rate,
    }
    return _filled(said, found, origin=origin)


def _filled(said: Mapping[str, Any], found: Mapping[str, _Found], *, origin: str) -> dict[str, _Found]:
    """Those of the values of `said` whose options nothing has set yet."""
    return {
        name: replace(found[name], value=value, raw=value, place=replace(found[name].place, origin=origin))
        for name, value in said.items()
        if value is not None and name in found and found[name].layer == 0 and found[name].place.origin == "default"
    }


def _check_digest(pin: _Found, rules: Policy | None, expectations: Sequence[Expectation]) -> None:
    """The policy must be the one agreed on: a pull request could loosen the file."""
    if pin.value is None:
        return
    if rules is None:
        raise UsageError(f"{pin.place.label} pins a policy, but none is named: pass --policy NAME")
    digest = rules.sha256(expectations)
    if pin.value.strip().lower().removeprefix("sha256:") != digest:
        raise UsageError(f"policy {rules.name} has the digest {digest}, not {pin.value}: it is not the one agreed on")


def _check_environment(environ: Mapping[str, str], custom_key_env: str | None) -> None:
    known = {o.env for o in OPTIONS.values()} | {region_variable(r) for r in REGIONS}
    for name in environ:
        if name.startswith("TTSGATE_") and name not in known and name != custom_key_env:
            if name == "TTSGATE_API_KEY":
                raise UsageError(f"unknown variable {name}: use DASHSCOPE_API_KEY, or TTSGATE_API_KEY_<REGION>")
            raise UsageError(f"unknown variable {name}{nearest(name, known)}")


def _target_kind(found: Mapping[str, _Found]) -> TargetKind:
    """URLs imply ``custom`` unless a stronger layer names another target; then they do not apply."""
    target = found["target"]
    urls = [found[n] for n in ("ws_url", "http_url") if found[n].value is not None]
    if not urls or target.value == "custom":
        return cast("TargetKind", target.value)
    strongest = max(urls, key=lambda f: f.layer)
    if target.layer > strongest.layer:
        return cast("TargetKind", target.value)
    if target.layer == strongest.layer:
        raise UsageError(f"{strongest.place.label} implies target custom, but {target.place.label} is {target.value}")
    return "custom"


def _check_target(found: Mapping[str, _Found], kind: TargetKind, *, ci: bool) -> None:
    for option in OPTIONS.values():
        one = found[option.name]
        if ci and option.guarded and one.layer == 1 and kind == "custom":
            raise UsageError(
                f"{one.place.label} is refused under CI, where a change to the file could send the key elsewhere: "
                f"pass {option.flag} on the command line or set {option.env}"
            )
    if found["recording"].layer > 1 and kind != "replay":
        raise UsageError(f"{found['recording'].place.label} means nothing to target {kind}: add --target replay")
    if kind in ("emulator", "replay"):
        for name in ("region", "workspace", "vantage"):
            if found[name].layer == 3:
                whom = "the emulator" if kind == "emulator" else "a replay"
                raise UsageError(f"{OPTIONS[name].flag} means nothing to {whom}: add --target live")
    if kind != "emulator" and found["fault"].value:
        raise UsageError(f"{found['fault'].place.label} is for the embedded emulator, but the target is {kind}")
    if kind == "live" and found["region"].value is None:
        raise UsageError("--target live needs --region, e.g. --region cn-beijing: a key belongs to one region")


def _models(
    found: Mapping[str, _Found], file: FileSettings | None
) -> tuple[dict[str, Model], frozenset[str], tuple[str, ...]]:
    assumed = {name: assume(name, like) for name, like in file.like.items()} if file else {}
    named = tuple(found["model"].value)
    required = file.required if file else ()
    models = named or tuple(dict.fromkeys((*FIVE, *required)))
    known = {}
    for name in dict.fromkeys((*models, *required)):
        model = known[name] = assumed.get(name) or find(name)
        if not model.realtime:
            raise UsageError(f"{name} is not a realtime model: name its realtime twin, whose sdk-http cell reaches it")
    return known, frozenset((*named, *required)), models


def _texts(found: Mapping[str, _Found]) -> tuple[str, ...]:
    texts = list(found["text"].value)
    for path in found["texts"].value:
        try:
            lines = path.read_text(encoding="utf-8-sig").splitlines()
        except (OSError, UnicodeDecodeError) as exc:
            raise UsageError(f"{found['texts'].place.label}: cannot read {path.name} as UTF-8 text: {exc}") from exc
        lines = [line.strip() for line in lines if line.strip()]
        if not lines:
            raise UsageError(f"{found['texts'].place.label}: {path.name} holds no text")
        texts += lines
    return tuple(texts) or (DEFAULT_TEXT,)


def _compare(one: _Found) -> tuple[str, ...]:
    chosen = tuple(dict.fromkeys(one.value))
    if "none" in chosen and len(chosen) > 1:
        raise UsageError(f"{one.place.label} is none and {chosen[0] if chosen[0] != 'none' else chosen[1]} at once")
    return () if "none" in chosen else chosen


def _voices(one: _Found, known: Mapping[str, Model]) -> dict[str, str]:
    voices: dict[str, str] = {}
    for item in one.value:
        model, equals, name = item.partition("=")
        if not equals:
            model, name = "*", item
        elif model not in known:
            raise UsageError(
                f"{one.place.label} names {model!r}, which is not a model of this run{nearest(model, known)}"
            )
        if not name.strip():
            raise UsageError(f"{one.place.label} is {item!r}: the voice is missing")
        if model in voices:
            whom = "all models" if model == "*" else model
            raise UsageError(f"{one.place.label} gives two voices for {whom}: {voices[model]!r} and {name!r}")
        voices[model] = name
    return voices


def _versions(one: _Found) -> tuple[str, ...]:
    for version in one.value:
        if not re.fullmatch(r"3\.\d{1,2}", version):
            raise UsageError(f"{one.place.label} is {version!r}, expected a Python version such as 3.9")
    return tuple(one.value)


def _subject(one: _Found) -> dict[str, str] | None:
    if one.value is None:
        return None
    match = _SUBJECT.match(one.value)
    if match is None or (match["kind"] == "sha256" and (len(match["digest"]) != 64 or not match["name"])):
        raise UsageError(f"{one.place.label} is {one.value!r}, expected NAME=sha256:<64 digits> or [NAME=]git:COMMIT")
    if match["kind"] == "git" and not 7 <= len(match["digest"]) <= 64:
        raise UsageError(f"{one.place.label} is {one.value!r}: a commit has 7 to 64 digits")
    return {"name": match["name"] or "source", match["kind"]: match["digest"].lower()}


def _settings(found: Mapping[str, _Found], values: Mapping[str, Any]) -> list[Setting]:
    settings = []
    for option in OPTIONS.values():
        one = found[option.name]
        value: Any = list(one.raw) if isinstance(one.raw, tuple | list) else one.raw
        origin = one.place.origin
        if option.name == "target" and values["target"] != one.value:
            value, origin = values["target"], "implied by the URL given"
        elif option.name == "model" and not one.value:
            value = list(values["models"])
        elif option.name == "text" and not one.value and not values["text_files"]:
            value = list(values["texts"])
        settings.append(Setting(name=option.name, value=value, origin=origin))
    return settings
