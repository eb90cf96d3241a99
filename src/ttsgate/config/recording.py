"""What a recording has to say about a run against it: what to ask for, and what it cannot answer."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any

from ttsgate.errors import UsageError
from ttsgate.result.recording import Recorded, Recording, expired
from ttsgate.store.recordings import header_of

__all__ = ["find_recording", "offered", "recorded_facts", "refuse_unrecorded"]

_LISTS = {"qwen-voice-design": "voices-design", "qwen-voice-enrollment": "voices-clone"}


def find_recording(folder: Path | None, today: date, *, allow_expired: bool) -> Recording:
    """The recording of ``--target replay``.

    Raises:
        UsageError: none was named, it cannot be read, holds no session, or its last day is over.
    """
    if folder is None:
        raise UsageError("--target replay needs --recording DIR: make one with `ttsgate record`")
    recording = header_of(folder)
    if not _spoken(recording):
        raise UsageError(f"{folder} holds no websocket session in which something was said: nothing can be replayed")
    if expired(recording, today) and not allow_expired:
        raise UsageError(
            f"{folder} expired on {recording.expires}, and the service may answer otherwise by now: "
            "record it again, or pass --allow-expired"
        )
    return recording


def offered(recording: Recording) -> dict[str, Any]:
    """Options that the recording answers, for what nothing else has set: the first session of each model counts."""
    sessions = _spoken(recording)
    first: dict[str, Recorded] = {}
    for session in sessions:
        first.setdefault(session.model, session)
    asked = [s.utterance for s in first.values() if s.utterance is not None]
    every = [s.utterance for s in sessions if s.utterance is not None]
    values: dict[str, Any] = {
        "model": tuple(first),
        "client": ("wire", "sdk-realtime"),
        "text": tuple(dict.fromkeys(u.text for u in every)),
        "voice": tuple(f"{m}={s.utterance.voice}" for m, s in first.items() if s.utterance and s.utterance.voice),
        "mode": tuple(dict.fromkeys(u.mode for u in every)),
        "format": tuple(dict.fromkeys(u.format for u in every)),
        # What nobody recorded cannot be compared, and a wrong request was not recorded either.
        "compare": ("none",),
        "skip_probes": True,
    }
    for option, field in (("instruction", "instruction"), ("language_type", "language_type")):
        values[option] = next((v for u in asked if (v := getattr(u, field)) is not None), None)
    rates = {u.sample_rate for u in asked}
    values["sample_rate"] = str(rates.pop()) if len(rates) == 1 and None not in rates else None
    return {name: value for name, value in values.items() if value not in (None, ())}


def refuse_unrecorded(
    recording: Recording, *, models: Iterable[str], modes: Iterable[str], formats: Iterable[str], texts: Iterable[str]
) -> None:
    """Refuse a plan of which the recording holds no session, before it looks like somebody's mistake.

    Raises:
        UsageError: names the first combination that is missing.
    """
    known = {
        (s.model, s.utterance.mode, s.utterance.format, s.utterance.text) for s in _spoken(recording) if s.utterance
    }
    for model, mode, fmt, text in itertools.product(models, modes, formats, texts):
        if (model, mode, fmt, text) not in known:
            raise UsageError(
                f"the recording {recording.id} holds no session of {model}, mode {mode}, format {fmt}, text {text!r}: "
                "choose what it holds with --model, --mode, --format and --text"
            )


def recorded_facts(recording: Recording) -> dict[str, Any]:
    """What the record of a replayed target says about the recording."""
    steps = {_step(s) for s in recording.sessions if s.level == "http"} - {None}
    source = recording.source
    return {
        "recording": recording.id,
        "recorded": {"kind": source.kind, "claim": source.claim, "region": source.region, "run": source.run},
        "created": recording.created,
        "expires": recording.expires,
        "steps": sorted(str(s) for s in steps),
    }


def _step(session: Recorded) -> str | None:
    """Step of connectivity that an HTTP exchange answers."""
    if session.method == "GET" and session.target.partition("?")[0].endswith("/compatible-mode/v1/models"):
        return "models"
    return _LISTS.get(session.model) if session.target.endswith("/services/audio/tts/customization") else None


def _spoken(recording: Recording) -> list[Recorded]:
    return [s for s in recording.sessions if s.level == "frames" and s.utterance is not None and s.utterance.text]
