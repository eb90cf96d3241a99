"""Stage connectivity: the way to the service, step by step, read-only and free of charge.

name -> tcp -> tls -> an authenticated model list -> the custom-voice lists that vd/vc need ->
a websocket handshake up to ``session.created``.  Each step is timed; a step whose predecessor
failed is blocked, so the first failure names the cause.
"""

from __future__ import annotations

import asyncio
import json
import ssl
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from ttsgate.catalog import MODELS
from ttsgate.clients.http import HttpAnswer, HttpClient
from ttsgate.clients.wire import WireSession, open_and_close
from ttsgate.result.record import ConnectivityStep
from ttsgate.result.transcript import Transcript

__all__ = ["STEPS", "Connectivity", "planned_steps"]

STEPS = ("name", "tcp", "tls", "models", "voices-design", "voices-clone", "session")
"""All steps in order; which of them a run takes follows from the target and the models."""

NO_HTTP = "no-http"
"""Reason code of what needs an HTTP side that nobody said is there."""
_WEBSOCKET_ONLY = (404, 405, 426, 501)
"""How servers of one path, or of one protocol, answer a plain GET (RFC 9110)."""
_NO_HTTP_CLASSES = ("ServerDisconnectedError", "ClientResponseError", "ClientOSError", "ClientConnectionResetError")
"""How the end of a connection looks on which no HTTP was spoken, though it could be made."""

STEP_TIMEOUT_S = 6.0
"""One step; a target that hangs everywhere costs a few of them, since later steps are blocked."""


def planned_steps(ws_url: str, voice_kinds: Sequence[str]) -> list[str]:
    """Steps of a run: ``tls`` only for wss, voice lists only for the kinds that its models need."""
    skip = {f"voices-{k}" for k in ("design", "clone") if k not in voice_kinds}
    if urlsplit(ws_url).scheme != "wss":
        skip.add("tls")
    return [s for s in STEPS if s not in skip]


@dataclass
class Connectivity:
    """Takes the steps in order."""

    http: HttpClient
    session: WireSession
    """Plan of the handshake step."""
    tls: ssl.SSLContext | None = None
    http_derived: bool = False
    """Nobody said that there is an HTTP side: its address was derived from that of the websocket."""

    async def run(self, steps: Sequence[str]) -> list[ConnectivityStep]:
        """Take `steps`; a failed one blocks those that need it and only those."""
        done: dict[str, ConnectivityStep] = {}
        for name in steps:
            blocker = next((n for n in _NEEDS[name] if n in done and done[n].outcome != "pass"), None)
            if name.startswith("voices-") and "models" in done and done["models"].outcome == "skipped":
                done[name] = ConnectivityStep(
                    name=name, url=self._url(name), outcome="skipped", detail=done["models"].detail
                )
            elif blocker is not None:
                done[name] = ConnectivityStep(
                    name=name, url=self._url(name), outcome="blocked", detail=f"needs step {blocker}"
                )
            else:
                done[name] = await self._take(name)
        return list(done.values())

    async def _take(self, name: str) -> ConnectivityStep:
        actions: dict[str, Callable[[], Awaitable[ConnectivityStep]]] = {
            "name": self._resolve,
            "tcp": self._connect,
            "tls": self._handshake,
            "models": self._models,
            "voices-design": lambda: self._voices("design"),
            "voices-clone": lambda: self._voices("clone"),
            "session": self._session,
        }
        began = time.perf_counter()
        try:
            async with asyncio.timeout(STEP_TIMEOUT_S + 1):
                step = await actions[name]()
        except TimeoutError:
            step = self._failed(name, "TimeoutError", f"no answer within {STEP_TIMEOUT_S:g} s")
        except OSError as exc:
            step = self._failed(name, type(exc).__name__, str(exc))
        if step.ms is None:
            step.ms = round((time.perf_counter() - began) * 1000, 3)
        return step

    def _url(self, name: str) -> str:
        if name == "models":
            return f"{self.http.compatible_url}/models"
        if name.startswith("voices-"):
            return f"{self.http.http_url}/services/audio/tts/customization"
        return f"{self.session.ws_url}?model={self.session.model}" if name == "session" else self.session.ws_url

    def _place(self) -> tuple[str, int]:
        parts = urlsplit(self.session.ws_url)
        return parts.hostname or "", parts.port or (443 if parts.scheme == "wss" else 80)

    def _failed(self, name: str, error_class: str, words: str, **facts: Any) -> ConnectivityStep:
        return ConnectivityStep(
            name=name,
            url=self._url(name),
            outcome="fail",
            detail=f"{error_class}: {words}",
            facts={"error_class": error_class, **facts},
        )

    # -- the steps -----------------------------------------------------------------------

    async def _resolve(self) -> ConnectivityStep:
        host, port = self.session.route.first_hop or self._place()
        infos = await self.session.route.resolve(host, port)
        addresses = sorted({str(info[4][0]) for info in infos})
        return ConnectivityStep(
            name="name",
            url=self._url("name"),
            outcome="pass",
            detail=f"{'proxy ' if self.session.route.proxy else ''}{host} is {', '.join(addresses)}",
            facts={"addresses": addresses},
        )

    async def _connect(self) -> ConnectivityStep:
        host, port = self._place()
        async with asyncio.timeout(STEP_TIMEOUT_S):
            sock = await self.session.route.connect(host, port)
        peer = "{}:{}".format(*sock.getpeername()[:2])
        sock.close()
        return ConnectivityStep(
            name="tcp", url=self._url("tcp"), outcome="pass", detail=f"connected to {peer}", facts={"peer": peer}
        )

    async def _handshake(self) -> ConnectivityStep:
        host, port = self._place()
        context = self.tls or self.session.route.tls or ssl.create_default_context()
        async with asyncio.timeout(STEP_TIMEOUT_S):
            sock = await self.session.route.connect(host, port)
            _, writer = await asyncio.open_connection(sock=sock, ssl=context, server_hostname=host)
        tls = writer.get_extra_info("ssl_object")
        writer.close()
        return ConnectivityStep(
            name="tls",
            url=self._url("tls"),
            outcome="pass",
            detail=f"{tls.version()} verified",
            facts={"version": tls.version()},
        )

    async def _models(self) -> ConnectivityStep:
        answer = await self.http.models()
        ids: list[str] = []
        listed = answer.body.get("data") if answer.ok else None
        if isinstance(listed, list):
            ids = [m["id"] for m in listed if isinstance(m, dict) and isinstance(m.get("id"), str)]
        ours = [i for i in ids if i in MODELS]
        good = bool(ids) or listed == []
        step = self._from_answer("models", answer, good=good, detail=f"{len(ids)} models visible", models=ours)
        if self.http_derived and not good and _no_http_side(answer):
            step.outcome = "skipped"
            step.detail = f"no HTTP side at the derived address ({step.detail}); give --http-url if there is one"
        return step

    async def _voices(self, kind: str) -> ConnectivityStep:
        answer = await self.http.voices(kind)
        output = answer.body.get("output") if answer.ok else None
        good = isinstance(output, dict) and isinstance(output.get("voice_list"), list)
        count = len(output["voice_list"]) if good and isinstance(output, dict) else 0
        return self._from_answer(f"voices-{kind}", answer, good=good, detail=f"{count} custom voices", count=count)

    async def _session(self) -> ConnectivityStep:
        transcript = await open_and_close(self.session)
        created = next(transcript.received("session.created"), None)
        refused = next(transcript.notes("refused"), None)
        error = next(transcript.notes("error", "deadline"), None)
        if created is not None:
            return ConnectivityStep(
                name="session",
                url=self._url("session"),
                outcome="pass",
                ms=round(created.t * 1000, 3),
                detail="handshake accepted, session.created read (says nothing about the model)",
                facts=_peer(transcript),
            )
        if refused is not None and refused.data is not None:
            body = _json_object(refused.data["body"])
            return ConnectivityStep(
                name="session",
                url=self._url("session"),
                outcome="fail",
                detail=f"handshake answered with HTTP {refused.data['status']}",
                status=refused.data["status"],
                code=str(body["code"]) if body.get("code") else None,
                message=str(body["message"]) if body.get("message") else str(refused.data["body"])[:200] or None,
                facts={"error_class": "HandshakeRefused"},
            )
        if error is not None and error.data is not None:
            words = error.data.get("message") or f"nothing within {error.data.get('after_s')} s"
            return self._failed("session", error.data.get("class", "TimeoutError"), str(words))
        first = next(transcript.received(), None)
        if first is not None and first.type == "error":
            return self._said(first.event)
        said = f"the first event was {first.type!r}" if first else "the service said nothing before the close"
        return self._failed("session", "NoSessionCreated", said)

    def _said(self, event: dict[str, Any] | None) -> ConnectivityStep:
        """An error event in place of ``session.created``."""
        told = (event or {}).get("error")
        error: dict[str, Any] = told if isinstance(told, dict) else {}
        step = self._failed("session", "ErrorEvent", f"{error.get('code')}: {error.get('message')}"[:300])
        step.code, step.message = str(error.get("code") or "") or None, str(error.get("message") or "")[:500] or None
        return step

    def _from_answer(self, name: str, answer: HttpAnswer, *, good: bool, detail: str, **facts: Any) -> ConnectivityStep:
        step = ConnectivityStep(name=name, url=answer.url, outcome="pass", ms=answer.ms, detail=detail, facts=facts)
        if good:
            step.status = answer.status
            return step
        if answer.status is None:
            failed = self._failed(name, answer.error_class or "Error", answer.error or "")
        else:
            error_class = "HttpStatus" if answer.status >= 400 else "UnexpectedAnswer"
            failed = self._failed(name, error_class, f"HTTP {answer.status}: {answer.message or answer.text[:120]!r}")
        failed.ms, failed.status, failed.code, failed.message = answer.ms, answer.status, answer.code, answer.message
        return failed


def _no_http_side(answer: HttpAnswer) -> bool:
    """Whether what answered is evidently a websocket server and nothing else."""
    return answer.status in _WEBSOCKET_ONLY or (answer.status is None and answer.error_class in _NO_HTTP_CLASSES)


def _peer(transcript: Transcript) -> dict[str, Any]:
    """Who answered: peer address, TLS version, issuer and digest of the certificate, as the wire client saw them."""
    facts: dict[str, Any] = {}
    for note in transcript.notes("tcp", "tls"):
        facts.update(note.data or {})
    return facts


def _json_object(text: object) -> dict[str, Any]:
    try:
        value = json.loads(str(text))
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


_WAY = ("name", "tcp", "tls")
_NEEDS: dict[str, tuple[str, ...]] = {
    "name": (),
    "tcp": ("name",),
    "tls": ("name", "tcp"),
    "models": _WAY,
    "voices-design": _WAY,
    "voices-clone": _WAY,
    "session": _WAY,
}
"""What a step cannot do without; a refused key is shown by each door that it was tried at."""
