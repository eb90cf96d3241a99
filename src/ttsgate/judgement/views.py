"""What a check is given: one session, one cell or a whole run, with what is worked out from it kept.

Views read transcripts by themselves: they share no code with the protocol's state machine, so
that a misreading there cannot hide here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Self, TypeVar, overload

import msgspec

from ttsgate.catalog import Model
from ttsgate.judgement.frames import Frame, ResponseView
from ttsgate.judgement.numbers import AUDIO_NUMBERS
from ttsgate.measure import alignment
from ttsgate.measure.activity import Activity, likeness, speech_probabilities
from ttsgate.measure.identity import Heard, TrueRate, true_rate
from ttsgate.measure.levels import Levels, levels_of
from ttsgate.measure.pcm import Samples, container_of, read_wav, samples_of, to_float
from ttsgate.measure.speech import Speech, analyse
from ttsgate.measure.text import Expected, expect
from ttsgate.measure.timing import Arrival, arrivals, session_metrics
from ttsgate.result.record import Cell, Evidence, ModelFacts, Runtime, SessionRecord, Target
from ttsgate.result.transcript import Entry, Level, Transcript, Utterance

__all__ = ["CellView", "RunView", "SessionView"]

LISTEN_S = 5.0
"""Most seconds that the speech detector listens to in order to compare sample rates: 150 decisions."""
QUOTE = 160
"""Longest quotation in evidence, characters."""

T = TypeVar("T")


class _Received(cached_property[T]):
    """What is as large as what was received: once a view let go of it, it is asked of the view that reads it back."""

    @overload
    def __get__(self, instance: None, owner: type[Any] | None = None) -> Self: ...

    @overload
    def __get__(self, instance: object, owner: type[Any] | None = None) -> T: ...

    def __get__(self, instance: Any, owner: type[Any] | None = None) -> Any:
        if instance is not None and instance.read_back is not None:
            return getattr(instance.read_back(), str(self.attrname))
        return super().__get__(instance, owner)


@dataclass
class SessionView:
    """One session as a check sees it."""

    transcript: Transcript
    model: Model
    """Capabilities of the model that was asked for."""
    cell: Cell | None = None
    """The cell that the session belongs to."""
    record: SessionRecord | None = None
    """Its summary, for what a transcript does not hold (the probe's own JSON)."""
    runtime: Runtime | None = None
    """Runtime of an SDK session."""
    target: Target | None = None
    """Where the service was."""
    texts: Sequence[str] = ()
    """Texts spoken, when several utterances went over one connection; empty means the utterance's."""
    files: Mapping[str, bytes] = field(default_factory=dict)
    """Files that the session left: ``fallback.wav``."""
    reference: str | None = None
    """Outline of a reference reading of the text, Base64 (`Result.references`)."""
    read_back: Callable[[], SessionView] | None = None
    """Gives the whole view again, once this one let go of what was received."""
    _heard: dict[int, Heard] = field(default_factory=dict, repr=False)

    # -- identity ------------------------------------------------------------------------

    @property
    def id(self) -> str:
        """Our id of the session."""
        return self.transcript.session

    @property
    def level(self) -> Level:
        """What could be observed."""
        return self.transcript.level

    @property
    def asked(self) -> Utterance:
        """What the session was asked to say, and how."""
        return self.transcript.utterance

    @property
    def text(self) -> str:
        """Everything that was to be spoken."""
        return "".join(self.texts) or self.asked.text

    @property
    def expectation(self) -> str:
        """``speech``, or ``refusal`` where the service is expected to refuse."""
        return self.cell.expectation if self.cell else "speech"

    @property
    def probe(self) -> dict[str, Any]:
        """The stand-alone probe's JSON, empty for the wire client."""
        return self.record.probe if self.record else {}

    def let_go(self, read_back: Callable[[], SessionView]) -> None:
        """Keep what is small; what was received is read again when a rule across sessions asks for it.

        `transcript` keeps its head only: entries are read through `entries`.

        Args:
            read_back: Gives the whole session as a view of its own.
        """
        for name in ("finished", "complete", "audio_bytes", "sample_count"):
            getattr(self, name)
        for name, value in vars(type(self)).items():
            if isinstance(value, _Received):
                self.__dict__.pop(name, None)
        self.transcript = msgspec.structs.replace(self.transcript, entries=[])
        self.files = {}
        self.read_back = read_back

    # -- events --------------------------------------------------------------------------

    @_Received
    def entries(self) -> list[Entry]:
        """Everything that was seen, in order."""
        return self.transcript.entries

    @_Received
    def frames(self) -> tuple[Frame, ...]:
        """Every JSON event from the service, in order."""
        return tuple(
            Frame(i, e.t, e.type or "", e.event)
            for i, e in enumerate(self.entries)
            if e.dir == "in" and e.event is not None
        )

    def of(self, *types: str) -> list[Frame]:
        """Events of these types from the service."""
        return [f for f in self.frames if f.type in types]

    def first(self, *types: str) -> Frame | None:
        """The first event of these types."""
        return next((f for f in self.frames if f.type in types), None)

    def sent(self, *types: str) -> list[Frame]:
        """Events of these types that we sent; empty below the level ``frames`` unless the SDK child noted them."""
        return [
            Frame(i, e.t, e.type or "", e.event)
            for i, e in enumerate(self.entries)
            if e.dir == "out" and e.event is not None and e.type in types
        ]

    def notes(self, *names: str) -> Iterator[tuple[int, Entry]]:
        """Notes of these names with their entry numbers."""
        return ((i, e) for i, e in enumerate(self.entries) if e.dir == "note" and e.name in names)

    def note(self, name: str) -> dict[str, Any] | None:
        """The facts of the first note of that name, None when there is none."""
        return next((e.data or {} for _, e in self.notes(name)), None)

    @_Received
    def responses(self) -> tuple[ResponseView, ...]:
        """The responses of the session; events that came before any ``response.created`` form one without it."""
        groups: list[list[Frame]] = []
        for frame in self.frames:
            if frame.type == "response.created":
                groups.append([frame])
            elif frame.type.startswith("response."):
                if not groups:
                    groups.append([])
                groups[-1].append(frame)
        return tuple(
            ResponseView(n, g[0] if g[0].type == "response.created" else None, tuple(g)) for n, g in enumerate(groups)
        )

    @_Received
    def echo(self) -> dict[str, Any]:
        """The settings that the service said were in force: the last ``session.updated``, else ``session.created``."""
        for kind in ("session.updated", "session.created"):
            found = self.of(kind)
            if found:
                session = found[-1].get("session")
                return session if isinstance(session, dict) else {}
        return {}

    # -- audio ---------------------------------------------------------------------------

    @_Received
    def pieces(self) -> tuple[Arrival, ...]:
        """Every audio delta, decoded."""
        return tuple(arrivals(self.transcript))

    @_Received
    def audio(self) -> bytes:
        """Everything that was decodable, joined."""
        return b"".join(p.data for p in self.pieces)

    @property
    def rate(self) -> int:
        """Samples per second that a player would use: what was asked for."""
        return self.asked.rate

    @property
    def format(self) -> str:
        """Format asked for."""
        return self.asked.format

    @_Received
    def samples(self) -> Samples | None:
        """16-bit mono samples; None for formats that need a decoder.

        A WAV container is taken off: one header at the start, which is how a stream is written.
        """
        if self.format == "pcm":
            if container_of(self.audio[:64]) == "wav":
                wav = read_wav(self.audio)
                return samples_of(self.audio[wav.start :]) if wav else samples_of(self.audio)
            return samples_of(self.audio)
        if self.format == "wav":
            wav = read_wav(self.audio)
            return samples_of(self.audio[wav.start : wav.start + wav.size]) if wav and wav.bits == 16 else None
        return None

    @cached_property
    def levels(self) -> Levels:
        """Level, clipping, DC and the like of `samples`."""
        samples = self.samples
        return levels_of(samples if samples is not None else samples_of(b""), self.rate)

    @cached_property
    def expected(self) -> Expected:
        """What the text lets expect: syllables and seconds."""
        return expect(self.text, language=self.asked.language_type)

    @cached_property
    def speech(self) -> Speech:
        """Rhythm, pitch and vocal tract of `samples`."""
        samples = self.samples if self.samples is not None else samples_of(b"")
        return analyse(samples, self.rate, tempo=self.asked.speech_rate or 1.0)

    @cached_property
    def activity(self) -> Activity:
        """Speech activity of `samples`."""
        samples = self.samples if self.samples is not None else samples_of(b"")
        return speech_probabilities(to_float(samples), self.rate)

    def heard_at(self, rate: int) -> Heard:
        """What `samples` sound like at that rate, with the detector's opinion; kept."""
        if rate not in self._heard:
            samples = self.samples if self.samples is not None else samples_of(b"")
            tempo = self.asked.speech_rate or 1.0
            measured = self.speech if rate == self.rate else analyse(samples, rate, tempo=tempo)
            sure = likeness(speech_probabilities(to_float(samples), rate, most_s=LISTEN_S))
            self._heard[rate] = Heard(measured, sure)
        return self._heard[rate]

    @cached_property
    def other_rate(self) -> TrueRate:
        """The sample rate other than the claimed one at which this would be the most ordinary speech."""
        return true_rate(
            self.speech,
            self.heard_at,
            self.expected,
            rate=self.rate,
            speech_rate=self.asked.speech_rate or 1.0,
            pitch_rate=self.asked.pitch_rate or 1.0,
        )

    @cached_property
    def agreement(self) -> alignment.Agreement | None:
        """How well `samples` fit the reference reading; None where there is none, or too little sound."""
        outline = alignment.decoded(self.reference)
        if outline is None or self.samples is None:
            return None
        return alignment.agreement(to_float(self.samples), self.rate, outline)

    @cached_property
    def audio_bytes(self) -> int:
        """Bytes of `audio`."""
        return len(self.audio)

    @cached_property
    def sample_count(self) -> int:
        """How many `samples` there are, 0 for formats that need a decoder."""
        return 0 if self.samples is None else len(self.samples)

    @cached_property
    def finished(self) -> bool:
        """Whether the service ended the session by itself."""
        return self.first("session.finished") is not None

    @cached_property
    def complete(self) -> bool:
        """Whether the service itself says that everything was spoken."""
        return self.finished or (
            bool(self.responses) and all(r.of("response.audio.done", "response.done") for r in self.responses)
        )

    # -- numbers and evidence --------------------------------------------------------------

    @cached_property
    def metrics(self) -> dict[str, float]:
        """Times by metric name, milliseconds (`ttsgate.measure.timing.METRICS`), and ``audio_ms``."""
        numbers = session_metrics(self.transcript)
        if self.samples is not None and len(self.samples):
            numbers["audio_ms"] = round(len(self.samples) / self.rate * 1000, 3)
        return numbers

    def number(self, name: str) -> float | None:
        """One number of `metrics` or of `AUDIO_NUMBERS`; None when this session cannot give it."""
        if name in self.metrics:
            return self.metrics[name]
        if self.samples is None or not len(self.samples):
            return None
        value = AUDIO_NUMBERS[name](self) if name in AUDIO_NUMBERS else None
        return None if value is None else round(float(value), 3)

    def where(
        self, frame: Frame | Arrival | int | None = None, *, sample: int | None = None, quote: Any = None
    ) -> Evidence:
        """A pointer into this session's transcript or audio."""
        file = (self.record.transcript if self.record else None) or f"transcripts/{self.id}.jsonl"
        if sample is not None and self.record and self.record.audio:
            file = self.record.audio
        number = frame.number if isinstance(frame, Frame) else frame.frame if isinstance(frame, Arrival) else frame
        words = None if quote is None else quote if isinstance(quote, str) else repr(quote)
        return Evidence(file=file, frame=number, sample=sample, quote=words[:QUOTE] if words is not None else None)


@dataclass
class CellView:
    """One cell with its sessions, in order of their attempts."""

    cell: Cell
    model: Model
    sessions: list[SessionView]
    runtime: Runtime | None = None

    @property
    def id(self) -> str:
        """Id of the cell."""
        return self.cell.id


@dataclass
class RunView:
    """A whole run: what goes across cells is read here."""

    cells: list[CellView]
    target: Target | None = None
    models: list[ModelFacts] = field(default_factory=list)
    spoiled: frozenset[str] = frozenset()
    """Sessions whose sound is known to be wrong: what they sound like tells nothing about model or voice."""
    id: str = "run"

    @property
    def sessions(self) -> list[SessionView]:
        """All sessions of all cells."""
        return [s for c in self.cells for s in c.sessions]
