"""The audio is encoded or put together in other ways than it should be; the class of these faults is ``audio``."""

from __future__ import annotations

import base64
import gzip
import struct
from collections.abc import Callable
from typing import Any

import numpy as np

from ttsgate.emulator.faults.hooks import Hooks, Samples
from ttsgate.emulator.faults.registry import Args, fault, seconds
from ttsgate.emulator.faults.transforms import OnEvents, OnSamples
from ttsgate.protocol.realtime.events import Event

__all__: list[str] = []

_DELTA = "response.audio.delta"
_GARBLED = "A-byte-order A-clipping A-dc A-noise A-speech A-rate A-coverage"


def _samples(
    name: str, says: str, change: Callable[[Samples, Hooks], Samples], *, check: str, cause: str = "service.audio"
) -> None:
    fault(f"audio.{name}", says, check=check, cause=cause)(lambda _: OnSamples(change))


def _bytes(data: bytes) -> Samples:
    return np.frombuffer(data[: len(data) // 2 * 2], "<i2")


# -- other encodings ---------------------------------------------------------------------------


def _a_law(samples: Samples) -> bytes:
    """A-law by its compression curve (ITU-T G.711), with the alternate bits inverted."""
    level = np.abs(samples / 32768) * 87.6
    curve = np.where(level < 1, level, 1 + np.log(np.maximum(level, 1))) / (1 + np.log(87.6))
    code = np.minimum(127, curve * 128).astype(np.uint8) | ((samples >= 0) * 0x80).astype(np.uint8)
    return bytes((code ^ 0x55).astype(np.uint8))


_samples("a-law", "Samples are A-law, as in telephony.", lambda s, _: _bytes(_a_law(s)), check=_GARBLED)
_samples(
    "unsigned",
    "Samples are unsigned: silence lies in the middle of the range.",
    lambda s, _: (s.astype(np.int32) + 32768).astype(np.uint16).view(np.int16),
    check=_GARBLED,
)
_samples(
    "24-bit",
    "Samples have 24 bits.",
    lambda s, _: _bytes(
        np.stack((np.zeros(len(s), np.uint8), s.view(np.uint8)[::2], s.view(np.uint8)[1::2]), 1).tobytes()
    ),
    check=_GARBLED,
    cause="service.audio service.rate service.text",
)
_samples(
    "32-bit",
    "Samples have 32 bits.",
    lambda s, _: _bytes((s.astype("<i4") << 16).tobytes()),
    check=_GARBLED,
    cause="service.audio service.rate service.text",
)
_samples(
    "gzip",
    "The PCM is compressed with gzip.",
    lambda s, _: _bytes(gzip.compress(s.tobytes(), mtime=0)),
    check=f"A-container {_GARBLED}",
)


def _header(rate: int) -> bytes:
    head = (
        b"RIFF" + struct.pack("<I", 0xFFFFFFFF) + b"WAVEfmt " + struct.pack("<IHHIIHH", 16, 1, 1, rate, rate * 2, 2, 16)
    )
    return head + b"data" + struct.pack("<I", 0xFFFFFFFF)


_samples(
    "wav-tail",
    "PCM begins with the second half of a WAV header.",
    lambda s, h: np.concatenate((_bytes(_header(h.ctx.sample_rate)[12:]), s)),
    check="A-container A-clicks",
)


def _every_delta(name: str, says: str, which: Callable[[int], bool], *, check: str) -> None:
    """A WAV header inside the stream."""

    def build(_: Args) -> Hooks:
        seen = [0]

        def edit(event: Event, hooks: Hooks) -> None:
            seen[0] += 1
            if which(seen[0]):
                data = base64.b64decode(event["delta"])
                event["delta"] = base64.b64encode(_header(hooks.ctx.sample_rate) + data).decode()

        return OnEvents(edit, _DELTA)

    fault(f"audio.{name}", says, check=check, cause="service.audio")(build)


_every_delta("wav-each", "Each piece of audio is a WAV file.", lambda n: True, check="A-container")
_every_delta(
    "wav-middle",
    "A WAV header stands in the middle of the stream.",
    lambda n: n == 5,
    check="A-container A-clicks A-continuity",
)


# -- put together wrongly ----------------------------------------------------------------------


def _at(hooks: Hooks, time: float) -> int:
    return int(time * hooks.ctx.sample_rate)


def _crackling(samples: Samples, hooks: Hooks) -> Samples:
    rng = np.random.default_rng(hooks.ctx.rng.getrandbits(32))
    out = samples.copy()
    places = rng.integers(0, len(out), max(1, len(out) * 25 // hooks.ctx.sample_rate))
    out[places] = rng.integers(-32768, 32767, len(places))
    return out


_samples("crackle", "Twenty-five samples a second have a wrong value.", _crackling, check="A-clicks A-continuity")
_samples(
    "fades-away",
    "The voice fades to nothing in the middle.",
    lambda s, h: np.asarray(s * np.clip(1.2 - 2.4 * np.arange(len(s)) / len(s), 0, 1), np.int16),
    check="A-coverage A-trailing-silence",
    cause="service.text service.audio",
)


def _beeping(samples: Samples, hooks: Hooks) -> Samples:
    time = np.arange(_at(hooks, 1.2)) / hooks.ctx.sample_rate
    return np.concatenate((np.asarray(9000 * np.sin(2 * np.pi * 1000 * time), np.int16), samples))


_samples(
    "beep",
    "A tone of a second comes before the speech.",
    _beeping,
    check="A-tone",
    cause="service.audio",
)


@fault(
    "audio.long-pause",
    "A long silence lies in the middle of the sentence.",
    check="A-pause A-dropout",
    cause="service.audio",
    of=seconds(3.0, "length of the silence"),
)
def _long_pause(args: Args) -> Hooks:
    def change(samples: Samples, hooks: Hooks) -> Samples:
        # Where it is quietest, so that no word is cut.
        size = max(1, _at(hooks, 0.02))
        third = len(samples) // 3
        loud: Any = [np.abs(samples[i : i + size].astype(np.int32)).max() for i in range(third, 2 * third, size)]
        at = third + int(np.argmin(loud)) * size if loud else third
        return np.concatenate((samples[:at], np.zeros(_at(hooks, args["of"]), np.int16), samples[at:]))

    return OnSamples(change)


def _stale(samples: Samples, hooks: Hooks) -> Samples:
    return np.concatenate((samples[-_at(hooks, 0.8) :], samples))


_samples(
    "stale-buffer",
    "The end of the audio comes once more before its beginning, as from a buffer that was not emptied.",
    _stale,
    check="A-repeat",
    cause="service.audio service.text",
)
