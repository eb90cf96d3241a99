"""Asks the SDK of this interpreter what it can do and how it behaves: the half of the matrix that runs beside it.

    PYTHON -I guest.py < JOB

This file runs in the interpreter under test: Python >= 3.8, standard library only, nothing of ttsgate.  The first line
of standard input is the job (`ttsgate.matrix.job`); when standard input closes, whoever started us is gone and so are
we.  Standard output carries one JSON line for each thing that was seen, at once, so that a killed child leaves what it
had.  No opinion is formed here: what was seen is judged by `ttsgate.matrix.facts`.
"""

from __future__ import annotations

import base64
import importlib
import inspect
import json
import logging
import os
import sys
import tempfile
import threading
import time
import traceback
from typing import Any, Callable

CAP = 20000  # characters of print-outs and messages that are kept of a probe
STEP_S = 0.05
CLOSING_S = 1.5  # for on_close to come after session.finished
THREAD_S = 4.5  # for the SDK's thread to end after close(), which waits three seconds for the other side


def limit(memory_mb: int) -> None:
    """Bound memory and the size of files, so that a release cannot take the machine with it."""
    try:
        import resource
    except ImportError:  # not a Unix
        return
    for name, value in (("RLIMIT_AS", memory_mb * 2**20), ("RLIMIT_FSIZE", 64 * 2**20), ("RLIMIT_CORE", 0)):
        try:
            resource.setrlimit(getattr(resource, name), (value, value))
        except (ValueError, OSError, AttributeError):
            continue


def short(text: Any, cap: int = 600) -> str:
    """One line of it."""
    return " ".join(str(text).split())[:cap]


def exception(exc: BaseException) -> dict[str, str]:
    """An exception as data; its class's bases, for releases rename classes but keep what they are."""
    bases = [base.__name__ for base in type(exc).__mro__ if base not in (object, BaseException)]
    return {"class": type(exc).__name__, "bases": " ".join(bases), "message": short(exc)}


# -- whose output is it ------------------------------------------------------------------------------------------------


class Owned:
    """What is printed, logged and raised in threads, by probe: threads belong to the probe that started them."""

    def __init__(self) -> None:
        self.notes: dict[str, dict[str, list[Any]]] = {}
        self.lock = threading.Lock()

    def label(self, thread: threading.Thread | None = None) -> str:
        return getattr(thread or threading.current_thread(), "_ttsgate_probe", "")

    def add(self, kind: str, value: Any, thread: threading.Thread | None = None) -> None:
        with self.lock:
            kept = self.notes.setdefault(self.label(thread), {}).setdefault(kind, [])
            if sum(len(str(one)) for one in kept) < CAP:
                kept.append(value)

    def of(self, label: str) -> dict[str, list[Any]]:
        with self.lock:
            return {kind: list(values) for kind, values in self.notes.get(label, {}).items()}

    def install(self) -> None:
        """Take the place of standard output and error, the log and the hook of threads."""
        start = threading.Thread.start

        def labelled(thread: threading.Thread) -> None:
            if not hasattr(thread, "_ttsgate_probe"):
                thread._ttsgate_probe = self.label()  # type: ignore[attr-defined]
            start(thread)

        threading.Thread.start = labelled  # type: ignore[method-assign,assignment]
        sys.stdout, sys.stderr = Stream(self, "stdout"), Stream(self, "stderr")
        threading.excepthook = self._died
        logging.getLogger().addHandler(Log(self))

    def _died(self, args: Any) -> None:
        where = traceback.extract_tb(args.exc_traceback)[-1:] if args.exc_traceback else []
        seen = exception(args.exc_value) if args.exc_value is not None else {"class": args.exc_type.__name__}
        self.add("died", {**seen, "where": where[0].name if where else ""}, args.thread)


class Stream:
    """A text stream that keeps what is written to it."""

    encoding = "utf-8"

    def __init__(self, owned: Owned, kind: str) -> None:
        self.owned, self.kind = owned, kind

    def write(self, text: str) -> int:
        if text.strip():
            self.owned.add(self.kind, short(text))
        return len(text)

    def flush(self) -> None:
        pass

    def isatty(self) -> bool:
        return False

    def fileno(self) -> int:
        return 1 if self.kind == "stdout" else 2


class Log(logging.Handler):
    """Keeps warnings and worse."""

    def __init__(self, owned: Owned) -> None:
        super().__init__(logging.WARNING)
        self.owned = owned

    def emit(self, record: logging.LogRecord) -> None:
        self.owned.add("logged", f"{record.levelname} {record.name}: {short(record.getMessage())}")


# -- one session -----------------------------------------------------------------------------------------------------


class Seen:
    """What a session showed, on one clock whose zero is the call of connect."""

    def __init__(self) -> None:
        self.zero = time.perf_counter()
        self.changed = threading.Condition()
        self.last = self.zero
        self.calls: list[dict[str, Any]] = []
        self.events: list[list[Any]] = []  # [type, how many in a row, ms of the first]
        self.errors: list[Any] = []
        self.closed: list[dict[str, Any]] = []
        self.opened = 0
        self.bytes = 0
        self.head = b""
        self.session = ""
        self.updated: Any = None
        self.raised_ms: float | None = None
        self.after_raise = 0
        self.odd: list[str] = []
        self.ended_ms: float | None = None
        self.hung_up_ms: float | None = None

    def ms(self) -> float:
        return round((time.perf_counter() - self.zero) * 1000, 1)

    def types(self) -> set[str]:
        return {one[0] for one in self.events}

    def event(self, message: Any) -> None:
        with self.changed:
            self.last = time.perf_counter()
            if self.raised_ms is not None:
                self.after_raise += 1
            if not isinstance(message, dict):
                self.odd.append(short(repr(message), 200))
                kind = f"({type(message).__name__})"
            else:
                kind = str(message.get("type"))
                self._read(kind, message)
            if self.events and self.events[-1][0] == kind:
                self.events[-1][1] += 1
            else:
                self.events.append([kind, 1, self.ms()])
            self.changed.notify_all()

    def _read(self, kind: str, message: dict[str, Any]) -> None:
        if kind == "session.created":
            self.session = str((message.get("session") or {}).get("id", ""))
        elif kind == "session.updated":
            self.updated = message.get("session")
        elif kind == "error":
            self.errors.append(message.get("error"))
        elif kind == "response.audio.delta":
            try:
                data = base64.b64decode(message["delta"])
            except (ValueError, TypeError, KeyError):
                return
            self.bytes += len(data)
            self.head = (self.head + data[:16])[:16]

    def close(self, code: Any, reason: Any) -> None:
        with self.changed:
            self.last = time.perf_counter()
            self.closed.append({"code": code, "reason": short(reason, 200), "ms": self.ms()})
            self.changed.notify_all()

    def call(self, name: str, work: Callable[[], Any]) -> bool:
        """Do it and note how it went; whether it came back without an exception."""
        note: dict[str, Any] = {"name": name, "at": self.ms(), "ms": None}
        self.calls.append(note)
        began = time.perf_counter()
        try:
            work()
        except Exception as exc:
            note["error"] = exception(exc)
        note["ms"] = round((time.perf_counter() - began) * 1000, 1)
        return "error" not in note

    def wait(self, until: Callable[[], Any], patience_s: float, alive: Callable[[], bool]) -> bool:
        """Wait until it holds; False after `patience_s` without anything new, or when nothing can come any more."""
        with self.changed:
            while not until():
                if not alive():
                    self.changed.wait(STEP_S)  # what was on its way
                    return bool(until())
                if time.perf_counter() - self.last > patience_s:
                    return False
                self.changed.wait(STEP_S)
            return True

    def report(self) -> dict[str, Any]:
        with self.changed:
            return {
                "calls": self.calls, "events": self.events, "errors": self.errors, "closed": self.closed,
                "opened": self.opened, "bytes": self.bytes, "head": self.head.hex(), "session": self.session,
                "updated": self.updated, "raised_ms": self.raised_ms, "after_raise": self.after_raise,
                "odd": self.odd[:5], "ended_ms": self.ended_ms, "hung_up_ms": self.hung_up_ms,
                "total_ms": self.ms(),
            }  # fmt: skip


def speak(probe: dict[str, Any], seen: Seen) -> dict[str, Any]:
    """One session over QwenTtsRealtime, in the order of the vendor's examples."""
    realtime = importlib.import_module("dashscope.audio.qwen_tts_realtime")

    class Callback(realtime.QwenTtsRealtimeCallback):  # type: ignore[misc,name-defined]
        def on_open(self) -> None:
            seen.opened += 1

        def on_close(self, close_status_code: Any = None, close_msg: Any = None) -> None:
            seen.close(close_status_code, close_msg)

        def on_event(self, message: Any) -> None:
            seen.event(message)
            kind = message.get("type") if isinstance(message, dict) else None
            if kind == probe.get("raise_on") and seen.raised_ms is None:
                seen.raised_ms = seen.ms()
                raise RuntimeError("raised on purpose by the callback")

    box: dict[str, Any] = {}

    def make() -> None:
        given = dict(probe.get("init") or {})
        box["client"] = realtime.QwenTtsRealtime(model=probe["model"], callback=Callback(), url=probe["url"], **given)

    if not seen.call("construct", make):
        return {}
    client = box["client"]

    def alive() -> bool:
        thread = getattr(client, "thread", None)
        return thread is None or thread.is_alive()

    def over() -> bool:
        return bool("session.finished" in seen.types() or seen.closed)

    update = {k: v for k, v in (probe.get("update") or {}).items() if v is not None}
    patience = probe["patience_s"]
    seen.zero = seen.last = time.perf_counter()
    if not probe.get("unconnected") and not seen.call("connect", client.connect):
        seen.ended_ms = seen.ms()
        return finish(client, seen, probe, alive)
    texts = list(probe.get("texts") or [])
    steps: list[tuple[str, Callable[[], Any]]] = [("update_session", lambda: client.update_session(**update))]
    for step in probe.get("before") or []:
        steps.append((step, getattr(client, step)))
    steps += [("append_text", lambda text=text: client.append_text(text)) for text in texts]  # type: ignore[misc]
    going = all(seen.call(name, work) for name, work in steps)
    if going and probe.get("mode") == "commit":
        going = seen.call("commit", client.commit)
        done = "response.done"
        going = going and seen.wait(lambda: done in seen.types() or over(), patience, alive) and not over()
    if going and not over():
        going = seen.call("finish", client.finish)
    ended = seen.wait(over, patience, alive)
    if ended or not alive():
        seen.ended_ms = seen.ms()
    if ended and not seen.closed:
        end = time.perf_counter() + CLOSING_S
        seen.wait(lambda: seen.closed or time.perf_counter() > end, CLOSING_S, alive)
    return finish(client, seen, probe, alive)


def finish(client: Any, seen: Seen, probe: dict[str, Any], alive: Callable[[], bool]) -> dict[str, Any]:
    """What may be called after the end, hanging up, and what is left then."""
    facts: dict[str, Any] = {"alive_at_end": alive() and getattr(client, "thread", None) is not None}
    for name in probe.get("after") or []:
        seen.call(name + " (after)", lambda: client.append_text("more") if name == "append_text" else None)  # noqa: B023
    seen.hung_up_ms = seen.ms()
    seen.call("close", client.close)
    thread = getattr(client, "thread", None)
    if thread is not None:
        thread.join(THREAD_S)
    facts["alive_after_close"] = bool(thread is not None and thread.is_alive())
    for name in ("get_session_id", "get_last_response_id", "get_first_audio_delay", "get_last_message"):
        try:
            value = getattr(client, name)()
            facts[name] = value if isinstance(value, (int, float, str, type(None))) else type(value).__name__
        except Exception as exc:
            facts[name] = {"error": exception(exc)}
    return facts


def converse(probe: dict[str, Any], seen: Seen) -> dict[str, Any]:
    """One session over dashscope.Client(...).audio.realtime, with raw events."""
    sdk = importlib.import_module("dashscope")
    box: dict[str, Any] = {}

    def make() -> None:
        maker: Any = sdk.Client
        box["client"] = maker(api_key=probe["key"], base_url=probe["http_url"])
        box["link"] = box["client"].audio.realtime.connect(model=probe["model"], ws_url=probe["url"])

    if not seen.call("construct", make):
        return {}
    link = box["link"]
    seen.zero = seen.last = time.perf_counter()
    if not seen.call("connect", link.connect):
        seen.ended_ms = seen.ms()
        return {}

    def read() -> None:
        for event in link.events():
            seen.event(event)

    done = threading.Event()

    def listen() -> None:
        seen.call("events", read)
        done.set()

    threading.Thread(target=listen, daemon=True).start()
    session = {k: v for k, v in (probe.get("update") or {}).items() if v is not None}
    sends: list[dict[str, Any]] = [{"type": "session.update", "session": session}]
    sends += [{"type": "input_text_buffer.append", "text": text} for text in probe["texts"]]
    if probe.get("mode") == "commit":
        sends.append({"type": "input_text_buffer.commit"})
    for number, event in enumerate(sends):
        message = {"event_id": f"event_{number}", **event}
        if not seen.call("send_event", lambda message=message: link.send_event(message)):  # type: ignore[misc]
            break
    if probe.get("mode") == "commit":
        seen.wait(lambda: "response.done" in seen.types() or done.is_set(), probe["patience_s"], lambda: True)
    if not done.is_set():
        seen.call("send_event", lambda: link.send_event({"event_id": "end", "type": "session.finish"}))
    over = lambda: done.is_set() or "session.finished" in seen.types()  # noqa: E731
    if seen.wait(over, probe["patience_s"], lambda: True):
        seen.ended_ms = seen.ms()
        done.wait(CLOSING_S)
    seen.hung_up_ms = seen.ms()
    seen.call("close", link.close)
    return {"alive_at_end": not done.is_set(), "alive_after_close": not done.wait(THREAD_S)}


def ask(probe: dict[str, Any], seen: Seen) -> dict[str, Any]:
    """One request over HTTP: MultiModalConversation, or the older SpeechSynthesizer."""
    sdk = importlib.import_module("dashscope")
    box: dict[str, Any] = {}

    def work() -> None:
        if probe["door"] == "SpeechSynthesizer":
            door = importlib.import_module("dashscope.audio.qwen_tts").SpeechSynthesizer
        else:
            door = sdk.MultiModalConversation
        box["answer"] = door.call(api_key=probe["key"], **probe["arguments"])

    seen.call("call", work)
    seen.ended_ms = seen.ms()
    if "answer" not in box:
        return {}
    answer = json.loads(json.dumps(box["answer"], default=str))
    if not isinstance(answer, dict):
        return {"answer": short(answer)}
    output = answer.get("output") or {}
    audio = output.get("audio") if isinstance(output, dict) else None
    return {
        "status": answer.get("status_code"), "code": answer.get("code"), "message": short(answer.get("message")),
        "audio": sorted(k for k, v in audio.items() if v) if isinstance(audio, dict) else [],
    }  # fmt: skip


def look(probe: dict[str, Any], seen: Seen) -> dict[str, Any]:
    """Signatures, without a call."""
    sdk = importlib.import_module("dashscope")
    found: dict[str, Any] = {"signatures": {}, "missing": {}}
    places = {
        "QwenTtsRealtime": ("dashscope.audio.qwen_tts_realtime", "QwenTtsRealtime"),
        "QwenTtsRealtimeCallback": ("dashscope.audio.qwen_tts_realtime", "QwenTtsRealtimeCallback"),
        "AudioFormat": ("dashscope.audio.qwen_tts_realtime", "AudioFormat"),
        "SpeechSynthesizer": ("dashscope.audio.qwen_tts", "SpeechSynthesizer"),
        "MultiModalConversation": ("dashscope", "MultiModalConversation"),
        "Client": ("dashscope", "Client"),
    }
    for name, (module, attribute) in places.items():
        try:
            thing = getattr(importlib.import_module(module), attribute)
        except Exception as exc:
            found["missing"][name] = exception(exc)
            continue
        if name == "AudioFormat":
            found["formats"] = sorted(getattr(thing, "__members__", {}))
            continue
        public = {n: f for n, f in inspect.getmembers(thing, callable) if n == "__init__" or not n.startswith("_")}
        found["signatures"][name] = {n: arguments(f) for n, f in public.items()}
    found["version"] = getattr(importlib.import_module("dashscope.version"), "__version__", None)
    found["exports"] = bool(getattr(sdk, "api_key", "") is None or isinstance(sdk.api_key, str))
    return found


def arguments(function: Any) -> list[str] | None:
    """Names of the arguments, with ``**`` where any more are taken."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (ValueError, TypeError):
        return None
    stars: dict[Any, str] = {inspect.Parameter.VAR_KEYWORD: "**", inspect.Parameter.VAR_POSITIONAL: "*"}
    return [stars.get(p.kind, "") + p.name for p in parameters if p.name not in ("self", "cls")]


KINDS = {"speak": speak, "converse": converse, "ask": ask, "look": look}


# -- running ---------------------------------------------------------------------------------------------------------


class Guest:
    """Runs the job's probes, several at once, and says what was seen."""

    def __init__(self, job: dict[str, Any], say: Callable[[dict[str, Any]], None], owned: Owned) -> None:
        self.job, self.say, self.owned = job, say, owned

    def run(self, probes: list[dict[str, Any]], lanes: int) -> None:
        queue = list(probes)
        lock = threading.Lock()

        def lane() -> None:
            while True:
                with lock:
                    if not queue:
                        return
                    probe = queue.pop(0)
                self.one(probe)

        threads = [threading.Thread(target=lane, daemon=True) for _ in range(max(1, min(lanes, len(queue))))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def one(self, probe: dict[str, Any]) -> None:
        """One probe in a thread of its own, which is left behind when it does not end in time."""
        seen, facts = Seen(), {}
        self.say({"event": "start", "id": probe["id"]})

        def work() -> None:
            try:
                facts.update(KINDS[probe["do"]](probe, seen))
            except BaseException as exc:
                facts["probe_failed"] = exception(exc)

        thread = threading.Thread(target=work, daemon=True)
        thread._ttsgate_probe = probe["id"]  # type: ignore[attr-defined]
        thread.start()
        thread.join(probe["deadline_s"])
        stuck = [call["name"] for call in seen.calls if call["ms"] is None] if thread.is_alive() else []
        said = {"event": "result", "id": probe["id"], "stuck": stuck, **seen.report(), **dict(facts)}
        self.say({**said, "notes": self.owned.of(probe["id"])})


def main() -> None:
    """Read the job, import the SDK, run the probes, say what was seen."""
    channel = os.fdopen(os.dup(1), "w", encoding="utf-8", newline="\n")
    noise: Any = tempfile.TemporaryFile()  # noqa: SIM115 (lives as long as the process)
    for fd in (1, 2):
        os.dup2(noise.fileno(), fd)
    lock = threading.Lock()

    def say(message: dict[str, Any]) -> None:
        with lock:
            channel.write(json.dumps(message, default=str) + "\n")
            channel.flush()

    job = json.loads(sys.stdin.readline())
    limit(job["memory_mb"])

    def watch() -> None:
        sys.stdin.read()
        os._exit(0)

    threading.Thread(target=watch, daemon=True).start()
    owned = Owned()
    owned.install()
    threads = threading.active_count()
    began = time.perf_counter()
    imported: dict[str, Any] = {"event": "imported", "python": sys.version.split()[0], "error": None}
    say({"event": "start", "id": "import"})
    try:
        sdk: Any = importlib.import_module("dashscope")
    except BaseException as exc:
        imported["error"] = exception(exc)
    imported["ms"] = round((time.perf_counter() - began) * 1000, 1)
    imported["threads"] = threading.active_count() - threads
    noise.seek(0)
    imported["notes"] = {**owned.of(""), "raw": [short(noise.read(CAP).decode("utf-8", "replace"))]}
    say(imported)
    if imported["error"] is None:
        guest = Guest(job, say, owned)
        sdk.api_key, sdk.base_http_api_url = job["key"], job["http_url"]
        guest.run(job["probes"], job["lanes"])
        for probe in job.get("alone") or []:
            sdk.api_key = probe.get("api_key")
            guest.run([probe], 1)
    noise.seek(0)
    say({"event": "end", "raw": short(noise.read(CAP).decode("utf-8", "replace"))})
    os._exit(0)  # threads that the SDK left behind are not waited for


if __name__ == "__main__":
    main()
