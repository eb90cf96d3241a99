"""Runs the stand-alone script again and again in one interpreter, so that the SDK is imported once.

    PYTHON -I runner.py SCRIPT [NOISE_FD]

This file runs in the interpreter under test: Python >= 3.8, standard library only, nothing of ttsgate.

Standard output carries one JSON line when the runner is ready and one for each request; what the SDK
prints goes to NOISE_FD (default: standard error).  Standard input carries one request a line; when it
closes, whoever started us is gone and so are we, whatever the SDK is doing.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import platform
import queue
import socket
import sys
import threading
import time
import traceback
from importlib.metadata import PackageNotFoundError, version
from typing import Any

ROUTE_VARIABLE = "TTSGATE_ROUTE"
PACKAGES = ("dashscope", "websocket-client", "requests", "urllib3", "aiohttp", "httpx", "certifi")


def take_route() -> None:
    """Resolve names as our owner does: overridden hosts, one IP version.  Everything below the SDK asks `socket`."""
    given = os.environ.pop(ROUTE_VARIABLE, None)
    if given is None:
        return
    route = json.loads(given)
    real, wanted = socket.getaddrinfo, {"4": socket.AF_INET, "6": socket.AF_INET6}.get(route["ip_version"])

    def getaddrinfo(host: Any, port: Any, family: int = 0, *rest: Any, **more: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        address, other = route["connect_to"].get(str(name).lower(), (host, None))
        return real(address, other or port, wanted or family, *rest, **more)

    socket.getaddrinfo = getaddrinfo


def load(path: str) -> Any:
    """The script as a module, leaving no bytecode beside it."""
    spec = importlib.util.spec_from_file_location("ttsgate_script_under_test", path)
    if spec is None or spec.loader is None:
        raise ImportError(f"not a Python file: {path}")
    module = importlib.util.module_from_spec(spec)
    before, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        spec.loader.exec_module(module)
    finally:
        sys.dont_write_bytecode = before
    return module


def introduce(script: Any) -> dict[str, Any]:
    """Import the SDK as the script will, and say what is here."""
    started, error = time.perf_counter(), None
    try:
        script.load_sdk()
    except Exception as exc:
        error = " ".join(str(exc).split())
    packages = {}
    for name in PACKAGES:
        try:
            packages[name] = version(name)
        except PackageNotFoundError:
            continue
    return {
        "ready": True,
        "python": platform.python_version(),
        "dashscope": packages.get("dashscope"),
        "import_ms": round((time.perf_counter() - started) * 1000, 3),
        "error": error,
        "packages": packages,
    }


def answer(script: Any, request: dict[str, Any]) -> dict[str, Any]:
    """Run the script once."""
    reply: dict[str, Any] = {"id": request["id"], "exit": None, "report": None}
    try:
        reply["report"], reply["exit"] = script.run(request["argv"], request["key"])
    except BaseException:
        reply["error"] = traceback.format_exc(limit=-8)
    return reply


def main() -> None:
    """Say ready, then serve requests until standard input closes."""
    channel = os.fdopen(os.dup(1), "w", encoding="utf-8", newline="\n")
    os.dup2(int(sys.argv[2]) if len(sys.argv) > 2 else 2, 1)

    def say(message: dict[str, Any]) -> None:
        channel.write(json.dumps(message, default=str) + "\n")
        channel.flush()

    requests: queue.SimpleQueue[bytes] = queue.SimpleQueue()

    def listen() -> None:
        for line in sys.stdin.buffer:
            requests.put(line)
        os._exit(0)

    def mark(number: int) -> None:
        """End what was printed for a request, so that our owner does not take it for the next one's."""
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        for fd in (1, 2):
            os.write(fd, f"\0{number}\0".encode())

    threading.Thread(target=listen, daemon=True).start()
    take_route()
    try:
        script = load(sys.argv[1])
        hello = introduce(script)
    except BaseException as exc:
        say({"ready": False, "error": f"{type(exc).__name__}: {exc}"})
        raise
    mark(0)
    say(hello)
    while True:
        request = json.loads(requests.get())
        reply = answer(script, request)
        mark(request["id"])
        say(reply)


if __name__ == "__main__":
    main()
