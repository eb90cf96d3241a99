"""Checks on a program: is the audio that it keeps the audio that it was sent."""

from __future__ import annotations

from collections.abc import Iterator

from ttsgate.judgement.registry import Inconclusive, NotApplicable, Problem, check
from ttsgate.judgement.trials import TrialView
from ttsgate.measure.pcm import Wav, container_of, read_wav
from ttsgate.result.record import Evidence

__all__: list[str] = []


def _kept(view: TrialView) -> tuple[bytes, Wav | None]:
    """The samples that the program saved, and the header around them."""
    data = view.output or b""
    header = read_wav(data)
    return (data[header.start : header.start + header.size] if header else data), header


def _sent(view: TrialView) -> bytes:
    return b"".join(c.audio for c in view.spoken)


def _format(view: TrialView) -> str:
    return str(view.spoken[-1].settings.get("response_format", "pcm")) if view.spoken else "pcm"


def _rate(view: TrialView) -> int:
    rate = view.spoken[-1].settings.get("sample_rate") if view.spoken else None
    return rate if isinstance(rate, int) and rate > 0 else 24_000


def _need_output(view: TrialView) -> None:
    if not view.must_be_whole or not view.record.saves or not _sent(view):
        raise NotApplicable


@check(
    "B-audio",
    sentence="The program keeps all of the audio that it was sent, and nothing else.",
    why="The last delta is the one that is lost, and Base64 that is joined before it is decoded breaks at the first "
    "padding; both are heard by the customer only.",
    stage="client",
    subject="trial",
    levels=(),
    needs=("B-connects", "B-ends"),
)
def _audio(view: TrialView) -> Iterator[Problem]:
    _need_output(view)
    sent, (kept, header) = _sent(view), _kept(view)
    if _format(view) == "wav" and (theirs := read_wav(sent)) is not None and header is not None:
        sent = sent[theirs.start : theirs.start + theirs.size]
    elif _format(view) in ("mp3", "opus"):
        kept = view.output or b""
    container = container_of(view.output or b"")
    if _format(view) in ("pcm", "wav") and container not in (None, "wav"):
        raise Inconclusive(f"it saved {container}: what was sent as {_format(view)} cannot be compared with that")
    if sent == kept:
        return
    yield Problem(
        f"{_difference(sent, kept, _rate(view))} ({view.record.service})",
        (Evidence(file=view.record.output, quote=f"{len(kept)} bytes kept, {len(sent)} sent"),),
        cause="client.audio",
        party="client",
    )


def _difference(sent: bytes, kept: bytes, rate: int) -> str:
    """In words for people: what is missing, or where it goes wrong."""

    def ms(size: int) -> str:
        return f"{size / 2 / rate * 1000:.0f} ms"

    if not kept:
        return f"nothing was saved of {ms(len(sent))} of audio"
    if sent.startswith(kept):
        return f"the last {ms(len(sent) - len(kept))} of {ms(len(sent))} are missing"
    if sent.endswith(kept):
        return f"the first {ms(len(sent) - len(kept))} of {ms(len(sent))} are missing"
    if kept.startswith(sent):
        return f"{ms(len(kept) - len(sent))} follow that were not sent"
    if kept.endswith(sent):
        return f"{ms(len(kept) - len(sent))} stand before it that belong to no finished session"
    at = next((i for i, (a, b) in enumerate(zip(sent, kept, strict=False)) if a != b), min(len(sent), len(kept)))
    tail = next(
        (i for i, (a, b) in enumerate(zip(reversed(sent), reversed(kept), strict=False)) if a != b),
        min(len(sent), len(kept)),
    )
    if at + tail >= len(kept):
        return f"{ms(len(sent) - len(kept))} are missing at {at / 2 / rate:.2f} s"
    return f"{len(kept)} bytes kept, {len(sent)} sent; they differ from byte {at} ({at / 2 / rate:.2f} s) on"


@check(
    "B-header",
    sentence="The WAV header says the rate, width and channels of the samples behind it.",
    why="Speech at a wrong rate is too high or too low and too fast or too slow; the service says the rate in "
    "session.updated.",
    stage="client",
    subject="trial",
    levels=(),
    needs=("B-connects", "B-ends"),
)
def _header(view: TrialView) -> Iterator[Problem]:
    _need_output(view)
    _, header = _kept(view)
    if header is None or _format(view) not in ("pcm", "wav"):
        raise NotApplicable
    wrong = []
    if header.sample_rate != _rate(view):
        wrong.append(f"{header.sample_rate} Hz, the service sent {_rate(view)} Hz")
    if header.channels != 1:
        wrong.append(f"{header.channels} channels, the service sent 1")
    if header.bits != 16:
        wrong.append(f"{header.bits} bits, the service sent 16")
    for words in wrong:
        yield Problem(
            f"the header says {words}",
            (Evidence(file=view.record.output, quote=words),),
            cause="client.audio",
            party="client",
        )
