"""What the gate finds of what can go wrong: the emulator's faults, alone and in pairs, and its benign variations.

    python benchmarks/fault_score.py [--only PATTERN] [--pairs N] [--seed N] [--no-sdk] [--write PAGE]

A fault is *caught* when a finding comes of it, *right* when the first finding names a cause that the fault's own
entry expects.  A *false alarm* is a finding in a good session, however unusual.  Nothing is mocked: sessions and calls
go over sockets to emulators in processes of their own, and are judged by the very functions that a run uses.
"""

from __future__ import annotations

import argparse
import asyncio
import fnmatch
import random
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from contextlib import AsyncExitStack
from pathlib import Path

from benchmarks.fault_page import Measured, page
from benchmarks.fault_scenes import FLASH, SCRIPT, Score, Seen, over_http, over_sdk, over_wire, say, scored
from ttsgate.clients.sdk import SdkChild
from ttsgate.emulator.faults.registry import GROUPS, Fault, load_all
from ttsgate.emulator.process import EmulatorProcess
from ttsgate.result.record import Runtime
from ttsgate.result.transcript import Utterance

__all__ = ["MISSED", "Bench", "over_our_client", "over_plain_http", "selected"]

MISSED = {
    "http.stream-silent": "The gate opens no stream of server-sent events: realtime has its websocket, the fallback "
    "fetches a file.",
    "http.stream-unfinished": "As above.",
}
"""Faults that are known to be missed, and why."""

PACE, REAL = 4.0, 1.25
"""Audio comes so many times faster than it plays: where time does not matter; as a run's own emulator sends it."""
AT_ONCE = 8
"""Sessions at the same time; more and the times are those of a busy machine."""
DEADLINE_S = 12.0
"""As in a run: `ttsgate.collect.sessions.BASE_DEADLINE_S`."""
HTTP_SCENES = frozenset(("lists", "refusal", "fallback", "custom-voice"))
SDK_TIMEOUT_S = 9.0
BENIGN_TEXTS = {"English": "Your order has been shipped. Please check it.", "Chinese": "您的订单已经发货，请注意查收。"}


def selected(pattern: str = "*", *, most: int | None = None, seed: int = 1) -> list[Fault]:
    """Faults whose name fits, without what is harmless; with `most`, a sample that has some of every class."""
    fitting = [
        f
        for n, f in load_all().items()
        if f.expect is not None and any(fnmatch.fnmatch(n, p) for p in pattern.split(","))
    ]
    if most is None or most >= len(fitting):
        return fitting
    rng = random.Random(seed)
    groups = {g: rng.sample(m, len(m)) for g in GROUPS if (m := [f for f in fitting if f.group == g])}
    chosen: list[Fault] = []
    while len(chosen) < most:
        chosen += [members.pop() for members in groups.values() if members]
    return chosen[:most]


def pairs_of(faults: Iterable[Fault], number: int, *, seed: int) -> list[tuple[Fault, Fault]]:
    """A sample of pairs that one session can show."""
    fit = [f for f in faults if f.scene in ("session", "commit", "pace")]
    rng = random.Random(f"{seed}/pairs")
    return [tuple(rng.sample(fit, 2)) for _ in range(number)] if len(fit) > 1 else []  # type: ignore[misc]


def scene_of(faults: Sequence[Fault]) -> str:
    """The scene that shows all of them."""
    scenes = {f.scene for f in faults}
    return next((s for s in ("commit", "long", "pace") if s in scenes), faults[0].scene)


class Bench:
    """The emulators, and how many sessions go on at once."""

    def __init__(self, fast: EmulatorProcess, real: EmulatorProcess, *, deadline_s: float = DEADLINE_S) -> None:
        self.fast, self.real, self.deadline_s = fast, real, deadline_s
        self.turn = asyncio.Semaphore(AT_ONCE)

    async def collect(self, faults: Sequence[Fault]) -> Seen:
        """One fault or one pair over our own client."""
        scene = scene_of(faults)
        paced = any(f.scene in ("pace", "long") for f in faults)
        endpoints = (self.real if paced else self.fast).endpoints
        assert endpoints is not None
        async with self.turn:
            return await over_wire(endpoints, ";".join(f.name for f in faults), say(scene), deadline_s=self.deadline_s)


async def over_our_client(bench: Bench, faults: Sequence[Sequence[Fault]]) -> list[Seen]:
    """What each fault or pair shows our own client."""
    return await asyncio.gather(*(bench.collect(each) for each in faults))


async def over_plain_http(faults: Sequence[Fault], work: Path) -> list[Score]:
    """One after the other: such a fault is in force for the whole emulator."""
    if not faults:
        return []
    scores = []
    async with EmulatorProcess(pace=PACE, extra=["--unlimited", "--admin"]) as emulator:
        assert emulator.endpoints is not None
        async with SdkChild(Path(sys.executable), SCRIPT) as child:
            for fault in faults:
                seen = await over_http(emulator.endpoints, fault.name, fault.scene, child, work)
                scores.append(scored([fault], seen))
    return scores


async def over_the_sdk(faults: Sequence[Fault], work: Path, *, children: int = 2) -> dict[str, Seen]:
    """Each fault over the SDK alone, as its users see it: what is not found there, the SDK hides."""
    fit = [f for f in faults if f.scene in ("session", "pace")]
    if not fit:
        return {}
    alias = {f.name: f"{FLASH}-{f.name.replace('.', '-')}" for f in fit}
    extra = ["--unlimited", *(f"--extra-model={a}={FLASH}" for a in alias.values())]
    emulators = {
        scene: EmulatorProcess(
            pace=REAL if scene == "pace" else PACE,
            extra=extra,
            faults=[f"{f.name}@{alias[f.name]}" for f in fit if f.scene == scene],
        )
        for scene in ("session", "pace")
    }
    queue = list(fit)
    collected: dict[str, Seen] = {}

    async def worker(number: int) -> None:
        place = work / f"child{number}"
        place.mkdir()
        child = SdkChild(Path(sys.executable), SCRIPT)
        runtime: Runtime = await child.start()
        try:
            while queue:
                fault = queue.pop()
                endpoints = emulators[fault.scene].endpoints
                assert endpoints is not None
                collected[fault.name] = await over_sdk(
                    child, runtime, endpoints, alias[fault.name], place, timeout_s=SDK_TIMEOUT_S
                )
        finally:
            await child.close()

    async with AsyncExitStack() as stack:
        for emulator in emulators.values():
            await stack.enter_async_context(emulator)
        await asyncio.gather(*(worker(n) for n in range(children)))
    return collected


async def over_benign(bench: Bench) -> list[Score]:
    """Every benign variation, and none, in both modes and two languages."""
    variations = [f.name for f in load_all().values() if f.group == "benign"]
    endpoints = bench.real.endpoints
    assert endpoints is not None
    cases = [
        (name, mode, language)
        for name in ("", *variations)
        for mode in ("server_commit", "commit")
        for language in BENIGN_TEXTS
    ]

    async def one(name: str, mode: str, language: str) -> Seen:
        asked = Utterance(text=BENIGN_TEXTS[language], voice="Ethan", mode=mode, language_type=language)
        async with bench.turn:
            return await over_wire(endpoints, name, [(FLASH, asked)], deadline_s=bench.deadline_s)

    seen = await asyncio.gather(*(one(*case) for case in cases))
    return [scored([], each, name=f"{v or 'nothing'} {m} {la}") for (v, m, la), each in zip(cases, seen, strict=True)]


async def measure(faults: Sequence[Fault], *, pairs: int, seed: int, sdk: bool, benign: bool) -> Measured:
    """Score `faults` alone, in pairs and over the SDK, and the benign variations."""
    spoken = [f for f in faults if f.scene not in HTTP_SCENES]
    together = pairs_of(spoken, pairs, seed=seed)
    measured = Measured()
    with tempfile.TemporaryDirectory(prefix="ttsgate-score-") as folder:
        work = Path(folder)
        async with (
            EmulatorProcess(pace=PACE, extra=["--unlimited"]) as fast,
            EmulatorProcess(pace=REAL, extra=["--unlimited"]) as real,
        ):
            bench = Bench(fast, real)
            seen = await over_our_client(bench, [[f] for f in spoken])
            seen_pairs = await over_our_client(bench, together)
            measured.benign = await over_benign(bench) if benign else []
        measured.variations = sum(f.group == "benign" for f in load_all().values())
        by_sdk = await over_the_sdk(spoken, work) if sdk else {}
        measured.alone = await over_plain_http([f for f in faults if f.scene in HTTP_SCENES], work)
    for fault, ours in zip(spoken, seen, strict=True):
        measured.alone.append(scored([fault], ours))
        if (theirs := by_sdk.get(fault.name)) is not None:
            measured.sdk.append(scored([fault], theirs))
            measured.both.append(scored([fault], Seen([*ours.heard, *theirs.heard], ours.steps, theirs.runtime)))
    measured.pairs = [scored(pair, each) for pair, each in zip(together, seen_pairs, strict=True)]
    order = {f.name: n for n, f in enumerate(faults)}
    for scores in (measured.alone, measured.sdk, measured.both):
        scores.sort(key=lambda s: order[s.name])
    return measured


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="*", metavar="PATTERN", help="names of faults")
    parser.add_argument("--pairs", type=int, default=120, metavar="N")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--no-sdk", action="store_true", help="leave out the column of the SDK alone")
    parser.add_argument("--no-benign", action="store_true", help="leave out the benign variations")
    parser.add_argument("--write", type=Path, metavar="PAGE", help="put the tables into this page")
    parser.add_argument("-v", "--verbose", action="store_true", help="what was found of each that came out wrong")
    options = parser.parse_args()
    began = time.monotonic()
    faults = selected(options.only)
    measured = asyncio.run(
        measure(faults, pairs=options.pairs, seed=options.seed, sdk=not options.no_sdk, benign=not options.no_benign)
    )
    text = page(measured, MISSED)
    sys.stdout.write(text)
    for score in measured.everything if options.verbose else ():
        if score.wrong or score.broke:
            sys.stdout.write(
                f"\n{score.name}: failed {score.failed} found {score.found} expected {score.checks} {score.causes}"
                f"\n  {score.words[:200]} {score.broke}\n"
            )
    sys.stdout.write(f"\n{time.monotonic() - began:.0f} s\n")
    if options.write:
        head, mark, _ = options.write.read_text("utf-8").partition("<!-- measured -->\n")
        options.write.write_text(f"{head}{mark}\n{text}", "utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
