"""Runs a replay: for a program, or until somebody ends it; and says what became of it."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ttsgate.catalog import is_catalogue_host
from ttsgate.emulator.tls import ThrowAwayAuthority
from ttsgate.errors import UsageError
from ttsgate.recorder.doorway import Doorway, proxy_variables
from ttsgate.recorder.programs import Access, run_program, until_ended
from ttsgate.recorder.relay import Relay, Upstream
from ttsgate.recorder.serving import Outcome, ReplayServer
from ttsgate.result.recording import Recording, expired
from ttsgate.store.atomic import write_atomic

__all__ = ["KEY", "addresses", "line", "refuse_expired", "replay", "summary", "write_report"]

KEY = "sk-emulator"
"""The made-up key of emulator and replays."""


def refuse_expired(recording: Recording, today: date, *, allowed: bool) -> str | None:
    """A warning about a recording whose last day is over; None for a fresh one.

    Raises:
        UsageError: it is over and that is not `allowed`.
    """
    if not expired(recording, today):
        return None
    words = f"recording {recording.id} expired on {recording.expires}: the service may answer otherwise by now"
    if not allowed:
        raise UsageError(f"{words}; record it again, or pass --allow-expired")
    return words


async def replay(
    server: ReplayServer,
    *,
    host: str,
    port: int,
    tls: bool,
    intercept: bool,
    announce: Callable[[dict[str, Any]], None],
    program: Sequence[str],
    environ: Mapping[str, str],
    keys: Sequence[str],
    until_stdin_closes: bool,
) -> int | None:
    """Serve until the program ends, or until somebody ends us; returns the program's exit code.

    Args:
        server: What to serve.
        host: Address to listen on.
        port: Port; 0 takes a free one.
        tls: Whether to serve over TLS with a throw-away CA.
        intercept: Whether the program finds the replay under the service's own address, too.
        announce: Called once with the addresses, unless there is a program.
        program: Command line; empty to serve whoever comes.
        environ: The caller's environment.
        keys: Variables of it that hold keys, which the program does not get.
        until_stdin_closes: Whether the end of stdin ends it.
    """
    async with contextlib.AsyncExitStack() as stack:
        authority = ThrowAwayAuthority(host) if tls or intercept else None
        if authority is not None:
            stack.callback(authority.close)
        await server.start(host, port, tls=authority.context if authority is not None and tls else None)
        told = addresses(server, tls=tls) | ({"ca": str(authority.path)} if authority is not None else {})
        try:
            if not program:
                announce(told)
                await until_ended(stdin_closes=until_stdin_closes)
                return None
            access = Access(ws_url=told["ws_url"], http_url=told["http_url"], api_key=KEY, ca=told.get("ca"))
            if authority is not None and intercept:
                doorway = Doorway(_standing_for(server), authority.context_for, others=False)
                await doorway.start()
                stack.push_async_callback(doorway.stop)
                access = replace(access, more=proxy_variables(doorway.address, str(authority.path)))
            return await run_program(access.fill(program), access.environment(environ, keys=keys))
        finally:
            await server.stop()


def _standing_for(server: ReplayServer) -> Callable[[str], Relay | None]:
    """Every host of the catalogue, and whatever the recording was made of, means the replay."""
    recorded = {urlsplit(url).hostname for url in (server.recording.source.ws_url, server.recording.source.http_url)}
    upstream = Upstream(host=server.host, port=server.port, host_header=server.address)
    relay = Relay(upstream, done=lambda link: None)
    return lambda host: relay if is_catalogue_host(host) or host in recorded else None


def addresses(server: ReplayServer, *, tls: bool) -> dict[str, Any]:
    """Where a replay is, and what it is: as ``ttsgate serve`` tells it."""
    tail, source = "s" if tls else "", server.recording.source
    http = f"http{tail}://{server.address}"
    return {
        "ws_url": f"ws{tail}://{server.address}/api-ws/v1/realtime",
        "http_url": f"{http}/api/v1",
        "compatible_url": f"{http}/compatible-mode/v1",
        "api_key": KEY,
        "claim": "replayed, not live",
        "recording": server.recording.id,
        "recorded": {"kind": source.kind, "claim": source.claim, "created": server.recording.created},
    }


def summary(server: ReplayServer) -> dict[str, Any]:
    """What became of everything that came, and which sessions nobody asked for."""
    counts: dict[str, int] = {}
    for one in server.outcomes:
        counts[one.outcome] = counts.get(one.outcome, 0) + 1
    return {
        "recording": server.recording.id,
        "claim": "replayed, not live",
        "counts": counts,
        "outcomes": [o.as_dict() for o in server.outcomes],
        "unused": [r.id for r in server.unused()],
    }


def write_report(path: Path, server: ReplayServer) -> None:
    """Write the summary as JSON."""
    write_atomic(path, (json.dumps(summary(server), ensure_ascii=False, indent=1) + "\n").encode())


def line(outcome: Outcome) -> str:
    """What became of one connection, for people: with the difference below it if there is one."""
    head = f"{outcome.outcome:12} {outcome.session or '-':5} {outcome.what}"
    return "\n".join([head, *(f"    {part}" for part in (outcome.difference.lines() if outcome.difference else []))])
