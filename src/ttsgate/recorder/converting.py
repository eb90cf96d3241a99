"""From the sessions of a run to a recording: what a service said last night, to be replayed tomorrow."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit

import msgspec

from ttsgate.recorder.capture import Capture
from ttsgate.result.circumstances import Target
from ttsgate.result.recording import Source
from ttsgate.result.transcript import Entry, Transcript

__all__ = ["keep_transcripts", "source_of"]

_AGENT = "ttsgate"


def source_of(target: Target, *, run: str | None = None, bundle: str | None = None) -> Source:
    """What a recording says about a run's target."""
    return Source(
        kind=target.kind,
        claim=target.claim,
        ws_url=target.ws_url,
        http_url=target.http_url,
        region=target.region,
        faults=list(target.faults),
        run=run,
        bundle=bundle,
    )


def keep_transcripts(capture: Capture, transcripts: Iterable[Transcript]) -> tuple[int, int]:
    """Put the sessions of a run into a recording; returns how many were kept and how many were not.

    Only our own client saw both directions of the wire; a session that an SDK reported lacks what was sent, and one
    over HTTP what the bytes were.
    """
    kept = left = 0
    for transcript in transcripts:
        if transcript.level != "frames" or not any(True for _ in transcript.notes("upgraded", "refused")):
            left += 1
            continue
        capture.keep(_with_request(transcript))
        kept += 1
    return kept, left


def _with_request(transcript: Transcript) -> Transcript:
    """The transcript with the note of its request, which our client does not write."""
    if any(True for _ in transcript.notes("request")):
        return transcript
    url = next((str((n.data or {}).get("url", "")) for n in transcript.notes("dial")), "")
    parts = urlsplit(url)
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    headers = {"host": parts.netloc, "user-agent": _AGENT, "authorization": "***"}
    at = next((n.t for n in transcript.notes("tls", "tcp")), 0.0)
    place = next((i for i, e in enumerate(transcript.entries) if e.name in ("upgraded", "refused")), 0)
    note = Entry(t=at, dir="note", name="request", data={"method": "GET", "target": target, "headers": headers})
    entries = [*transcript.entries[:place], note, *transcript.entries[place:]]
    return msgspec.structs.replace(transcript, entries=entries)
