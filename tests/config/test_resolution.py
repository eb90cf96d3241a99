"""Command line over environment over file over default, and nothing passes unread."""

from __future__ import annotations

import dataclasses
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from tests.config.configured import Configured
from ttsgate import catalog
from ttsgate.config import DEFAULT_TEXT, OPTIONS, Config, Money, is_ci
from ttsgate.errors import UsageError


def origin(config: Config, name: str) -> str:
    """Where that option's value came from."""
    return next(s.origin for s in config.settings if s.name == name)


def test_defaults(configured: Configured) -> None:
    """Five models, three clients, one short text, the emulator."""
    config = configured()
    assert (config.target, config.models, config.texts) == ("emulator", catalog.FIVE, (DEFAULT_TEXT,))
    assert config.clients == ("wire", "sdk-realtime", "sdk-http")
    assert (config.modes, config.formats, config.sample_rate, config.repeat) == (("server_commit",), ("pcm",), None, 1)
    assert config.output_dir == configured.folder / "output"
    assert {s.origin for s in config.settings} == {"default"}


def test_the_table_and_the_configuration_have_the_same_names() -> None:
    """An option that no field holds would be read and forgotten."""
    fields = {f.name for f in dataclasses.fields(Config)}
    assert {o.attribute for o in OPTIONS.values()} <= fields


def test_layers_in_order(configured: Configured) -> None:
    """Command line > environment > file > default, each with its origin."""
    configured.gate('mode = ["commit"]\nrepeat = 2\nmax_chars = 7\n')
    config = configured({"TTSGATE_REPEAT": "3", "TTSGATE_MAX_CHARS": "8"}, max_chars="9")
    assert (config.modes, config.repeat, config.max_chars) == (("commit",), 3, 9)
    assert origin(config, "mode") == "file gate.toml"
    assert origin(config, "repeat") == "environment TTSGATE_REPEAT"
    assert origin(config, "max_chars") == "command line"
    assert origin(config, "format") == "default"


def test_a_list_replaces_the_weaker_one(configured: Configured) -> None:
    """Lists are never merged: what is printed as the value is the whole value."""
    configured.gate('client = ["wire", "sdk-http"]')
    assert configured({"TTSGATE_CLIENT": "sdk-realtime\n\n  sdk-client\n"}).clients == ("sdk-realtime", "sdk-client")


def test_what_the_command_line_leaves_out_is_not_given(configured: Configured) -> None:
    """Flags that are off and repeatable options without value let the environment speak."""
    config = configured({"TTSGATE_YES": "1", "TTSGATE_VERBOSE": "2"}, yes=None, verbose=0, model=())
    assert (config.yes, config.verbose, config.models) == (True, 2, catalog.FIVE)


@pytest.mark.parametrize("name", sorted(o.name for o in OPTIONS.values() if o.kind not in ("flag", "count")))
def test_set_but_empty_is_an_error_that_names_the_place(configured: Configured, name: str) -> None:
    """An empty value is never the default, least of all for the target."""
    option = OPTIONS[name]
    with pytest.raises(UsageError, match=f"{option.flag} is set but empty"):
        configured(**{name: ("",) if option.repeatable else ""})
    with pytest.raises(UsageError, match=f"{option.env} is set but empty"):
        configured({option.env: " "})


def test_output_dir_is_an_established_variable(configured: Configured) -> None:
    """``OUTPUT_DIR`` is read, the namesake with our prefix is stronger, empty counts as not set."""
    assert configured({"OUTPUT_DIR": "there"}).output_dir == configured.folder / "there"
    assert configured({"OUTPUT_DIR": "there", "TTSGATE_OUTPUT_DIR": "/here"}).output_dir == Path("/here")
    assert configured({"OUTPUT_DIR": ""}).output_dir == configured.folder / "output"


def test_unknown_names_are_errors_with_the_nearest(configured: Configured) -> None:
    """In the mapping, in the environment, in the file."""
    with pytest.raises(UsageError, match="unknown option 'regoin'; did you mean 'region'"):
        configured(regoin="x")
    with pytest.raises(UsageError, match="unknown variable TTSGATE_REGOIN; did you mean 'TTSGATE_REGION'"):
        configured({"TTSGATE_REGOIN": "x"})
    with pytest.raises(UsageError, match="unknown variable TTSGATE_API_KEY: use DASHSCOPE_API_KEY"):
        configured({"TTSGATE_API_KEY": "sk-x"})
    configured.gate("regoin = 1")
    with pytest.raises(UsageError, match=r"unknown key 'regoin' in gate\.toml; did you mean 'region'"):
        configured()


def test_variables_that_hold_keys_are_known(configured: Configured) -> None:
    """One a region, and the one named for a custom host."""
    configured({"TTSGATE_API_KEY_CN_BEIJING": "sk-x"})
    configured({"TTSGATE_GATEWAY": "k"}, ws_url="wss://gw.example/api-ws/v1/realtime", custom_key_env="TTSGATE_GATEWAY")
    with pytest.raises(UsageError, match="TTSGATE_API_KEY_CN_BEIJNG; did you mean 'TTSGATE_API_KEY_CN_BEIJING'"):
        configured({"TTSGATE_API_KEY_CN_BEIJNG": "sk-x"})


@pytest.mark.parametrize(
    ("environ", "ci"),
    [({}, False), ({"CI": ""}, False), ({"CI": "False"}, False), ({"CI": "0"}, False),
     ({"CI": "true"}, True), ({"CI": "1"}, True), ({"CI": "woodpecker"}, True)],
)  # fmt: skip
def test_ci_by_its_variable(environ: dict[str, str], ci: bool) -> None:
    """Empty and words for no are not CI."""
    assert is_ci(environ) is ci


def test_urls_imply_a_custom_target(configured: Configured) -> None:
    """One URL is enough; the kind's origin says why."""
    config = configured(ws_url="ws://127.0.0.1:9/api-ws/v1/realtime")
    assert config.target == "custom"
    assert origin(config, "target") == "implied by the URL given"


def test_a_url_against_a_named_target_of_the_same_layer_is_a_contradiction(configured: Configured) -> None:
    """Nobody is to guess which of the two was meant."""
    with pytest.raises(UsageError, match="--ws-url implies target custom, but --target is live"):
        configured(ws_url="wss://x.example/api-ws/v1/realtime", target="live", region="cn-beijing")


def test_a_target_of_a_stronger_layer_makes_weaker_urls_idle(configured: Configured) -> None:
    """``--target emulator`` on the command line wins over a URL in the environment, and the other way round."""
    url = "wss://x.example/api-ws/v1/realtime"
    assert configured({"TTSGATE_WS_URL": url}, target="emulator").target == "emulator"
    assert configured({"TTSGATE_TARGET": "emulator"}, ws_url=url).target == "custom"


@pytest.mark.parametrize(("name", "flag"), [("ws_url", "--ws-url"), ("http_url", "--http-url")])
def test_under_ci_a_file_cannot_name_the_target_s_url(configured: Configured, name: str, flag: str) -> None:
    """A pull request must not be able to send the key anywhere; the error names the option to pass instead."""
    url = {"ws_url": "wss://evil.example/api-ws/v1/realtime", "http_url": "https://evil.example/api/v1"}[name]
    configured.gate(f'{name} = "{url}"')
    assert configured().target == "custom"
    assert configured({"CI": "false"}).target == "custom"
    with pytest.raises(UsageError, match=f"{name} in gate.toml is refused under CI.*{flag}"):
        configured({"CI": "true"})
    assert configured({"CI": "true"}, target="emulator").target == "emulator"
    assert configured({"CI": "true", f"TTSGATE_{name.upper()}": url}).target == "custom"


def test_under_ci_a_file_cannot_add_half_of_a_target(configured: Configured) -> None:
    """A websocket URL from the command line does not make the file's HTTP URL or key variable acceptable."""
    good = "ws://127.0.0.1:9/api-ws/v1/realtime"
    configured.gate('http_url = "https://evil.example/api/v1"')
    with pytest.raises(UsageError, match=r"http_url in gate\.toml is refused under CI"):
        configured({"CI": "1"}, ws_url=good)
    configured.gate('custom_key_env = "DASHSCOPE_API_KEY"')
    with pytest.raises(UsageError, match=r"custom_key_env in gate\.toml is refused under CI"):
        configured({"CI": "1"}, ws_url=good)


def test_live_needs_a_region(configured: Configured) -> None:
    """A key belongs to one region, so there is no default."""
    with pytest.raises(UsageError, match="--target live needs --region"):
        configured(target="live")
    assert configured(target="live", region="cn-beijing").region == "cn-beijing"


@pytest.mark.parametrize("name", ["region", "workspace", "vantage"])
def test_live_options_on_the_command_line_are_no_use_to_the_emulator(configured: Configured, name: str) -> None:
    """Who types a region believes to run live: say otherwise.  In the environment they may wait for live runs."""
    with pytest.raises(UsageError, match=f"--{name} means nothing to the emulator"):
        configured(**{name: "cn-beijing"})
    assert configured({f"TTSGATE_{name.upper()}": "cn-beijing"}).target == "emulator"


def test_faults_are_for_the_emulator(configured: Configured) -> None:
    """Nobody injects faults into somebody else's service."""
    assert configured(fault=("stall", "silence")).faults == ("stall", "silence")
    with pytest.raises(UsageError, match="--fault is for the embedded emulator"):
        configured(fault=("stall",), target="live", region="cn-beijing")


def test_models_are_exact_and_known(configured: Configured) -> None:
    """An unknown string is an error with the nearest name; so is a model that is not realtime."""
    assert configured(model=("qwen3-tts-flash-realtime",) * 2).models == ("qwen3-tts-flash-realtime",)
    with pytest.raises(UsageError, match="did you mean 'qwen3-tts-flash-realtime'"):
        configured(model=("qwen3-tts-flash-realtme",))
    with pytest.raises(UsageError, match="not a realtime model"):
        configured(model=("qwen3-tts-flash",))


def test_a_new_model_is_admitted_by_the_file(configured: Configured) -> None:
    """``[models."NEW"] like`` gives it capabilities; ``required`` makes it part of the run and decisive."""
    configured.gate('[models]\nrequired = ["qwen4-rt"]\n[models."qwen4-rt"]\nlike = "qwen3-tts-flash-realtime"\n')
    config = configured()
    assert config.models == (*catalog.FIVE, "qwen4-rt")
    assert config.known_models["qwen4-rt"].like == "qwen3-tts-flash-realtime"
    assert config.required_models == {"qwen4-rt"}


def test_only_named_models_decide_a_live_verdict(configured: Configured) -> None:
    """``--model`` and ``required`` decide, the others are surveyed; on the emulator all decide."""
    configured.gate(f'[models]\nrequired = ["{catalog.FIVE[1]}"]\n')
    live = configured(target="live", region="cn-beijing")
    assert [m for m in live.models if live.decides(m)] == [catalog.FIVE[1]]
    named = configured(target="live", region="cn-beijing", model=(catalog.FIVE[0],))
    assert named.decides(catalog.FIVE[0])
    assert all(map(configured().decides, catalog.FIVE))


def test_voices_for_all_or_one(configured: Configured) -> None:
    """A voice for one model is stronger than the voice for all; voice names may hold spaces."""
    vd = catalog.FIVE[3]
    config = configured(voice=("Ono Anna", f"{vd}=qwen-tts-vd-x"))
    assert (config.voice_for(catalog.FIVE[0]), config.voice_for(vd)) == ("Ono Anna", "qwen-tts-vd-x")
    assert configured().voice_for(vd) is None
    for wrong in (("nope=Cherry",), (f"{vd}=",), ("Cherry", "Ethan")):
        with pytest.raises(UsageError, match="--voice"):
            configured(voice=wrong)


def test_texts_from_files(configured: Configured) -> None:
    """A text a line, after those of the command line; empty files and other encodings are refused."""
    (configured.folder / "t.txt").write_text("\ufeffone\n\n  two \r\n", encoding="utf-8")
    configured.gate('texts = ["t.txt"]')
    config = configured(text=("zero",))
    assert config.texts == ("zero", "one", "two")
    (configured.folder / "t.txt").write_text(" \n", encoding="utf-8")
    with pytest.raises(UsageError, match="holds no text"):
        configured()
    (configured.folder / "t.txt").write_bytes(b"\xff\xfe")
    with pytest.raises(UsageError, match="UTF-8"):
        configured()


def test_paths_start_from_where_they_are_written(configured: Configured, tmp_path: Path) -> None:
    """In the file from its folder, on the command line from the working directory, ``~`` from home."""
    from ttsgate.config import resolve

    sub = tmp_path / "sub"
    sub.mkdir()
    configured.gate('output_dir = "out"\nscripts = ["scripts/*.py"]\n')
    config = resolve({}, {}, sub)
    assert (config.output_dir, config.scripts) == (tmp_path / "out", (str(tmp_path / "scripts/*.py"),))
    assert resolve({"output_dir": "out"}, {}, sub).output_dir == sub / "out"
    assert resolve({}, {"TTSGATE_SCRIPTS": "~/a.py", "HOME": "/h"}, sub).scripts == ("/h/a.py",)


def test_an_interpreter_is_a_path_or_a_name(configured: Configured, tmp_path: Path) -> None:
    """Links are kept, because a virtual environment's interpreter is one."""
    link = tmp_path / "python-under-test"
    link.symlink_to(sys.executable)
    assert configured(python=(str(link),)).pythons == (link,)
    assert configured({"PATH": str(tmp_path)}, python=("python-under-test",)).pythons == (link,)
    with pytest.raises(UsageError, match="--python names 'nope'"):
        configured({"PATH": ""}, python=("nope",))


@pytest.mark.parametrize(
    ("given", "subject"),
    [
        ("app=sha256:" + "AB" * 32, {"name": "app", "sha256": "ab" * 32}),
        ("git:0123abc", {"name": "source", "git": "0123abc"}),
        ("app=git:" + "0" * 40, {"name": "app", "git": "0" * 40}),
    ],
)
def test_subjects(configured: Configured, given: str, subject: dict[str, str]) -> None:
    """A name with a digest, or a commit."""
    assert configured(subject=given).subject == subject


@pytest.mark.parametrize("given", ["app", "app=sha256:12", "sha256:" + "0" * 64, "git:xyz", "git:012", "app=md5:00"])
def test_subjects_that_name_nothing(configured: Configured, given: str) -> None:
    """A digest that is none would be a verdict about nothing."""
    with pytest.raises(UsageError, match="--subject"):
        configured(subject=given)


def test_typed_values(configured: Configured) -> None:
    """Numbers, money and versions come out typed."""
    config = configured(
        sample_rate="16000", max_cost="2.50 cny", max_rate="0.5", max_seconds="90", script_python=("3.9", "3.12")
    )
    assert (config.sample_rate, config.max_rate, config.max_seconds) == (16_000, 0.5, 90)
    assert config.max_cost == Money(Decimal("2.50"), "CNY")
    assert config.script_pythons == ("3.9", "3.12")
    with pytest.raises(UsageError, match=r"--script-python is '2\.7'"):
        configured(script_python=("2.7",))


def test_an_explicit_file_replaces_the_search(configured: Configured, tmp_path: Path) -> None:
    """``--config`` and ``TTSGATE_CONFIG`` name a file of any name; a missing one is an error."""
    configured.gate("repeat = 2")
    (tmp_path / "other.toml").write_text("repeat = 5")
    assert configured(config="other.toml").repeat == 5
    assert configured({"TTSGATE_CONFIG": "other.toml"}).repeat == 5
    with pytest.raises(UsageError, match=r"--config names 'gone\.toml'"):
        configured(config="gone.toml")
