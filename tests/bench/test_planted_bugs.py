"""Clients with one planted bug each are caught, each by the name of what is wrong; the same client without is not."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ttsgate import judgement
from ttsgate.bench.program import Program
from ttsgate.bench.scenarios import SCENARIOS
from ttsgate.bench.trial import Trial, Trials
from ttsgate.emulator.process import EmulatorProcess, Endpoints
from ttsgate.judgement import engine
from ttsgate.judgement.trials import TrialView
from ttsgate.result.record import CheckRecord

CLIENT = Path(__file__).with_name("buggy_client.py")

# bug, scenario that shows it, check that names it, cause
BUGS = [
    ("ignores-errors", "refused-voice", "B-reason", "client.silent-failure"),
    ("waits-after-error", "refused-voice", "B-ends", "client.hang"),
    ("waits-for-ever", "hang", "B-ends", "client.hang"),
    ("drops-last-chunk", "plain", "B-audio", "client.audio"),
    ("joins-base64", "padded-deltas", "B-audio", "client.audio"),
    ("sends-after-finish", "plain", "B-after-finish", "client.protocol"),
    ("never-finishes", "plain", "B-finish", "client.protocol"),
    ("reconnects-endlessly", "busy", "B-reconnects", "client.reconnects"),
    ("breaks-on-unknown-event", "unknown-events", "B-exit", "client.brittle"),
    ("exits-0-on-error", "refused-key", "B-exit", "client.silent-failure"),
    ("key-in-url", "plain", "B-key", "client.key"),
    ("key-to-another-host", "plain", "B-key", "client.key"),
    ("prints-key", "plain", "B-key", "client.key"),
    ("appends-before-created", "slow-start", "B-waits", "client.protocol"),
    ("wrong-rate", "plain", "B-header", "client.audio"),
    ("first-response-is-all", "segments", "B-stays", "client.protocol"),
    ("takes-close-for-end", "drop", "B-exit", "client.silent-failure"),
    ("accepts-silence", "silence", "B-exit", "client.silent-failure"),
    ("ignores-status", "failed-response", "B-exit", "client.silent-failure"),
    ("loses-marks", "marks", "B-text", "client.protocol"),
    ("delta-for-text", "plain", "B-fields", "client.protocol"),
    ("commits-twice", "plain", "B-empty-commit", "client.protocol"),
    ("volume-out-of-range", "plain", "B-refused", "client.protocol"),
    ("binary-frames", "plain", "B-frames", "client.protocol"),
    ("same-event-id", "plain", "B-event-id", "client.protocol"),
    ("telemetry", "plain", "B-elsewhere", "client.key"),
    ("built-in-address", "plain", "B-connects", "client.start"),
    ("built-in-model", "plain", "B-asked", "client.protocol"),
    ("fails-without-a-word", "refused-key", "B-says", "client.silent-failure"),
    ("leaves-hard", "plain", "B-audio", "client.audio"),
    ("lingers", "plain", "B-ends", "client.hang"),
]


@pytest.fixture(scope="module")
def endpoints() -> Iterator[Endpoints]:
    """One emulator for all of them."""
    judgement.load_all()
    with EmulatorProcess(pace=8, extra=["--admin", "--unlimited"]) as emulator:
        assert emulator.endpoints is not None
        yield emulator.endpoints


async def all_of_them(endpoints: Endpoints, pairs: list[tuple[str, str]]) -> dict[tuple[str, str], Trial]:
    some = asyncio.Semaphore(8)

    async def one(bug: str, scenario: str) -> Trial:
        async with some:
            trials = Trials(
                program=Program(command=f"{sys.executable} {CLIENT} {bug}", cwd=Path.cwd(), deadline_s=9),
                endpoints=endpoints,
                environ=os.environ,
                model="qwen3-tts-flash-realtime",
                voice="Cherry",
                text="Good morning.",
            )
            return await trials.run(SCENARIOS[scenario])

    return dict(zip(pairs, await asyncio.gather(*(one(*pair) for pair in pairs)), strict=True))


def judged(trial: Trial) -> list[CheckRecord]:
    view = TrialView(record=trial.record, transcripts=trial.transcripts, output=trial.output)
    return engine.judge_trial(view)


@pytest.fixture(scope="module")
def trials(endpoints: Endpoints) -> dict[tuple[str, str], Trial]:
    """Every bug in its scenario, and the client without a bug in all of these scenarios."""
    pairs = [(bug, scenario) for bug, scenario, _, _ in BUGS]
    pairs += [("none", scenario) for scenario in dict.fromkeys(s for _, s, _, _ in BUGS)]
    return asyncio.run(all_of_them(endpoints, pairs))


@pytest.mark.parametrize(("bug", "scenario", "check", "cause"), BUGS, ids=[b[0] for b in BUGS])
def test_a_bug_is_named(bug: str, scenario: str, check: str, cause: str, trials: dict[tuple[str, str], Trial]) -> None:
    """The check that says what is wrong fails, with the cause that says so, too."""
    failed = {r.check: r.cause for r in judged(trials[bug, scenario]) if r.outcome == "fail"}

    assert check in failed
    assert cause == failed[check]


@pytest.mark.parametrize("scenario", list(dict.fromkeys(s for _, s, _, _ in BUGS)))
def test_without_a_bug(scenario: str, trials: dict[tuple[str, str], Trial]) -> None:
    """Nothing is found, not even a warning, and something was judged."""
    records = judged(trials["none", scenario])

    assert [] == [(r.check, r.message) for r in records if r.outcome != "pass"]
    assert {"B-ends", "B-exit", "B-key"} <= {r.check for r in records}
