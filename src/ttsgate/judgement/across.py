"""Checks across sessions: repetitions, sample rates, voices, instructions, aliases.

They compare sessions of one run with each other, so that neither the synthesiser nor the language matters.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterator
from itertools import combinations
from statistics import fmean

from ttsgate.judgement.registry import NotApplicable, Problem, check
from ttsgate.judgement.spoken import judged_text
from ttsgate.judgement.views import CellView, RunView, SessionView
from ttsgate.measure.identity import MARGIN
from ttsgate.measure.pcm import to_float
from ttsgate.measure.spectrum import band_of

__all__: list[str] = []

ENOUGH = 3
"""Fewest sessions whose margins are added up."""
MEAN_MARGIN = 0.5
"""Mean margin from which another sample rate is believed: over good sessions it is -6 with a spread of 4, so that
three of them average above 0.5 less than once in a hundred runs, and five less than once in a thousand."""
SAME_PITCH = 0.08
"""Two readings by one voice differ in median pitch by up to a semitone (0.06 in logarithms) and little more."""
SAME_TRACT = 0.06
"""Third formant of two readings of one text by one voice, as a logarithm: measured within 0.03."""
SAME_TIME = 0.04
"""Speaking time of two readings that an instruction did not touch, as a logarithm; sampling alone gives up to this."""
SAME_LEVEL_DB = 1.0
"""Level of two readings that an instruction did not touch."""
ALIAS_PITCH = 0.17
"""Three semitones: an alias whose voice moved this far speaks with another voice."""
ALIAS_TIME = 0.25
"""A quarter faster or slower is another delivery."""
REPEATS = 8
"""Repetitions of one utterance that are compared with others: their pairs grow with the square."""
WIDER = 1.15
"""Least growth of the band between two sample rates: they differ by 1.5 and more."""


def _good(session: SessionView) -> bool:
    return session.sample_count > 0 and session.complete and session.speech.pitch_hz is not None


def _names(sessions: list[SessionView]) -> str:
    return ", ".join(s.id for s in sessions)


@check(
    "X-intermittent",
    sentence="Repetitions of one session come out alike.",
    why="One failure in five is worse than five in five: it passes the gate and reaches customers.",
    stage="across",
    subject="cell",
    levels=(),
)
def _intermittent(cell: CellView) -> Iterator[Problem]:
    if len(cell.sessions) < 2 or cell.cell.expectation != "speech":
        raise NotApplicable
    failed = [s for s in cell.sessions if not s.finished or not s.audio_bytes]
    if failed and len(failed) < len(cell.sessions):
        yield Problem(
            f"{len(failed)} of {len(cell.sessions)} sessions did not bring their audio to the end: {_names(failed)}",
            tuple(s.where() for s in failed),
            cause="service.intermittent",
            party="service",
        )


@check(
    "X-rate",
    sentence="Taken together, the sessions are at the sample rate that was asked for.",
    why="A single short sentence can leave doubt about its sample rate; several together do not.",
    stage="across",
    subject="run",
    levels=(),
)
def _rate(run: RunView) -> Iterator[Problem]:
    groups: dict[int, list[SessionView]] = defaultdict(list)
    for session in run.sessions:
        try:
            judged_text(session)
        except NotApplicable:
            continue
        if session.transcript.client == "wire" and session.speech.nuclei:
            groups[session.rate].append(session)
    if not any(len(g) >= ENOUGH for g in groups.values()):
        raise NotApplicable
    for rate, group in groups.items():
        if len(group) < ENOUGH:
            continue
        margins = [max(-20.0, s.other_rate.margin) for s in group]
        if max(margins) > MARGIN:
            continue  # A-rate names it
        if fmean(margins) > MEAN_MARGIN:
            likely = max(group, key=lambda s: s.other_rate.margin).other_rate.rate
            yield Problem(
                f"over {len(group)} sessions the samples fit {likely} Hz better than the {rate} Hz that were asked for",
                tuple(s.where(sample=0) for s in group[:3]),
                cause="service.rate",
                party="service",
            )


@check(
    "X-voices",
    sentence="Two voices of one model sound different.",
    why="The echo names the voice that was asked for whoever speaks.",
    stage="across",
    subject="run",
    levels=(),
)
def _voices(run: RunView) -> Iterator[Problem]:
    pairs = 0
    for one, two in _pairs(run, "model"):
        if one.asked.voice == two.asked.voice or one.text != two.text or one.asked.instruction != two.asked.instruction:
            continue
        pairs += 1
        if _same_speaker(one, two):
            yield Problem(
                f"{one.asked.voice} and {two.asked.voice} of {one.transcript.model} cannot be told apart: pitch "
                f"{one.speech.pitch_hz:.0f} and {two.speech.pitch_hz:.0f} Hz",
                (one.where(), two.where()),
                cause="service.setting",
                party="service",
            )
    if not pairs:
        raise NotApplicable


@check(
    "X-instruction",
    sentence="An instruction changes how the text is spoken.",
    why="The instruct models are paid for it; an ignored instruction shows in no event.",
    stage="across",
    subject="run",
    levels=(),
)
def _instruction(run: RunView) -> Iterator[Problem]:
    pairs = 0
    for one, two in _pairs(run, "model"):
        if not one.model.instructions or one.text != two.text or one.asked.voice != two.asked.voice:
            continue
        if (one.asked.instruction or "") == (two.asked.instruction or ""):
            continue
        pairs += 1
        time = abs(math.log(one.speech.active_s / two.speech.active_s))
        level = abs(one.levels.active_db - two.levels.active_db)
        if _same_speaker(one, two) and time < SAME_TIME and level < SAME_LEVEL_DB:
            told = one.asked.instruction or two.asked.instruction
            yield Problem(
                f"with and without the instruction {told!r} {one.transcript.model} speaks alike: same pitch, tempo and "
                "level",
                (one.where(), two.where()),
                cause="service.setting",
                party="service",
            )
    if not pairs:
        raise NotApplicable


@check(
    "X-band",
    sentence="A higher sample rate brings a wider band, up to what the model makes.",
    why="Otherwise the higher rate costs traffic and gives nothing.",
    stage="across",
    subject="run",
    levels=(),
)
def _band(run: RunView) -> Iterator[Problem]:
    pairs = 0
    for one, two in _pairs(run, "voice"):
        low, high = sorted((one, two), key=lambda s: s.rate)
        if low.rate == high.rate or low.rate >= high.model.native_rate:
            continue
        assert low.samples is not None
        assert high.samples is not None
        narrow = band_of(to_float(low.samples), low.rate)
        wide = band_of(to_float(high.samples), high.rate)
        if narrow is None or wide is None:
            continue
        pairs += 1
        if wide.hz < WIDER * min(narrow.hz, low.rate / 2):
            yield Problem(
                f"{high.rate} Hz reach no higher ({wide.hz / 1000:.1f} kHz) than {low.rate} Hz "
                f"({narrow.hz / 1000:.1f} kHz)",
                (low.where(), high.where()),
                cause="service.rate",
                party="service",
            )
    if not pairs:
        raise NotApplicable


@check(
    "X-alias",
    sentence="An alias and the dated model that it points at speak alike.",
    why="When an alias moves, what was tested is no longer what is served.",
    stage="across",
    subject="run",
    severity="warn",
    levels=(),
)
def _alias(run: RunView) -> Iterator[Problem]:
    pairs = 0
    alike = _groups(run, lambda s: (s.transcript.client, s.asked, s.text))
    for one, two in (pair for group in alike for pair in combinations(group, 2)):
        names = {one.model.name, two.model.name}
        if len(names) < 2 or not ({one.model.snapshot, two.model.snapshot} & names):
            continue
        pairs += 1
        pitch, time = _ratio(one.speech.pitch_hz, two.speech.pitch_hz), _ratio(one.speech.active_s, two.speech.active_s)
        if pitch > ALIAS_PITCH or time > ALIAS_TIME:
            yield Problem(
                f"{one.model.name} and {two.model.name} differ: pitch {one.speech.pitch_hz:.0f} and "
                f"{two.speech.pitch_hz:.0f} Hz, {one.speech.active_s:.1f} and {two.speech.active_s:.1f} s of speech",
                (one.where(), two.where()),
                cause="service.setting",
                party="service",
            )
    if not pairs:
        raise NotApplicable


def _groups(run: RunView, key: Callable[[SessionView], Hashable]) -> list[list[SessionView]]:
    """Good sessions by key; of those that repeat one utterance on one model no more than `REPEATS`."""
    groups: dict[Hashable, list[SessionView]] = defaultdict(list)
    seen: Counter[Hashable] = Counter()
    for session in run.sessions:
        said = (session.transcript.client, session.transcript.model, session.asked, session.text)
        if seen[said] < REPEATS and _good(session) and session.id not in run.spoiled:
            seen[said] += 1
            groups[key(session)].append(session)
    return list(groups.values())


def _pairs(run: RunView, same: str) -> Iterator[tuple[SessionView, SessionView]]:
    """Pairs of good sessions over one client on one model, and with one voice when `same` says so."""
    alike = _groups(run, lambda s: (s.transcript.client, s.transcript.model))
    for one, two in (pair for group in alike for pair in combinations(group, 2)):
        if same == "voice" and one.asked.voice != two.asked.voice:
            continue
        yield one, two


def _same_speaker(one: SessionView, two: SessionView) -> bool:
    tract = _ratio(one.speech.tract, two.speech.tract)
    return _ratio(one.speech.pitch_hz, two.speech.pitch_hz) < SAME_PITCH and tract < SAME_TRACT


def _ratio(one: float | None, two: float | None) -> float:
    return abs(math.log(one / two)) if one and two else 0.0
