"""How fast a model may be asked, and what stops it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ttsgate.catalog import MODELS
from ttsgate.collect.pacing import Pace, paces, read_limits, throttled
from ttsgate.result.transcript import Entry, Transcript, Utterance

FLASH = "qwen3-tts-flash-realtime"
SLOW = "qwen3-tts-flash-realtime-2025-09-18"
NESTED = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.sampled_from(["output", "quotas", "model", "model_limit"]), inner)
    ),
)


def heard(*entries: Entry) -> Transcript:
    """A session in which that came."""
    said = Utterance(text="x", voice="Cherry")
    return Transcript(session="s", level="frames", model=FLASH, client="wire", utterance=said, started="",
                      entries=list(entries))  # fmt: skip


def note(name: str, **data: Any) -> Entry:
    """A note of our client."""
    return Entry(t=0.0, dir="note", name=name, data=data)


def error(code: str, message: str) -> Entry:
    """An error event."""
    return Entry(t=0.0, dir="in", event={"type": "error", "error": {"code": code, "message": message}})


@pytest.mark.parametrize(
    "entry",
    [
        note("closed", code=1011, reason="To many requests. Your requests are being throttled", by="service"),
        note("refused", status=429, body="{}"),
        note("refused", status=403, body='{"code":"AllocationQuota.FreeTierOnly","message":"The free tier ..."}'),
        error("Throttling.RateQuota", "Requests rate limit exceeded, please try again later."),
        error("Arrearage", "Access denied, please make sure your account is in good standing."),
    ],
)
def test_throttled(entry: Entry) -> None:
    """Quota, rate, capacity and arrears stop a model, through whichever door they come."""
    assert throttled(heard(entry))


@pytest.mark.parametrize(
    "entry",
    [
        note("closed", code=1000, reason="", by="service"),
        note("closed", code=1011, reason="internal", by="service"),
        note("refused", status=401, body='{"code":"InvalidApiKey"}'),
        error("invalid_value", "The requested voice 'x' is not supported."),
    ],
)
def test_not_throttled(entry: Entry) -> None:
    """Other failures say nothing about quota."""
    assert throttled(heard(entry)) is None


def test_a_sixth_unless_asked_for() -> None:
    """A live run takes a sixth of what the service allows; who asks for a rate is bounded by the limit alone."""
    models = [MODELS[FLASH], MODELS[SLOW]]

    assert {FLASH: 0.5, SLOW: pytest.approx(10 / 60 / 6)} == paces(models, 0.5, limits={}, asked=False)
    assert {FLASH: 2.5, SLOW: pytest.approx(10 / 60)} == paces(models, 2.5, limits={}, asked=True)
    assert {FLASH: 0.25, SLOW: pytest.approx(10 / 60 / 12)} == paces(models, 0.25, limits={}, shards=2, asked=False)
    assert 0.1 == pytest.approx(paces(models, 0.5, limits={FLASH: 0.6}, asked=False)[FLASH])


def test_limits_are_read() -> None:
    """The tighter of model and workspace limit, in requests a second."""
    limit = {"request_limit": 180, "request_limit_period": 60}
    quota = {"model": FLASH, "model_limit": limit, "workspace_limit": {**limit, "request_limit": 60}}

    assert {FLASH: 1.0} == read_limits({"output": {"quotas": [quota, {"model": "x"}, None]}})


@given(NESTED)
def test_strange_limits_are_none(body: Any) -> None:
    """Nobody has tried this call: whatever it answers, the run goes on."""
    assert {} == read_limits(body)


def test_pace() -> None:
    """The first session of a model does not wait, the next waits its turn; models do not wait for each other."""
    pace = Pace(0.5, {SLOW: 0.1})
    pace._last[FLASH] = pace._last[SLOW] = 100.0

    assert (1.5, 0.0) == (pace.wait_s(FLASH, 100.5), pace.wait_s(FLASH, 103.0))
    assert 9.0 == pytest.approx(pace.wait_s(SLOW, 101.0))
    assert 0.0 == pace.wait_s("another", 0.0)
