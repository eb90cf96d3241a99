"""Judging the programs of a stored bundle again."""

from __future__ import annotations

from collections.abc import Mapping

from ttsgate.bundle.manifest import digest, is_safe
from ttsgate.bundle.reading import Bundle
from ttsgate.bundle.sessions import KEPT_FIELDS
from ttsgate.catalog import Model
from ttsgate.collect.summary import summarise_connection
from ttsgate.errors import EvidenceError
from ttsgate.judgement import engine
from ttsgate.judgement.trials import TrialView
from ttsgate.result.record import CheckRecord, Result, SessionRecord
from ttsgate.result.trials import TrialRecord

__all__ = ["judge_trials"]


def judge_trials(
    bundle: Bundle, result: Result, models: Mapping[str, Model], torn: set[str], unread: list[str]
) -> tuple[list[CheckRecord], dict[str, SessionRecord]]:
    """Judge every program of a run of the bench again.

    Args:
        bundle: Where its files are.
        result: The run.
        models: Capabilities by model.
        torn: Gets the trials that cannot be judged again, since their audio was not kept.
        unread: Gets a line on each of these.

    Returns:
        The outcomes, and the connections of what was judged, summarised again, by their ids.

    Raises:
        EvidenceError: a file is missing, or not the one that the result names.
    """
    checks: list[CheckRecord] = []
    summaries: dict[str, SessionRecord] = {}
    sessions = {s.id: s for s in result.sessions}
    for trial in result.trials:
        mine = [sessions[s] for s in trial.sessions]
        if any(s.audio is None and s.audio_sha256 for s in mine) or (trial.output is None and trial.output_sha256):
            torn.add(trial.id)
            unread.append(f"{trial.id}: its audio was not kept (--keep-audio)")
            continue
        transcripts = []
        for kept in mine:
            transcript, _ = bundle.session(kept)
            if (transcript.session, transcript.model, transcript.client) != (kept.id, trial.model, "program"):
                raise EvidenceError(f"{kept.transcript}: of another connection than the one result.json puts it to")
            transcripts.append(transcript)
            cell = result.cell(trial.id)
            summary = summarise_connection(transcript, cell, models[trial.model], attempt=kept.attempt)
            for name in KEPT_FIELDS:
                setattr(summary, name, getattr(kept, name))
            summaries[kept.id] = summary
        view = TrialView(record=trial, transcripts=transcripts, output=_output(bundle, trial))
        checks += engine.judge_trial(view)
    return checks, summaries


def _output(bundle: Bundle, trial: TrialRecord) -> bytes | None:
    if trial.output is None:
        return None
    if not is_safe(trial.output):
        raise EvidenceError(f"result.json: trial {trial.id} names a file that no bundle holds")
    data = bundle.read(trial.output)
    if digest(data) != trial.output_sha256 or len(data) != trial.output_bytes:
        raise EvidenceError(f"{trial.output}: not the audio that result.json names")
    return data
