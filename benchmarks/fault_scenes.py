"""What shows a fault: the sessions and calls of each scene, run against the emulator and judged as the gate does.

Everything goes over real sockets.  Sessions are collected first and judged afterwards, so that judging one does not
hold up the clock of another.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import aiohttp

from ttsgate import catalog, judgement
from ttsgate.clients.http import HttpClient
from ttsgate.clients.sdk import SdkChild, SdkOutcome, SdkRequest
from ttsgate.clients.wire import WireSession, synthesize
from ttsgate.collect.references import reference
from ttsgate.collect.summary import summarise
from ttsgate.collect.voices import Voices
from ttsgate.config import DEFAULT_TEXT, compatible_url, find_data
from ttsgate.emulator.faults.registry import Fault
from ttsgate.emulator.process import Endpoints
from ttsgate.judgement import engine
from ttsgate.judgement.diagnosis import diagnose
from ttsgate.judgement.views import CellView, RunView, SessionView
from ttsgate.probes.connectivity import Connectivity
from ttsgate.result.record import Cell, CheckRecord, ConnectivityStep, Finding, Result, Runtime, Target
from ttsgate.result.transcript import Transcript, Utterance
from ttsgate.store.journal import Journal

__all__ = ["FLASH", "SCRIPT", "Heard", "Score", "Seen", "over_http", "over_sdk", "over_wire", "say", "scored"]

FLASH, INSTRUCT = "qwen3-tts-flash-realtime", "qwen3-tts-instruct-flash-realtime"
DESIGNED = "qwen3-tts-vd-realtime-2026-01-15"
SCRIPT = find_data("scripts") / "realtime_tts_demo.py"
LONG_TEXT = f"{DEFAULT_TEXT} It will be open until half past nine. After that, please use the door at the side."
HTTP_STEPS = ("models", "voices-design", "voices-clone")


def say(scene: str, *, text: str = DEFAULT_TEXT) -> list[tuple[str, Utterance]]:
    """Model and utterance of each session of a scene; the defaults of ``ttsgate validate`` where those will do."""
    if scene == "long":
        text = LONG_TEXT
    if scene == "commit":
        return [(FLASH, Utterance(text=text, voice="Cherry", mode="commit"))]
    if scene == "settings":
        odd = Utterance(text=text, voice="Ethan", mode="commit", sample_rate=16_000, language_type="English")
        return [(FLASH, odd)]
    if scene == "voices":
        return [(FLASH, Utterance(text=text, voice=voice)) for voice in ("Cherry", "Ethan")]
    if scene == "instruction":
        told = (None, "Speak very slowly, in a low voice.")
        return [(INSTRUCT, Utterance(text=text, voice="Cherry", instruction=each)) for each in told]
    return [(FLASH, Utterance(text=text, voice="Cherry"))]


@dataclass
class Heard:
    """One session as it came."""

    transcript: Transcript
    outcome: SdkOutcome | None = None
    """What the SDK child left, for SDK clients."""
    fallback: bytes | None = None
    """The fallback's WAV."""


@dataclass
class Seen:
    """Everything that was collected under one fault."""

    heard: list[Heard] = field(default_factory=list)
    steps: list[ConnectivityStep] = field(default_factory=list)
    runtime: Runtime | None = None


@cache
def _read(text: str, language_type: str | None) -> str | None:
    return reference(text, language_type)


def judge(name: str, seen: Seen) -> tuple[list[CheckRecord], list[Finding]]:
    """Outcomes and findings, the service being somebody else's."""
    judgement.load_all()
    checks = [record for step in seen.steps for record in engine.judge_step(step)]
    cells: dict[str, CellView] = {}
    for heard in seen.heard:
        transcript = heard.transcript
        model, asked = catalog.find(transcript.model), transcript.utterance
        cell = Cell(
            id=f"{transcript.client}.{transcript.model}.{asked.voice}.{bool(asked.instruction)}",
            model=transcript.model,
            client=transcript.client,
            runtime=seen.runtime.id if seen.runtime else None,
            mode=asked.mode,
            format=asked.format,
            voice=asked.voice,
            expectation="refusal" if transcript.client == "sdk-http" else "speech",
        )
        view = SessionView(
            transcript=transcript,
            model=model,
            cell=cell,
            record=summarise(transcript, cell, model, attempt=1, probe=heard.outcome.report if heard.outcome else None),
            runtime=seen.runtime,
            reference=_read(asked.text, asked.language_type),
            files={"fallback.wav": heard.fallback} if heard.fallback is not None else {},
        )
        checks += engine.judge_session(view)
        cells.setdefault(cell.id, CellView(cell=cell, model=model, sessions=[])).sessions.append(view)
    for each in cells.values():
        checks += engine.judge_cell(each)
    checks += engine.judge_run(RunView(cells=list(cells.values()), spoiled=engine.spoiled(checks)))
    result = Result(
        run=name,
        started="",
        target=Target(kind="custom", claim="somebody's server", ws_url="", http_url=""),
        runtimes=[seen.runtime] if seen.runtime else [],
        cells=[view.cell for view in cells.values()],
        checks=checks,
    )
    return checks, diagnose(result)


def wire(
    endpoints: Endpoints, model: str, asked: Utterance, *, name: str, fault: str = "", deadline_s: float
) -> WireSession:
    """A session of our own client, under a fault or none."""
    return WireSession(
        session=name,
        ws_url=endpoints.ws_url,
        model=model,
        utterance=asked,
        api_key=endpoints.api_key,
        instructions=catalog.find(model).instructions,
        deadline_s=deadline_s,
        headers=(("X-Ttsgate-Fault", fault),) if fault else (),
    )


async def over_wire(
    endpoints: Endpoints, fault: str, planned: Sequence[tuple[str, Utterance]], *, deadline_s: float, knock: bool = True
) -> Seen:
    """The handshake step of connectivity and each planned session over our own client, all under one fault."""
    plans = [
        wire(endpoints, m, asked, name=f"s{n}", fault=fault, deadline_s=deadline_s)
        for n, (m, asked) in enumerate(planned)
    ]
    steps: list[ConnectivityStep] = []
    if knock:
        step = Connectivity(http=http_client(endpoints), session=replace(plans[0], deadline_s=min(6.0, deadline_s)))
        steps = await step.run(["session"])
    return Seen([Heard(await synthesize(plan)) for plan in plans], steps)


async def over_sdk(
    child: SdkChild, runtime: Runtime, endpoints: Endpoints, model: str, work: Path, *, timeout_s: float
) -> Seen:
    """One session of the SDK under test; `model` is an alias on which the fault lies."""
    asked = Utterance(text=DEFAULT_TEXT, voice="Cherry")
    heard = await run_script(child, endpoints, "sdk-realtime", model, asked, work, timeout_s=timeout_s)
    heard.transcript.model = FLASH
    for entry in heard.transcript.entries:
        session = (entry.event or {}).get("session")
        if isinstance(session, dict) and session.get("model") == model:
            session["model"] = FLASH
    return Seen([heard], runtime=runtime)


async def run_script(
    child: SdkChild, endpoints: Endpoints, client: str, model: str, asked: Utterance, work: Path, *, timeout_s: float
) -> Heard:
    """The stand-alone script once, as the gate runs it."""
    http = client == "sdk-http"
    events, output = work / f"{model}.{client}.jsonl", work / f"{model}.wav"
    output.unlink(missing_ok=True)
    request = SdkRequest(
        client=client,
        model=model,
        utterance=asked,
        ws_url=endpoints.ws_url,
        http_url=endpoints.http_url,
        key=endpoints.api_key,
        timeout_s=timeout_s,
        events=events,
        output=output,
        fallback=http,
    )
    outcome = await child.run(request, deadline_s=timeout_s * (3 if http else 1) + 4)
    transcript = Transcript(
        session="sdk",
        level="http" if http else "sdk-events",
        model=model,
        client=client,
        utterance=asked,
        started=datetime.now(UTC).isoformat(),
        entries=outcome.entries,
    )
    return Heard(transcript, outcome, output.read_bytes() if output.is_file() else None)


def http_client(endpoints: Endpoints) -> HttpClient:
    """Calls of our own over HTTP."""
    return HttpClient(
        http_url=endpoints.http_url,
        compatible_url=compatible_url(endpoints.http_url),
        api_key=endpoints.api_key,
        timeout_s=3.0,
    )


async def over_http(endpoints: Endpoints, fault: str, scene: str, child: SdkChild | None, work: Path) -> Seen:
    """A scene without a realtime session; the fault is put in force for the whole emulator meanwhile."""
    await put_in_force(endpoints, [fault] if fault else [])
    http = http_client(endpoints)
    if scene == "lists":
        knock = wire(endpoints, FLASH, Utterance(text=DEFAULT_TEXT, voice="Cherry"), name="knock", deadline_s=6)
        return Seen(steps=await Connectivity(http=http, session=knock).run(HTTP_STEPS))
    if scene == "custom-voice":
        with Journal(work / "journal.jsonl") as journal:
            voices = Voices(http, journal, "score", [])
            await voices.create({DESIGNED: "design"}, sample=None, emulated=True)
            await voices.delete_all()
        return Seen(steps=voices.steps)
    assert child is not None
    asked = Utterance(text=DEFAULT_TEXT, voice="Cherry")
    return Seen([await run_script(child, endpoints, "sdk-http", FLASH, asked, work, timeout_s=4.0)])


async def put_in_force(endpoints: Endpoints, faults: Sequence[str]) -> None:
    """Change the faults of a running emulator."""
    async with (
        aiohttp.ClientSession() as session,
        session.put(f"{endpoints.admin_url}/faults", json=list(faults)) as answer,
    ):
        answer.raise_for_status()


@dataclass
class Score:
    """What came of one fault, pair or variation."""

    name: str
    group: str
    causes: tuple[str, ...] = ()
    """Causes of which one should be named first; none for benign variations."""
    checks: tuple[str, ...] = ()
    """Checks of which one should fail."""
    failed: list[str] = field(default_factory=list)
    """Checks that did."""
    found: list[str] = field(default_factory=list)
    """Causes named, in order."""
    broke: list[str] = field(default_factory=list)
    """Checks of ours that raised."""
    words: str = ""
    """First finding, for people."""

    @property
    def caught(self) -> bool:
        """Whether anything was found."""
        return bool(self.found)

    @property
    def right(self) -> bool:
        """Whether the first finding names an expected cause."""
        return bool(self.found) and self.found[0] in self.causes

    @property
    def wrong(self) -> bool:
        """Whether it is worth a look: missed, another cause first, no check that was meant, or a false alarm."""
        return self.caught if self.group == "benign" else not (self.right and self.meant)

    @property
    def meant(self) -> bool:
        """Whether a check that was meant to fail did."""
        return any(c in self.failed for c in self.checks)


def scored(faults: Sequence[Fault], seen: Seen, *, name: str = "") -> Score:
    """Judge what was collected under `faults`; none for a good session that is called `name`."""
    checks, findings = judge(name, seen)
    expects = [f.expect for f in faults if f.expect]
    return Score(
        name=name or "+".join(f.name for f in faults),
        group=faults[0].group if len(faults) == 1 else "pair" if faults else "benign",
        causes=tuple(c for e in expects for c in e.causes),
        checks=tuple(c for e in expects for c in e.checks),
        failed=list(dict.fromkeys(c.check for c in checks if c.outcome == "fail" and c.severity != "note")),
        found=[f.diagnosis.cause for f in findings],
        broke=[f"{c.check}: {c.message}" for c in checks if c.outcome == "error"],
        words=findings[0].message if findings else "",
    )
