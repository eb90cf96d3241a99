"""One program under one scenario: what it is handed, what the service saw of it, and what it left."""

from __future__ import annotations

import asyncio
import json
import secrets
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import aiohttp
import msgspec

from ttsgate.bench.decoy import Decoy
from ttsgate.bench.program import Ended, Handed, Program, run_program
from ttsgate.bench.scenarios import Scenario
from ttsgate.emulator.process import Endpoints
from ttsgate.errors import HarnessError
from ttsgate.result.transcript import Entry, Transcript, Utterance
from ttsgate.result.trials import TrialRecord

__all__ = ["Trial", "Trials", "admin", "connections_of", "transcript_of"]

SETTLE_S = 3.0
"""How long the emulator may take to notice that a program is gone."""
LAST_WORDS = 500
MOST_OUTPUT = 32 * 2**20
"""Largest file of a program that is read."""


@dataclass(kw_only=True)
class Trial:
    """What is known after one scenario."""

    record: TrialRecord
    transcripts: list[Transcript]
    """One a connection, as the service saw it."""
    output: bytes | None
    """What the program saved."""
    ended: Ended
    started: str
    """UTC, RFC 3339."""
    key: str = field(repr=False)
    """The key that it was given, which opens nothing but this emulator."""


@dataclass(kw_only=True)
class Trials:
    """Runs scenarios against one emulator, several at a time.

    Args:
        program: What is under test.
        endpoints: The emulator, with its admin endpoint.
        environ: Our environment, without keys.
        model: Model that programs are given.
        voice: Voice that they are given.
        text: What they are to say unless the scenario says otherwise.
    """

    program: Program
    endpoints: Endpoints
    environ: Mapping[str, str]
    model: str
    voice: str
    text: str

    async def run(self, scenario: Scenario) -> Trial:
        """Run the program under a scenario.

        Raises:
            UsageError: the program cannot be started.
        """
        key = f"sk-bench-{secrets.token_hex(12)}"
        profile = f"{scenario.name}-{secrets.token_hex(4)}"
        text = scenario.text or self.text
        with tempfile.TemporaryDirectory(prefix="ttsgate-bench-") as folder:
            async with Decoy() as decoy, aiohttp.ClientSession() as http:
                faults = [f.replace("{elsewhere}", f"{decoy.url}/api-ws/v1/realtime") for f in scenario.faults]
                wanted = {"key": key, "faults": faults, "switches": list(scenario.switches)}
                await admin(http, self.endpoints, "PUT", f"profiles/{profile}", wanted)
                handed = Handed(
                    ws_url=_behind(self.endpoints.ws_url, profile) if self.program.as_proxy else self.endpoints.ws_url,
                    http_url=self.endpoints.http_url,
                    api_key=key,
                    model=self.model,
                    voice=self.voice,
                    text=text,
                    output=Path(folder) / self.program.output_name,
                    timeout_s=round(self.program.deadline_s / 3, 1),
                )
                started = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime()) + "Z"
                argv = handed.argv(self.program.words)
                ended = await run_program(
                    argv,
                    environ=handed.environ(self.environ, elsewhere=None if self.program.direct else decoy.url),
                    cwd=self.program.cwd,
                    work=Path(folder),
                    deadline_s=self.program.deadline_s,
                )
                seen = await connections_of(http, self.endpoints, profile, until_over=True)
                await admin(http, self.endpoints, "DELETE", f"profiles/{profile}")
            output = _read(handed.output) if self.program.saves else None
        transcripts = [
            transcript_of(one, session=f"{scenario.name}-{n}", model=self.model, voice=self.voice, text=text)
            for n, one in enumerate(seen, start=1)
        ]
        record = TrialRecord(
            id=scenario.name,
            service=scenario.service,
            expects=scenario.expects,
            faults=list(scenario.faults),
            switches=list(scenario.switches),
            text=text,
            model=self.model,
            voice=self.voice,
            deadline_s=self.program.deadline_s,
            most_connections=scenario.connections,
            argv=argv,
            exit=ended.exit,
            seconds=ended.seconds,
            said=(ended.err.strip() or ended.out.strip())[-LAST_WORDS:],
            saves=self.program.saves,
            output_bytes=len(output or b""),
            key_seen=_leaks(key, transcripts, ended, output, decoy),
            elsewhere=decoy.requests,
            sessions=[t.session for t in transcripts],
        )
        return Trial(record=record, transcripts=transcripts, output=output, ended=ended, started=started, key=key)


async def admin(http: aiohttp.ClientSession, to: Endpoints, method: str, what: str, body: Any = None) -> Any:
    """Ask the emulator's admin endpoint.

    Raises:
        HarnessError: it refused.
    """
    async with http.request(method, f"{to.admin_url}/{what}", json=body) as answer:
        found = await answer.json()
        if answer.status != 200:
            raise HarnessError(f"the emulator refused {method} {what}: {found}")
        return found


async def connections_of(
    http: aiohttp.ClientSession, to: Endpoints, profile: str, *, until_over: bool
) -> list[dict[str, Any]]:
    """What came over each connection of a profile; with `until_over`, once the last has ended, or soon after."""
    until = time.monotonic() + SETTLE_S
    while True:
        seen: list[dict[str, Any]] = (await admin(http, to, "GET", f"profiles/{profile}"))["connections"]
        if not until_over or all(c["over"] for c in seen) or time.monotonic() > until:
            return seen
        await asyncio.sleep(0.02)


def transcript_of(seen: dict[str, Any], *, session: str, model: str, voice: str, text: str) -> Transcript:
    """What the emulator saw of a connection as a transcript; settings are those that the client asked for."""
    entries = msgspec.convert(seen["entries"], list[Entry])
    asked: dict[str, Any] = {}
    for entry in entries:
        if entry.dir == "out" and entry.type == "session.update" and entry.event is not None:
            settings = entry.event.get("session")
            asked |= settings if isinstance(settings, dict) else {}
    rate = asked.get("sample_rate")
    return Transcript(
        session=session,
        level="frames",
        model=model,
        client="program",
        utterance=Utterance(
            text=text,
            voice=_word(asked.get("voice"), voice),
            mode=_word(asked.get("mode"), "server_commit"),
            format=_word(asked.get("response_format"), "pcm"),
            sample_rate=rate if isinstance(rate, int) and not isinstance(rate, bool) and rate > 0 else None,
        ),
        started=seen["started"],
        entries=entries,
    )


def _word(value: object, default: str) -> str:
    return value if isinstance(value, str) and value else default


def _behind(ws_url: str, prefix: str) -> str:
    parts = urlsplit(ws_url)
    return urlunsplit(parts._replace(path=f"/{prefix}{parts.path}"))


def _read(path: Path) -> bytes | None:
    if not path.is_file():
        return None
    with path.open("rb") as file:
        return file.read(MOST_OUTPUT)


def _leaks(key: str, transcripts: list[Transcript], ended: Ended, output: bytes | None, decoy: Decoy) -> list[str]:
    """Where the key was found, each place once."""
    places: dict[str, None] = {}
    for transcript in transcripts:
        for entry in transcript.entries:
            if entry.name == "dial" and key in str((entry.data or {}).get("url")):
                places["the address of the connection"] = None
            elif entry.dir == "out" and key in json.dumps(msgspec.to_builtins(entry), ensure_ascii=False):
                places[f"a frame ({entry.type or 'no event'})"] = None
    octets = key.encode()
    for place, data in (
        ("its standard output", ended.out.encode()),
        ("its standard error", ended.err.encode()),
        ("the file that it saved", output or b""),
        ("a request to another host", decoy.seen),
    ):
        if octets in data:
            places[place] = None
    return list(places)
