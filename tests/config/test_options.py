"""The table of options is sound."""

from __future__ import annotations

import pytest

from ttsgate.config.options import OPTIONS, option


def test_flags_and_variables_are_unique() -> None:
    """Two options never share a way to be set."""
    shorts = [o.short for o in OPTIONS.values() if o.short]
    assert len(set(shorts)) == len(shorts)
    assert len({o.attribute for o in OPTIONS.values()}) == len(OPTIONS)
    assert OPTIONS["ws_url"].flag == "--ws-url"
    assert OPTIONS["ws_url"].env == "TTSGATE_WS_URL"


@pytest.mark.parametrize("name", OPTIONS)
def test_every_option_explains_itself(name: str) -> None:
    """A help text that is a sentence, and a default that is among the choices."""
    one = option(name)
    assert one.help.endswith(".")
    assert len(one.help) > 10
    if one.choices and one.default is not None:
        assert set(one.default if one.repeatable else [one.default]) <= set(one.choices)


def test_what_decides_about_keys_and_money_is_guarded() -> None:
    """URLs and the key variable are guarded against files under CI; consent never comes from a file."""
    assert {o.name for o in OPTIONS.values() if o.guarded} == {"ws_url", "http_url", "custom_key_env"}
    assert not OPTIONS["yes"].in_file
