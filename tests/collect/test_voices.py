"""Temporary voices: journalled before they are asked for, settled when it is known what became of them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.e2e.strange_service import strange_service
from ttsgate.clients.http import HttpClient
from ttsgate.collect import voices
from ttsgate.collect.voices import Voices, undo
from ttsgate.emulator.process import EmulatorProcess
from ttsgate.result.record import Mutation
from ttsgate.store.journal import Journal

VD, VC = "qwen3-tts-vd-realtime-2026-01-15", "qwen3-tts-vc-realtime-2026-01-15"


def client(url: str, *, timeout_s: float = 6.0) -> HttpClient:
    """A client of the service at that HTTP base."""
    return HttpClient(http_url=url, compatible_url="", api_key="sk-emulator", timeout_s=timeout_s)


@pytest.fixture(scope="module")
def service() -> Iterator[HttpClient]:
    """An emulator."""
    with EmulatorProcess(pace=50) as process:
        assert process.endpoints is not None
        yield client(process.endpoints.http_url)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    """An empty journal."""
    with Journal(tmp_path / "journal.jsonl") as opened:
        yield opened


async def names(service: HttpClient) -> set[str]:
    """Every custom voice of the account."""
    lists = [await service.all_voices(kind) or [] for kind in ("design", "clone")]
    return {voice["voice"] for found in lists for voice in found}


def test_made_and_deleted(service: HttpClient, journal: Journal) -> None:
    """Each model gets a voice of its own; afterwards none is left, and the ledger says so."""
    made = Voices(service, journal, "run", [])

    async def scene() -> dict[str, str]:
        found = await made.create({VD: "design", VC: "clone"}, sample=None, emulated=True)
        assert set(found.values()) <= await names(service)
        await made.delete_all()
        assert not set(found.values()) & await names(service)
        return found

    found = asyncio.run(scene())

    assert {VD, VC} == set(found)
    assert ["deleted", "deleted"] == [m.state for m in made.mutations]
    assert [] == journal.pending()


def test_a_clone_needs_a_recording(service: HttpClient, journal: Journal) -> None:
    """Away from the emulator nobody's voice is made up: the reason names the option."""
    made = Voices(service, journal, "run", [])

    assert {} == asyncio.run(made.create({VC: "clone"}, sample=None, emulated=False))
    assert "--voice-sample" in made.refusals[VC]
    assert [] == journal.entries()


def test_a_lost_answer_is_looked_for_by_name(service: HttpClient, journal: Journal) -> None:
    """A voice whose answer was lost is found in the list and deleted."""
    mutation = Mutation(id="m", what="voice-design", name="ttg_lost", run="earlier")
    journal.intend(mutation, service.http_url)
    fields = {"target_model": VD, "preferred_name": "ttg_lost", "voice_prompt": "A calm voice.", "language": "en"}

    async def scene() -> dict[str, str | None]:
        answer = await service.create_voice("design", preview_text="Good morning to everybody.", **fields)
        assert answer.ok, answer.text
        return await undo(journal.pending(), service, journal)

    (voice,) = asyncio.run(scene()).values()
    assert "ttg_lost" in (voice or "")
    assert voice not in asyncio.run(names(service))
    assert [] == journal.pending()


def test_a_voice_that_may_still_be_made_stays_pending(
    service: HttpClient, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not listed is settled only when the service has had time to make it."""
    journal.intend(Mutation(id="m", what="voice-design", name="ttg_never", run="earlier"), service.http_url)
    begun = datetime.fromisoformat(journal.pending()[0].at)
    assert datetime.now(UTC) - begun < timedelta(minutes=1)

    assert {} == asyncio.run(undo(journal.pending(), service, journal))
    assert 1 == len(journal.pending())

    monkeypatch.setattr(voices, "_SETTLES", timedelta(0))
    assert {"m": None} == asyncio.run(undo(journal.pending(), service, journal))
    assert [] == journal.pending()


def test_a_service_that_hangs_is_asked_once(journal: Journal) -> None:
    """After one request without an answer no further voice is asked for, and what is unknown stays pending."""
    with strange_service("mute") as url:
        http = client(f"http{url.removeprefix('ws')}/api/v1", timeout_s=0.3)
        made = Voices(http, journal, "run", [])
        found = asyncio.run(made.create({VD: "design", f"{VD}-x": "design", VC: "clone"}, sample=b"x", emulated=False))
        asyncio.run(made.delete_all())

    assert {} == found
    assert 1 == len(made.mutations)
    assert 3 == len(made.refusals)
    assert 1 == len(journal.pending())


def test_a_refusal_is_settled(journal: Journal, service: HttpClient) -> None:
    """The service said no: nothing was made, nothing is pending, and its words are kept."""
    made = Voices(service, journal, "run", [])

    assert {} == asyncio.run(made.create({"no-such-model": "design"}, sample=None, emulated=True))
    assert ["failed"] == [m.state for m in made.mutations]
    assert [] == journal.pending()
    assert "did not make a voice" in made.refusals["no-such-model"]
