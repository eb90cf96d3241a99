"""A sample of the emulator's faults, over real sockets: each is found, and the right cause is named first.

`make fault-score` does the same with all of them, over the SDK too, and in pairs.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from benchmarks.fault_scenes import Score, scored
from benchmarks.fault_score import MISSED, Bench, over_our_client, over_plain_http, pairs_of, selected
from ttsgate.emulator.faults.registry import load_all
from ttsgate.emulator.process import EmulatorProcess

LESS_TIME = ("timing.*", "*.hang*", "*.mute-open", "*.no-session-created", "*.endless-refusal")
"""Left to `make fault-score`: they show only in seconds of waiting."""
CLASSES = "handshake.*,session.*,order.*,field.*,frame.*,lookalike.*,audio.*,quota.*,security.*"
SCENES = ("session", "commit", "settings", "voices", "instruction")
HTTP = "http.bad-key,http.portal,http.cut,http.error-with-200,http.voice-create-fails,http.voice-list-empty"
SINGLE, PAIRS = 52, 10


async def _collect(work: Path) -> tuple[list[Score], list[Score]]:
    waiting = {f.name for f in selected(",".join(LESS_TIME))}
    chosen = [f for f in selected(CLASSES, most=SINGLE, seed=4) if f.scene in SCENES and f.name not in waiting]
    pairs = pairs_of([f for f in selected(CLASSES) if f.name not in waiting], PAIRS, seed=4)
    async with EmulatorProcess(pace=8, extra=["--unlimited"]) as emulator:
        bench = Bench(emulator, emulator, deadline_s=5.0)
        seen, together = await asyncio.gather(
            over_our_client(bench, [[f] for f in chosen]), over_our_client(bench, pairs)
        )
    http = await over_plain_http(selected(HTTP), work)
    alone = [scored([f], each) for f, each in zip(chosen, seen, strict=True)]
    return [*http, *alone], [scored(pair, each) for pair, each in zip(pairs, together, strict=True)]


@pytest.fixture(scope="module")
def scores(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Score], list[Score]]:
    """What came of single faults and of pairs."""
    return asyncio.run(_collect(tmp_path_factory.mktemp("score")))


def test_single_faults(scores: tuple[list[Score], list[Score]]) -> None:
    """Each is found, and in 95 of 100 the first finding names the right cause."""
    alone, _ = scores

    assert len(alone) > 45
    assert [] == [s.name for s in alone if not s.caught and s.name not in MISSED]
    assert sum(s.right for s in alone) >= 0.95 * len(alone), [(s.name, s.found) for s in alone if not s.right]


def test_pairs(scores: tuple[list[Score], list[Score]]) -> None:
    """Of two faults at once at least one is named."""
    _, pairs = scores

    assert len(pairs) == PAIRS
    assert [] == [(s.name, s.found) for s in pairs if not set(s.found) & set(s.causes)]


def test_no_check_breaks(scores: tuple[list[Score], list[Score]]) -> None:
    """Whatever the service does, no check of ours raises."""
    assert [] == [line for group in scores for score in group for line in score.broke]


def test_misses_are_faults() -> None:
    """What is listed as missed exists, and has a reason."""
    assert set(MISSED) <= set(load_all())
    assert all(MISSED.values())
