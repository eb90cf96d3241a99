"""Every fault does something to a real session, and benign variation does nothing that matters."""

from __future__ import annotations

import asyncio
import base64
import re
from typing import Any

import numpy as np
import pytest

from tests.emulator.realtime_service import COMMIT, DELTA, FINISH, Talk, address, append, run, running, talk, update
from ttsgate.emulator.app import Emulator
from ttsgate.emulator.faults.registry import FAULTS, GROUPS, load_all, parse_fault

load_all()
SHORTER = {
    # Waits that would make the tests long.
    "handshake.hang": "for=0.2s",
    "handshake.slow": "by=0.3s",
    "security.endless-refusal": "megabytes=2",
    "timing.bursts": "of=0.4s,pace=4",
    "timing.fades": "by=0.01s",
    "timing.false-start": "by=0.3s",
    "timing.late-created": "by=0.3s",
    "timing.late-end": "by=0.3s",
    "timing.late-done": "by=0.3s",
    "timing.late-finished": "by=0.3s",
    "timing.late-first-audio": "by=0.3s",
    "timing.late-response": "by=0.3s",
    "timing.late-updated": "by=0.3s",
    "timing.slow": "pace=4",
    "timing.stall": "for=0.3s",
    "timing.stalls": "for=0.15s",
}
HANGS = {"session.hang", "session.hang-at-start", "session.mute-open", "session.ignores-finish", "session.no-close"}
NEEDS_INSTRUCTIONS = {"audio.ignores-instructions"}
EQUAL = {"lookalike.float-rate"}
"""Changes the JSON, but Python finds 24000 and 24000.0 equal."""
# Texts without a second sentence would hide that one of two appends was lost.
MESSAGES = [update(voice="Ethan", mode="commit", sample_rate=24_000), append("Good morning. "), append("It is late.")]
MESSAGES += [COMMIT, FINISH]


def spec_of(name: str) -> str:
    return f"{name}:{SHORTER[name]}" if name in SHORTER else name


async def timed(emulator: Emulator, spec: str, *, within_s: float = 10.0) -> tuple[Talk, list[float], float]:
    """A session under a fault: what came, when each message came, and how long it took."""
    loop, times = asyncio.get_running_loop(), list[float]()

    async def note(_: Any, __: Talk) -> None:
        times.append(loop.time())

    start = loop.time()
    headers = {"X-Ttsgate-Fault": spec} if spec else {}
    seen = await talk(address(emulator), MESSAGES, headers=headers, within_s=within_s, meanwhile=note)
    return seen, [t - start for t in times], loop.time() - start


def shape(seen: Talk) -> list[Any]:
    """What came, without the ids, which differ from session to session."""
    ids: dict[str, str] = {}

    def plain(value: Any, key: str = "") -> Any:
        if isinstance(value, dict):
            return {k: plain(v, k) for k, v in value.items()}
        if isinstance(value, list):
            return [plain(v) for v in value]
        if isinstance(value, str) and re.fullmatch(r"[a-z]+_[A-Za-z0-9]{21}", value):
            return ids.setdefault(value, f"{key}{len(ids)}")
        return value

    rest = [m for m in seen.messages if not isinstance(m, str) or not m.startswith("{")]
    return [[plain(e) for e in seen.events], len(seen.messages), rest, seen.status, seen.code, seen.reason]


def names(group: str) -> list[str]:
    return [n for n, f in FAULTS.items() if f.group == group and not parse_fault(n).for_http]


class TestFaults:
    @pytest.mark.parametrize("group", [g for g in GROUPS if g not in ("benign", "http", "timing")])
    def test_each_changes_something(self, group: str) -> None:
        """A client sees another session under each fault than without; the emulator itself survives all of them."""

        async def go() -> tuple[Talk, dict[str, Talk], Talk]:
            async with running() as emulator:
                clean, _, _ = await timed(emulator, "")
                struck = {}
                for name in names(group):
                    within_s = 0.4 if name in HANGS else 10.0
                    struck[name], _, _ = await timed(emulator, spec_of(name), within_s=within_s)
                after, _, _ = await timed(emulator, "")
                return clean, struck, after

        clean, struck, after = run(go())
        same = [name for name, seen in struck.items() if shape(seen) == shape(clean)]

        assert 1000 == clean.code
        assert shape(clean) == shape(after)
        # Slow answers and instructions leave no trace in what is said to this client.
        assert {*same} <= {"handshake.slow", *NEEDS_INSTRUCTIONS, *EQUAL}
        assert {n for n, seen in struck.items() if seen.reason == "deadline"} <= HANGS

    def test_timing(self) -> None:
        """Faults of time change when things come, and not what comes."""

        async def go() -> tuple[Talk, float, dict[str, tuple[Talk, float]]]:
            async with running(pace=8.0) as emulator:
                clean, _, took = await timed(emulator, "")
                chosen = [name for name in names("timing") if name != "timing.all-at-end"]
                ends = await asyncio.gather(*(timed(emulator, spec_of(name)) for name in chosen))
                return clean, took, {n: (seen, needed) for n, (seen, _, needed) in zip(chosen, ends, strict=True)}

        clean, took, struck = run(go())

        assert all(shape(seen) == shape(clean) for seen, _ in struck.values())
        assert [] == [name for name, (_, needed) in struck.items() if needed < took + 0.1]

    def test_all_at_end(self) -> None:
        """Audio that is held back comes in one go, when it would have ended."""

        async def go() -> list[float]:
            async with running(pace=4.0) as emulator:
                seen, times, _ = await timed(emulator, "timing.all-at-end")
                return [t for t, e in zip(times, seen.events, strict=False) if e["type"] == DELTA]

        times = run(go())

        assert len(times) > 5
        assert times[0] > 0.3
        assert times[-1] - times[0] < 0.2

    def test_stall_and_burst(self) -> None:
        """After a stall the audio goes on at its pace, or catches up where that is asked for."""

        async def go() -> list[float]:
            async with running(pace=2.0) as emulator:
                took = []
                for then in ("continue", "burst"):
                    _, _, needed = await timed(emulator, f"stall:after=0.2s,for=0.4s,then={then}")
                    took.append(needed)
                return took

        going_on, catching_up = run(go())

        assert going_on - catching_up > 0.2


class TestBenign:
    def test_audio_and_order_stand(self) -> None:
        """Under every benign variation the session is whole: chain in order, audio decodable and of speech's length."""
        order = [
            "session.created",
            "session.updated",
            "input_text_buffer.committed",
            "response.created",
            "response.output_item.added",
            "response.content_part.added",
            DELTA,
            "response.audio.done",
            "response.content_part.done",
            "response.output_item.done",
            "response.done",
            "session.finished",
        ]

        async def go() -> tuple[Talk, dict[str, Talk]]:
            async with running() as emulator:
                clean, _, _ = await timed(emulator, "")
                return clean, {name: (await timed(emulator, spec_of(name)))[0] for name in names("benign")}

        clean, varied = run(go())

        assert varied
        for name, seen in varied.items():
            types = [t for t in seen.types if t in order]
            assert (order, 1000) == (types, seen.code), name
            pieces = [e["delta"] for e in seen.of(DELTA)]
            joined = base64.b64decode("".join(pieces))
            assert (seen.audio == joined) == (name != "benign.padded-deltas"), name
            assert all(p and len(base64.b64decode(p)) % 2 == 0 for p in pieces), name
            assert 0.8 < len(seen.audio) / len(clean.audio) < 1.6, name
            assert np.abs(np.frombuffer(seen.audio, "<i2").astype(int)).max() > 1000, name
            ids = [e["event_id"] for e in seen.events]
            assert len(ids) == len(set(ids)), name
