"""Checks of the stage timing: does the audio come in time to be played as it comes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from ttsgate.judgement.registry import NotApplicable, Problem, check
from ttsgate.judgement.views import SessionView
from ttsgate.measure.timing import Arrival, play, text_sent_at

__all__: list[str] = []

BYTES = 2
"""Bytes of a PCM sample."""
BUFFER_S = 0.2
"""Jitter buffer of the simulated player: what voice players use against ordinary network jitter."""
STALL_S = 1.0
"""A gap above one second that a listener hears as a hole; no busy machine pauses a socket for that long."""
SILENT_STALL_S = 2.5
"""A gap that is a stall even when the player still has audio: sentence-wise generation at a third of real time needs
2.4 s for an 8 s sentence, and watchdogs of clients give up soon after."""
FIRST_AUDIO_S = 5.0
"""Measured services need 0.4 to 0.8 s; after five seconds a caller has hung up, and no loaded machine explains it."""
OPEN_S = 3.0
"""Name, TCP, TLS and upgrade take four round trips, 0.6 s at 150 ms each; no busy machine adds two seconds more."""
ANSWER_S = 2.5
"""One round trip without any synthesis, with a busy machine on either side."""
SLOW = 1.1
"""Seconds needed for a second of audio: a tenth above real time is more than timers and scheduling cost."""
SLOW_STARVED_S = 0.25
"""Starved time below which a slow response is not heard."""
BURST = 0.2
"""Share of the playing time within which everything must have arrived to count as one piece."""
HELD_BACK = 0.4
"""Share of the playing time that passed before the burst: a service that renders faster than 2.5 x real time and sends
at once is quick, not held back."""
MIN_STREAM_S = 1.0
"""Shorter responses fit into one or two deltas anyway."""


@dataclass(frozen=True, slots=True)
class _Delivery:
    pieces: tuple[Arrival, ...]
    asked_at: float | None
    played_s: float


def _deliveries(view: SessionView) -> list[_Delivery]:
    """One a response; `asked_at` is when the last text or commit before it left, or the text itself for the first."""
    if view.format != "pcm":
        raise NotApplicable
    found: list[_Delivery] = []
    asks = view.sent("input_text_buffer.append", "input_text_buffer.commit", "session.finish")
    for number in sorted({p.response for p in view.pieces}):
        pieces = tuple(p for p in view.pieces if p.response == number and p.data)
        if not pieces:
            continue
        created = view.responses[number].frames[0].t if number < len(view.responses) else pieces[0].t
        before = [a.t for a in asks if a.t <= created]
        first = text_sent_at(view.transcript) if not found else None
        asked = first if first is not None else (before[-1] if before else None)
        found.append(_Delivery(pieces, asked, sum(len(p.data) for p in pieces) / (BYTES * view.rate)))
    if not found:
        raise NotApplicable
    return found


def _late(view: SessionView, message: str, frame: int | None) -> Problem:
    return Problem(message, (view.where(frame),), cause="service.timing", party="service")


def _gaps(pieces: tuple[Arrival, ...]) -> Iterator[tuple[Arrival, float]]:
    return ((b, b.t - a.t) for a, b in pairwise(pieces))


def _stalls(delivery: _Delivery, rate: int) -> list[tuple[Arrival, float]]:
    """Gaps that are stalls: long, and either heard or too long for any client."""
    found: list[tuple[Arrival, float]] = []
    for piece, gap in _gaps(delivery.pieces):
        if gap <= STALL_S:
            continue
        upto = [p for p in delivery.pieces if p.frame <= piece.frame]
        heard = play(upto, bytes_per_second=BYTES * rate, buffer_s=BUFFER_S)
        starved_here = heard.starved_s - play(upto[:-1], bytes_per_second=BYTES * rate, buffer_s=BUFFER_S).starved_s
        if starved_here > 0.05 or gap > SILENT_STALL_S:
            found.append((piece, gap))
    return found


@check(
    "T-open",
    sentence="The session is open within three seconds of dialling.",
    why="A cold connection costs four round trips, half a second across the world; callers do not wait for more.",
    stage="timing",
    needs=("C-open",),
    metrics=("connect_ms", "session_ms"),
)
def _open(view: SessionView) -> Iterator[Problem]:
    dial = next((e.t for _, e in view.notes("dial")), None)
    created = view.first("session.created", "session.updated")
    if dial is None or created is None:
        raise NotApplicable
    if created.t - dial > OPEN_S:
        yield _late(view, f"{created.t - dial:.1f} s from the dial to {created.type}", created.number)


@check(
    "T-updated",
    sentence="session.update is answered within two and a half seconds.",
    why="It is one round trip and no synthesis; text waits for it.",
    stage="timing",
    needs=("P-session-updated",),
    metrics=("updated_ms",),
)
def _updated(view: SessionView) -> Iterator[Problem]:
    for sent, answer in zip(view.sent("session.update"), view.of("session.updated"), strict=False):
        if answer.t - sent.t > ANSWER_S:
            yield _late(view, f"{answer.t - sent.t:.1f} s from session.update to session.updated", answer.number)


@check(
    "T-first-audio",
    sentence="The first audio comes within five seconds of the text.",
    why="Nobody waits longer on the telephone; limits that fit your service belong in the policy.",
    stage="timing",
    needs=("A-present", "A-container"),
    metrics=("first_audio_ms", "cold_first_audio_ms"),
)
def _first_audio(view: SessionView) -> Iterator[Problem]:
    delivery = _deliveries(view)[0]
    zero = delivery.asked_at if delivery.asked_at is not None else 0.0
    wait = delivery.pieces[0].t - zero
    if wait > FIRST_AUDIO_S:
        yield _late(view, f"{wait:.1f} s from the first text to the first audio", delivery.pieces[0].frame)


@check(
    "T-stall",
    sentence="The audio does not stop for more than a second in the middle of a response.",
    why="A hole of a second in a sentence sounds like a dropped call.",
    stage="timing",
    needs=("A-present", "A-container"),
    metrics=("gap_max_ms", "gap_p95_ms"),
)
def _stall(view: SessionView) -> Iterator[Problem]:
    for delivery in _deliveries(view):
        for piece, gap in _stalls(delivery, view.rate):
            at = sum(len(p.data) for p in delivery.pieces if p.frame < piece.frame) / (BYTES * view.rate)
            yield _late(view, f"nothing came for {gap:.1f} s, {at:.1f} s into the audio", piece.frame)


@check(
    "T-realtime",
    sentence="A response comes at least as fast as it plays.",
    why="Audio that comes slower than it plays stutters however large the buffer is. Stalls are T-stall's matter.",
    stage="timing",
    needs=("A-present", "A-container"),
    metrics=("deliver_ms", "audio_ms"),
)
def _realtime(view: SessionView) -> Iterator[Problem]:
    for delivery in _deliveries(view):
        stalls = _stalls(delivery, view.rate)
        took = delivery.pieces[-1].t - delivery.pieces[0].t - sum(gap for _, gap in stalls)
        plays = delivery.played_s - len(delivery.pieces[-1].data) / (BYTES * view.rate)
        if plays > 0 and took / plays > SLOW and took - plays > SLOW_STARVED_S:
            yield _late(
                view,
                f"{plays:.1f} s of audio took {took:.1f} s to come ({took / plays:.1f} times real time)",
                delivery.pieces[-1].frame,
            )


@check(
    "T-streamed",
    sentence="The audio is streamed: it does not come in one piece at the end.",
    why="Realtime is paid for to hear the beginning while the end is still being made.",
    stage="timing",
    needs=("A-present", "A-container"),
    metrics=("first_audio_ms", "deliver_ms"),
)
def _streamed(view: SessionView) -> Iterator[Problem]:
    for delivery in _deliveries(view):
        if delivery.asked_at is None or delivery.played_s < MIN_STREAM_S:
            continue
        took = delivery.pieces[-1].t - delivery.pieces[0].t
        wait = delivery.pieces[0].t - delivery.asked_at
        if took < BURST * delivery.played_s and wait > HELD_BACK * delivery.played_s:
            yield _late(
                view,
                f"{delivery.played_s:.1f} s of audio came within {took * 1000:.0f} ms after {wait:.1f} s of waiting",
                delivery.pieces[0].frame,
            )


@check(
    "T-finish",
    sentence="Once the audio has come, response.done and session.finished follow within two and a half seconds.",
    why="Nothing is left to be made; a caller's turn, and the next utterance, wait for them.",
    stage="timing",
    needs=("C-finished",),
    metrics=("finish_ms",),
)
def _finish(view: SessionView) -> Iterator[Problem]:
    last: float | None = None
    for response in view.responses:
        audio = response.of("response.audio.delta", "response.audio.done")
        if audio and response.done is not None and response.done.t - audio[-1].t > ANSWER_S:
            yield _late(
                view,
                f"{response.done.t - audio[-1].t:.1f} s from the last audio to response.done",
                response.done.number,
            )
        last = response.frames[-1].t
    finished, asked = view.first("session.finished"), view.sent("session.finish")
    if finished is None or not asked:
        return
    zero = max(asked[-1].t, last if last is not None else 0.0)
    if finished.t - zero > ANSWER_S:
        yield _late(
            view, f"{finished.t - zero:.1f} s from the end of the last response to session.finished", finished.number
        )


@check(
    "T-bursts",
    sentence="The audio comes evenly: never more than a second without any.",
    why="Audio in bursts plays well only from a buffer as long as the pause; players with a small one stutter.",
    stage="timing",
    severity="warn",
    needs=("T-stall", "T-realtime"),
    metrics=("gap_max_ms",),
)
def _bursts(view: SessionView) -> Iterator[Problem]:
    for delivery in _deliveries(view):
        for piece, gap in _gaps(delivery.pieces):
            if gap > STALL_S:
                yield _late(view, f"nothing came for {gap:.1f} s, then a burst", piece.frame)


@check(
    "T-underrun",
    sentence="Played as it comes, with a jitter buffer of 200 ms, the audio never runs dry.",
    why="Short hiccups are heard as stutter. A busy machine can cause them too, so this one warns.",
    stage="timing",
    severity="warn",
    needs=("T-stall", "T-realtime"),
    metrics=("underruns", "starved_ms"),
)
def _underrun(view: SessionView) -> Iterator[Problem]:
    for delivery in _deliveries(view):
        heard = play(delivery.pieces, bytes_per_second=BYTES * view.rate, buffer_s=BUFFER_S)
        if heard.starved_s > SLOW_STARVED_S:
            yield _late(
                view,
                f"playback ran dry {heard.underruns} times for {heard.starved_s * 1000:.0f} ms in all, once for "
                f"{heard.worst_s * 1000:.0f} ms",
                heard.at_frame,
            )
