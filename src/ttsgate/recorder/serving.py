"""Serves a recording: says what the recorded service said, to a client that does what the recorded one did."""

from __future__ import annotations

import json
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from aiohttp import web

from ttsgate.errors import UsageError
from ttsgate.recorder.exchanges import answer, choose
from ttsgate.recorder.following import Difference
from ttsgate.recorder.playing import Player
from ttsgate.recorder.script import Step, script_of
from ttsgate.result.recording import Recorded, Recording
from ttsgate.result.transcript import Transcript
from ttsgate.store.recordings import header_of, read_session

__all__ = ["NOT_RECORDED", "STRAYED", "Outcome", "ReplayServer", "Take"]

STRAYED = "ttsgate.replay.strayed"
"""Code of the error that a client gets that does something else than the recorded one."""
NOT_RECORDED = "ttsgate.replay.not-recorded"
"""Code of the answer to a request of which the recording holds none."""
_POLICY_VIOLATION = 1008
_MAX_FRAME = 64 << 20


@dataclass
class Take:
    """A recorded session, ready to be served."""

    record: Recorded
    transcript: Transcript
    steps: list[Step]
    order: int
    used: int = 0
    """How often a client was led through it."""

    @property
    def silent(self) -> bool:
        """Whether its client said nothing: somebody looked whether the service is there."""
        return not any(e.dir == "out" for e in self.transcript.entries)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one connection or request to a replay."""

    session: str | None
    """Id of the recorded session; None when none fitted."""
    what: str
    """Model and client, or method and path."""
    outcome: str
    """``followed``, ``strayed``, ``looked-in`` (left without a frame) or ``not-recorded``."""
    difference: Difference | None = None

    def as_dict(self) -> dict[str, Any]:
        """For a report in JSON."""
        told: dict[str, Any] = {"session": self.session, "what": self.what, "outcome": self.outcome}
        return told | ({"difference": self.difference.as_dict()} if self.difference else {})


@dataclass
class ReplayServer:
    """A recording as a service: websocket and HTTP on one port.

    Raises:
        UsageError: the folder holds no recording, or one that was changed since.
    """

    folder: Path
    speed: float | None = 1.0
    """Times faster than recorded; None for as fast as the client takes it."""
    told: Callable[[Outcome], None] = lambda outcome: None
    """Called with each connection and request when it is over."""
    recording: Recording = field(init=False)
    takes: list[Take] = field(init=False)
    outcomes: list[Outcome] = field(init=False, default_factory=list)
    host: str = field(init=False, default="")
    port: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        self.recording = header_of(self.folder)
        self.takes = []
        for order, record in enumerate(self.recording.sessions):
            transcript = read_session(self.folder, record)
            steps = script_of(transcript) if record.level == "frames" else []
            self.takes.append(Take(record, transcript, steps, order))
        self._runner: web.AppRunner | None = None

    @property
    def address(self) -> str:
        """``HOST:PORT`` as a client writes it."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    async def start(self, host: str, port: int, *, tls: ssl.SSLContext | None = None) -> None:
        """Listen.

        Raises:
            UsageError: the address cannot be listened on.
        """
        app = web.Application(client_max_size=_MAX_FRAME)
        app.router.add_route("*", "/{path:.*}", self._handle)
        self._runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=1.0)
        await self._runner.setup()
        site = web.TCPSite(self._runner, host, port, ssl_context=tls)
        try:
            await site.start()
        except OSError as exc:
            await self._runner.cleanup()
            raise UsageError(f"cannot listen on {host}:{port}: {exc.strerror or exc}") from exc
        self.host, self.port = host, self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Stop listening and cut what is still connected."""
        if self._runner is not None:
            await self._runner.cleanup()

    def unused(self) -> list[Recorded]:
        """Sessions through which no client was led; those in which nothing was said do not count."""
        return [t.record for t in self.takes if not t.used and not (t.record.level == "frames" and t.silent)]

    def _end(self, outcome: Outcome) -> None:
        self.outcomes.append(outcome)
        self.told(outcome)

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        if "websocket" in request.headers.get("Upgrade", "").lower():
            return await self._websocket(request)
        return await self._http(request)

    # -- websocket -----------------------------------------------------------------------

    async def _websocket(self, request: web.Request) -> web.StreamResponse:
        model = parse_qs(request.rel_url.raw_query_string).get("model", [""])[0]
        agent = request.headers.get("User-Agent", "")
        what = f"{model or request.path} over {agent.split(';')[0] or 'a client without a name'}"
        takes = self._candidates(request.path, model, agent)
        if not takes:
            self._end(Outcome(None, what, "not-recorded"))
            known = ", ".join(sorted({t.record.model for t in self.takes if t.record.model})) or "none"
            words = f"the recording holds no session of {model or request.path}; models in it: {known}"
            return web.json_response({"code": NOT_RECORDED, "message": words}, status=404)
        if not request.headers.get("Authorization", "").partition(" ")[2].strip():
            first = Difference(0, "Authorization", "the header Authorization is missing or empty", "", "")
            self._end(Outcome(takes[0].record.id, what, "strayed", first))
            return web.json_response({"code": STRAYED, "message": first.words}, status=401)
        refused = next(takes[0].transcript.notes("refused"), None)
        if refused is not None:
            takes[0].used += 1
            self._end(Outcome(takes[0].record.id, what, "followed"))
            return await answer(request, takes[0].transcript, speed=self.speed, replace=self._replace)
        player = Player(takes, speed=self.speed)
        ws = web.WebSocketResponse(compress=False, autoping=True, max_msg_size=_MAX_FRAME)
        await player.handshake()
        await ws.prepare(request)
        difference = await player.run(ws, request.transport, stray=self._strayed)
        name = player.take.record.id
        if difference is not None and player.looked_in:
            self._end(Outcome(name, what, "looked-in"))
        elif difference is not None:
            self._end(Outcome(name, what, "strayed", difference))
        else:
            self._end(Outcome(name, what, "followed"))
        return ws

    def _candidates(self, path: str, model: str, agent: str) -> list[Take]:
        """Sessions that could be meant, best first: of the same client, least used, in recorded order."""
        fitting = [
            t for t in self.takes
            if t.record.level == "frames" and t.record.model == model and urlsplit(t.record.target).path == path
        ]  # fmt: skip
        spoken = [t for t in fitting if not t.silent] or fitting

        def rank(take: Take) -> tuple[bool, bool, int, int]:
            other = take.record.agent
            return other != agent, _product(other) != _product(agent), take.used, take.order

        return sorted(spoken, key=rank)

    async def _strayed(self, ws: web.WebSocketResponse, difference: Difference) -> None:
        message = "\n".join(difference.lines())
        event = {"event_id": "event_ttsgate_replay", "type": "error", "error": {"code": STRAYED, "message": message}}
        await ws.send_str(json.dumps(event, ensure_ascii=False))
        reason = f"replay: {difference.words}".encode()[:120].decode(errors="ignore")
        await ws.close(code=_POLICY_VIOLATION, message=reason.encode())

    # -- HTTP ----------------------------------------------------------------------------

    async def _http(self, request: web.Request) -> web.StreamResponse:
        takes = [t for t in self.takes if t.record.level == "http"]
        fitting = [t for t in takes if (t.record.method, t.record.target) == (request.method, request.raw_path)]
        what = f"{request.method} {request.path}"
        if not fitting:
            self._end(Outcome(None, what, "not-recorded"))
            words = f"the recording holds no {what}"
            return web.json_response({"code": NOT_RECORDED, "message": words}, status=404)
        body = await request.read()
        fitting.sort(key=lambda t: (t.used, t.order))
        found, difference = choose([t.transcript for t in fitting], request.headers, body)
        take = fitting[found]
        if difference is not None:
            self._end(Outcome(take.record.id, what, "strayed", difference))
            message = "\n".join(difference.lines())
            return web.json_response({"code": STRAYED, "message": message}, status=400)
        take.used += 1
        self._end(Outcome(take.record.id, what, "followed"))
        return await answer(request, take.transcript, speed=self.speed, replace=self._replace)

    def _replace(self, text: str) -> str:
        """Text with the replay's own address where the recorded one stood."""
        for address in self.recording.source.addresses:
            text = text.replace(address, self.address)
        return text


def _product(agent: str) -> str:
    return agent.split("/")[0].split(" ")[0]
