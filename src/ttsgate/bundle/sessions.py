"""A session of a bundle as its checks see it, read back from its files."""

from __future__ import annotations

from collections.abc import Callable

from ttsgate.bundle.reading import Bundle
from ttsgate.catalog import Model
from ttsgate.collect.summary import summarise
from ttsgate.judgement.views import SessionView
from ttsgate.measure.alignment import key_of
from ttsgate.result.record import Cell, Result, SessionRecord

__all__ = ["KEPT_FIELDS", "OneAtATime", "session_view"]

KEPT_FIELDS = ("transcript", "transcript_sha256", "audio", "audio_sha256", "opinions")
"""What a record says of its files, and what optional models made of them; the rest is worked out again."""


def session_view(bundle: Bundle, result: Result, record: SessionRecord, *, cell: Cell, model: Model) -> SessionView:
    """The session with a summary of its own, so that pointers name its files.

    Args:
        bundle: Where its files are.
        result: The run, for target and runtimes.
        record: What is known of it: attempt, the probe's report, names and digests of its files.
        cell: Its cell.
        model: Capabilities of its model.

    Raises:
        EvidenceError: a file is missing or not the one that the record names.
    """
    transcript, fallback = bundle.session(record)
    summary = summarise(transcript, cell, model, attempt=record.attempt, probe=record.probe)
    for name in KEPT_FIELDS:
        setattr(summary, name, getattr(record, name))
    return SessionView(
        transcript=transcript,
        model=model,
        cell=cell,
        record=summary,
        runtime=next((r for r in result.runtimes if r.id == cell.runtime), None),
        target=result.target,
        files={"fallback.wav": fallback} if fallback else {},
        reference=result.references.get(key_of(transcript.utterance.text, transcript.utterance.language_type)),
    )


class OneAtATime:
    """Reads sessions again for views that let go of them; holds the last one only."""

    def __init__(self) -> None:
        self._last: tuple[str, SessionView] | None = None

    def reading(self, id: str, read: Callable[[], SessionView]) -> Callable[[], SessionView]:
        """What `SessionView.let_go` of the session `id` is given."""

        def again() -> SessionView:
            if self._last is None or self._last[0] != id:
                self._last = None  # else two were held while one is read
                self._last = id, read()
            return self._last[1]

        return again
