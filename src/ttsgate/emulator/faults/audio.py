"""The audio is not the speech that was asked for."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from ttsgate.emulator.faults.hooks import Hooks, Samples
from ttsgate.emulator.faults.registry import Args, Param, count, fault, number, seconds, word
from ttsgate.emulator.faults.transforms import OnSamples, OnSpeech

__all__: list[str] = []

Change = Callable[[Samples, Args, Hooks], Samples]


def _samples(
    name: str,
    says: str,
    change: Change,
    *,
    check: str,
    cause: str = "service.audio",
    alias: str = "",
    scene: str = "",
    **params: Param,
) -> None:
    """A fault that changes the samples of a response."""

    def build(args: Args) -> Hooks:
        def apply(samples: Samples, hooks: Hooks) -> Samples:
            return change(samples, args, hooks)

        return OnSamples(apply)

    fault(f"audio.{name}", says, check=check, cause=cause, alias=alias, scene=scene, params=params)(build)


def _limited(samples: Any) -> Samples:
    return np.asarray(np.clip(np.rint(samples), -32768, 32767), np.int16)


def _at(hooks: Hooks, seconds_: float) -> int:
    return int(seconds_ * hooks.ctx.sample_rate)


def _noise(samples: Samples, hooks: Hooks) -> Any:
    return np.random.default_rng(hooks.ctx.rng.getrandbits(32)).standard_normal(len(samples))


# -- nothing, or not all -----------------------------------------------------------------------

_samples(
    "silence",
    "Every sample is zero.",
    lambda s, a, h: np.zeros_like(s),
    check="A-silence",
    cause="service.silence",
    alias="silence",
)
_samples(
    "quiet",
    "The speech is there, but far below what can be heard.",
    lambda s, a, h: _limited(s * 10 ** (a["db"] / 20)),
    check="A-level A-silence",
    cause="service.silence service.audio",
    db=number(-60.0, "gain in dB"),
)
_samples(
    "hiss",
    "Faint noise comes instead of speech.",
    lambda s, a, h: _limited(_noise(s, h) * 30),
    check="A-silence A-level A-noise A-speech",
    cause="service.silence service.audio",
)
_samples(
    "half",
    "Only the first part of the text is spoken.",
    lambda s, a, h: s[: int(len(s) * a["keep"])],
    check="A-coverage",
    cause="service.text",
    alias="half",
    keep=number(0.5, "share of the audio that is kept"),
)
_samples(
    "second-half",
    "The beginning of the text is not spoken.",
    lambda s, a, h: s[len(s) // 2 :],
    check="A-coverage",
    cause="service.text",
)
_samples(
    "blip",
    "A tenth of a second of audio comes, whatever the text.",
    lambda s, a, h: s[len(s) // 3 : len(s) // 3 + _at(h, 0.1)],
    check="A-coverage A-present A-silence",
    cause="service.text service.silence",
)
_samples(
    "dies",
    "The voice turns into silence in the middle; the length is right.",
    lambda s, a, h: np.concatenate((s[: len(s) // 2], np.zeros(len(s) - len(s) // 2, np.int16))),
    check="A-coverage A-trailing-silence A-dropout",
    cause="service.text service.audio",
)


@fault(
    "audio.other-text",
    "Another, fixed sentence is spoken.",
    check="A-text A-excess A-coverage",
    cause="service.text",
    text=word("Sorry, this service is not available at the moment, please try again later.", "what is spoken"),
)
def _other_text(args: Args) -> Hooks:
    return OnSpeech(lambda utter, _: replace(utter, text=args["text"]))


@fault(
    "audio.babbles",
    "After the text the voice goes on with something else.",
    check="A-excess A-coverage",
    cause="service.text",
)
def _babbles(_: Args) -> Hooks:
    more = " And then it went on and on and on, saying things that nobody had asked for at all, on and on."
    return OnSpeech(lambda utter, _: replace(utter, text=utter.text + more))


# -- rate, width, container --------------------------------------------------------------------


@fault(
    "audio.rate",
    "Samples at another rate are labelled with the rate that was asked for.",
    check="A-rate",
    cause="service.rate",
    alias="rate",
    hz=count(16_000, "true rate of the samples"),
)
def _rate(args: Args) -> Hooks:
    return OnSpeech(lambda utter, _: replace(utter, render_rate=args["hz"]))


@fault(
    "audio.upsampled",
    "Telephone speech is stretched to the rate that was asked for: the band above 4 kHz is empty.",
    check="A-bandwidth",
    cause="service.rate service.audio",
    hz=count(8_000, "rate at which it was made"),
)
def _upsampled(args: Args) -> Hooks:
    def change(samples: Samples, hooks: Hooks) -> Samples:
        import soxr

        low = soxr.resample(samples.astype(np.float32), hooks.ctx.sample_rate, args["hz"])
        return _limited(soxr.resample(low, args["hz"], hooks.ctx.sample_rate))

    return OnSamples(change)


_samples(
    "stereo",
    "Two interleaved channels are sent as one.",
    lambda s, a, h: np.repeat(s, 2),
    check="A-rate A-coverage",
    cause="service.rate service.text service.audio",
)
_samples(
    "byte-order",
    "Samples are big-endian.",
    lambda s, a, h: s.byteswap(),
    check="A-byte-order A-noise",
)
_samples(
    "eight-bit",
    "Samples have 8 bits.",
    lambda s, a, h: _packed(((s.astype(np.int32) >> 8) + 128).astype(np.uint8)),
    check="A-noise A-speech A-coverage A-byte-order",
    cause="service.audio service.text",
)
_samples(
    "float",
    "Samples are 32-bit floating point.",
    lambda s, a, h: (s / 32768).astype("<f4").view(np.int16),
    check="A-noise A-speech A-coverage A-byte-order A-clipping",
    cause="service.audio service.text",
)
_samples(
    "mu-law",
    "Samples are mu-law, as in telephony.",
    lambda s, a, h: _packed(_mu_law(s)),
    check="A-noise A-speech A-coverage A-byte-order A-clipping",
    cause="service.audio service.text",
)


def _packed(data: Any) -> Samples:
    return np.frombuffer(data.tobytes()[: len(data) // 2 * 2], "<i2")


def _mu_law(samples: Samples) -> Any:
    level = np.log1p(255 * np.abs(samples / 32768)) / np.log(256)
    return (~((samples < 0) * 128 + np.minimum(127, level * 128).astype(np.int32)) & 0xFF).astype(np.uint8)


@fault(
    "audio.wav-in-pcm",
    "A WAV file is sent as PCM.",
    check="A-container",
    cause="service.audio",
)
def _wav_in_pcm(_: Args) -> Hooks:
    def change(samples: Samples, hooks: Hooks) -> Samples:
        rate, size = hooks.ctx.sample_rate, len(samples) * 2
        head = b"RIFF" + struct.pack("<I", 36 + size) + b"WAVEfmt "
        head += struct.pack("<IHHIIHH", 16, 1, 1, rate, rate * 2, 2, 16) + b"data" + struct.pack("<I", size)
        return np.concatenate((np.frombuffer(head, "<i2"), samples))

    return OnSamples(change)


@fault("audio.mp3-in-pcm", "MP3 is sent as PCM.", check="A-container", cause="service.audio")
def _mp3_in_pcm(_: Args) -> Hooks:
    return OnSpeech(lambda utter, _: replace(utter, format="mp3"))


@fault("audio.opus-in-pcm", "Ogg Opus is sent as PCM.", check="A-container", cause="service.audio")
def _opus_in_pcm(_: Args) -> Hooks:
    return OnSpeech(lambda utter, _: replace(utter, format="opus"))


@fault(
    "audio.error-in-audio",
    "A JSON error message is sent as audio.",
    check="A-container A-coverage A-present",
    cause="service.audio service.text service.silence",
)
def _error_in_audio(_: Args) -> Hooks:
    text = b'{"code":"InternalError","message":"An internal error has occured, please try again later."}'
    return OnSamples(lambda samples, _: np.frombuffer(text * 40, "<i2"))


# -- damaged -----------------------------------------------------------------------------------

_samples(
    "clipped",
    "The speech is far too loud and cut off at full scale.",
    lambda s, a, h: _limited(s * 10 ** (a["db"] / 20)),
    check="A-clipping A-byte-order",
    db=number(30.0, "gain in dB"),
)
_samples(
    "dc",
    "The samples swing around a level that is not zero.",
    lambda s, a, h: _limited(s * 0.5 + a["share"] * 32767),
    check="A-dc",
    share=number(0.2, "offset as a share of full scale"),
)
_samples(
    "noise",
    "White noise comes instead of speech.",
    lambda s, a, h: _limited(_noise(s, h) * 4000),
    check="A-noise A-speech",
)
_samples(
    "noisy",
    "The speech is buried in noise.",
    lambda s, a, h: _limited(s * 0.3 + _noise(s, h) * 6000),
    check="A-noise A-speech",
)
_samples(
    "tone",
    "A steady tone comes instead of speech.",
    lambda s, a, h: _limited(8000 * np.sin(2 * np.pi * a["hz"] * np.arange(len(s)) / h.ctx.sample_rate)),
    check="A-speech A-noise",
    hz=number(440.0, "frequency"),
)
_samples(
    "hum",
    "Mains hum lies under the speech, louder than it.",
    lambda s, a, h: _limited(s * 0.2 + 9000 * np.sin(2 * np.pi * 50 * np.arange(len(s)) / h.ctx.sample_rate)),
    check="A-noise A-speech A-level",
)
_samples(
    "gap",
    "A piece in the middle, around its loudest moment, is replaced by zeros.",
    lambda s, a, h: _cut_out(s, _at(h, a["for_"]), h),
    check="A-dropout",
    for_=seconds(0.3, "length of the hole"),
)
_samples(
    "gaps",
    "Many short holes of zeros.",
    lambda s, a, h: _holes(s, _at(h, 0.02), _at(h, 0.1)),
    check="A-dropout",
)
_samples(
    "skips",
    "Pieces of the audio are missing without a trace.",
    lambda s, a, h: _every(s, _at(h, 0.25), lambda piece: piece[: len(piece) * 7 // 10]),
    check="A-splice A-continuity A-coverage",
    cause="service.audio service.text",
)
_samples(
    "stutter",
    "Every piece of audio comes twice.",
    lambda s, a, h: _every(s, _at(h, 0.2), lambda piece: np.concatenate((piece, piece))),
    check="A-repeat A-coverage",
    cause="service.audio service.text",
)
_samples(
    "loop",
    "The first second is repeated over and over.",
    lambda s, a, h: np.resize(s[: _at(h, a["of"])], len(s)),
    check="A-repeat A-text A-coverage",
    cause="service.audio service.text",
    of=seconds(0.6, "length that is repeated"),
)
_samples(
    "shuffled",
    "Pieces of the audio come in another order.",
    lambda s, a, h: _shuffled(s, _at(h, 0.1), h),
    check="A-text A-continuity A-coverage",
    cause="service.audio service.text",
)
_samples(
    "reversed",
    "The audio is played backwards.",
    lambda s, a, h: s[::-1],
    check="A-text A-speech",
    cause="service.text service.audio",
    scene="long",
)
_samples(
    "clicks",
    "Loud clicks every tenth of a second.",
    lambda s, a, h: _clicked(s, _at(h, 0.1)),
    check="A-continuity A-clicks A-clipping",
)
_samples(
    "late-voice",
    "Long silence comes before the first word.",
    lambda s, a, h: np.concatenate((np.zeros(_at(h, a["by"]), np.int16), s)),
    check="A-lead-in",
    by=seconds(3.0, "length of the silence"),
)
_samples(
    "long-tail",
    "Long silence comes after the last word.",
    lambda s, a, h: np.concatenate((s, np.zeros(_at(h, a["for_"]), np.int16))),
    check="A-trailing-silence",
    for_=seconds(5.0, "length of the silence"),
)


def _cut_out(samples: Samples, size: int, hooks: Hooks) -> Samples:
    out, third = samples.copy(), len(samples) // 3
    middle = np.abs(samples[third : 2 * third].astype(np.int32))
    start = max(0, third + (int(middle.argmax()) if len(middle) else 0) - size // 2)
    out[start : start + size] = 0
    return out


def _holes(samples: Samples, hole: int, every: int) -> Samples:
    out = samples.copy()
    for start in range(every, len(out), every):
        out[start : start + hole] = 0
    return out


def _every(samples: Samples, size: int, change: Callable[[Samples], Samples]) -> Samples:
    pieces = [change(samples[start : start + size]) for start in range(0, len(samples), max(1, size))]
    return np.concatenate(pieces) if pieces else samples


def _shuffled(samples: Samples, size: int, hooks: Hooks) -> Samples:
    pieces = [samples[start : start + size] for start in range(0, len(samples), max(1, size))]
    hooks.ctx.rng.shuffle(pieces)
    return np.concatenate(pieces) if pieces else samples


def _clicked(samples: Samples, every: int) -> Samples:
    out = samples.copy()
    out[every // 2 :: every] = 32767
    out[every // 2 + 1 :: every] = -32768
    return out


# -- another voice, another manner -------------------------------------------------------------


@fault(
    "audio.other-voice",
    "Another voice speaks than the one that was asked for and acknowledged.",
    check="X-voices",
    cause="service.setting service.voice",
    scene="voices",
    voice=word("Ryan", "voice that speaks"),
)
def _other_voice(args: Args) -> Hooks:
    return OnSpeech(lambda utter, _: replace(utter, voice=args["voice"]))


@fault(
    "audio.ignores-instructions",
    "Instructions have no effect.",
    check="X-instruction",
    cause="service.setting",
    scene="instruction",
)
def _ignores_instructions(_: Args) -> Hooks:
    return OnSpeech(lambda utter, _: replace(utter, instructions=None))


@fault(
    "audio.hasty",
    "The speech is far too fast.",
    check="A-coverage A-speech A-rate",
    cause="service.text service.audio service.rate",
    factor=number(2.5, "times the normal speed"),
)
def _hasty(args: Args) -> Hooks:
    def change(samples: Samples, hooks: Hooks) -> Samples:
        import soxr

        return _limited(soxr.resample(samples.astype(np.float32), args["factor"] * 8000, 8000))

    return OnSamples(change)
