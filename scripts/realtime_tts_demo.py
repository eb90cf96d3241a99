#!/usr/bin/env python3
"""Speak one text with Qwen TTS Realtime through the `dashscope` SDK, and say honestly what happened.

Copy this file alone: it needs Python >= 3.8 and `dashscope`, any release with the realtime class (1.23.9 to 2.0.2).

    export DASHSCOPE_API_KEY=sk-...
    python realtime_tts_demo.py --text "Good morning." --strict

Standard output is one JSON object; whatever the SDK prints goes to standard error:

    realtime_probe   ok, model, client, voice, mode, error_class, error, http_status, code, message, close_code,
                     response, sdk, timing (ms since dialling), sdk_first_audio_delay_ms (the SDK's own number), ids,
                     anomalies
    client_probe     the same over `sdk-client`, with --client all; never decides
    http_probe       a realtime model over HTTP, with --client sdk-http or all: to be refused; never decides
    fallback         the non-realtime sibling over HTTP, with --fallback when the realtime probe is not ok

`ok`: the session finished, with at least 300 ms of PCM that is not digital silence.
Exit: with --strict 2 unless ok; else 0 when ok or the fallback succeeded, else 1.  No key: 1.  Wrong usage: 64.

Error classes (stable; null when all is well):

    usage no_key sdk_missing sdk_import sdk_lacks_realtime sdk_lacks_client      nothing was sent
    auth no_access arrears quota throttled                                      the account was refused
    model_unknown_or_retired voice content wrong_door rejected service_error    the request was refused
    network tls handshake_refused timeout_connect                               no connection
    dropped timeout_idle timeout_audio stalled                                  the connection or the audio broke off
    protocol no_audio short_audio silent_audio                                  what came is not speech as agreed
    no_sibling bad_wav output                                                   the fallback's own
    not_probed           --client sdk-http asks for no realtime session
    refused_as_expected accepted_unexpectedly                                   http_probe only
    sdk_error            the SDK raised something that none of these covers
"""

from __future__ import annotations

import argparse
import array
import base64
import binascii
import configparser
import importlib
import inspect
import io
import json
import os
import platform
import re
import sys
import threading
import time
import traceback
import urllib.error
import urllib.parse
import urllib.request
import uuid
import wave
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Callable

WS_URL = "wss://dashscope.aliyuncs.com/api-ws/v1/realtime"
BASE_URL = "https://dashscope.aliyuncs.com/api/v1"
MIN_AUDIO_MS = 300
GRACE_S = 2.0  # for the service to close after session.finished; whether it does after an error is not documented
MAX_WAV_BYTES = 64 * 2**20

SIBLINGS = {  # realtime model: the HTTP model nearest to it (a custom voice works with one of the two only)
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


class Stop(Exception):
    """A probe cannot go on: an error class, a sentence, and facts for the report."""

    def __init__(self, error_class: str, error: str, **facts: Any) -> None:
        super().__init__(error)
        self.report = {"ok": False, "error_class": error_class, "error": error, **facts}


# -- what an error means ----------------------------------------------------------------------------------------------
# Codes and messages: https://help.aliyun.com/zh/model-studio/error-code (2026-11); odd spellings are the service's own.
# A code that says something wins over a phrase in the message, a phrase over the bare HTTP status.

# fmt: off
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
# fmt: on
STATUSES = {401: "auth", 403: "no_access", 429: "throttled", 503: "throttled"}


def meaning(status: int | None, code: Any, message: Any) -> str | None:
    """The error class of the service's answer; None when it says nothing that we know."""
    code, message = str(code or "").lower(), str(message or "").lower()
    for error_class, codes, _ in MEANINGS:
        if code in codes.split():
            return error_class
    for error_class, _, phrase in MEANINGS:
        if re.search(phrase, f"{message} {code}"):
            return error_class
    return STATUSES.get(status or 0) or ("service_error" if (status or 0) >= 500 else None)


def exception_class(exc: BaseException, *, connected: bool) -> str:
    """The error class of an exception out of the SDK or its libraries, by the names of its classes: releases differ."""
    chain, cause = [exc], exc.__cause__ or exc.__context__
    while cause is not None and cause not in chain:
        chain, cause = [*chain, cause], cause.__cause__ or cause.__context__
    names = " ".join(base.__name__ for one in chain for base in type(one).__mro__)
    if re.search(r"SSL\w*Error|SSLCert", names):
        return "tls"
    if "Timeout" in names:
        return "timeout_audio" if connected else "timeout_connect"
    if re.search(r"DecodeError|WebSocketProtocol|WebSocketPayload|BadStatusLine", names):
        return "protocol"
    if connected and re.search(r"ValueError|RecursionError", names):  # dashscope.Client, of a frame that is no event
        return "protocol"
    if "IncompleteRead" in names or (connected and re.search(r"ConnectionClosed|ConnectionError|BrokenPipe", names)):
        return "dropped"
    if re.search(r"OSError|WebSocketAddress|WebSocketProxy|Connection", names):
        return "network"
    return "protocol" if "WebSocketException" in names else "sdk_error"


def http_class(exc: BaseException) -> str:
    """The same for an HTTP exchange, where only a ConnectTimeout is known to be one."""
    if isinstance(exc, urllib.error.HTTPError):
        return "rejected"
    found = exception_class(exc, connected=False)
    return "timeout_audio" if found == "timeout_connect" and type(exc).__name__ != "ConnectTimeout" else found


def one_line(exc: BaseException) -> str:
    """Class and message, fit for a report."""
    return " ".join(f"{type(exc).__name__}: {exc}".split())[:500]


# -- sound ------------------------------------------------------------------------------------------------------------


def measure(pcm: bytes, rate: int) -> dict[str, int]:
    """Length of 16-bit mono PCM, and how much, in blocks of 10 ms, is not one constant value (digital silence)."""
    samples = array.array("h", pcm[: len(pcm) // 2 * 2])
    block = max(rate // 100, 1)
    loud = sum(len(set(samples[at : at + block])) > 1 for at in range(0, len(samples), block))
    return {"audio_bytes": len(pcm), "audio_ms": len(samples) * 1000 // rate, "audible_ms": loud * 10}


def audio_problem(sound: dict[str, int]) -> tuple[str, str] | None:
    """Error class and sentence when the sound is not speech as agreed."""
    if not sound["audio_bytes"]:
        return "no_audio", "it ended well, but without any audio"
    if sound["audio_ms"] < MIN_AUDIO_MS:
        return "short_audio", f"only {sound['audio_ms']} ms of audio; {MIN_AUDIO_MS} are needed"
    if sound["audible_ms"] < MIN_AUDIO_MS:
        return "silent_audio", f"{sound['audio_ms']} ms of audio, all but {sound['audible_ms']} ms digital silence"
    return None


# -- what was seen of a session ---------------------------------------------------------------------------------------


class EventLog:
    """JSON lines of what is seen, each on disk at once, so that a killed process leaves them behind; never the key."""

    def __init__(self, path: str | None, key: str) -> None:
        self.file = open(path, "w", encoding="utf-8", errors="replace") if path else None  # noqa: SIM115
        self.key = key
        self.zero: float | None = None  # the first dial: one clock for all sessions in the file

    def close(self) -> None:
        if self.file:
            self.file.close()
            self.file = None

    def write(self, at: float, entry: dict[str, Any]) -> None:
        if self.file:
            self.zero = at if self.zero is None else self.zero
            moment = {"t": round(at - self.zero, 6), "dir": entry["dir"]}
            try:
                line = json.dumps({**moment, **hide(entry, self.key)}, ensure_ascii=False, allow_nan=False)
            except (ValueError, RecursionError):  # an event that Python reads but JSON does not know: NaN, or too deep
                line = json.dumps({**moment, "raw": hide(repr(entry), self.key)}, ensure_ascii=False)
            try:
                self.file.write(line + "\n")
                self.file.flush()
            except OSError as exc:
                print(f"--events: {one_line(exc)}", file=sys.stderr)
                self.file = None


def hide(value: Any, key: str) -> Any:
    """The same without the key, wherever it was quoted back at us."""
    if isinstance(value, dict):
        return {hide(name, key): hide(member, key) for name, member in value.items()}
    if isinstance(value, (list, tuple)):
        return [hide(item, key) for item in value]
    return value.replace(key, "***") if isinstance(value, str) else value


class Session:
    """What came and went, with times, and a condition to wait on.  Written from the SDK's threads.

    `at` is always a perf_counter() that was read before anything else was done.
    """

    def __init__(self, log: EventLog, client: str, url: str) -> None:
        self.log = log
        self.changed = threading.Condition(threading.RLock())
        self.entries: list[dict[str, Any]] = []
        self.times: dict[str, float] = {}  # ms since the dial, of the first `type` in, `> type` out, `(note)`
        self.failure: BaseException | None = None
        self.lost: BaseException | None = None  # the connection is gone; a note `closed` should follow
        self.waited_for: str | None = None
        self.zero = time.perf_counter()
        self.note("dial", self.zero, client=client, url=url)

    def add(self, way: str, kind: Any, at: float, **what: Any) -> None:
        with self.changed:
            self.entries.append({"dir": way, **what})
            self.times.setdefault(str(kind), round((at - self.zero) * 1000, 3))
            self.changed.notify_all()
            self.log.write(at, self.entries[-1])

    def note(self, name: str, at: float | None = None, /, **data: Any) -> None:
        self.add("note", f"({name})", time.perf_counter() if at is None else at, name=name, data=data)

    def raised(self, exc: BaseException, where: str, at: float | None = None) -> None:
        self.note("error", at, **{"class": type(exc).__name__, "message": str(exc)[:500], "where": where})

    def frame(self, way: str, message: Any, at: float) -> None:
        """A message as text, bytes or a parsed event."""
        event = as_object(message) if isinstance(message, str) else message
        if isinstance(event, dict):
            self.add(way, "> " + str(event.get("type")) if way == "out" else event.get("type"), at, event=event)
        elif isinstance(message, (bytes, bytearray)):
            self.add(way, "binary", at, binary=base64.b64encode(message).decode())
        else:
            self.add(way, "raw", at, raw=message if isinstance(message, str) else json.dumps(message))

    def failed(self, exc: Any, where: str, at: float | None = None) -> None:
        """An exception that ends the session; the first one is the cause, later ones follow from it."""
        with self.changed:
            if self.failure or self.closed_or_refused():
                return
            if hasattr(exc, "resp_headers"):  # websocket-client's WebSocketBadStatusException; old ones keep no body
                body = getattr(exc, "resp_body", None) or b""
                body = body[:4096].decode("utf-8", "replace") if isinstance(body, bytes) else str(body)[:4096]
                headers = {str(name).lower(): str(value) for name, value in dict(exc.resp_headers or {}).items()}
                self.note("refused", at, status=exc.status_code, headers=headers, body=body)
                return
            # websocket-client's on_error also tells of an orderly close; its on_close follows, with the code
            orderly = where == "websocket" and type(exc).__name__ == "WebSocketConnectionClosedException"
            if not orderly:
                self.raised(exc, where, at)
            if orderly or (self.opened() and exception_class(exc, connected=True) == "dropped"):
                self.lost = self.lost or exc
            else:
                self.failure = exc
            self.changed.notify_all()

    def closed(self, code: Any, reason: Any, by: str, at: float | None = None) -> None:
        with self.changed:
            if not self.failure and not self.closed_or_refused():
                self.note("closed", at, code=code, reason=str(reason or ""), by=by)

    def opened(self) -> bool:
        return "(connected)" in self.times or "session.created" in self.times

    def closed_or_refused(self) -> bool:
        return "(closed)" in self.times or "(refused)" in self.times

    def over(self) -> bool:
        ended = self.failure or self.lost or self.closed_or_refused()
        return bool(ended or "session.finished" in self.times or "error" in self.times)

    def events(self, kind: str) -> list[dict[str, Any]]:
        received = (entry["event"] for entry in self.entries if entry["dir"] == "in" and "event" in entry)
        return [event for event in received if event.get("type") == kind]

    def facts(self, note: str) -> dict[str, Any]:
        return next((dict(entry["data"]) for entry in self.entries if entry.get("name") == note), {})

    def wait(self, done: Callable[[], Any], seconds: float) -> bool:
        with self.changed:
            return bool(self.changed.wait_for(done, max(seconds, 0)))


def as_object(text: Any) -> dict[str, Any] | None:
    try:
        value = json.loads(text)
    except (TypeError, ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def member(event: dict[str, Any], name: str) -> dict[str, Any]:
    value = event.get(name)
    return value if isinstance(value, dict) else {}


# -- reading a session ------------------------------------------------------------------------------------------------

STEPS = {
    "connected_ms": "(connected)",
    "session_created_ms": "session.created",
    "first_text_ms": "> input_text_buffer.append",
    "first_audio_ms": "response.audio.delta",
    "response_done_ms": "response.done",
    "session_finished_ms": "session.finished",
    "closed_ms": "(closed)",
}


def describe(session: Session, options: argparse.Namespace) -> dict[str, Any]:
    """The report of a session that is over."""
    updated = [member(event, "session").get("sample_rate") for event in session.events("session.updated")]
    rate = next((r for r in reversed(updated) if isinstance(r, int) and r > 0), options.sample_rate or 24000)
    chunks: list[Any] = [event.get("delta") for event in session.events("response.audio.delta")]
    anomalies = [f"a {name} frame" for name in ("raw", "binary") for entry in session.entries if name in entry]
    pcm = b""
    for chunk in chunks:
        try:
            pcm += base64.b64decode(chunk, validate=True)
        except (binascii.Error, TypeError, ValueError):
            anomalies.append("an audio delta that is not Base64")
    statuses = [str(member(event, "response").get("status")) for event in session.events("response.done")]
    sound = measure(pcm, rate)
    response: dict[str, Any] = {
        "chunks": len(chunks),
        "sample_rate": rate,
        "finish_reason": next((s for s in statuses if s != "completed"), "stop") if statuses else None,
        "instruction_ignored": bool(options.instruction) and not takes_instructions(options.model),
        **sound,
    }
    if options.include_audio:
        response["audio_base64_pcm_chunks"] = chunks
    outcome = judge(session, sound, anomalies)
    timing = {name: session.times[kind] for name, kind in STEPS.items() if kind in session.times}
    if {"first_text_ms", "first_audio_ms"} <= set(timing):
        timing["first_audio_delay_ms"] = round(timing["first_audio_ms"] - timing["first_text_ms"], 3)
    ids = {
        "session": next((member(e, "session").get("id") for e in session.events("session.created")), None),
        "responses": [member(event, "response").get("id") for event in session.events("response.created")],
    }
    close_code = session.facts("closed").get("code")
    tail = {"response": response, "timing": timing, "ids": ids, "anomalies": anomalies}
    return {"ok": outcome["error_class"] is None, **outcome, "close_code": close_code, **tail}


def judge(session: Session, sound: dict[str, int], anomalies: list[str]) -> dict[str, Any]:
    """error_class, error and the service's own words; all None when the session was as it should be."""
    status = code = message = found = words = None
    finished = session.times.get("session.finished")
    if "(refused)" in session.times:
        refused = session.facts("refused")
        status, answer = refused["status"], as_object(refused["body"]) or {}
        answer = member(answer, "error") or answer
        code, message = answer.get("code"), answer.get("message")
        found = meaning(status, code, message or refused["body"]) or "handshake_refused"
        words = f"the handshake was refused with HTTP {status}: {message or 'the answer does not say why'}"
        if status == 403 and not code:
            words += " (403 can mean the key as well as a permission)"
    elif "error" in session.times and (finished is None or session.times["error"] < finished):
        error = member(session.events("error")[0], "error")
        code, message = error.get("code"), error.get("message")
        found, words = meaning(None, code, message) or "rejected", f"error event: {code} {message}"
    elif finished is not None:
        found, words = audio_problem(sound) or (None, None)
        found = "protocol" if found == "no_audio" and anomalies else found
    else:
        found, words = broken_off(session, anomalies)
    words = words and " ".join(words.split())[:500]
    code, message = (value if value is None else str(value)[:2000] for value in (code, message))
    return {"error_class": found, "error": words, "http_status": status, "code": code, "message": message}


def broken_off(session: Session, anomalies: list[str]) -> tuple[str, str]:
    """Why a session without an error event did not finish."""
    audio = "response.audio.delta" in session.times
    if session.waited_for:
        late = "timeout_connect" if session.waited_for == "handshake" else "stalled" if audio else "timeout_audio"
        return late, f"gave up waiting for {session.waited_for}"
    if session.failure is not None:
        return exception_class(session.failure, connected=session.opened()), one_line(session.failure)
    closed = session.facts("closed")
    reason = closed.get("reason") or str(session.lost or "no reason given")
    words = f"closed {'amid' if audio else 'before any'} audio, code {closed.get('code')}: {reason}"
    if meaning(None, None, reason):
        return str(meaning(None, None, reason)), words
    if not session.opened() and closed.get("code") is None:
        return "network", f"the connection ended during the handshake: {reason}"
    if anomalies:
        return "protocol", f"{words}; {anomalies[0]}"
    if "session.created" in session.times and "response.created" not in session.times:
        words += "; so the service treats a model that it does not serve (an invented or a retired one)"
        return "model_unknown_or_retired", words + "; a connection cut or throttled at this moment can look the same"
    return "dropped", words


# -- the SDK ----------------------------------------------------------------------------------------------------------


def load_sdk() -> Any:
    """Import dashscope; a missing package is not one that breaks on import (2.0.1 and 2.0.2 do on Python < 3.11)."""
    try:
        return importlib.import_module("dashscope")
    except Exception as exc:
        if isinstance(exc, ModuleNotFoundError) and exc.name == "dashscope":
            raise Stop("sdk_missing", "dashscope is not installed: pip install 'dashscope>=1.25.11'") from exc
        raise Stop("sdk_import", one_line(exc)) from exc


def versions() -> dict[str, str | None]:
    found: dict[str, str | None] = {"python": platform.python_version()}
    for name in ("dashscope", "websocket-client"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = None
    return found


def takes_instructions(model: str) -> bool:
    return "instruct" in model


def session_settings(options: argparse.Namespace) -> dict[str, Any]:
    """Arguments of update_session, or members of session.update; releases pass on by **kwargs what they cannot name."""
    settings = {
        "voice": options.voice,
        "mode": options.mode,
        "language_type": options.language_type,
        "sample_rate": options.sample_rate,
        "instructions": options.instruction if takes_instructions(options.model) else None,
    }
    return {name: value for name, value in settings.items() if value is not None}


def open_realtime(options: argparse.Namespace, key: str, log: EventLog) -> tuple[Session, Any, Any]:
    """Start a session over QwenTtsRealtime; also returns how to hang up, and how to ask for the SDK's own delay."""
    sdk = load_sdk()
    try:
        realtime: Any = importlib.import_module("dashscope.audio.qwen_tts_realtime")
    except ImportError as exc:
        raise Stop("sdk_lacks_realtime", f"{one_line(exc)}; the realtime class came with dashscope 1.23.9") from exc

    class Callback(realtime.QwenTtsRealtimeCallback):  # type: ignore[misc]
        def on_open(self) -> None:
            session.note("connected", time.perf_counter())

        def on_event(self, message: Any) -> None:
            speaker.delivered = True
            session.frame("in", message, speaker.arrived)

        def on_close(self, close_status_code: Any, close_msg: Any) -> None:
            at = time.perf_counter()
            session.closed(close_status_code, close_msg, "service" if close_status_code else "network", at)

    class Speaker(realtime.QwenTtsRealtime):  # type: ignore[misc]
        """The SDK's class; its two public handlers tell us what it would keep to itself.

        on_error: why a connection was refused is told here only, and at once.  connect() polls a flag and, five seconds
        later, raises a TimeoutError that no longer knows.  The original is not called: up to 1.26.0 it prints, and
        raises in the receiving thread, which ends without on_close; later it logs.
        on_message: frames that are no JSON never reach the callback; times are taken before the SDK decodes.
        """

        arrived = 0.0
        delivered = False

        def on_error(self, ws: Any, error: Any) -> None:
            session.failed(error, "websocket", time.perf_counter())

        def on_message(self, ws: Any, message: Any) -> None:
            self.arrived, self.delivered = time.perf_counter(), False
            try:
                super().on_message(ws, message)
            except Exception as exc:  # releases differ in what they choke on; the session goes on
                session.raised(exc, "on_message")
            if not self.delivered:
                session.frame("in", message, self.arrived)

    def work() -> None:
        speaker.connect()
        send = speaker.ws.send  # websocket-client's; the SDK calls it with the very text that goes out

        def tapped(data: Any, *rest: Any, **named: Any) -> Any:
            session.frame("out", data, time.perf_counter())
            return send(data, *rest, **named)

        speaker.ws.send = tapped
        speaker.update_session(**session_settings(options))
        speaker.append_text(options.text)
        if options.mode == "commit":
            speaker.commit()
            session.wait(lambda: "response.done" in session.times or session.over(), options.timeout)
        speaker.finish()

    sdk.api_key = key
    speaker = Speaker(model=options.model, callback=Callback(), url=options.ws_url)
    session = Session(log, "sdk-realtime", speaker.url)
    in_background(work, lambda exc: session.failed(exc, "sdk"))
    return session, speaker.close, speaker.get_first_audio_delay


def open_client(options: argparse.Namespace, key: str, log: EventLog) -> tuple[Session, Any, Any]:
    """The same over dashscope.Client(...).audio.realtime, with raw events: a preview by the vendor."""
    sdk = load_sdk()
    try:
        client = sdk.Client(api_key=key, base_url=options.base_url)
        # A longer timeout than ours: it is per frame, and ours should speak first.
        link = client.audio.realtime.connect(model=options.model, ws_url=options.ws_url, timeout=options.timeout + 5)
    except AttributeError as exc:
        raise Stop("sdk_lacks_client", f"{one_line(exc)}; it came with dashscope 2.0.1") from exc

    def send(kind: str, **fields: Any) -> None:
        event = {"event_id": "event_" + uuid.uuid4().hex, "type": kind, **fields}
        session.frame("out", event, time.perf_counter())
        link.send_event(event)

    def read() -> None:
        for event in link.events():
            session.frame("in", event, time.perf_counter())
        session.closed(None, "", "client" if "session.finished" in session.times else "network")

    def broken(exc: BaseException) -> None:
        at, body = time.perf_counter(), getattr(exc, "body", None)
        if isinstance(body, dict) and body.get("type") == "error":  # it raises the service's error events
            session.frame("in", body, at)
            session.closed(None, "the SDK hangs up after an error event", "client")
        elif "connection closed" not in str(exc):
            session.failed(exc, "sdk", at)
        session.closed(None, exc, "network", at)

    def work() -> None:
        link.connect()
        session.note("connected", time.perf_counter())
        in_background(read, broken)
        send("session.update", session=session_settings(options))
        send("input_text_buffer.append", text=options.text)
        if options.mode == "commit":
            send("input_text_buffer.commit")
            session.wait(lambda: "response.done" in session.times or session.over(), options.timeout)
        send("session.finish")

    session = Session(log, "sdk-client", link.url)
    in_background(work, lambda exc: session.failed(exc, "sdk"))
    return session, link.close, lambda: link.last_first_audio_delay


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
    """The result of `work`, or TimeoutError: no call into the SDK is trusted to come back."""
    box: dict[str, Any] = {}
    in_background(lambda: box.update(result=work()), lambda exc: box.update(error=exc)).join(seconds)
    if "error" in box:
        raise box["error"]
    if "result" not in box:
        raise TimeoutError(f"no answer within {seconds:g} s")
    return box["result"]


# -- the probes -------------------------------------------------------------------------------------------------------


def attempt(options: argparse.Namespace, client: str, probe: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    """Let a probe fill its report; whatever it raises becomes part of the report."""
    report = {"ok": False, "model": options.model, "client": client, "voice": options.voice, "error_class": None}
    try:
        probe(report)
    except Stop as stop:
        report.update(stop.report)
    except Exception as exc:
        traceback.print_exc()
        report.update(Stop("sdk_error", one_line(exc)).report)
    return report


def realtime_probe(options: argparse.Namespace, key: str, log: EventLog, report: dict[str, Any]) -> None:
    """One realtime session, over within --timeout and a short grace."""
    report.update(mode=options.mode, sdk=versions())
    open_session = open_client if report["client"] == "sdk-client" else open_realtime
    session, hang_up, sdk_delay = open_session(options, key, log)
    if session.wait(session.over, session.zero + options.timeout - time.perf_counter()):
        session.wait(lambda: session.failure or session.closed_or_refused(), GRACE_S)
    else:
        missing = [step for step in STEPS.values() if step not in session.times]
        session.waited_for = missing[missing[0] == "(connected)"].strip("> ") if session.opened() else "handshake"
        session.note("deadline", after_s=options.timeout, waiting_for=session.waited_for)
    session.closed(None, "we hung up", "client")
    try:
        within(1.0, hang_up)
    except Exception as exc:
        session.raised(exc, "close")
    with session.changed:
        report.update(describe(session, options), sdk_first_audio_delay_ms=sdk_delay())


def ask_http(options: argparse.Namespace, key: str, log: EventLog, model: str) -> tuple[Session, dict[str, Any]]:
    """Ask the HTTP door for speech, through the SDK; its answer as plain data with an `error_class`."""
    sdk = load_sdk()
    sdk.api_key, sdk.base_http_api_url = key, options.base_url
    asked = {"model": model, "text": options.text, "voice": options.voice, "language_type": options.language_type}
    asked["instructions"] = options.instruction if takes_instructions(model) else None
    door = sdk.MultiModalConversation
    if "text" not in inspect.signature(door.call).parameters:  # releases before 1.24: messages only, and no language
        door = importlib.import_module("dashscope.audio.qwen_tts").SpeechSynthesizer
        del asked["language_type"]
    asked = {name: value for name, value in asked.items() if value is not None}
    session = Session(log, "sdk-http", options.base_url)
    session.note("request", method="POST", url=options.base_url, call=f"{door.__name__}.call", body=asked)
    try:
        answer = within(options.timeout + 1, lambda: door.call(api_key=key, request_timeout=options.timeout, **asked))
        answer = json.loads(json.dumps(answer, default=str))
    except Exception as exc:
        session.failed(exc, "sdk")
        raise Stop(http_class(exc), one_line(exc)) from exc
    status, code, message = answer.get("status_code"), answer.get("code"), answer.get("message")
    session.note("response", status=status, headers={}, body=answer)
    found = None if status == 200 else meaning(status, code, message) or "rejected"
    words = found and " ".join(f"HTTP {status}: {code or ''} {message or 'the answer does not say why'}".split())[:500]
    facts = {"http_status": status, "code": code, "message": message, "request_id": answer.get("request_id")}
    return session, {"error_class": found, "error": words, **facts, "output": answer.get("output")}


def http_probe(options: argparse.Namespace, key: str, log: EventLog, report: dict[str, Any]) -> None:
    """A realtime model over HTTP: the service is expected to refuse it."""
    report["expected"] = False
    _, answer = ask_http(options, key, log, options.model)
    del answer["output"]
    report.update(answer)
    # A host of a workspace hides its reasons: there the status is all that it says.
    wordless = report["http_status"] == 400 and not report["code"] and not report["message"]
    if "realtime" in options.model:
        if wordless or report["error_class"] in ("wrong_door", "model_unknown_or_retired"):
            report["error_class"] = "refused_as_expected"
        elif report["error_class"] is None:
            report["error_class"] = "accepted_unexpectedly"
    report["ok"] = report["expected"] = report["error_class"] in ("refused_as_expected", None)


def fallback(options: argparse.Namespace, key: str, log: EventLog, report: dict[str, Any]) -> None:
    """Speech from the non-realtime sibling, as a WAV file."""
    model = SIBLINGS.get(options.model, None if "realtime" in options.model else options.model)
    report["model"] = model
    if model is None:
        raise Stop("no_sibling", f"no non-realtime sibling of {options.model} is known")
    session, answer = ask_http(options, key, log, model)
    url = member(member({"output": answer.pop("output")}, "output"), "audio").get("url")
    report.update(answer)
    if report["error_class"]:
        raise Stop(report["error_class"], report["error"])
    wav = download(url, options.timeout, session)
    report.update(wav_facts(wav), bytes=len(wav))
    problem = audio_problem(report)
    if problem:
        raise Stop(*problem)
    path = options.output or default_output(model)
    save(wav, path)
    report.update(ok=True, output=path)


def download(url: Any, seconds: float, session: Session) -> bytes:
    """The file behind a signed address (plain http, as the service gives it); no key travels."""
    if not isinstance(url, str) or urllib.parse.urlsplit(url).scheme not in ("http", "https"):
        raise Stop("protocol", "the answer names no http(s) address of a WAV")
    deadline, data = time.monotonic() + seconds, b""
    try:
        with urllib.request.urlopen(url, timeout=seconds) as answer:
            while len(data) <= MAX_WAV_BYTES:
                piece = answer.read1(65536)
                if not piece:
                    return data
                data += piece
                if time.monotonic() > deadline:
                    raise TimeoutError(f"the download took longer than {seconds:g} s")
    except Exception as exc:
        session.failed(exc, "download")
        raise Stop(http_class(exc), f"download: {one_line(exc)}") from exc
    raise Stop("bad_wav", f"larger than {MAX_WAV_BYTES} bytes")


def wav_facts(data: bytes) -> dict[str, int]:
    """Sample rate and length of a 16-bit mono WAV."""
    try:
        with wave.open(io.BytesIO(data)) as file:
            if (file.getnchannels(), file.getsampwidth()) != (1, 2):
                raise Stop("bad_wav", f"{file.getnchannels()} channels of {file.getsampwidth() * 8} bits")
            rate = file.getframerate()
            return {"sample_rate": rate, **measure(file.readframes(file.getnframes()), rate)}
    except Stop:
        raise
    except Exception as exc:  # `wave` raises what it likes on bytes that are no WAV
        raise Stop("bad_wav", f"no WAV but {len(data)} bytes that begin with {data[:12]!r} ({exc})") from exc


def default_output(model: str) -> str:
    name = f"{model}-{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}-{uuid.uuid4().hex[:4]}.wav"
    return os.path.join(os.environ.get("OUTPUT_DIR") or "output", "ai-audio-tts-realtime", "audio", name)


def save(data: bytes, path: str) -> None:
    """Write a file that appears whole or not at all."""
    part = f"{path}.{os.getpid()}.part"
    try:
        os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
        with open(part, "wb") as file:
            file.write(data)
        os.replace(part, path)
    except OSError as exc:
        raise Stop("output", f"cannot write {path}: {one_line(exc)}") from exc


# -- the key ----------------------------------------------------------------------------------------------------------

NO_KEY = (
    "no API key: set DASHSCOPE_API_KEY, or dashscope_api_key in ~/.alibabacloud/credentials, or DASHSCOPE_API_KEY in "
    ".env of this folder, or hand one over with --api-key-stdin"
)


def find_key(*, from_stdin: bool) -> str:
    """The key from the first place that has one, else an empty string."""
    if from_stdin:
        return sys.stdin.readline().strip()
    return os.environ.get("DASHSCOPE_API_KEY", "").strip() or key_of_profile() or key_of_dotenv()


def key_of_profile() -> str:
    profile = os.environ.get("ALIBABA_CLOUD_PROFILE") or os.environ.get("ALICLOUD_PROFILE") or "default"
    file = configparser.ConfigParser(interpolation=None, default_section="")
    try:
        file.read(os.path.expanduser("~/.alibabacloud/credentials"), encoding="utf-8")
        return file.get(profile, "dashscope_api_key", fallback="").strip()
    except (configparser.Error, OSError, ValueError):
        return ""


def key_of_dotenv() -> str:
    if os.environ.get("CI"):  # a pull request must not be able to choose the key
        return ""
    try:
        with open(".env", encoding="utf-8") as file:
            lines = re.findall(r"^\s*(?:export\s+)?DASHSCOPE_API_KEY\s*=\s*(.*?)\s*$", file.read(), re.MULTILINE)
    except (OSError, ValueError):
        return ""
    return lines[-1].strip("'\"") if lines else ""


# -- the command line -------------------------------------------------------------------------------------------------


class Parser(argparse.ArgumentParser):
    def error(self, message: str) -> Any:
        raise Stop("usage", message)


def parser() -> Parser:
    p = Parser(description=str(__doc__).splitlines()[0], epilog="Output, exit codes, error classes: top of this file.")
    p.add_argument("--text", required=True, help="what to say")
    p.add_argument("--model", default="qwen3-tts-flash-realtime", help="exact model string (default: %(default)s)")
    p.add_argument("--voice", help="voice name or custom voice id (default: Cherry; vd and vc models need their own)")
    p.add_argument("--language-type", help="Chinese, English, ... (default: left to the service)")
    p.add_argument("--instruction", help="manner of speaking; goes to instruct models only")
    p.add_argument("--sample-rate", type=int, help="Hz (default: 24000)")
    p.add_argument("--mode", default="server_commit", choices=("server_commit", "commit"), help="who decides to speak")
    p.add_argument("--client", default="sdk-realtime", choices=("sdk-realtime", "sdk-client", "sdk-http", "all"))
    p.add_argument("--ws-url", default=WS_URL, help="realtime address without a query (default: %(default)s)")
    p.add_argument("--base-url", default=BASE_URL, help="HTTP address (default: %(default)s)")
    p.add_argument("--fallback", action="store_true", help="if not ok, fetch a WAV from the non-realtime sibling")
    p.add_argument("--strict", action="store_true", help="exit 2 unless the realtime session is ok")
    p.add_argument("--output", help="where the fallback's WAV goes (default: below OUTPUT_DIR)")
    p.add_argument("--include-audio", action="store_true", help="put the audio into the JSON")
    p.add_argument("--events", metavar="FILE", help="write each event as a JSON line, as it comes")
    p.add_argument("--api-key-stdin", action="store_true", help="read the key from the first line of standard input")
    p.add_argument("--timeout", type=float, default=30.0, help="seconds for a session or an HTTP exchange (30)")
    return p


def parse(argv: list[str]) -> argparse.Namespace:
    options = parser().parse_args(argv)
    if not options.text.strip():
        raise Stop("usage", "--text is empty")
    if not options.timeout > 0 or (options.sample_rate is not None and options.sample_rate <= 0):
        raise Stop("usage", "--timeout and --sample-rate must be positive")
    for name, url, schemes in (("ws", options.ws_url, ("wss", "ws")), ("base", options.base_url, ("https", "http"))):
        parts = urllib.parse.urlsplit(url)
        if parts.scheme not in schemes or not parts.netloc or parts.query:
            raise Stop("usage", f"--{name}-url must be {schemes[0]}://HOST/... without a query")
    if options.voice is None and re.search(r"-v[dc]-", options.model):
        raise Stop("usage", f"{options.model} speaks with custom voices only: name one with --voice")
    options.voice = options.voice or "Cherry"
    return options


def run(argv: list[str], key: str | None = None) -> tuple[dict[str, Any], int]:
    """Do what the command line asks, and return the report and the exit code.  `key` spares the search for one."""
    report: dict[str, Any] = {"realtime_probe": None, "http_probe": None, "fallback": None}
    try:
        options = parse(argv)
        key = find_key(from_stdin=options.api_key_stdin) if key is None else key
        log = EventLog(options.events, key)
    except Stop as stop:
        return {**report, "realtime_probe": stop.report}, 64
    except OSError as exc:
        return {**report, "realtime_probe": Stop("usage", f"--events: {one_line(exc)}").report}, 64
    if not key:
        return {**report, "realtime_probe": Stop("no_key", NO_KEY).report}, 1

    def ask(client: str, probe: Callable[..., None]) -> dict[str, Any]:
        return attempt(options, client, lambda report: probe(options, key, log, report))

    if options.client == "sdk-http":
        skipped = Stop("not_probed", "--client sdk-http asks for no realtime session", model=options.model)
        report["realtime_probe"] = skipped.report
    else:
        report["realtime_probe"] = ask(options.client.replace("all", "sdk-realtime"), realtime_probe)
    if options.client == "all":
        report["client_probe"] = ask("sdk-client", realtime_probe)
    if options.client in ("sdk-http", "all"):
        report["http_probe"] = ask("sdk-http", http_probe)
    ok = report["realtime_probe"]["ok"]
    if options.fallback and not ok:
        report["fallback"] = ask("sdk-http", fallback)
    log.close()
    good = ok if options.strict else ok or (report["fallback"] or {}).get("ok")
    return hide(report, key), 0 if good else 2 if options.strict else 1


def main() -> int:
    if {"-h", "--help"} & set(sys.argv[1:]):
        parser().print_help()
        return 0
    real_stdout = os.dup(1)
    os.dup2(2, 1)  # dashscope up to 1.26.0 prints
    report, code = run(sys.argv[1:])
    with os.fdopen(real_stdout, "w", encoding="utf-8", errors="replace") as out:
        out.write(json.dumps(report, ensure_ascii=False, indent=2, default=str) + "\n")
    if code == 64:
        print(f"realtime_tts_demo: {report['realtime_probe']['error']}", file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
