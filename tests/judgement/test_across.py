"""Sessions of one run compared with each other."""

from __future__ import annotations

import numpy as np

from tests.judgement.voices import CHINESE, resampled, session, speech
from ttsgate import catalog
from ttsgate.judgement.engine import judge_run
from ttsgate.judgement.views import CellView, RunView, SessionView
from ttsgate.measure.identity import TrueRate
from ttsgate.result.record import Cell

INSTRUCT = "qwen3-tts-instruct-flash-realtime"


def failed(*views: SessionView) -> list[str]:
    cell = Cell(id="c", model="m", client="wire", runtime=None, mode="server_commit", format="pcm")
    run = RunView([CellView(cell, views[0].model, list(views))])
    return [r.check for r in judge_run(run) if r.outcome == "fail"]


def passed(*views: SessionView) -> list[str]:
    cell = Cell(id="c", model="m", client="wire", runtime=None, mode="server_commit", format="pcm")
    return [r.check for r in judge_run(RunView([CellView(cell, views[0].model, list(views))])) if r.outcome == "pass"]


def instructed(samples: np.ndarray[tuple[int], np.dtype[np.int16]], instruction: str | None) -> SessionView:
    view = session(samples, CHINESE, instruction=instruction)
    view.transcript.model, view.model = INSTRUCT, catalog.find(INSTRUCT)
    return view


def test_two_voices() -> None:
    """Different voices pass; one speaker under two names does not."""
    one, other = speech(CHINESE, "Cherry"), speech(CHINESE, "Ethan")

    assert ["X-voices"] == passed(session(one, CHINESE), session(other, CHINESE, voice="Ethan"))
    assert ["X-voices"] == failed(session(one, CHINESE), session(one, CHINESE, voice="Ethan"))


def test_an_instruction_that_does_nothing() -> None:
    """The same delivery with and without it is no effect; a slower one is."""
    plain, slow = speech(CHINESE), speech(CHINESE, speech_rate=0.8)

    assert ["X-instruction"] == failed(instructed(plain, None), instructed(plain, "Speak slowly."))
    assert "X-instruction" in passed(instructed(plain, None), instructed(slow, "Speak slowly."))


def test_a_higher_rate_without_a_wider_band() -> None:
    """16 kHz sound in a 24 kHz session brings nothing over 16 kHz."""
    low = resampled(speech(CHINESE), 24000, 16000)
    stretched = resampled(low, 16000, 24000)

    assert ["X-band"] == failed(
        session(low, CHINESE, sample_rate=16000), session(stretched, CHINESE, sample_rate=24000)
    )
    assert "X-band" in passed(
        session(low, CHINESE, sample_rate=16000), session(speech(CHINESE), CHINESE, sample_rate=24000)
    )


def test_rates_add_up() -> None:
    """Three doubtful sessions leave no doubt; good ones raise none; certain ones are left to A-rate."""
    voices = ("Cherry", "Ethan", "Serena")
    views = [session(speech(CHINESE, v), CHINESE, voice=v) for v in voices]

    def with_margin(margin: float) -> list[SessionView]:
        for view in views:
            view.__dict__["other_rate"] = TrueRate(16000, margin)
        return views

    assert "X-rate" in passed(*with_margin(-3.0))
    assert "X-rate" in failed(*with_margin(1.0))
    assert "X-rate" in passed(*with_margin(4.0))


def test_an_alias_that_moved() -> None:
    """Another voice behind an alias than behind its snapshot is a warning."""
    alias, dated = instructed(speech(CHINESE), None), instructed(speech(CHINESE, "Ethan"), None)
    dated.transcript.model = dated.model.snapshot or ""
    dated.model = catalog.find(dated.transcript.model)

    assert ["X-alias"] == failed(alias, dated)
