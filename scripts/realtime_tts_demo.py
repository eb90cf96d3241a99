#!/usr/bin/env python3
"""Speak one text with Qwen TTS Realtime through the `dashscope` SDK, and say honestly what happened.

Copy this file alone: it needs Python >= 3.8 and `dashscope` (any release with the realtime class, 1.23.9 to 2.0.2).

    export DASHSCOPE_API_KEY=sk-...
    python realtime_tts_demo.py --text "Good morning." --strict

Standard output is one JSON object; whatever the SDK prints goes to standard error:

    realtime_probe   ok, model, client, voice, mode, error_class, error, http_status, code, message, close_code, response,
                     sdk, timing (ms since dialling), sdk_first_audio_delay_ms (the SDK's own number), ids, anomalies
    client_probe     the same over `sdk-client`, with --client all; never decides
    http_probe       a realtime model over HTTP, with --client sdk-http or all: expected to be refused; never decides
    fallback         the non-realtime sibling over HTTP, with --fallback when the realtime probe is not ok

`ok`: the session finished, with at least 300 ms of PCM that is not digital silence.
Exit: with --strict 2 unless ok; else 0 when ok or the fallback succeeded, else 1.  No key: 1.  Wrong usage: 64.

Error classes (stable; null when all is well):

    usage no_key sdk_missing sdk_import sdk_lacks_realtime sdk_lacks_client     before anything is sent
    sdk_error            the SDK raised something that none of the following covers
    auth no_access arrears quota throttled                                      the account was refused
    model_unknown_or_retired voice content wrong_door rejected service_error    the request was refused
    network tls handshake_refused timeout_connect                               no connection
    dropped timeout_idle timeout_audio stalled                                  the connection or the audio ended early
    protocol no_audio short_audio silent_audio                                  what came back is not speech as agreed
    no_sibling bad_wav output                                                   the fallback's own
    not_probed           --client sdk-http asks for no realtime session
    refused_as_expected accepted_unexpectedly                                   http_probe only
"""

from __future__ import annotations

import argparse
import array
import base64
import binascii
import configparser
import importlib
import inspect
import json
import os
import platform
import re
import struct
import sys
import threading
import time
import urllib.parse
import urllib.request
import uuid
from typing import Any, Callable

WS_URL = "wss://dashscope.aliyuncs.com/api-ws/v1/realtime"
BASE_URL = "https://dashscope.aliyuncs.com/api/v1"
MIN_AUDIO_MS = 300
ERROR_GRACE_S = 2.0  # it is not documented whether the service closes after an error event: see what follows
CLOSE_GRACE_S = 2.0  # after session.finished the service should close
MAX_WAV_BYTES = 64 * 2**20

SIBLINGS = {  # realtime model -> the HTTP model nearest to it; a custom voice is bound to one exact model
    "qwen3-tts-flash-realtime": "qwen3-tts-flash",
    "qwen3-tts-flash-realtime-2025-11-27": "qwen3-tts-flash-2025-11-27",
    "qwen3-tts-flash-realtime-2025-09-18": "qwen3-tts-flash-2025-09-18",
    "qwen3-tts-instruct-flash-realtime": "qwen3-tts-instruct-flash",
    "qwen3-tts-instruct-flash-realtime-2026-01-22": "qwen3-tts-instruct-flash-2026-01-26",
    "qwen3-tts-vd-realtime-2026-01-15": "qwen3-tts-vd-2026-01-26",
    "qwen3-tts-vd-realtime-2025-12-16": "qwen3-tts-vd-2026-01-26",
    "qwen3-tts-vc-realtime-2026-01-15": "qwen3-tts-vc-2026-01-22",
    "qwen3-tts-vc-realtime-2025-11-27": "qwen3-tts-vc-2026-01-22",
    "qwen-tts-realtime": "qwen-tts",
    "qwen-tts-realtime-latest": "qwen-tts-latest",
    "qwen-tts-realtime-2025-07-15": "qwen-tts",
}


class Refusal(Exception):
    """Something that ends a probe before or while it runs, with its error class."""

    def __init__(self, error_class: str, error: str, **facts: Any) -> None:
        super().__init__(error)
        self.error_class = error_class
        self.facts = facts


# -- what an error means ------------------------------------------------------------------------------------------
# Codes and messages: https://help.aliyun.com/zh/model-studio/error-code (read 2026-11).  Spellings such as "To many" are
# the service's own.  A code that says something wins over a phrase in the message, a phrase over the bare HTTP status.

MEANINGS = (
    ("arrears", "arrearage commoditynotpurchased prepaidbilloverdue postpaidbilloverdue", r"good standing"),
    ("auth", "invalidapikey invalid_api_key", r"(invalid|incorrect) api[- ]key"),
    ("quota", "allocationquota.freetieronly throttling.allocationquota insufficient_quota",
     r"free tier|allocated quota exceeded"),
    ("throttled", "throttling throttling.ratequota throttling.burstrate limitrequests limit_requests limit_burst_rate "
     "modelservingerror modelunavailable", r"\btoo? many requests|being throttled|rate limit exceeded"),
    ("content", "datainspectionfailed data_inspection_failed", r"inappropriate content"),
    ("no_access", "accessdenied access_denied accessdenied.unpurchased model.accessdenied workspace.accessdenied "
     "workspacenotfound", r"not authorized to access|access denied"),
    ("model_unknown_or_retired", "modelnotfound model_not_found",
     r"model (does )?not exist|model \S+ does not exist|model (can ?)?not (be )?found"),
    ("voice", "badrequest.voicenotfound", r"voice.{0,80}(not supported|not found|required)|error code: 41[18]"),
    ("wrong_door", "", r"invalid message type|not support http call|url error"),
    ("timeout_idle", "", r"request timeout after|session_expired"),
    ("service_error", "internalerror internal_error systemerror modelservicefailed requesttimeout", r"internal error"),
)
STATUSES = {401: "auth", 403: "no_access", 429: "throttled", 503: "throttled"}


def meaning(status: int | None, code: Any, message: Any) -> str | None:
    """The error class of a service's answer, or None when it says nothing that we know."""
    code, message = str(code or "").lower(), str(message or "").lower()
    for error_class, codes, _ in MEANINGS:
        if code in codes.split():
            return error_class
    for error_class, _, phrase in MEANINGS:
        if re.search(phrase, message + " " + code):
            return error_class
    return STATUSES.get(status or 0)


def exception_class(exc: BaseException, *, connected: bool) -> str:
    """The error class of an exception out of the SDK or of what it stands on (by name: releases differ)."""
    seen: list[BaseException] = []
    cause: BaseException | None = exc
    while cause is not None and cause not in seen:
        seen.append(cause)
        cause = cause.__cause__ or cause.__context__
    names = " ".join(base.__name__ for one in seen for base in type(one).__mro__)
    if re.search(r"\bSSL\w*Error|SSLCert", names):
        return "tls"
    if re.search(r"Timeout", names):
        return "timeout_audio" if connected else "timeout_connect"
    if re.search(r"JSONDecodeError|UnicodeDecodeError|WebSocketProtocol|WebSocketPayload|IncompleteRead|BadStatusLine", names):
        return "protocol"
    if connected and re.search(r"ConnectionClosed|ConnectionReset|BrokenPipe|APIConnectionError", names):
        return "dropped"
    if any("Invalid WebSocket Header" in str(one) for one in seen):
        return "protocol"
    if re.search(r"\bOSError|WebSocketAddress|WebSocketProxy|ConnectionClosed|APIConnectionError", names):
        return "network"
    return "sdk_error"


def one_line(exc: BaseException) -> str:
    return " ".join(("%s: %s" % (type(exc).__name__, exc)).split())[:500]


# -- sound --------------------------------------------------------------------------------------------------------


def audible_ms(pcm: bytes, rate: int) -> int:
    """Milliseconds of 16-bit mono PCM, counted in blocks of 10 ms, that are not one constant value (digital silence)."""
    block = max(rate // 100, 1) * 2
    pieces = (pcm[at : at + block] for at in range(0, len(pcm) - len(pcm) % 2, block))
    return 10 * sum(len(set(array.array("h", piece[: len(piece) // 2 * 2]))) > 1 for piece in pieces)


def judge_audio(pcm: bytes, rate: int) -> tuple[str | None, str | None]:
    """Error class and sentence when the PCM is not speech as agreed, else None twice."""
    length = len(pcm) // 2 * 1000 // rate
    if not pcm:
        return "no_audio", "the session finished without any audio"
    if length < MIN_AUDIO_MS:
        return "short_audio", "only %d ms of audio, %d are needed" % (length, MIN_AUDIO_MS)
    loud = audible_ms(pcm, rate)
    if loud < MIN_AUDIO_MS:
        return "silent_audio", "%d ms of audio, of which only %d ms are not digital silence" % (length, loud)
    return None, None


def read_wav(data: bytes) -> tuple[bytes, int]:
    """PCM and sample rate of a 16-bit mono WAV; streamed files may understate or overstate their length."""
    if len(data) < 12 or data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        raise Refusal("bad_wav", "not a RIFF/WAVE file; it begins with %r" % data[:12])
    rate, at = 0, 12
    while at + 8 <= len(data):
        name, size = data[at : at + 4], struct.unpack_from("<I", data, at + 4)[0]
        body = data[at + 8 : at + 8 + size]
        if name == b"fmt ":
            if len(body) < 16:
                raise Refusal("bad_wav", "the format chunk is cut off")
            kind, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", body)
            if kind not in (1, 0xFFFE) or channels != 1 or bits != 16 or not rate:
                raise Refusal("bad_wav", "format %d, %d channels, %d bits, %d Hz" % (kind, channels, bits, rate))
        elif name == b"data" and rate:
            return body if size else data[at + 8 :], rate
        at += 8 + size + size % 2
    raise Refusal("bad_wav", "no PCM data in %d bytes" % len(data))


# -- what was seen of one session ---------------------------------------------------------------------------------


class EventLog:
    """JSON lines of what is seen, written out at once so that a killed process leaves them behind; never the key."""

    def __init__(self, path: str | None, key: str) -> None:
        self.file = open(path, "w", encoding="utf-8") if path else None  # noqa: SIM115  stays open
        self.key = key
        self.zero: float | None = None  # the first dial: one clock for the whole file

    def write(self, at: float, way: str, what: dict[str, Any]) -> None:
        if self.file:
            self.zero = at if self.zero is None else self.zero
            entry = {"t": round(at - self.zero, 6), "dir": way, **what}
            self.file.write(hide(json.dumps(entry, ensure_ascii=False, default=str), self.key) + "\n")
            self.file.flush()

    def close(self) -> None:
        if self.file:
            self.file.close()


def hide(text: str, key: str) -> str:
    return text.replace(key, "***") if key else text


class Session:
    """One session: a clock, what came and went, and a condition to wait on.  Fed from the SDK's thread."""

    def __init__(self, log: EventLog, client: str, url: str) -> None:
        self.log = log
        self.changed = threading.Condition(threading.RLock())
        self.times: dict[str, float] = {}
        self.chunks: list[str] = []
        self.pcm = bytearray()
        self.anomalies: list[str] = []
        self.ids: dict[str, Any] = {"session": None, "responses": []}
        self.statuses: list[str] = []
        self.sample_rate: int | None = None
        self.connected = self.finished = False
        self.refused: dict[str, Any] | None = None
        self.error: dict[str, Any] | None = None
        self.failure: BaseException | None = None
        self.lost: BaseException | None = None
        self.closed: dict[str, Any] | None = None
        self.waited_for: str | None = None
        self.sdk_delay: float | None = None
        self.client, self.url = client, url
        self.zero = time.perf_counter()

    def dial(self) -> None:
        """Everything is loaded and the SDK is about to dial: the zero of the clock."""
        self.zero = time.perf_counter()
        self.note("dial", self.zero, client=self.client, url=self.url)

    # Each of these may be called from any thread; `at` is a perf_counter() taken before anything else was done.

    def entry(self, at: float, way: str, **what: Any) -> None:
        with self.changed:
            self.log.write(at, way, what)
            self.changed.notify_all()

    def note(self, name: str, at: float | None = None, **data: Any) -> None:
        self.entry(time.perf_counter() if at is None else at, "note", name=name, data=data)

    def mark(self, name: str, at: float) -> None:
        self.times.setdefault(name, round((at - self.zero) * 1000, 3))

    def opened(self, at: float) -> None:
        with self.changed:
            self.connected = True
            self.mark("connected", at)
            self.note("connected", at)

    def sent(self, text: str, at: float) -> None:
        with self.changed:
            event = as_object(text)
            if event and event.get("type") == "input_text_buffer.append":
                self.mark("first_text", at)
            self.entry(at, "out", **({"event": event} if event else {"raw": text}))

    def received(self, event: Any, at: float) -> None:
        if not isinstance(event, dict):
            return self.garbled(json.dumps(event), at)
        with self.changed:
            kind = event.get("type")
            if kind == "response.audio.delta":
                self._audio(event.get("delta"), at)
            elif isinstance(kind, str):
                self.mark(kind, at)
            session, response = member(event, "session"), member(event, "response")
            self.ids["session"] = session.get("id") or self.ids["session"]
            if kind == "session.updated" and isinstance(session.get("sample_rate"), int) and session["sample_rate"] > 0:
                self.sample_rate = session["sample_rate"]
            elif kind == "response.created":
                self.ids["responses"].append(response.get("id"))
            elif kind == "response.done":
                self.statuses.append(str(response.get("status")))
            elif kind == "session.finished":
                self.finished = True
            elif kind == "error" and self.error is None:
                self.error = member(event, "error") or {"message": "an error event that says nothing"}
            self.entry(at, "in", event=event)

    def _audio(self, delta: Any, at: float) -> None:
        self.mark("first_audio", at)
        self.times["last_audio"] = round((at - self.zero) * 1000, 3)
        self.chunks.append(delta if isinstance(delta, str) else "")
        try:
            self.pcm += base64.b64decode(delta, validate=True)
        except (binascii.Error, TypeError, ValueError):
            self.anomalies.append("audio delta %d is not Base64" % len(self.chunks))

    def garbled(self, message: Any, at: float) -> None:
        """A frame that is no JSON object; the SDK does not hand it on."""
        with self.changed:
            if isinstance(message, str):
                self.anomalies.append("a text frame that is no JSON object: %r" % message[:80])
                self.entry(at, "in", raw=message)
            else:
                self.anomalies.append("a binary frame of %d bytes" % len(message))
                self.entry(at, "in", binary=base64.b64encode(message).decode())

    def failed(self, exc: BaseException, where: str, at: float | None = None) -> None:
        """The first failure counts: it is the cause, later ones follow from it."""
        with self.changed:
            if hasattr(exc, "resp_headers"):  # websocket-client's WebSocketBadStatusException
                self._refusal(exc, at)
            elif type(exc).__name__ == "WebSocketConnectionClosedException":
                self.lost = self.lost or exc  # also raised for an orderly close, which is reported as `closed`
            else:
                self.failure = self.failure or exc
                self.note("error", at, **{"class": type(exc).__name__, "message": str(exc)[:500], "where": where})
            self.changed.notify_all()

    def _refusal(self, exc: Any, at: float | None) -> None:
        body = getattr(exc, "resp_body", None) or b""  # not kept by old releases of websocket-client
        body = body[:4096].decode("utf-8", "replace") if isinstance(body, bytes) else str(body)[:4096]
        headers = {str(name).lower(): str(value) for name, value in dict(exc.resp_headers or {}).items()}
        if self.refused is None:
            self.refused = {"status": exc.status_code, "headers": headers, "body": body}
            self.note("refused", at, **self.refused)

    def ended(self, code: Any, reason: Any, by: str, at: float | None = None) -> None:
        with self.changed:
            never_open = self.refused or (self.failure and not self.connected and not self.ids["session"])
            if self.closed is None and not never_open:
                at = time.perf_counter() if at is None else at
                self.closed = {"code": code, "reason": str(reason or ""), "by": by}
                self.mark("closed", at)
                self.note("closed", at, **self.closed)

    def over(self) -> bool:
        return bool(self.finished or self.error or self.failure or self.lost or self.refused or self.closed)

    def wait(self, done: Callable[[], Any], seconds: float) -> bool:
        with self.changed:
            return bool(self.changed.wait_for(done, max(seconds, 0)))

    # -- judging

    def outcome(self, rate: int) -> dict[str, Any]:
        """error_class, error and the service's own words; all None when the session was as it should be."""
        out: dict[str, Any] = dict.fromkeys(("error_class", "error", "http_status", "code", "message"))
        if self.refused:
            answer = as_object(self.refused["body"]) or {}
            answer = member(answer, "error") or answer
            out.update(http_status=self.refused["status"], code=answer.get("code"), message=answer.get("message"))
            found = meaning(out["http_status"], out["code"], out["message"] or self.refused["body"])
            why = out["message"] or "the answer does not say why" + (
                "; 403 can mean the key as well as a permission" if out["http_status"] == 403 else "")
            out.update(error_class=found or "handshake_refused", error="handshake: HTTP %s, %s" % (out["http_status"], why))
        elif self.error:
            out.update(code=self.error.get("code"), message=self.error.get("message"))
            found = meaning(None, out["code"], out["message"])
            out.update(error_class=found or "rejected", error="error event: %s %s" % (out["code"], out["message"]))
        elif not self.finished:
            out["error_class"], out["error"] = self._broken_off()
        else:
            out["error_class"], out["error"] = judge_audio(bytes(self.pcm), rate)
            if out["error_class"] == "no_audio" and self.anomalies:
                out["error_class"] = "protocol"
        return out

    def _broken_off(self) -> tuple[str, str]:
        """Why a session without error event did not finish."""
        where = "after %d ms of audio deltas" % self.times["last_audio"] if self.chunks else "before any audio"
        where = "after %d audio deltas" % len(self.chunks) if self.chunks else where
        if self.waited_for:
            late = "stalled" if self.chunks else ("timeout_audio" if self.connected else "timeout_connect")
            return late, "gave up waiting for %s, %s" % (self.waited_for, where)
        if self.failure is not None and self.closed is None and not (self.lost and self.connected):
            return exception_class(self.failure, connected=self.connected), one_line(self.failure)
        reason = self.closed["reason"] if self.closed else str(self.lost)
        found = meaning(None, None, reason)
        words = "closed %s (code %s, %s)" % (where, (self.closed or {}).get("code"), reason or "no reason given")
        if found:
            return found, words
        if not self.connected and "connected" not in self.times and "session.created" not in self.times:
            return "network", "the connection ended during the handshake: %s" % reason
        if self.failure is not None:
            return exception_class(self.failure, connected=True), one_line(self.failure)
        if self.anomalies:
            return "protocol", words + "; " + self.anomalies[0]
        if "session.created" in self.times and "response.created" not in self.times:
            return "model_unknown_or_retired", (
                words + " without a word: so the service treats a model string that it does not serve (an invented or a "
                "retired one); a connection cut at this moment looks the same")
        return "dropped", words


def member(event: dict[str, Any], name: str) -> dict[str, Any]:
    value = event.get(name)
    return value if isinstance(value, dict) else {}


def as_object(text: Any) -> dict[str, Any] | None:
    try:
        value = json.loads(text)
    except (TypeError, ValueError):
        return None
    return value if isinstance(value, dict) else None


# -- the SDK ------------------------------------------------------------------------------------------------------


def load_sdk() -> Any:
    """Import dashscope, telling a missing package from one that breaks on import (2.0.1 and 2.0.2 do on Python < 3.11)."""
    try:
        return importlib.import_module("dashscope")
    except ModuleNotFoundError as exc:
        if exc.name == "dashscope":
            raise Refusal("sdk_missing", "dashscope is not installed: pip install 'dashscope>=1.25.11'") from exc
        raise Refusal("sdk_import", one_line(exc)) from exc
    except Exception as exc:
        raise Refusal("sdk_import", one_line(exc)) from exc


def versions() -> dict[str, str | None]:
    from importlib.metadata import PackageNotFoundError, version

    found: dict[str, str | None] = {"python": platform.python_version()}
    for name in ("dashscope", "websocket-client"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = None
    return found


def session_settings(options: argparse.Namespace) -> dict[str, Any]:
    settings = {
        "voice": options.voice,
        "mode": options.mode,
        "language_type": options.language_type,
        "sample_rate": options.sample_rate,
        "instructions": options.instruction if takes_instructions(options.model) else None,
    }
    return {name: value for name, value in settings.items() if value is not None}


def takes_instructions(model: str) -> bool:
    return "instruct" in model


def speak_realtime(options: argparse.Namespace, key: str, session: Session) -> Callable[[], None]:
    """One session over QwenTtsRealtime.  Returns how to hang up; runs in a thread, for nothing in here has a deadline."""
    sdk = load_sdk()
    try:
        from dashscope.audio import qwen_tts_realtime as realtime  # type: ignore[import-not-found,unused-ignore]
    except ImportError as exc:
        raise Refusal("sdk_lacks_realtime", "%s; the realtime class came with dashscope 1.23.9" % one_line(exc)) from exc

    class Callback(realtime.QwenTtsRealtimeCallback):  # type: ignore[misc,unused-ignore]
        def on_open(self) -> None:
            session.opened(time.perf_counter())

        def on_event(self, message: Any) -> None:
            speaker.delivered = True
            session.received(message, speaker.arrived)

        def on_close(self, close_status_code: Any, close_msg: Any) -> None:
            at = time.perf_counter()
            session.ended(close_status_code, close_msg, "service" if close_status_code else "network", at)

    class Speaker(realtime.QwenTtsRealtime):  # type: ignore[misc,unused-ignore]
        """The SDK's class; its two public handlers tell us what it would keep to itself.

        on_error: the reason of a refused connection arrives only here.  connect() polls a flag, and five seconds later
        raises a TimeoutError that no longer knows it.  (Up to 1.26.0 the original prints and raises, which ends the
        receiving thread; it is not called.)
        on_message: frames that are not JSON, or binary, never reach the callback.
        """

        arrived = 0.0
        delivered = False

        def on_error(self, ws: Any, error: Any) -> None:
            session.failed(error, "websocket", time.perf_counter())

        def on_message(self, ws: Any, message: Any) -> None:
            self.arrived, self.delivered = time.perf_counter(), False
            try:
                super().on_message(ws, message)
            except Exception as exc:
                session.anomalies.append("the SDK choked on a frame: %s" % one_line(exc))
            if not self.delivered:
                session.garbled(message, self.arrived)

    sdk.api_key = key
    speaker = Speaker(model=options.model, callback=Callback(), url=options.ws_url)

    def work() -> None:
        speaker.connect()
        tap_send(speaker, session)
        speaker.update_session(**session_settings(options))
        speaker.append_text(options.text)
        if options.mode == "commit":
            speaker.commit()
            session.wait(lambda: session.statuses or session.over(), options.timeout)
        speaker.finish()

    session.dial()
    in_background(work, lambda exc: session.failed(exc, "sdk"))

    def hang_up() -> None:
        session.sdk_delay = speaker.get_first_audio_delay()
        if session.closed is None and session.connected:
            session.ended(None, "we hung up", "client")
            within(1.0, speaker.close)

    return hang_up


def tap_send(speaker: Any, session: Session) -> None:
    """Record what the SDK sends: `ws` is its websocket-client object, public in every release."""
    send = speaker.ws.send

    def tapped(data: Any, *rest: Any, **named: Any) -> Any:
        session.sent(data, time.perf_counter())
        return send(data, *rest, **named)

    speaker.ws.send = tapped


def speak_client(options: argparse.Namespace, key: str, session: Session) -> Callable[[], None]:
    """One session over dashscope.Client(...).audio.realtime, from 2.0.1: a preview of the vendor, raw events."""
    sdk = load_sdk()
    try:
        client = sdk.Client(api_key=key, base_url=options.base_url)
        connection = client.audio.realtime.connect(model=options.model, ws_url=options.ws_url, timeout=options.timeout)
    except AttributeError as exc:
        raise Refusal("sdk_lacks_client", "%s; it came with dashscope 2.0.1" % one_line(exc)) from exc

    def send(kind: str, **fields: Any) -> None:
        event = {"event_id": "event_" + uuid.uuid4().hex, "type": kind, **fields}
        session.sent(json.dumps(event), time.perf_counter())
        connection.send_event(event)

    def read() -> None:
        for event in connection.events():
            session.received(event, time.perf_counter())
        session.ended(None, "", "client" if session.finished else "network")

    def broken(exc: BaseException) -> None:
        at, body = time.perf_counter(), getattr(exc, "body", None)
        if isinstance(body, dict) and body.get("type") == "error":  # it raises the service's error events
            session.received(body, at)
        elif "connection closed" in str(exc):
            session.ended(None, str(exc), "network", at)
        else:
            session.failed(exc, "sdk", at)

    def work() -> None:
        connection.connect()
        session.opened(time.perf_counter())
        in_background(read, broken)
        send("session.update", session=session_settings(options))
        send("input_text_buffer.append", text=options.text)
        if options.mode == "commit":
            send("input_text_buffer.commit")
            session.wait(lambda: session.statuses or session.over(), options.timeout)
        send("session.finish")

    session.dial()
    in_background(work, lambda exc: session.failed(exc, "sdk"))

    def hang_up() -> None:
        session.sdk_delay = connection.last_first_audio_delay
        session.ended(None, "we hung up", "client")
        within(1.0, connection.close)

    return hang_up


def in_background(work: Callable[[], Any], on_error: Callable[[BaseException], Any]) -> threading.Thread:
    def guarded() -> None:
        try:
            work()
        except Exception as exc:
            on_error(exc)

    thread = threading.Thread(target=guarded, daemon=True)
    thread.start()
    return thread


def within(seconds: float, work: Callable[[], Any]) -> Any:
    """The result of `work`, or TimeoutError: an SDK call may outlast every timeout that it takes."""
    box: dict[str, Any] = {}
    thread = in_background(lambda: box.update(result=work()), lambda exc: box.update(error=exc))
    thread.join(seconds)
    if "error" in box:
        raise box["error"]
    if "result" not in box:
        raise TimeoutError("no answer within %g s" % seconds)
    return box["result"]


# -- the probes ---------------------------------------------------------------------------------------------------


def realtime_probe(options: argparse.Namespace, key: str, log: EventLog, client: str) -> dict[str, Any]:
    """One realtime session, bounded by --timeout, as a report."""
    session = Session(log, client, options.ws_url + "?model=" + options.model)
    speak = speak_client if client == "sdk-client" else speak_realtime
    report = {"ok": False, "model": options.model, "client": client, "voice": options.voice, "mode": options.mode}
    try:
        hang_up = speak(options, key, session)
    except Refusal as refusal:
        return {**report, **failure(refusal)}
    deadline = session.zero + options.timeout
    # Real reasons arrive through on_error at once, so that nobody waits for the SDK's own five seconds.
    if not session.wait(session.over, deadline - time.perf_counter()):
        session.waited_for = waiting_for(session)
        session.note("deadline", after_s=options.timeout, waiting_for=session.waited_for)
    elif not session.closed and not session.refused and not session.failure:
        grace = min(ERROR_GRACE_S if session.error else CLOSE_GRACE_S, deadline - time.perf_counter())
        session.wait(lambda: session.closed or (session.error and session.finished), grace)
    try:
        hang_up()
    except Exception as exc:
        session.note("error", **{"class": type(exc).__name__, "message": str(exc)[:500], "where": "close"})
    with session.changed:
        return {**report, **describe(session, options)}


def waiting_for(session: Session) -> str:
    for event in ("connected", "session.created", "first_audio", "response.done"):
        if event not in session.times:
            return event
    return "session.finished"


def describe(session: Session, options: argparse.Namespace) -> dict[str, Any]:
    rate = session.sample_rate or options.sample_rate or 24000
    outcome = session.outcome(rate)
    times = {name.replace(".", "_") + "_ms": value for name, value in session.times.items()}
    if "first_text" in session.times and "first_audio" in session.times:
        times["first_audio_delay_ms"] = round(session.times["first_audio"] - session.times["first_text"], 3)
    bad = [status for status in session.statuses if status != "completed"]
    response = {
        "chunks": len(session.chunks),
        "sample_rate": rate,
        "finish_reason": (bad or ["stop"])[0] if session.statuses else None,
        "instruction_ignored": bool(options.instruction) and not takes_instructions(options.model),
        "audio_bytes": len(session.pcm),
        "audio_ms": len(session.pcm) // 2 * 1000 // rate,
        "audible_ms": audible_ms(bytes(session.pcm), rate),
    }
    if options.include_audio:
        response["audio_base64_pcm_chunks"] = session.chunks
    return {
        "ok": outcome["error_class"] is None,
        **outcome,
        "close_code": session.closed["code"] if session.closed else None,
        "response": response,
        "sdk": versions(),
        "timing": times,
        "sdk_first_audio_delay_ms": session.sdk_delay,
        "ids": session.ids,
        "anomalies": session.anomalies,
    }


def failure(refusal: Refusal) -> dict[str, Any]:
    return {"ok": False, "error_class": refusal.error_class, "error": str(refusal), "sdk": versions(), **refusal.facts}


def call_http(options: argparse.Namespace, key: str, session: Session, model: str) -> dict[str, Any]:
    """Ask the HTTP door for speech through the SDK; the answer as plain data, whatever its status."""
    sdk = load_sdk()
    sdk.api_key, sdk.base_http_api_url = key, options.base_url
    asked = {"model": model, "text": options.text, "voice": options.voice, "language_type": options.language_type}
    if options.instruction and takes_instructions(model):
        asked["instructions"] = options.instruction
    asked = {name: value for name, value in asked.items() if value is not None}
    door = sdk.MultiModalConversation
    if "text" not in inspect.signature(door.call).parameters:  # before 1.24.x it takes `messages` only, no language either
        door = importlib.import_module("dashscope.audio.qwen_tts").SpeechSynthesizer
        asked.pop("language_type", None)
    session.dial()
    session.note("request", method="POST", url=options.base_url, call=door.__name__ + ".call", body=asked)
    try:
        answer = within(options.timeout, lambda: door.call(api_key=key, request_timeout=options.timeout, **asked))
    except Exception as exc:
        session.failed(exc, "sdk")
        raise Refusal(exception_class(exc, connected=False), one_line(exc)) from exc
    answer = json.loads(json.dumps(answer, default=str))
    session.note("response", status=answer.get("status_code"), headers={}, body=answer)
    return answer


def http_probe(options: argparse.Namespace, key: str, log: EventLog) -> dict[str, Any]:
    """A realtime model over HTTP: the service is expected to refuse it."""
    session = Session(log, "sdk-http", options.base_url)
    report = {"model": options.model, "client": "sdk-http", "expected": False}
    try:
        answer = call_http(options, key, session, options.model)
    except Refusal as refusal:
        return {**report, **failure(refusal)}
    status, code, message = answer.get("status_code"), answer.get("code"), answer.get("message")
    found = meaning(status, code, message)
    realtime = options.model in SIBLINGS or "realtime" in options.model
    if status == 200:
        found = "accepted_unexpectedly" if realtime else None
    elif realtime and found in ("wrong_door", "model_unknown_or_retired"):
        found = "refused_as_expected"
    else:
        found = found or ("service_error" if status and status >= 500 else "rejected")
    facts = {"http_status": status, "code": code, "message": message, "request_id": answer.get("request_id")}
    expected = found == "refused_as_expected" or (found is None and not realtime)
    return {**report, "ok": expected, "expected": expected, "error_class": found, **facts, "sdk": versions()}


def fallback(options: argparse.Namespace, key: str, log: EventLog) -> dict[str, Any]:
    """Speech from the non-realtime sibling, as a WAV file."""
    session = Session(log, "sdk-http", options.base_url)
    model = SIBLINGS.get(options.model, None if "realtime" in options.model else options.model)
    report = {"ok": False, "model": model, "client": "sdk-http", "voice": options.voice}
    try:
        if model is None:
            raise Refusal("no_sibling", "no non-realtime sibling is known for %s" % options.model)
        answer = call_http(options, key, session, model)
        facts = {"http_status": answer.get("status_code"), "code": answer.get("code"), "message": answer.get("message")}
        facts["request_id"] = answer.get("request_id")
        if facts["http_status"] != 200:
            found = meaning(facts["http_status"], facts["code"], facts["message"])
            found = found or ("service_error" if (facts["http_status"] or 0) >= 500 else "rejected")
            raise Refusal(found, "HTTP %s: %s %s" % (facts["http_status"], facts["code"], facts["message"]), **facts)
        url = member(member(answer, "output"), "audio").get("url")
        if not isinstance(url, str) or urllib.parse.urlsplit(url).scheme not in ("http", "https"):
            raise Refusal("protocol", "the answer names no http(s) address of a WAV", **facts)
        wav = download(url, options.timeout, session)
        pcm, rate = read_wav(wav)
        error_class, error = judge_audio(pcm, rate)
        if error_class:
            raise Refusal(error_class, str(error), **facts)
        path = save(wav, options.output or default_output(model))
    except Refusal as refusal:
        return {**report, **failure(refusal)}
    sound = {"sample_rate": rate, "audio_ms": len(pcm) // 2 * 1000 // rate, "audible_ms": audible_ms(pcm, rate)}
    return {**report, "ok": True, "error_class": None, **facts, "output": path, "bytes": len(wav), **sound, "sdk": versions()}


def download(url: str, seconds: float, session: Session) -> bytes:
    """The file behind a signed address (plain http, as the service gives it); no key travels."""
    deadline, data = time.monotonic() + seconds, bytearray()
    try:
        with urllib.request.urlopen(url, timeout=seconds) as answer:
            while True:
                piece = answer.read1(65536)
                data += piece
                if not piece:
                    break
                if len(data) > MAX_WAV_BYTES:
                    raise Refusal("bad_wav", "larger than %d bytes" % MAX_WAV_BYTES)
                if time.monotonic() > deadline:
                    raise TimeoutError("the download took longer than %g s" % seconds)
    except Refusal:
        raise
    except Exception as exc:
        session.failed(exc, "download")
        raise Refusal(exception_class(exc, connected=False), "download: " + one_line(exc)) from exc
    return bytes(data)


def default_output(model: str) -> str:
    base = os.environ.get("OUTPUT_DIR") or "output"
    name = "%s-%s-%s.wav" % (model, time.strftime("%Y%m%dT%H%M%SZ", time.gmtime()), uuid.uuid4().hex[:4])
    return os.path.join(base, "ai-audio-tts-realtime", "audio", name)


def save(data: bytes, path: str) -> str:
    """Write a file that appears whole or not at all."""
    part = "%s.%d.part" % (path, os.getpid())
    try:
        os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
        with open(part, "wb") as file:
            file.write(data)
        os.replace(part, path)
    except OSError as exc:
        raise Refusal("output", "cannot write %s: %s" % (path, one_line(exc))) from exc
    return path


# -- the key ------------------------------------------------------------------------------------------------------

NO_KEY = (
    "no API key: set DASHSCOPE_API_KEY, or dashscope_api_key in ~/.alibabacloud/credentials, or DASHSCOPE_API_KEY in "
    ".env of this folder, or hand it over with --api-key-stdin"
)


def find_key(from_stdin: bool) -> str:
    """The key, from the first place that has one; "" when none has."""
    if from_stdin:
        return sys.stdin.readline().strip()
    return os.environ.get("DASHSCOPE_API_KEY", "").strip() or key_of_profile() or key_of_dotenv()


def key_of_profile() -> str:
    profile = os.environ.get("ALIBABA_CLOUD_PROFILE") or os.environ.get("ALICLOUD_PROFILE") or "default"
    file = configparser.ConfigParser(interpolation=None)
    try:
        file.read(os.path.expanduser(os.path.join("~", ".alibabacloud", "credentials")), encoding="utf-8")
        return file.get(profile, "dashscope_api_key", fallback="").strip()
    except (configparser.Error, OSError, ValueError):
        return ""


def key_of_dotenv() -> str:
    if os.environ.get("CI"):  # a pull request must not be able to choose the key
        return ""
    try:
        with open(".env", encoding="utf-8") as file:
            for line in file:
                match = re.match(r"\s*(?:export\s+)?DASHSCOPE_API_KEY\s*=\s*(.*?)\s*$", line)
                if match:
                    return match.group(1).strip("'\"")
    except (OSError, ValueError):
        pass
    return ""


# -- the command line ---------------------------------------------------------------------------------------------


class Parser(argparse.ArgumentParser):
    def error(self, message: str) -> Any:
        raise Refusal("usage", message)


def parser() -> Parser:
    p = Parser(description=(__doc__ or "").splitlines()[0], epilog="Output, exit codes and error classes: top of the file.")
    p.add_argument("--text", required=True, help="what to say")
    p.add_argument("--model", default="qwen3-tts-flash-realtime", help="exact model string (default: %(default)s)")
    p.add_argument("--voice", help="voice name or custom voice id (default: Cherry; vd and vc models need their own)")
    p.add_argument("--mode", default="server_commit", choices=("server_commit", "commit"), help="who decides when to speak")
    p.add_argument("--language-type", help="Chinese, English, ... (default: left to the service)")
    p.add_argument("--instruction", help="manner of speaking; sent to instruct models only")
    p.add_argument("--sample-rate", type=int, help="Hz (default: 24000)")
    p.add_argument("--client", default="sdk-realtime", choices=("sdk-realtime", "sdk-client", "sdk-http", "all"))
    p.add_argument("--ws-url", default=WS_URL, help="realtime address without query (default: %(default)s)")
    p.add_argument("--base-url", default=BASE_URL, help="HTTP address (default: %(default)s)")
    p.add_argument("--fallback", action="store_true", help="if not ok, fetch a WAV from the non-realtime sibling")
    p.add_argument("--strict", action="store_true", help="exit 2 unless the realtime session is ok")
    p.add_argument("--output", help="where the fallback's WAV goes (default: below OUTPUT_DIR)")
    p.add_argument("--include-audio", action="store_true", help="put the audio into the JSON")
    p.add_argument("--events", metavar="FILE", help="write every event as a JSON line, as it comes")
    p.add_argument("--api-key-stdin", action="store_true", help="read the key from the first line of standard input")
    p.add_argument("--timeout", type=float, default=30.0, help="seconds for a session or an HTTP exchange (default: 30)")
    return p


def parse(argv: list[str]) -> argparse.Namespace:
    options = parser().parse_args(argv)
    if not options.text.strip():
        raise Refusal("usage", "--text is empty")
    if not options.timeout > 0:
        raise Refusal("usage", "--timeout must be positive")
    if options.sample_rate is not None and options.sample_rate <= 0:
        raise Refusal("usage", "--sample-rate must be positive")
    for name, url, schemes in (("--ws-url", options.ws_url, ("ws", "wss")), ("--base-url", options.base_url, ("http", "https"))):
        parts = urllib.parse.urlsplit(url)
        if parts.scheme not in schemes or not parts.netloc or parts.query:
            raise Refusal("usage", "%s must be %s://HOST/... without a query" % (name, schemes[-1]))
    if options.voice is None:
        if re.search(r"-v[dc]-", options.model):
            raise Refusal("usage", "%s speaks with custom voices only: name one with --voice" % options.model)
        options.voice = "Cherry"
    return options


def run(argv: list[str], key: str | None = None) -> tuple[dict[str, Any], int]:
    """Do what the command line asks; returns the report and the exit code.  `key` spares the search for one."""
    try:
        options = parse(argv)
        key = find_key(options.api_key_stdin) if key is None else key
        log = EventLog(options.events, key)
    except Refusal as refusal:
        return refused(refusal), 64
    except OSError as exc:
        return refused(Refusal("usage", "--events: " + one_line(exc))), 64
    if not key:
        return refused(Refusal("no_key", NO_KEY)), 1
    try:
        report = probe(options, key, log)
    finally:
        log.close()
    report = json.loads(hide(json.dumps(report, default=str), key))
    ok = report["realtime_probe"]["ok"]
    if options.strict:
        return report, 0 if ok else 2
    return report, 0 if ok or (report["fallback"] or {}).get("ok") else 1


def refused(refusal: Refusal) -> dict[str, Any]:
    return {"realtime_probe": failure(refusal), "http_probe": None, "fallback": None}


def probe(options: argparse.Namespace, key: str, log: EventLog) -> dict[str, Any]:
    report: dict[str, Any] = {"realtime_probe": None, "http_probe": None, "fallback": None}
    if options.client == "sdk-http":
        asked = Refusal("not_probed", "--client sdk-http asks for no realtime session", client="sdk-http")
        report["realtime_probe"] = {"model": options.model, **failure(asked)}
    else:
        client = "sdk-client" if options.client == "sdk-client" else "sdk-realtime"
        report["realtime_probe"] = realtime_probe(options, key, log, client)
    if options.client == "all":
        report["client_probe"] = realtime_probe(options, key, log, "sdk-client")
    if options.client in ("sdk-http", "all"):
        report["http_probe"] = http_probe(options, key, log)
    if options.fallback and not report["realtime_probe"]["ok"]:
        report["fallback"] = fallback(options, key, log)
    return report


def main() -> int:
    if {"-h", "--help"} & set(sys.argv[1:]):
        parser().print_help()
        return 0
    sys.stdout.flush()
    real_stdout = os.dup(1)
    os.dup2(2, 1)  # dashscope up to 1.26.0 prints
    report, code = run(sys.argv[1:])
    with os.fdopen(real_stdout, "w", encoding="utf-8") as out:
        out.write(json.dumps(report, ensure_ascii=False, indent=2) + "\n")
    if code == 64:
        print("realtime_tts_demo: %s" % report["realtime_probe"]["error"], file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
