"""What the service did with wrong requests, read once more out of the transcripts of a bundle."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from ttsgate.bundle.manifest import digest, is_safe
from ttsgate.bundle.reading import Bundle
from ttsgate.errors import EvidenceError, UsageError
from ttsgate.probes.reactions import observe
from ttsgate.probes.wrong import PROBES
from ttsgate.result.record import Observation
from ttsgate.result.transcript import Transcript, load_transcript

__all__ = ["observe_again"]


def observe_again(bundle: Bundle, unread: list[str]) -> Iterator[Observation]:
    """Every observation as the present rules read it; what it is compared with stays as recorded.

    Args:
        bundle: The bundle.
        unread: Takes what had to be taken over as recorded, with the reason.

    Raises:
        EvidenceError: a transcript is missing, or not the one that the result names.
    """
    for recorded in bundle.result.observations:
        probe = PROBES.get(recorded.probe)
        if recorded.transcript is None:
            yield recorded
        elif probe is None or probe.sent != recorded.sent:
            unread.append(f"{recorded.probe}: this ttsgate does not make that request")
            yield recorded
        else:
            transcript = _transcript(bundle, recorded)
            again = recorded if transcript is None else observe(probe, recorded.model, transcript)
            kept = (recorded.transcript, recorded.transcript_sha256, recorded.before)
            again = msgspec.structs.replace(again, transcript=kept[0], transcript_sha256=kept[1], before=kept[2])
            if transcript is None:
                unread.append(f"{recorded.probe}: the service spoke; its audio is not read again")
            yield again


def _transcript(bundle: Bundle, recorded: Observation) -> Transcript | None:
    """The transcript of its connection; None when it refers to audio."""
    name = recorded.transcript or ""
    if not is_safe(name):
        raise EvidenceError(f"result.json: observation {recorded.probe} names no transcript")
    lines = bundle.read(name)
    if digest(lines) != recorded.transcript_sha256:
        raise EvidenceError(f"{name}: not the transcript that result.json names")
    if recorded.characters:
        return None
    try:
        return load_transcript(lines, b"")
    except UsageError as exc:
        raise EvidenceError(f"{name}: {exc}") from exc
