"""Making the wrong requests against the emulator, whose choices can be switched."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from tests.e2e.strange_service import strange_service
from ttsgate import catalog
from ttsgate.clients.wire import WireSession
from ttsgate.emulator.process import EmulatorProcess
from ttsgate.probes import negative
from ttsgate.probes.negative import Negative
from ttsgate.probes.wrong import NO_MODEL, PROBES
from ttsgate.result.record import Observation
from ttsgate.result.transcript import Transcript, Utterance

FLASH = catalog.FIVE[0]


class Made:
    """Everything that was seen of the requests made to one service."""

    def __init__(self, ws_url: str, **more: Any) -> None:
        self.transcripts: list[Transcript] = []
        self.turns: list[str] = []
        session = WireSession(
            session="x", ws_url=ws_url, model=FLASH, utterance=Utterance(text="", voice="x"), api_key="sk-emulator"
        )
        self.seen = asyncio.run(Negative(session=session, pace=self.turn, keep=self.keep, **more).run())

    async def turn(self, model: str) -> None:
        """The pace: none."""
        self.turns.append(model)

    def keep(self, transcript: Transcript) -> dict[str, str | None]:
        """Keep a transcript in memory."""
        self.transcripts.append(transcript)
        return {"transcript": transcript.session, "transcript_sha256": "0"}

    def __getitem__(self, probe: str) -> Observation:
        return next(o for o in self.seen if o.probe == probe)


def emulated(*switches: str, **more: Any) -> Made:
    """What the emulator does with those switches."""
    extra = ["--unlimited", *(word for s in switches for word in ("--switch", s))]
    with EmulatorProcess(extra=extra) as process:
        assert process.endpoints is not None
        return Made(process.endpoints.ws_url, **more)


def test_what_the_emulator_does() -> None:
    """One observation for each request in order, nothing spoken, few connections, the made-up names nowhere else."""
    made = emulated()

    assert list(PROBES) == [o.probe for o in made.seen]
    assert {
        "bad-key": "refused",
        "unknown-model": "closed",
        "empty-commit": "error",
        "unknown-event": "error",
        "bad-json": "error",
        "binary-frame": "error",
        "late-update": "accepted",
        "unknown-voice": "error",
        "bad-rate": "error",
        "bad-speed": "error",
    } == {o.probe: o.outcome for o in made.seen}
    assert {0} == {o.characters for o in made.seen}
    assert {FLASH} == {o.model for o in made.seen}
    assert 6 == len(made.turns) == len(made.transcripts)
    assert 1 == made.turns.count(NO_MODEL)
    assert all(o.ms is not None and o.ms < 5000 for o in made.seen)
    assert not any(list(t.received("response.created")) or t.audio() for t in made.transcripts)
    committed = [e for t in made.transcripts for e in t.sent("input_text_buffer.commit", "session.finish")]
    assert ["event_empty-commit"] == [(e.event or {}).get("event_id") for e in committed]


def test_other_services_differ() -> None:
    """Switched the other way round, each difference is seen, and a session that does not last is replaced."""
    made = emulated(
        "after-error=close", "empty-commit=ignored", "malformed-json=close-1007", "unknown-model=refuse-404"
    )

    assert ("ignored", "open") == (made["empty-commit"].outcome, made["empty-commit"].after)
    assert ("closed", 1007) == (made["bad-json"].outcome, made["bad-json"].close_code)
    assert ("refused", 404) == (made["unknown-model"].outcome, made["unknown-model"].http_status)
    assert ("error", "closed") == (made["unknown-event"].outcome, made["unknown-event"].after)
    assert ("accepted", "open") == (made["late-update"].outcome, made["late-update"].after)
    assert len(made.transcripts) > 6


def test_a_service_that_says_nothing_costs_one_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    """All connections wait at the same time; none of them shows a reaction."""
    monkeypatch.setattr(negative, "DEADLINE_S", 0.5)
    began = time.monotonic()
    with strange_service("mute") as url:
        made = Made(f"{url}/api-ws/v1/realtime")

    assert {"not-observed"} == {o.outcome for o in made.seen}
    assert time.monotonic() - began < 10
    assert 6 == len(made.turns)


def test_nothing_is_asked_after_the_budget() -> None:
    """When the run's time is over no connection is opened."""
    made = Made("ws://127.0.0.1:9/x", until=time.monotonic() - 1)

    assert {"the run's time was used up"} == {o.detail for o in made.seen}
    assert [] == made.transcripts
