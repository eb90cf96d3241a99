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
from collections import defaultdict
from collections.abc import Iterable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import ttsgate
from benchmarks.fault_scenes import FLASH, SCRIPT, Seen, judge, over_http, over_sdk, over_wire, say
from ttsgate.clients.sdk import SdkChild
from ttsgate.emulator.faults.registry import GROUPS, Fault, load_all
from ttsgate.emulator.process import EmulatorProcess
from ttsgate.result.record import Runtime
from ttsgate.result.transcript import Utterance

__all__ = ["Score", "page", "scored", "selected"]

PACE, REAL = 4.0, 1.25
"""Audio comes so many times faster than it plays: where time does not matter; as a run's own emulator sends it."""
AT_ONCE = 8
"""Sessions at the same time; more and the times are those of a busy machine."""
DEADLINE_S = 12.0
"""As in a run: `ttsgate.collect.sessions.BASE_DEADLINE_S`."""
HTTP_SCENES = frozenset(("lists", "refusal", "fallback", "custom-voice"))
SDK_TIMEOUT_S = 9.0
BENIGN_TEXTS = {"English": "Your order has been shipped. Please check it.", "Chinese": "您的订单已经发货，请注意查收。"}


@dataclass
class Score:
    """What came of one fault, pair or variation."""

    name: str
    group: str
    causes: tuple[str, ...] = ()
    """Causes of which one should be named first; none for benign variations."""
    checks: tuple[str, ...] = ()
    """Checks of which one should fail."""
    failed: list[str] = field(default_factory=list)
    """Checks that did."""
    found: list[str] = field(default_factory=list)
    """Causes named, in order."""
    broke: list[str] = field(default_factory=list)
    """Checks of ours that raised."""
    words: str = ""
    """First finding, for people."""

    @property
    def caught(self) -> bool:
        """Whether anything was found."""
        return bool(self.found)

    @property
    def right(self) -> bool:
        """Whether the first finding names an expected cause."""
        return bool(self.found) and self.found[0] in self.causes

    @property
    def wrong(self) -> bool:
        """Whether it is worth a look: missed, another cause first, no check that was meant, or a false alarm."""
        return self.caught if self.group == "benign" else not (self.right and self.meant)

    @property
    def meant(self) -> bool:
        """Whether a check that was meant to fail did."""
        return any(c in self.failed for c in self.checks)


def scored(name: str, faults: Sequence[Fault], seen: Seen) -> Score:
    """Judge what was collected under `faults`."""
    checks, findings = judge(name, seen)
    expects = [f.expect for f in faults if f.expect]
    return Score(
        name,
        faults[0].group if len(faults) == 1 else "pair",
        tuple(c for e in expects for c in e.causes),
        tuple(c for e in expects for c in e.checks),
        failed=list(dict.fromkeys(c.check for c in checks if c.outcome == "fail" and c.severity != "note")),
        found=[f.diagnosis.cause for f in findings],
        broke=[f"{c.check}: {c.message}" for c in checks if c.outcome == "error"],
        words=findings[0].message if findings else "",
    )


def selected(pattern: str = "*", *, most: int | None = None, seed: int = 1) -> list[Fault]:
    """Faults whose name fits, without what is harmless; with `most`, a sample that has some of every class."""
    fitting = [f for n, f in load_all().items() if f.expect is not None and any(fnmatch.fnmatch(n, p) for p in pattern.split(","))]
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


async def over_our_client(bench: Bench, faults: Sequence[Sequence[Fault]]) -> list[Score]:
    """Collect them all, then judge them all."""
    seen = await asyncio.gather(*(bench.collect(each) for each in faults))
    return [scored("+".join(f.name for f in each), each, s) for each, s in zip(faults, seen, strict=True)]


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
                scores.append(scored(fault.name, [fault], seen))
    return scores


async def over_the_sdk(faults: Sequence[Fault], work: Path, *, children: int = 2) -> list[Score]:
    """Each fault over the SDK alone, as its users see it: what is not found there, the SDK hides."""
    fit = [f for f in faults if f.scene in ("session", "pace")]
    if not fit:
        return []
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
    scores: list[Score] = []
    collected: list[tuple[Fault, Seen]] = []

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
                seen = await over_sdk(child, runtime, endpoints, alias[fault.name], place, timeout_s=SDK_TIMEOUT_S)
                collected.append((fault, seen))
        finally:
            await child.close()

    async with AsyncExitStack() as stack:
        for emulator in emulators.values():
            await stack.enter_async_context(emulator)
        await asyncio.gather(*(worker(n) for n in range(children)))
    scores += [scored(fault.name, [fault], seen) for fault, seen in collected]
    return scores


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
    scores = []
    for (name, mode, language), what in zip(cases, seen, strict=True):
        checks, findings = judge(name, what)
        scores.append(
            Score(
                f"{name or 'nothing'} {mode} {language}",
                "benign",
                failed=[c.check for c in checks if c.outcome == "fail" and c.severity != "note"],
                found=[f.diagnosis.cause for f in findings],
                broke=[c.message for c in checks if c.outcome == "error"],
                words=findings[0].message if findings else "",
            )
        )
    return scores


async def measure(
    faults: Sequence[Fault], *, pairs: int, seed: int, sdk: bool, benign: bool
) -> tuple[list[Score], list[Score], list[Score], list[Score]]:
    """Single faults, pairs, faults over the SDK alone, benign variations."""
    with tempfile.TemporaryDirectory(prefix="ttsgate-score-") as folder:
        work = Path(folder)
        async with (
            EmulatorProcess(pace=PACE, extra=["--unlimited"]) as fast,
            EmulatorProcess(pace=REAL, extra=["--unlimited"]) as real,
        ):
            bench = Bench(fast, real)
            spoken = [f for f in faults if f.scene not in HTTP_SCENES]
            alone = await over_our_client(bench, [[f] for f in spoken])
            together = await over_our_client(bench, pairs_of(spoken, pairs, seed=seed))
            good = await over_benign(bench) if benign else []
        alone += await over_plain_http([f for f in faults if f.scene in HTTP_SCENES], work)
        hidden = await over_the_sdk(spoken, work) if sdk else []
    order = {f.name: n for n, f in enumerate(faults)}
    return sorted(alone, key=lambda s: order[s.name]), together, sorted(hidden, key=lambda s: order[s.name]), good


def share(part: int, whole: int) -> str:
    """A share in percent, rounded down: 99.6 % is not 100 %."""
    return f"{part * 1000 // whole / 10:g} %" if whole else "—"


def page(alone: Sequence[Score], pairs: Sequence[Score], sdk: Sequence[Score], benign: Sequence[Score]) -> str:
    """The tables as Markdown."""
    groups: dict[str, list[Score]] = defaultdict(list)
    for score in alone:
        groups[score.group].append(score)
    by_sdk: dict[str, list[Score]] = defaultdict(list)
    for score in sdk:
        by_sdk[score.group].append(score)
    lines = [
        f"Measured on {datetime.now(UTC):%Y-%m-%d} with ttsgate {ttsgate.__version__}.",
        "",
        "| class | what goes wrong | faults | caught | right cause first | over the SDK alone: caught |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for group, scores in groups.items():
        over = by_sdk[group]
        lines.append(
            f"| {group} | {GROUPS[group]} | {len(scores)} | {sum(s.caught for s in scores)} | "
            f"{sum(s.right for s in scores)} | {f'{sum(s.caught for s in over)} of {len(over)}' if over else '—'} |"
        )
    caught, right = sum(s.caught for s in alone), sum(s.right for s in alone)
    lines.append(
        f"| **all** | | **{len(alone)}** | **{caught}** ({share(caught, len(alone))}) | **{right}** "
        f"({share(right, len(alone))}) | {f'{sum(s.caught for s in sdk)} of {len(sdk)}' if sdk else '—'} |"
    )
    if pairs:
        named, first = sum(s.caught for s in pairs), sum(s.right for s in pairs)
        lines += [
            "",
            f"**In pairs**: of {len(pairs)} pairs drawn at random, {named} were caught and in {first} the first finding "
            f"named one of the two; {sum(bool(s.broke) for s in pairs)} broke a check of ours.",
        ]
    if benign:
        alarms = [s for s in benign if s.found]
        lines += [
            "",
            f"**False alarms**: {len(alarms)} in {len(benign)} good sessions, {len(benign) // 4 - 1} variations.",
        ]
    for title, wrong in (
        ("Not caught", [s for s in alone if not s.caught]),
        ("Caught, but another cause first", [s for s in alone if s.caught and not s.right]),
        ("Pairs not caught, or neither named first", [s for s in pairs if not s.right]),
        ("False alarms", [s for s in benign if s.found]),
        ("Checks of ours that broke", [s for s in (*alone, *pairs, *sdk, *benign) if s.broke]),
        ("Not found over the SDK alone", [s for s in sdk if not s.caught]),
    ):
        if wrong:
            lines += ["", f"### {title}", ""]
            lines += [f"- `{s.name}`{': ' + ', '.join(s.found) if s.found else ''}" for s in wrong]
    return "\n".join(lines) + "\n"


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
    alone, pairs, sdk, benign = asyncio.run(
        measure(faults, pairs=options.pairs, seed=options.seed, sdk=not options.no_sdk, benign=not options.no_benign)
    )
    text = page(alone, pairs, sdk, benign)
    sys.stdout.write(text)
    if options.verbose:
        for score in (*alone, *pairs, *sdk, *benign):
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
