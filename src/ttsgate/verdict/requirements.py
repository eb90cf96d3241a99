"""Requirement sets: which checks a policy of a date demands; frozen, so that a newer ttsgate fails nobody
retroactively.

A set is never edited.  New checks come in a new set; what a set does not name warns instead of failing.  A check
that is renamed keeps its old id in `RENAMED`.
"""

from __future__ import annotations

from functools import lru_cache

__all__ = ["RENAMED", "REQUIREMENT_SETS", "demands"]

RENAMED: dict[str, str] = {}
"""Old id -> new id of checks that were renamed after a set had named them."""

REQUIREMENT_SETS: dict[str, frozenset[str]] = {
    "2026-11-24": frozenset(
        """
        A-bandwidth A-byte-order A-clicks A-clipping A-container A-continuity A-coverage A-dc A-dropout A-excess
        A-lead-in A-level A-noise A-present A-rate A-repeat A-silence A-speech A-trailing-silence C-fallback-wav
        C-finished C-http-refusal C-open C-runtime N-models N-name N-session N-tcp N-tls N-voices P-after-end
        P-base64 P-chain P-close P-committed P-error-event P-even-bytes P-event-id P-fields P-first-event
        P-format-echo P-frame-size P-id-chain P-index P-mode-echo P-order P-rate-echo P-response-created
        P-response-done P-response-voice P-session-id P-session-model P-session-updated P-setting-echo P-status
        P-text-frames P-type P-voice-echo S-compile T-finish T-first-audio T-open T-realtime T-stall T-streamed
        T-updated X-band X-instruction X-intermittent X-rate X-voices
        """.split()
    ),
}
"""Date -> ids of the deciding checks."""


def demands(date: str | None, check: str) -> bool:
    """Whether a failure of that check may fail a policy of that date; without a date every check may.

    The user's own tests (``U-...``) always may.
    """
    if date is None or check.startswith("U-"):
        return True
    return check in _by_todays_names(date)


@lru_cache
def _by_todays_names(date: str) -> frozenset[str]:
    return frozenset(RENAMED.get(i, i) for i in REQUIREMENT_SETS[date])
