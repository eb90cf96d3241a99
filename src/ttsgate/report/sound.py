"""Listening copies: small enough to stand inside the report."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Iterable

from ttsgate.result.record import SessionRecord

__all__ = ["BUDGET", "listening_copies"]

BUDGET = 1_500_000
"""Most bytes of Base64 in all; sessions beyond it are named by their file only."""


def listening_copies(sessions: Iterable[SessionRecord], audio: Callable[[str], bytes | None]) -> dict[str, str]:
    """Return ``data:`` URIs by session id, for as many of `sessions` as fit, in the order given.

    The copies are MP3 (lossy, about a tenth of the size); the files of the bundle are the evidence.
    A session whose file is missing or is not audio has none.
    """
    copies: dict[str, str] = {}
    spent = 0
    for session in sessions:
        if session.audio is None:
            continue
        data = audio(session.audio)
        copy = _mp3(data) if data else None
        if copy is None:
            continue
        uri = "data:audio/mpeg;base64," + base64.b64encode(copy).decode()
        if spent + len(uri) > BUDGET:
            break
        spent += len(uri)
        copies[session.id] = uri
    return copies


def _mp3(data: bytes) -> bytes | None:
    import soundfile  # type: ignore[import-untyped, unused-ignore]  # slow to import, and only this needs it

    out = io.BytesIO()
    try:
        samples, rate = soundfile.read(io.BytesIO(data), dtype="float32")
        soundfile.write(out, samples, rate, format="MP3")
    except (soundfile.SoundFileError, ValueError, TypeError):
        return None
    return out.getvalue()
