"""The door of the realtime path: who may open a session, with which model, under which rules."""

from __future__ import annotations

import asyncio
import json
import random
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from aiohttp import web

from ttsgate import catalog
from ttsgate.emulator.account import Account, ApiError, Principal
from ttsgate.emulator.config import EmulatorConfig
from ttsgate.emulator.faults.hooks import Context, Handshake
from ttsgate.emulator.faults.registry import Injector, Selected, parse_fault
from ttsgate.emulator.pacing import Lateness
from ttsgate.emulator.profiles import Profile, Profiles
from ttsgate.emulator.speaking import Renders
from ttsgate.emulator.speech.engine import Speech
from ttsgate.emulator.websocket import Connection, Figures, id_source
from ttsgate.emulator.witness import Witness
from ttsgate.errors import UsageError
from ttsgate.protocol.realtime.server import Action, Close, Refusal, Rules, ServerSession, Settings

__all__ = ["PATH", "RealtimeDoor", "faults_of_request", "rules_for"]

PATH = "/api-ws/v1/realtime"
"""Path of the realtime websocket."""

THROTTLED = "To many requests. Your requests are being throttled due to system capacity limits. Please try again later."
"""Reason of close code 1011, with the service's own spelling (field, 2026-09/10)."""


def rules_for(model: catalog.Model, config: EmulatorConfig) -> Rules:
    """The session's rules: what `model` can do, and the switches in force."""
    legacy = model.family == "legacy"
    rates = model.sample_rates
    if config.switch("sample-rates") == "sdk" and not legacy:
        rates = tuple(sorted({*rates, *catalog.CONTESTED_SAMPLE_RATES}))
    return Rules(
        formats=model.formats,
        sample_rates=rates,
        takes_instructions=model.instructions,
        tunable=not legacy,
        counts_tokens=model.billing == "tokens",
        late_update=config.switch("late-update"),
        rejected_update=config.switch("rejected-update"),
        voice_check=config.switch("voice-check"),
        unknown_keys=config.switch("unknown-keys"),
        echo=config.switch("echo"),
        after_error=config.switch("after-error"),
        malformed_json=config.switch("malformed-json"),
        empty_commit=config.switch("empty-commit"),
        append_without_text=config.switch("append-without-text"),
        segmentation=config.switch("segmentation"),
        segment_min=config.number("segment-min"),
        segment_max=max(1, config.number("segment-max")),
        auto_responses=config.switch("auto-responses"),
        auto_committed=config.switch("auto-committed") == "yes",
        committed_item=config.switch("committed-item"),
        done_response_id=config.switch("done-response-id") == "present",
        cancel=config.switch("cancel"),
        error_detail=config.switch("error-detail"),
        max_buffered_text=config.max_buffered_text,
    )


def faults_of_request(request: web.Request) -> list[Selected]:
    """Faults that a request asks for by ``X-Ttsgate-Fault`` (several split by ``;``, or several headers).

    Raises:
        UsageError: one of them is unknown.
    """
    texts = [spec.strip() for value in request.headers.getall("X-Ttsgate-Fault", ()) for spec in value.split(";")]
    return [parse_fault(spec) for spec in texts if spec]


_Then = Callable[[ServerSession], list[Action]]


class RealtimeDoor:
    """Handles websocket handshakes and keeps the figures of sessions."""

    def __init__(self, account: Account, speech: Speech, config: EmulatorConfig, injector: Injector) -> None:
        self.account, self.config, self.injector = account, config, injector
        self.renders = Renders(speech)
        self.profiles = Profiles(config)
        self.lateness = Lateness()
        self.opened = 0
        self.connections: set[Connection] = set()
        self.recent: deque[Figures] = deque(maxlen=1000)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """``GET /api-ws/v1/realtime?model=...``"""
        sent = request.headers.get("Authorization", "").partition(" ")[2].strip()
        profile = self.profiles.of(sent, request.match_info.get("prefix", ""))
        if profile is None:
            return await self._handle(request, self.config, self.injector, None, self.config.api_keys[0])
        witness = _witness(request, profile)
        try:
            answer = await self._handle(request, profile.config, profile.injector, witness, profile.key)
            if not isinstance(answer, web.WebSocketResponse):
                witness.note("refused", status=answer.status)
            return answer
        finally:
            witness.over = True

    async def _handle(
        self,
        request: web.Request,
        config: EmulatorConfig,
        injector: Injector,
        witness: Witness | None,
        proxy_key: str,
    ) -> web.StreamResponse:
        name = request.query.get("model", config.proxy_model or "")
        try:
            own = faults_of_request(request)
        except UsageError as exc:
            return _refused(400, "InvalidParameter", str(exc))
        self.opened += 1
        number = self.opened
        rng = random.Random(f"{config.seed}/{number}")
        authorization = request.headers.get("Authorization")
        if authorization is None and config.proxy_model is not None:
            authorization = f"Bearer {proxy_key}"
        ctx = Context(name, key=(authorization or "").partition(" ")[2].strip(), number=number, rng=rng)
        injection = injector.for_session(ctx, extra=own)
        shake = injection.handshake()
        await _pause(request, shake.wait_s)
        if shake.drop or shake.raw is not None:
            return await _break_off(request, shake)
        if shake.status is not None:
            return _respond(shake.status, shake.body, shake.headers)
        ws = web.WebSocketResponse(
            timeout=config.close_timeout_s,
            compress=config.switch("deflate") == "on",
            max_msg_size=config.max_message_bytes,
        )
        if not ws.can_prepare(request):
            return _refused(400, "InvalidParameter", "A websocket handshake is expected here.")
        principal = self.account.authorize(authorization, request.headers.get("X-DashScope-WorkSpace"))
        if isinstance(principal, ApiError):
            wanted = "missing-key" if not authorization else "bad-key"
            status = int(config.switch(wanted)) if principal.status == 401 else principal.status
            return _refused(status, principal.code, principal.message, request_id=self.account.new_request_id())
        refusal, then = self._admit(principal, name, config)
        if refusal is not None:
            return _refused(refusal.status, refusal.code, refusal.message, request_id=self.account.new_request_id())
        for header, value in shake.headers.items():
            ws.headers[header] = value
        await ws.prepare(request)
        figures = Figures(model=name, faults=[type(h).__name__ for h in injection.hooks])
        if config.admin:
            figures.headers = _without_key(request)
        self.recent.append(figures)
        model = self.account.find_model(name)
        known = model or replace(catalog.MODELS[catalog.FIVE[0]], name=name)
        session = self._session(principal, known, id_source(rng), config)
        opening: list[Action] = session.open()
        figures.id = session.id
        opening += then(session)
        connection = Connection(
            ws,
            request,
            session,
            model=known,
            renders=self.renders,
            injection=injection,
            config=config,
            lateness=self.lateness,
            figures=figures,
            witness=witness,
        )
        self.connections.add(connection)
        try:
            await connection.run(opening)
        finally:
            self.connections.discard(connection)
        return ws

    def _session(
        self, principal: Principal, model: catalog.Model, new_id: Callable[[str], str], config: EmulatorConfig
    ) -> ServerSession:
        def voice(name: str) -> Refusal | None:
            return _refusal(self.account.voice_problem(model.name, name))

        def spend(characters: int) -> Refusal | None:
            return _refusal(self.account.spend(principal, model.name, characters))

        return ServerSession(
            model=model.name,
            new_id=new_id,
            voice=voice,
            spend=spend,
            rules=rules_for(model, config),
            settings=Settings(),
        )

    def _admit(
        self, principal: Principal, name: str, config: EmulatorConfig
    ) -> tuple[ApiError | None, Callable[[ServerSession], list[Action]]]:
        """Why the handshake is refused, or what follows ``session.created``."""
        state = self.account.model_state(name)
        model = self.account.find_model(name)
        if state in ("unknown", "retired", "absent"):
            choice = config.switch(f"{state}-model")
            missing = ApiError(404, "ModelNotFound", "Model can not be found.")
            denied = ApiError(403, "Model.AccessDenied", "Model access denied.")
            error = denied if state == "absent" else missing
            if choice.startswith("refuse"):
                return error, _nothing
            return None, _ending(choice, error)
        if model is not None and not model.realtime:
            return None, _mute
        problem = self.account.admit_session(principal, name)
        if problem is None:
            return None, _nothing
        if "Throttling.RateQuota" in problem.code:
            match config.switch("throttled"):
                case "refuse-429":
                    return problem, _nothing
                case "error":
                    return None, _ending("error", problem)
                case _:
                    return None, _throttled
        if config.switch("unpaid") == "refuse":
            return problem, _nothing
        return None, _ending("error", problem)


def _without_key(request: web.Request) -> dict[str, str]:
    headers = {name.lower(): value for name, value in request.headers.items()}
    scheme, _, key = headers.get("authorization", "").partition(" ")
    if key:
        headers["authorization"] = f"{scheme} ***"
    return headers


def _witness(request: web.Request, profile: Profile) -> Witness:
    headers = request.headers
    facts: dict[str, Any] = {
        "authorization": "Authorization" in headers,
        "headers": {n: headers[n] for n in ("User-Agent", "X-DashScope-WorkSpace", "Origin") if n in headers},
    }
    clock = asyncio.get_running_loop().time
    if profile.connections:
        facts["since_last_s"] = round(clock() - profile.connections[-1].last, 6)
    witness = Witness(clock, request.path_qs, facts)
    profile.keep(witness)
    return witness


def _refusal(error: ApiError | None) -> Refusal | None:
    return None if error is None else Refusal(error.code, error.message)


def _nothing(_: ServerSession) -> list[Action]:
    return []


def _throttled(session: ServerSession) -> list[Action]:
    session.closed = True
    return [Close(1011, THROTTLED)]


def _mute(session: ServerSession) -> list[Action]:
    # Models of other protocols are accepted here and never speak (field, 2026-09).
    session.failed = True
    return []


def _ending(choice: str, error: ApiError) -> _Then:
    def end(session: ServerSession) -> list[Action]:
        said = session.fail(Refusal(error.code, error.message)) if choice == "error" else []
        session.closed = True
        code = None if choice == "silent-close" else 1000
        return [*(a for a in said if not isinstance(a, Close)), Close(code, abruptly=choice == "drop")]

    return end


def _refused(status: int, code: str, message: str, *, request_id: str = "") -> web.Response:
    return _respond(status, {"code": code, "message": message, "request_id": request_id}, {})


def _respond(status: int, body: object, headers: dict[str, str]) -> web.Response:
    if isinstance(body, str):
        return web.Response(status=status, text=body, headers=headers)
    return web.json_response(body if body is not None else {}, status=status, headers=headers, dumps=json.dumps)


async def _pause(request: web.Request, wait_s: float) -> None:
    """Wait, but not longer than the client does."""
    end = asyncio.get_running_loop().time() + wait_s
    while (left := end - asyncio.get_running_loop().time()) > 0:
        if request.transport is None or request.transport.is_closing():
            raise ConnectionResetError("the client left")
        await asyncio.sleep(min(left, 0.5))


async def _break_off(request: web.Request, shake: Handshake) -> web.StreamResponse:
    """Answer with raw bytes, or not at all, and end the connection."""
    transport = request.transport
    if transport is not None:
        if shake.raw:
            transport.write(shake.raw)
            transport.close()
        else:
            transport.abort()
    return web.Response(status=500)
