"""One emulator on one port: websocket, HTTP and, when asked for, the admin endpoint."""

from __future__ import annotations

import asyncio
import logging
import ssl
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import asdict
from typing import Any

from aiohttp import web

from ttsgate.emulator import inference
from ttsgate.emulator.account import Account
from ttsgate.emulator.config import EmulatorConfig
from ttsgate.emulator.faults.hooks import Context, Hooks, HttpCall
from ttsgate.emulator.faults.registry import Injector, parse_fault
from ttsgate.emulator.gate import Gate, raise_file_limit
from ttsgate.emulator.http_reply import Call, Reply
from ttsgate.emulator.http_routes import http_routes
from ttsgate.emulator.inference import InferenceDoor
from ttsgate.emulator.realtime import PATH, RealtimeDoor
from ttsgate.emulator.speech import Speech
from ttsgate.emulator.switches import basis_counts
from ttsgate.errors import UsageError

__all__ = ["Emulator", "steady_clock"]

log = logging.getLogger("ttsgate.emulator")


def steady_clock() -> Callable[[], float]:
    """Unix seconds as of now, from here on by a clock that nobody sets: rate windows must not see time step back."""
    offset = time.time() - time.monotonic()
    return lambda: time.monotonic() + offset


class Emulator:
    """The service in one process.

    Args:
        config: What it was told to be.
        clock: Unix seconds for accounts and expiries, never going back; else those of `steady_clock`.
        speech: What speaks; else one of its own, which ends with it.

    Raises:
        UsageError: an unknown fault, model or switch.
    """

    def __init__(
        self, config: EmulatorConfig, *, clock: Callable[[], float] | None = None, speech: Speech | None = None
    ) -> None:
        self.config = config
        self.injector = Injector(config.faults, seed=config.seed)
        self._own_speech = speech is None
        self.speech = speech or Speech(config.voice_engine, seed=config.seed)
        self.account = Account(config, clock or steady_clock(), extra_models=config.extra_models)
        self.door = RealtimeDoor(self.account, self.speech, config, self.injector)
        self.port = 0
        self.gate: Gate | None = None
        self._runner: web.AppRunner | None = None
        self._listener: asyncio.Server | None = None

    async def start(self, *, tls: ssl.SSLContext | None = None) -> None:
        """Listen; `port` is known afterwards.

        Raises:
            UsageError: the address cannot be listened on.
        """
        files = raise_file_limit()
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(_log_loop_problem)
        app = web.Application(middlewares=[self._guard])
        app.router.add_get(PATH, self.door.handle)
        other = InferenceDoor(self.account, self.config)
        app.router.add_get(inference.PATH, other.handle)
        app.router.add_get(f"{inference.PATH}/", other.handle)
        if self.config.proxy_model is not None:
            app.router.add_get(f"/{{prefix:.+}}{PATH}", self.door.handle)
        app.router.add_routes(http_routes(self.account, self.speech, self.config, hook=self._on_http))
        if self.config.admin:
            app.router.add_route("*", "/admin/profiles/{name}", self._admin_profile)
            app.router.add_route("*", "/admin/{what}", self._admin)
        self._runner = web.AppRunner(
            app, access_log=None, handle_signals=False, shutdown_timeout=1.0, keepalive_timeout=30.0
        )
        await self._runner.setup()
        assert self._runner.server is not None
        self.gate = Gate(self._runner.server, timeout_s=self.config.handshake_timeout_s, most=min(2000, files // 4))
        try:
            self._listener = await loop.create_server(
                self.gate, self.config.host, self.config.port, ssl=tls, backlog=1024
            )
        except OSError as exc:
            await self.stop()
            raise UsageError(f"cannot listen on {self.config.host}:{self.config.port}: {exc.strerror}") from exc
        self.port = self._listener.sockets[0].getsockname()[1]
        self.speech.warm_up()

    async def stop(self) -> None:
        """End every session and free the port."""
        if self._listener is not None:
            self._listener.close()
        if self.gate is not None:
            self.gate.close()
        for connection in list(self.door.connections):
            connection.abort()
        if self._runner is not None:
            await self._runner.cleanup()
        if self._own_speech:
            self.speech.close()

    @web.middleware
    async def _guard(self, request: web.Request, handler: Any) -> web.StreamResponse:
        """Tell the gate that the client spoke; errors are a line in the log and a plain body, never a traceback."""
        if self.gate is not None:
            self.gate.served(request.protocol)
        try:
            response: web.StreamResponse = await handler(request)
            return response
        except web.HTTPException as exc:
            return _plain(exc.status, exc.reason)
        except UsageError as exc:
            return _plain(400, str(exc))
        except ConnectionError:
            return _plain(500, "connection lost")
        except Exception as exc:  # a fault of ours must not end the emulator
            log.error("%s %s failed: %s: %s", request.method, request.path, type(exc).__name__, exc)
            return _plain(500, "internal error of the emulator")

    # -- faults on HTTP ----------------------------------------------------------------------

    async def _on_http(self, call: Call, reply: Reply) -> Reply:
        own = [parse_fault(s.strip()) for s in call.headers.get("X-Ttsgate-Fault", "").split(";") if s.strip()]
        hooks = self.injector.for_http(Context(call.model), extra=[s for s in own if s.for_http])
        if not hooks:
            return reply
        exchange = HttpCall(
            family=call.family,
            path=call.path,
            request=call.document,
            key=call.headers.get("Authorization", "").partition(" ")[2],
            status=reply.status,
            headers=dict(reply.headers),
            document=reply.document,
            content=reply.content,
            streaming=reply.events is not None,
        )
        for hook in hooks:
            hook.http(exchange)
        if exchange.wait_s:
            await asyncio.sleep(exchange.wait_s)
        return Reply(
            exchange.status,
            exchange.document,
            exchange.content,
            _changed(reply.events, hooks) if reply.events is not None and exchange.streaming else None,
            exchange.headers,
            cut_after=exchange.cut_at,
        )

    # -- admin -------------------------------------------------------------------------------

    async def _admin(self, request: web.Request) -> web.Response:
        if request.remote not in ("127.0.0.1", "::1"):
            return web.json_response({"error": "the admin endpoint answers on loopback only"}, status=403)
        what = request.match_info["what"]
        if what == "faults":
            return await self._admin_faults(request)
        if request.method != "GET":
            return web.json_response({"error": "read only"}, status=405)
        if what == "sessions":
            wanted = request.query.getall("id", [])
            chosen = [f for f in list(self.door.recent) if not wanted or f.id in wanted]
            return web.json_response([asdict(figures) for figures in chosen])
        if what == "state":
            return web.json_response(self.state())
        what = "there are /admin/faults, /admin/profiles/NAME, /admin/sessions and /admin/state"
        return web.json_response({"error": what}, status=404)

    async def _admin_profile(self, request: web.Request) -> web.Response:
        if request.remote not in ("127.0.0.1", "::1"):
            return web.json_response({"error": "the admin endpoint answers on loopback only"}, status=403)
        profiles, name = self.door.profiles, request.match_info["name"]
        try:
            if request.method in ("PUT", "POST"):
                made = profiles.put(name, await request.json())
                self.account.keys.add(made.key)
                return web.json_response({"faults": made.injector.names()})
        except (UsageError, ValueError) as exc:
            return web.json_response({"error": str(exc)}, status=400)
        found = profiles.drop(name) if request.method == "DELETE" else profiles.get(name)
        if found is None:
            return web.json_response({"error": f"there is no profile {name!r}"}, status=404)
        if request.method == "DELETE":
            self.account.keys.discard(found.key)
        return web.json_response(found.as_dict())

    async def _admin_faults(self, request: web.Request) -> web.Response:
        try:
            if request.method in ("PUT", "POST"):
                wanted = await request.json()
                if not isinstance(wanted, list) or not all(isinstance(spec, str) for spec in wanted):
                    raise UsageError('send a JSON list of faults, for example ["stall:for=3s"]')
                self.injector.replace(wanted)
            elif request.method == "DELETE":
                self.injector.replace([])
        except (UsageError, ValueError) as exc:
            return web.json_response({"error": str(exc)}, status=400)
        return web.json_response(self.injector.names())

    def state(self) -> dict[str, Any]:
        """Sessions now and so far, lateness of audio, faults and fidelity."""
        return {
            "sessions_open": len(self.door.connections),
            "sessions_opened": self.door.opened,
            "lateness": self.door.lateness.as_dict(),
            "faults": self.injector.names(),
            "fidelity": basis_counts(),
        }


async def _changed(events: AsyncIterator[dict[str, Any]], hooks: list[Hooks]) -> AsyncIterator[dict[str, Any]]:
    """The documents of a stream of server-sent events, as the faults leave them."""
    async for event in events:
        documents = [event]
        for hook in hooks:
            documents = [changed for document in documents for changed in hook.http_event(document)]
        for document in documents:
            yield document


def _plain(status: int, message: str) -> web.Response:
    return web.json_response({"code": str(status), "message": message, "request_id": ""}, status=status)


def _log_loop_problem(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    problem = context.get("exception")
    log.error("%s: %s", context.get("message", "problem"), problem if problem is not None else "")
