"""What one probe came to, in the words of the matrix: raises, reports, hangs, swallows; pure."""

from __future__ import annotations

import re
from typing import Any

__all__ = ["Told", "background", "noise", "spoken", "told", "told_back"]

Told = tuple[str, float | None, str]
"""An outcome, after how many milliseconds the caller knew, and what was said literally."""

_ADDRESS = re.compile(r"0x[0-9a-f]+")
_CONTAINERS = {"52494646": "wav", "4f676753": "opus", "494433": "mp3"}


def tidy(text: Any) -> str:
    """One line without what differs from run to run."""
    return _ADDRESS.sub("0x…", " ".join(str(text).split()))[:300]


def raised(result: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]] | None:
    """The first call that raised, of those before we hung up: the call and its error."""
    for call in result.get("calls", []):
        if "error" not in call or call["name"] == "close" or call["name"].endswith("(after)"):
            continue
        hung_up = result.get("hung_up_ms")
        if call["name"] == "events" and hung_up is not None and call["at"] + call["ms"] >= hung_up:
            continue  # we hung up: what it says of that is no news
        return call, call["error"]
    return None


def told(result: dict[str, Any]) -> Told:
    """How the caller learned that something went wrong.

    ``raises:CLASS from CALL``, ``reports:error event``, ``reports:on_close(CODE)``, ``swallows`` (it went on as if
    nothing had been, or ended without a word), ``hangs``, or what became of the child.
    """
    if "child" in result:
        return ("hangs" if result["child"] == "hang" else result["child"]), None, ""
    if "probe_failed" in result:
        return f"raises:{result['probe_failed']['class']}", None, tidy(result["probe_failed"]["message"])
    if result.get("stuck"):
        return f"hangs in {result['stuck'][0]}", None, ""
    failed = raised(result)
    if result.get("errors"):
        at = next((e[2] for e in result["events"] if e[0] == "error"), None)
        return "reports:error event", at, tidy(result["errors"][0])
    if failed is not None:
        call, error = failed
        at = None if call["ms"] is None else round(max(call["at"], 0) + call["ms"], 1)
        return f"raises:{error['class']} from {call['name']}", at, tidy(error["message"])
    if "session.finished" in {e[0] for e in result["events"]}:
        return "swallows", result["ended_ms"], "the session went on and finished"
    if result.get("ended_ms") is None:
        return "hangs", None, f"nothing within {result['total_ms'] / 1000:.1f} s"
    if result["closed"]:
        first = result["closed"][0]
        return f"reports:on_close({first['code']})", first["ms"], tidy(first["reason"])
    return "swallows", result["ended_ms"], "the SDK's thread ended without a word"


def told_back(result: dict[str, Any]) -> str:
    """What the callback was told of the end."""
    words = ["error event"] if result.get("errors") else []
    if "session.finished" in {e[0] for e in result.get("events", [])}:
        words.append("session.finished")
    if result.get("ended_ms") is not None:
        words += [f"on_close({c['code']})" for c in result.get("closed", [])[:2]]
    return ", ".join(words) or "nothing"


def background(result: dict[str, Any]) -> str:
    """What became of the SDK's own thread."""
    died = result.get("notes", {}).get("died") or []
    if result.get("alive_after_close"):
        return "left behind"
    return f"dies of {died[0]['class']}" if died else "ends"


def noise(result: dict[str, Any]) -> str:
    """Where it made itself heard besides."""
    notes = result.get("notes", {})
    places = [
        *(["prints to stdout"] if notes.get("stdout") else []),
        *(["prints to stderr"] if notes.get("stderr") else []),
        *(["logs"] if notes.get("logged") else []),
    ]
    return ", ".join(places) or "silent"


def spoken(result: dict[str, Any], wire: dict[str, Any] | None, wanted: str) -> Told:
    """Whether a session gave all of its audio in the format asked for: ``ok``, or what was wrong."""
    outcome, at, detail = told(result)
    if outcome != "swallows" or "session.finished" not in {e[0] for e in result.get("events", [])}:
        return outcome if outcome != "swallows" else "ends without a word", at, detail
    if not result["bytes"]:
        return "no audio", at, ""
    got = container(result["head"])
    if got != wanted:
        return f"{got} instead of {wanted}", at, ""
    if wire is not None and wire.get("audio_bytes") != result["bytes"]:
        return "loses audio", at, f"{result['bytes']} of {wire.get('audio_bytes')} bytes"
    return "ok", at, f"{result['bytes']} bytes"


def container(head: str) -> str:
    """Audio format by its first bytes, given as hexadecimal digits; anything unknown is PCM."""
    for magic, name in _CONTAINERS.items():
        if head.startswith(magic):
            return name
    # An MPEG frame: eleven bits of sync, and neither version nor layer is a reserved value.
    if len(head) >= 6:
        first, second, third = (int(head[i : i + 2], 16) for i in (0, 2, 4))
        sync = first == 0xFF and second & 0xE0 == 0xE0
        if sync and second & 0x18 != 0x08 and second & 0x06 == 0x02 and third & 0xF0 != 0xF0 and third & 0x0C != 0x0C:
            return "mp3"
    return "pcm"
