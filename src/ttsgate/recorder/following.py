"""Does a client send what the recorded client sent?  Frames in, the first difference out; no I/O.

The rules, each with its reason:

- Frames must come in the recorded order.  They may come earlier than the recorded ones did, in relation to what the
  service says: a client may send without waiting.
- ``event_id`` is left out of the comparison: the client makes it up.  Times are left out: no two runs agree.
- Text may be cut into ``append`` frames at other places, since a client that streams has no say in where its source
  cuts; joined it must be the same.
- Every other field must be there with the same value, and no other field may be.  A whole number equals its decimal
  form (``1`` and ``1.0``).
- A value outside the documented bounds is called that, too.
- ``Authorization`` must be there and not empty; its value is a secret and was not recorded.  Other request headers
  are left out: libraries differ in them.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ttsgate.result.transcript import Entry, Transcript

__all__ = ["BOUNDS", "Difference", "Follower", "compare_json"]

APPEND = "input_text_buffer.append"
LEFT_OUT = frozenset(("event_id",))

BOUNDS: Mapping[str, tuple[float, float]] = {
    "speech_rate": (0.5, 2.0),
    "pitch_rate": (0.5, 2.0),
    "volume": (0, 100),
    "bit_rate": (6, 510),
    "sample_rate": (8000, 48000),
}
"""Documented bounds of ``session.update``
(https://help.aliyun.com/en/model-studio/qwen-tts-realtime-client-events)."""

_ABSENT = object()


@dataclass(frozen=True, slots=True)
class Difference:
    """The first thing that a client did otherwise."""

    frame: int
    """Number of the client's frame, 1-based."""
    where: str
    """Field, e.g. ``session.voice``; empty for the frame itself."""
    words: str
    """What is different, one line."""
    recorded: str
    """The recorded frame, as text; empty where none was left."""
    sent: str
    """The frame that came; empty where none came."""

    def lines(self) -> list[str]:
        """A diff for people: the sentence, then the two frames line by line."""
        shown = [f"frame {self.frame} of the client: {self.words}"]
        diff = difflib.unified_diff(self.recorded.splitlines(), self.sent.splitlines(), "recorded", "sent", lineterm="")
        return [*shown, *(f"  {line}" for line in diff)]

    def as_dict(self) -> dict[str, Any]:
        """For a report in JSON."""
        return {"frame": self.frame, "where": self.where, "words": self.words, "diff": self.lines()[1:]}


class Follower:
    """Holds a client's frames against those of a recorded session, one at a time."""

    def __init__(self, transcript: Transcript) -> None:
        self._expected = [e for e in transcript.entries if e.dir == "out"]
        self.matched = 0
        """Recorded frames that were matched in full."""
        self.seen = 0
        """Frames that came."""
        self._text = ""
        """What is left of the recorded append that is being matched."""
        self._cut = False
        """Whether part of it was matched already."""

    @property
    def left(self) -> Entry | None:
        """The next frame that is due; None when all have come."""
        return self._expected[self.matched] if self.matched < len(self._expected) else None

    def take(self, entry: Entry) -> Difference | None:
        """The next frame of the client; returns how it differs, or None."""
        self.seen += 1
        if entry.type == APPEND and entry.event is not None and isinstance(entry.event.get("text"), str):
            return self._append(entry, entry.event["text"])
        due = self.left
        if due is None:
            return self._different("", "nothing more was recorded", None, entry)
        if self._cut:
            return self._different("text", f"{self._text!r} of the recorded text is still to come", due, entry)
        if due.event is None or entry.event is None:
            if (due.raw, due.binary) != (entry.raw, entry.binary) or entry.event != due.event:
                return self._different("", "it is another frame than the recorded one", due, entry)
        else:
            found = compare_json(due.event, entry.event)
            if found is not None:
                return self._different(*found, due, entry)
        self.matched += 1
        return None

    def ended(self) -> Difference | None:
        """The client is gone; returns what it should have sent first, or None."""
        due = self.left
        if due is None:
            return None
        self.seen += 1
        kind = due.type or "a frame"
        return self._different("", f"the client left before it sent {kind}", due, None)

    def _append(self, entry: Entry, text: str) -> Difference | None:
        while True:
            due = self.left
            if due is None:
                return self._different("", f"nothing more was recorded, but {text!r} was appended", None, entry)
            wanted = due.event.get("text") if due.event is not None and due.type == APPEND else None
            if not isinstance(wanted, str) or due.event is None:
                return self._different("type", f"{due.type or 'a frame'} was due", due, entry)
            bare = {k: v for k, v in (entry.event or {}).items() if k != "text"}
            found = compare_json({k: v for k, v in due.event.items() if k != "text"}, bare)
            if found is not None:
                return self._different(*found, due, entry)
            rest = self._text if self._cut else wanted
            if rest.startswith(text) and rest != text:
                self._text, self._cut = rest[len(text) :], True
                return None
            if not text.startswith(rest):
                at = next((i for i, pair in enumerate(zip(rest, text, strict=False)) if pair[0] != pair[1]), len(text))
                words = f"the text differs: recorded {_around(rest, at)}, sent {_around(text, at)}"
                return self._different("text", words, due, entry)
            text, self._cut = text[len(rest) :], False
            self.matched += 1
            if not text:
                return None

    def _different(self, where: str, words: str, due: Entry | None, sent: Entry | None) -> Difference:
        return Difference(self.seen, where, words, _shown(due), _shown(sent))


def compare_json(recorded: Mapping[str, Any], sent: Mapping[str, Any]) -> tuple[str, str] | None:
    """Where two objects first differ, and in words; None if they agree by the rules."""
    if recorded.get("type") != sent.get("type"):
        return "type", f"{recorded.get('type')!r} was due, not {sent.get('type')!r}"
    return next(_differences(recorded, sent, ""), None)


def _differences(recorded: Any, sent: Any, where: str) -> Iterator[tuple[str, str]]:
    if isinstance(recorded, Mapping) and isinstance(sent, Mapping):
        for name in (*recorded, *(n for n in sent if n not in recorded)):
            if not (name in LEFT_OUT and not where):
                yield from _differences(recorded.get(name, _ABSENT), sent.get(name, _ABSENT), _below(where, name))
        return
    if isinstance(recorded, list) and isinstance(sent, list) and len(recorded) == len(sent):
        for n, (a, b) in enumerate(zip(recorded, sent, strict=True)):
            yield from _differences(a, b, f"{where}[{n}]")
        return
    if recorded is _ABSENT:
        yield where, f"{where} = {_value(sent)} was not recorded{_bounds(where, sent)}"
    elif sent is _ABSENT:
        yield where, f"{where} is missing (recorded: {_value(recorded)})"
    elif recorded != sent or isinstance(recorded, bool) is not isinstance(sent, bool):
        yield where, f"{where} is {_value(sent)}, recorded: {_value(recorded)}{_bounds(where, sent)}"


def _below(where: str, name: str) -> str:
    return f"{where}.{name}" if where else name


def _bounds(where: str, value: Any) -> str:
    name = where.rpartition(".")[2]
    if name not in BOUNDS or isinstance(value, bool) or not isinstance(value, int | float):
        return ""
    low, high = BOUNDS[name]
    return "" if low <= value <= high else f"; it is out of bounds ({low:g} to {high:g})"


def _value(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 80 else text[:77] + "..."


def _around(text: str, at: int) -> str:
    return repr(("…" if at > 12 else "") + text[max(0, at - 12) : at + 24])


def _shown(entry: Entry | None) -> str:
    if entry is None:
        return ""
    if entry.event is not None:
        kept = {k: v for k, v in entry.event.items() if k not in LEFT_OUT}
        return json.dumps(kept, ensure_ascii=False, indent=1)
    return entry.raw if entry.raw is not None else f"{len(entry.binary or '') * 3 // 4} bytes"
