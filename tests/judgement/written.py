"""Reads the hand-written corpus: clean transcripts, and changes to them."""

from __future__ import annotations

import base64
import copy
import json
import struct
from pathlib import Path
from typing import Any

from ttsgate import catalog
from ttsgate.judgement import load_all
from ttsgate.judgement.views import SessionView
from ttsgate.result.record import Result, Target
from ttsgate.result.transcript import Entry, Transcript, Utterance

CORPUS = Path(__file__).parent / "corpus"
MODEL = "qwen3-tts-flash-realtime"

load_all()


def sound(ms: int) -> bytes:
    """A triangle wave of 200 Hz at 24 kHz: audible, and nothing else."""
    samples = [abs((n % 120) - 60) * 200 - 6000 for n in range(24 * ms)]
    return struct.pack(f"<{len(samples)}h", *samples)


def _delta(value: Any) -> Any:
    if isinstance(value, dict):
        return base64.b64encode(sound(value["ms"])).decode()
    wav = b"RIFF" + struct.pack("<I", 0xFFFFFFFF) + b"WAVEfmt " + struct.pack("<IHHIIHH", 16, 1, 1, 24000, 48000, 2, 16)
    wav += b"data" + struct.pack("<I", 0xFFFFFFFF)
    special = {
        "@urlsafe": base64.urlsafe_b64encode(b"\xff\xfe" * 3000).decode(),
        "@unpadded": base64.b64encode(sound(100)[:-1] + b"!!").decode().rstrip("="),
        "@odd": base64.b64encode(sound(400) + b"\0").decode(),
        "@wav": base64.b64encode(wav + sound(600)).decode(),
    }
    return special.get(value, value)


def clean(name: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Header and entries of a clean transcript."""
    header, *entries = [json.loads(line) for line in (CORPUS / f"{name}.jsonl").read_text("utf-8").splitlines()]
    return header, entries


def cases(name: str) -> list[dict[str, Any]]:
    """The changes of a file."""
    return [json.loads(line) for line in (CORPUS / f"{name}.jsonl").read_text("utf-8").splitlines()]


def _places(entries: list[dict[str, Any]], edit: dict[str, Any]) -> list[int]:
    if "note" in edit:
        found = [i for i, e in enumerate(entries) if e.get("name") == edit["note"]]
    else:
        found = [i for i, e in enumerate(entries) if e.get("event", {}).get("type") == edit["type"]]
    assert found, f"nothing to change: {edit}"
    return found


def _set(target: dict[str, Any], path: str, value: Any) -> None:
    *inner, last = path.split(".")
    for name in inner:
        target = target[name]
    if value is None and last != "code":
        del target[last]
    else:
        target[last] = (
            {"@nan": float("nan"), "@2MiB": "x" * 2**21}.get(value, value) if isinstance(value, str) else value
        )


def change(entries: list[dict[str, Any]], edit: dict[str, Any]) -> list[dict[str, Any]]:
    """One change applied."""
    entries = copy.deepcopy(entries)
    if "replace" in edit:
        old, new = edit["replace"]
        return list(json.loads(json.dumps(entries).replace(old, new)))
    places = _places(entries, edit)
    at = places[edit.get("nth", 1) - 1]
    if edit.get("drop"):
        gone = set(places) if "nth" not in edit else {at}
        return [e for i, e in enumerate(entries) if i not in gone]
    for path, value in edit.get("set", {}).items():
        _set(entries[at]["event"] if "event" in entries[at] else entries[at]["data"], path, value)
    if "move" in edit:
        entries.insert(at + edit["move"], entries.pop(at))
    if edit.get("twice"):
        twin = copy.deepcopy(entries[at])
        twin["event"]["event_id"] += "b"
        entries.insert(at + 1, twin)
    if "late" in edit:
        for entry in entries[at:]:
            entry["t"] = round(entry["t"] + edit["late"], 6)
    if edit.get("cut"):
        del entries[at + 1 :]
    if "add" in edit:
        entries.insert(at + 1, {"t": entries[at]["t"], **edit["add"]})
    return entries


def view_of(case: dict[str, Any]) -> SessionView:
    """The session that a case describes."""
    header, entries = clean(case["like"])
    for edit in case["edit"]:
        entries = change(entries, edit)
    for entry in entries:
        if "delta" in entry.get("event", {}):
            entry["event"]["delta"] = _delta(entry["event"]["delta"])
    asked = {
        "text": "".join(header["texts"]),
        "voice": header.get("voice", "Ethan"),
        "mode": header["mode"],
        "sample_rate": 24000,
        "language_type": "English" if header["mode"] == "commit" else None,
        **case.get("asked", {}),
    }
    transcript = Transcript(
        session="s1",
        level=case.get("level", "frames"),
        model=MODEL,
        client="wire" if case.get("level", "frames") == "frames" else "sdk-realtime",
        utterance=Utterance(**asked),
        started="2026-11-22T00:00:00Z",
        entries=[Entry(**e) for e in entries],
    )
    return SessionView(transcript, catalog.find(MODEL))


def result_of(**more: Any) -> Result:
    """An empty result against somebody's server."""
    target = Target(kind="custom", claim="custom target", ws_url="ws://x", http_url="http://x")
    return Result(run="r", started="2026-11-22T00:00:00Z", target=more.pop("target", target), **more)
