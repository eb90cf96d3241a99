"""The checks that judge a service judge the emulator, for every model, mode and format."""

from __future__ import annotations

import asyncio
import io
import itertools
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
import soundfile

from ttsgate import catalog
from ttsgate.clients.wire import WireSession, synthesize
from ttsgate.emulator.process import EmulatorProcess
from ttsgate.judgement import load_all
from ttsgate.judgement.engine import judge_session
from ttsgate.judgement.views import SessionView
from ttsgate.result.transcript import Transcript, Utterance

MODES = ("server_commit", "commit")
FORMATS = ("pcm", "wav", "mp3", "opus")
TEXTS = {"Chinese": "您的订单已经发货，请注意查收。", "English": "Your order has been shipped. Please check it."}
VOICE = "made-for-tests"


@dataclass(frozen=True)
class Case:
    """One session."""

    model: str
    mode: str
    format: str
    language: str

    @property
    def plan(self) -> Utterance:
        """What to say; the custom voice where the model has no others."""
        model = catalog.find(self.model)
        return Utterance(
            text=TEXTS[self.language],
            voice=VOICE + model.family if model.custom_voice else "Serena",
            mode=self.mode,
            format=self.format,
            language_type=self.language,
            instruction="Speak very slowly." if model.instructions else None,
        )


PLAIN = {"mp3": "pcm", "opus": "wav"}
"""Compressed format -> the other format that gets the same text in `CASES`."""


def loudness(samples: Any) -> float:
    """Root of the summed squares, of samples in -1..1."""
    scale = 32768 if samples.dtype == np.int16 else 1
    return float(np.sqrt(np.sum((samples.astype(np.float64) / scale) ** 2)))


# Each pair of mode and format in each language on one model or another: all forty combinations, two texts.
CASES = [
    Case(model, mode, form, tuple(TEXTS)[index % 2])
    for index, (model, mode, form) in enumerate(itertools.product(catalog.FIVE, MODES, FORMATS))
]


async def _collect() -> dict[Case, Transcript]:
    voices = [f"{name}={VOICE}{catalog.find(name).family}" for name in catalog.FIVE if catalog.find(name).custom_voice]
    extra = ["--unlimited", *(part for voice in voices for part in ("--custom-voice", voice))]
    some_at_once = asyncio.Semaphore(4)
    async with EmulatorProcess(pace=8, extra=extra) as emulator:
        endpoints = emulator.endpoints
        assert endpoints is not None

        async def one(case: Case) -> Transcript:
            async with some_at_once:
                return await synthesize(
                    WireSession(
                        session=f"{case.model}-{case.mode}-{case.format}",
                        ws_url=endpoints.ws_url,
                        model=case.model,
                        utterance=case.plan,
                        api_key="sk-emulator",
                        instructions=catalog.find(case.model).instructions,
                        deadline_s=30,
                    )
                )

        return dict(zip(CASES, await asyncio.gather(*(one(case) for case in CASES)), strict=True))


@pytest.fixture(scope="module")
def transcripts() -> dict[Case, Transcript]:
    """One session of each case."""
    load_all()
    return asyncio.run(_collect())


@pytest.mark.parametrize("case", CASES, ids=lambda c: f"{c.model}-{c.mode}-{c.format}-{c.language}")
def test_nothing_to_find(case: Case, transcripts: dict[Case, Transcript]) -> None:
    """No check finds anything, and the audio was judged, not skipped; compressed audio is the same speech."""
    view = SessionView(transcript=transcripts[case], model=catalog.find(case.model))
    records = judge_session(view)

    assert [] == [(r.check, r.outcome, r.message) for r in records if r.outcome in ("fail", "error", "blocked")]
    passed = {r.check for r in records if r.outcome == "pass"}
    assert {"C-finished", "P-response-done"} <= passed
    plain = PLAIN.get(case.format)
    if plain is None:
        assert {"A-silence", "A-coverage"} <= passed
        return
    # The checks hear PCM and WAV only: what is compressed is held against the session that had the same text.
    same = SessionView(transcript=transcripts[replace(case, format=plain)], model=catalog.find(case.model))
    samples, rate = soundfile.read(io.BytesIO(view.audio))
    assert same.samples is not None
    assert 24_000 == rate
    assert abs(len(samples) - len(same.samples)) / rate < 0.15  # mp3 pads
    assert abs(20 * np.log10(loudness(samples) / loudness(same.samples))) < 0.5
