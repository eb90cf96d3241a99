"""The audio is not the speech that was asked for."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ttsgate.emulator.faults.hooks import Hooks
from ttsgate.emulator.faults.registry import Args, fault, number
from ttsgate.emulator.faults.transforms import OnSamples, OnSpeech

__all__: list[str] = []


@fault("audio.silence", "Every sample is zero.", check="A-silence", cause="service.silence", alias="silence")
def _silence(_: Args) -> Hooks:
    return OnSamples(lambda samples, _: np.zeros_like(samples))


@fault(
    "audio.half",
    "Only the first part of the text is spoken.",
    check="A-coverage",
    cause="service.truncated",
    alias="half",
    keep=number(0.5, "share of the audio that is kept"),
)
def _half(args: Args) -> Hooks:
    return OnSamples(lambda samples, _: samples[: int(len(samples) * args["keep"])])


@fault(
    "audio.rate",
    "Samples at another rate are labelled with the rate that was asked for.",
    check="A-rate",
    cause="service.sample-rate",
    alias="rate",
    hz=number(16_000, "true rate of the samples"),
)
def _rate(args: Args) -> Hooks:
    return OnSpeech(lambda utter, _: replace(utter, render_rate=int(args["hz"])))
