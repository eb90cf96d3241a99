"""The wrong requests: distinct, findable in a transcript, and none that could be billed."""

from __future__ import annotations

import json

import pytest

from ttsgate.judgement.negative import NEGATIVE_CHECKS
from ttsgate.probes.wrong import PROBES, Probe


@pytest.mark.parametrize("probe", PROBES.values(), ids=lambda p: p.id)
def test_nothing_is_committed(probe: Probe) -> None:
    """No request appends text and commits or finishes: there is nothing that could be spoken."""
    kind = probe.message.get("type") if isinstance(probe.message, dict) else None

    assert kind != "input_text_buffer.append"
    assert not (probe.text and kind in ("input_text_buffer.commit", "session.finish"))
    assert not probe.text or (probe.settings or {}).get("mode") == "commit"


def test_requests_are_told_apart() -> None:
    """Ids, words and frames differ, so that each reaction is put to its own request."""
    frames = [p.marked if isinstance(p.marked, bytes | str) else json.dumps(p.marked) for p in PROBES.values()]

    assert len(PROBES) == len({p.sent for p in PROBES.values()}) == len(set(frames))
    assert list(PROBES) == [p.id for p in PROBES.values()]


def test_every_request_is_judged() -> None:
    """Each is read by a check of its own besides those that read all; no check reads what is not asked."""
    read = {probe for probes in NEGATIVE_CHECKS.values() for probe in probes if probe != "*"}

    assert set(PROBES) == read
