"""Observed behaviour in a bundle: read again from its transcripts, and compared with that of another run."""

from __future__ import annotations

import msgspec
import pytest

from tests.bundle.runs import bundle_of, forged, real_run, result_of
from ttsgate.bundle.diff import diff
from ttsgate.bundle.observations import observe_again
from ttsgate.bundle.reading import FolderFiles
from ttsgate.bundle.rejudge import rejudge
from ttsgate.errors import EvidenceError
from ttsgate.probes.wrong import PROBES
from ttsgate.report.differences import text
from ttsgate.result.record import Before, Observation, Result


def real_files() -> dict[str, bytes]:
    """The files of a run that made wrong requests."""
    files = FolderFiles(real_run("--compare", "none"))
    return {name: files.read(name) for name in files.names()}


def one(result: Result, probe: str = "bad-json") -> Observation:
    """One observation of a run."""
    return next(o for o in result.observations if o.probe == probe)


def test_the_transcripts_say_the_same_again() -> None:
    """What a run recorded is what its transcripts show; what it was compared with is kept."""

    def compared(result: Result) -> None:
        one(result).before = Before(run="r", outcome="closed")

    bundle = bundle_of(forged(real_files(), compared))
    unread: list[str] = []

    assert list(PROBES) == [o.probe for o in bundle.result.observations]
    assert bundle.result.observations == list(observe_again(bundle, unread))
    assert [] == unread


def test_a_changed_observation_is_found() -> None:
    """The transcript stands against what the result claims."""

    def changed(result: Result) -> None:
        one(result).outcome = "accepted"

    again = rejudge(bundle_of(forged(real_files(), changed)))
    assert "bad-json outcome: recorded accepted, found error" in map(str, again.differences)


@pytest.mark.parametrize("name", ["../outside", "transcripts/none.jsonl"])
def test_a_transcript_that_is_not_there(name: str) -> None:
    """A name that leads nowhere, or out of the bundle, is damaged evidence."""

    def changed(result: Result) -> None:
        one(result).transcript = name

    with pytest.raises(EvidenceError):
        list(observe_again(bundle_of(forged(real_files(), changed)), []))


def test_a_request_of_another_ttsgate_is_taken_over() -> None:
    """What this version does not ask cannot be read again; it is said so."""

    def changed(result: Result) -> None:
        one(result).sent = "something else"

    unread: list[str] = []
    list(observe_again(bundle_of(forged(real_files(), changed)), unread))
    assert ["bad-json: this ttsgate does not make that request"] == unread


def test_diff_tells_what_changed() -> None:
    """Each part of the behaviour that differs is a line; times are none."""

    def changed(result: Result) -> None:
        one(result).outcome, one(result).close_code, one(result).ms = "closed", 1007, 99.0

    found = diff(bundle_of(real_files()), bundle_of(forged(real_files(), changed)))
    model = result_of(real_files()).observations[0].model

    assert {("outcome", "error", "closed"), ("close_code", None, 1007)} == {
        (c.what, c.before, c.after) for c in found.behaviour if c.where == f"{model} bad-json"
    }
    assert "bad-json: close_code" in "".join(text(msgspec.to_builtins(found)))
